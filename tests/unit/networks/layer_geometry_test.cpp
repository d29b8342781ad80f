// Shapes, formats and tactics as columns.
#include <gtest/gtest.h>

#include "networks/format_words.h"
#include "support/small_network.h"

namespace joulecast {
namespace {

TEST(ChannelAlignment, IsReadFromTensorRtsWords) {
  EXPECT_EQ(channel_alignment("Channel major FP16 format where channel % 8 == 0"), 8.0);
  EXPECT_EQ(channel_alignment("Channel major FP16 format where channel % 16 == 0"), 16.0);
  EXPECT_EQ(channel_alignment("Thirty-two wide channel vectorized row major Int8 format"), 32.0);
  EXPECT_EQ(channel_alignment("Four wide channel vectorized row major Int8 format"), 4.0);
  EXPECT_EQ(channel_alignment("Row major linear FP32"), 1.0);
  EXPECT_EQ(channel_alignment("Half"), std::nullopt);
  EXPECT_EQ(channel_alignment("channel % 0"), std::nullopt);
}

TEST(LayerGeometry, BytesCountPaddedChannelsAndAResidualInput) {
  Layer layer = test::convolution("conv");
  layer.inputs[0].format = "Channel major FP16 format where channel % 8 == 0";
  layer.inputs.push_back({"skip", {2, 6, 4, 4}, DataType::kFp32, "Row major linear FP32", false});
  layer.inputs.push_back({"weights", {6, 5, 3, 3}, DataType::kFp16, "", true});
  const LayerGeometry geometry = geometry_of(layer);
  EXPECT_EQ(geometry.input_alignment, 8.0);
  EXPECT_EQ(geometry.output_alignment, std::nullopt);
  EXPECT_EQ(geometry.bytes_in, 2.0 * 8 * 8 * 8 * 2 + 2.0 * 6 * 4 * 4 * 4);  // 5 channels take the room of 8
  EXPECT_EQ(geometry.bytes_out, 2.0 * 6 * 4 * 4 * 2);
  EXPECT_EQ(geometry.bytes_weights, 6.0 * 5 * 3 * 3 * 2);
}

TEST(LayerGeometry, WeightsAsToldComeBeforeThoseOfTheShapes) {
  Layer layer = test::convolution("conv");
  layer.weight_count = 100;
  layer.weight_type = DataType::kInt8;
  EXPECT_EQ(geometry_of(layer).bytes_weights, 100.0);
}

TEST(LayerGeometry, AProductsWeightsAreInputsTimesOutputs) {
  const LayerGeometry geometry = geometry_of(test::dense("fc"));
  EXPECT_EQ(geometry.bytes_weights, 5.0 * 8 * 8 * 6 * 2);
}

TEST(LayerGeometry, TheTileIsReadFromTheTactic) {
  const auto tile = [](std::string_view tactic) {
    LayerGeometry geometry;
    take_tile(tactic, geometry);
    return std::pair(geometry.tile_rows.value_or(0.0), geometry.tile_columns.value_or(0.0));
  };
  EXPECT_EQ(tile("sm80_xmma_fprop_implicit_gemm_f16f16_nhwc_tilesize128x64x32_stage5"),
            std::pair(128.0, 64.0));
  EXPECT_EQ(tile("ampere_h16816cudnn_256x64_ldg8_relu"), std::pair(256.0, 64.0));
  EXPECT_EQ(tile("sm50_xmma_pooling_max_nhwc"), std::pair(0.0, 0.0));
  EXPECT_EQ(tile("tilesize0x64"), std::pair(0.0, 0.0));
  EXPECT_EQ(tile("tilesize99999999999x64"), std::pair(0.0, 0.0));
}

}  // namespace
}  // namespace joulecast
