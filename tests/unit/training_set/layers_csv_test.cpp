#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "joulecast/training_set.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

class LayersCsv : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "layers.csv"; }
  Expected<std::vector<LayerRow>> read(const std::string& text) {
    std::ofstream(path(), std::ios::binary) << text;
    return read_layers_csv(path());
  }
  Error fault(const std::string& text) {
    const auto rows = read(text);
    EXPECT_FALSE(rows) << text;
    return rows ? Error{} : rows.error();
  }
  [[nodiscard]] std::string written() const {
    std::ifstream file(path(), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  test::TemporaryFolder folder_;
};

LayerRow full_row() {
  LayerRow row;
  row.network = "net";
  row.layer_name = "conv, \"a\"";
  row.layer_type = "CaskConvolution";
  row.kind = LayerKind::kConvolutional;
  row.cycles = 3000;
  row.batch_size = 1.0;
  row.input_channels = 3.0;
  row.input_height = 224.0;
  row.kernel_height = 7.0;
  row.groups = 1.0;
  row.input_type = DataType::kFp16;
  row.weight_type = DataType::kInt8;
  row.residual = false;
  row.input_alignment = 8.0;
  row.bytes_in = 1204224.0;
  row.activation = "RELU";
  row.run_time_ms = 0.125;
  row.power_w = 2.0;
  row.power_basis = "above_idle";
  row.status = "resolved";
  row.device = "orin";
  return row;
}

TEST_F(LayersCsv, ColumnsAreThoseOfTheInterface) {
  ASSERT_TRUE(write_layers_csv(path(), {}));
  EXPECT_EQ(
      written(),
      "network,layer_name,layer_type,kind,cycles,batch_size,input_channels,input_height,input_width,"
      "output_channels,output_height,output_width,kernel_height,kernel_width,stride_height,stride_width,"
      "padding_height,padding_width,dilation_height,dilation_width,groups,input_type,output_type,weight_type,"
      "residual,input_alignment,output_alignment,bytes_in,bytes_out,bytes_weights,activation,tactic,run_time_"
      "ms,"
      "run_time_sd_ms,power_w,power_sd_w,energy_mj,energy_sd_mj,idle_power_w,power_basis,status,block,"
      "device\n");
}

TEST_F(LayersCsv, SizesAreWholeFiguresAreNotAndUnknownIsEmpty) {
  ASSERT_TRUE(write_layers_csv(path(), {full_row()}));
  const std::string text = written();
  EXPECT_EQ(
      text.substr(text.find('\n') + 1),
      "net,\"conv, "
      "\"\"a\"\"\",CaskConvolution,convolutional,3000,1,3,224,,,,,7,,,,,,,,1,fp16,,int8,0,8,,1204224,,,RELU,,"
      "0.125,,2.0,,,,,above_idle,resolved,,orin\n");
}

TEST_F(LayersCsv, ReadingGivesBackWhatWasWritten) {
  LayerRow other;
  other.layer_name = "x";
  other.kind = LayerKind::kOther;
  other.residual = true;
  ASSERT_TRUE(write_layers_csv(path(), {full_row(), other}));
  const std::string first = written();
  const auto rows = read_layers_csv(path());
  ASSERT_TRUE(rows) << rows.error().describe();
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].layer_name, "conv, \"a\"");
  EXPECT_EQ((*rows)[0].cycles, 3000U);
  EXPECT_EQ((*rows)[0].input_width, std::nullopt);
  EXPECT_EQ((*rows)[0].weight_type, DataType::kInt8);
  EXPECT_EQ((*rows)[1].residual, true);
  ASSERT_TRUE(write_layers_csv(path(), *rows));
  EXPECT_EQ(written(), first);
}

TEST_F(LayersCsv, ColumnsMayStandInAnyOrderAndOthersAreIgnored) {
  const auto rows = read("remark,kernel_height,layer_type,layer_name\nhello,3,CaskPooling,pool1\n");
  ASSERT_TRUE(rows) << rows.error().describe();
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ((*rows)[0].layer_name, "pool1");
  EXPECT_EQ((*rows)[0].kernel_height, 3.0);
  EXPECT_EQ((*rows)[0].kind, LayerKind::kPooling);
}

TEST_F(LayersCsv, AKindIsEnoughWithoutAType) {
  const auto rows = read("layer_name,kind\na,dense\n");
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[0].kind, LayerKind::kDense);
}

TEST_F(LayersCsv, AMissingColumnIsNamed) {
  const Error error = fault("network,kind\na,dense\n");
  EXPECT_EQ(error.kind, ErrorKind::kMalformed);
  EXPECT_EQ(error.location.line, 1U);
}

TEST_F(LayersCsv, TextInANumberIsNamedWithItsLine) {
  const Error error = fault("layer_name,kind,batch_size\na,dense,1\nb,dense,one\n");
  EXPECT_EQ(error.kind, ErrorKind::kMalformed);
  EXPECT_EQ(error.message, "\"one\" does not fit the column batch_size");
  EXPECT_EQ(error.location.line, 3U);
}

TEST_F(LayersCsv, UnknownWordsAreRefused) {
  EXPECT_EQ(
      fault("layer_name,kind\na,convolution\n").message,
      "\"convolution\" does not fit the column kind, which takes convolutional, dense, matmul, pooling, "
      "elementwise, reformat, normalisation, softmax, resize, reduce, other, none");
  EXPECT_EQ(
      fault("layer_name,kind,input_type\na,dense,half\n").message,
      "\"half\" does not fit the column input_type, which takes fp32, fp16, bf16, fp8, int8, uint8, int4, "
      "int32, int64, bool");
  EXPECT_EQ(fault("layer_name,kind,residual\na,dense,yes\n").message,
            "\"yes\" does not fit the column residual");
  EXPECT_EQ(fault("layer_name,kind,cycles\na,dense,1.5\n").message, "\"1.5\" does not fit the column cycles");
}

TEST_F(LayersCsv, ARowOfAnotherLengthIsRefused) {
  EXPECT_EQ(fault("layer_name,kind\na\n").message, "1 cells under 2 columns");
}

TEST_F(LayersCsv, AnEmptyFileIsRefused) {
  EXPECT_EQ(fault("").kind, ErrorKind::kMalformed);
}

TEST_F(LayersCsv, AMissingFileIsUnreadable) {
  const auto rows = read_layers_csv(path() / "none");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::kUnreadable);
}

}  // namespace
}  // namespace joulecast
