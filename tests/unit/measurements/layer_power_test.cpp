#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "joulecast/measurements.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

constexpr const char* kHeader =
    "layer_name,layer_type,cycles,run_time_ms,run_time_sd_ms,power_w,power_low_w,power_high_w,board_power_w,"
    "energy_mj,energy_low_mj,energy_high_mj,status,block\n";

class LayerPowerFile : public testing::Test {
 protected:
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  [[nodiscard]] std::string text() const {
    std::ostringstream all;
    all << std::ifstream(path_, std::ios::binary).rdbuf();
    return all.str();
  }
  test::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "layer_power.csv";
};

LayerPower full_row() {
  LayerPower row;
  row.layer_name = "conv, 1";
  row.layer_type = "CaskConvolution";
  row.cycles = 30000;
  row.run_time_ms = 0.1;
  row.run_time_sd_ms = 0.01;
  row.power_w = 5.0;
  row.power_low_w = 4.5;
  row.power_high_w = 5.5;
  row.board_power_w = 9.0;
  row.energy_mj = 0.5;
  row.energy_low_mj = 0.45;
  row.energy_high_mj = 0.55;
  row.status = "merged";
  row.block = "block 1";
  return row;
}

TEST_F(LayerPowerFile, HasTheColumnsOfTheInterface) {
  LayerPower bare;
  bare.layer_name = "pool";
  bare.cycles = 3;
  bare.run_time_ms = 2.0;
  bare.status = "undetermined";
  ASSERT_TRUE(write_layer_power(path_, {full_row(), bare}).has_value());
  EXPECT_EQ(text(),
            std::string(kHeader) +
                "\"conv, 1\",CaskConvolution,30000,0.1,0.01,5.0,4.5,5.5,9.0,0.5,0.45,0.55,merged,block 1\n"
                "pool,,3,2.0,,,,,,,,,undetermined,\n");
}

TEST_F(LayerPowerFile, ReadingGivesBackWhatWasWritten) {
  ASSERT_TRUE(write_layer_power(path_, {full_row()}).has_value());
  const auto rows = read_layer_power(path_);
  ASSERT_TRUE(rows.has_value());
  ASSERT_EQ(rows->size(), 1U);
  const LayerPower& row = rows->front();
  EXPECT_EQ(row.layer_name, "conv, 1");
  EXPECT_EQ(row.cycles, 30000U);
  EXPECT_EQ(row.power_high_w, 5.5);
  EXPECT_EQ(row.energy_low_mj, 0.45);
  EXPECT_EQ(row.status, "merged");
  EXPECT_EQ(row.block, "block 1");
}

TEST_F(LayerPowerFile, FaultsAreNamedWithLineAndColumn) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a,b,1,x,,,,,,,,,resolved,", "run_time_ms"},
      {"a,b,1,,,,,,,,,,resolved,", "run_time_ms"},
      {"a,b,1.5,1.0,,,,,,,,,resolved,", "cycles"},
      {"a,b,1,1.0,,five,,,,,,,resolved,", "power_w"},
      {"a,b,1,1.0", "4 cells"},
  };
  for (const auto& [line, word] : cases) {
    write(kHeader + std::string("ok,b,1,1.0,,,,,,,,,resolved,\n") + line + "\n");
    const auto rows = read_layer_power(path_);
    ASSERT_FALSE(rows.has_value()) << line;
    EXPECT_EQ(rows.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(rows.error().location.line, 3U);
    EXPECT_NE(rows.error().message.find(word), std::string::npos) << rows.error().message;
  }
}

TEST_F(LayerPowerFile, MissingColumnAndEmptyFileAreMalformed) {
  write("layer_name,cycles\na,1\n");
  EXPECT_EQ(read_layer_power(path_).error().kind, ErrorKind::kMalformed);
  write("");
  EXPECT_EQ(read_layer_power(path_).error().kind, ErrorKind::kMalformed);
}

TEST_F(LayerPowerFile, CutInItsLastCellIsDoubtedAndBeforeItRefused) {
  const std::string whole = kHeader + std::string("a,b,1,1.0,,,,,,,,,merged,block 1\n");
  std::vector<Warning> warnings;
  write(whole);
  ASSERT_TRUE(read_layer_power(path_, &warnings));
  EXPECT_TRUE(warnings.empty());
  write(whole.substr(0, whole.size() - 3));
  ASSERT_TRUE(read_layer_power(path_, &warnings));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].location.line, 2U);
  write(whole.substr(0, whole.size() - 12));
  const auto cut = read_layer_power(path_);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().location.line, 2U);
  EXPECT_FALSE(cut.error().hint.empty());
}

}  // namespace
}  // namespace joulecast
