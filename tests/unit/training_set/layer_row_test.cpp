#include <gtest/gtest.h>

#include <fstream>

#include "joulecast/training_set.h"

namespace joulecast {
namespace {

LayerRow row_of(const std::string& file) {
  const auto network = read_engine(std::string(JOULECAST_SOURCE_DIR "/tests/data/engine_variety/") + file);
  if (!network || network->layers.empty()) {
    ADD_FAILURE() << file;
    return {};
  }
  return describe_layer(network->layers[0], "net");
}

Layer with_dimensions(std::vector<std::int64_t> dimensions) {
  Layer layer;
  Tensor tensor;
  tensor.dimensions = std::move(dimensions);
  layer.inputs = {tensor};
  layer.outputs = {tensor};
  return layer;
}

TEST(LayerRows, AConvolution) {
  const LayerRow row = row_of("01_CaskConvolution_fp16_trt84.json");
  EXPECT_EQ(row.network, "net");
  EXPECT_EQ(row.layer_name, "Conv_0 + Relu_1");
  EXPECT_EQ(row.layer_type, "CaskConvolution");
  EXPECT_EQ(row.kind, LayerKind::kConvolutional);
  EXPECT_EQ(row.batch_size, 32.0);
  EXPECT_EQ(row.input_channels, 3.0);
  EXPECT_EQ(row.input_height, 224.0);
  EXPECT_EQ(row.input_width, 224.0);
  EXPECT_EQ(row.output_channels, 64.0);
  EXPECT_EQ(row.output_height, 112.0);
  EXPECT_EQ(row.output_width, 112.0);
  EXPECT_EQ(row.kernel_height, 7.0);
  EXPECT_EQ(row.kernel_width, 7.0);
  EXPECT_EQ(row.stride_height, 2.0);
  EXPECT_EQ(row.stride_width, 2.0);
  EXPECT_EQ(row.padding_height, 6.0);  // pre + post
  EXPECT_EQ(row.padding_width, 6.0);
  EXPECT_EQ(row.dilation_height, 1.0);
  EXPECT_EQ(row.groups, 1.0);
  EXPECT_EQ(row.input_type, DataType::kFp16);
  EXPECT_EQ(row.output_type, DataType::kFp16);
  EXPECT_EQ(row.weight_type, DataType::kFp16);
  EXPECT_EQ(row.residual, false);
  EXPECT_EQ(row.activation, "RELU");
  EXPECT_EQ(row.tactic.substr(0, 10), "trt_turing");
  EXPECT_EQ(row.run_time_ms, std::nullopt);
}

TEST(LayerRows, AResidualAndGroups) {
  EXPECT_EQ(row_of("02_CaskConvolution_residual_two_inputs.json").residual, true);
  EXPECT_EQ(row_of("10_CudaDepthwiseConvolution.json").groups, 32.0);
}

TEST(LayerRows, TheKernelOfPoolingIsItsWindow) {
  const LayerRow row = row_of("18_CaskPooling_global.json");
  EXPECT_EQ(row.kernel_height, 7.0);
  EXPECT_EQ(row.padding_height, 0.0);
  EXPECT_EQ(row.residual, std::nullopt);
  EXPECT_EQ(row.groups, std::nullopt);
  EXPECT_EQ(row.weight_type, DataType::kUnknown);
}

TEST(LayerRows, ConvActPoolShowsItsConvolution) {
  const LayerRow row = row_of("12_ConvActPool.json");
  EXPECT_EQ(row.kernel_height, 7.0);
  EXPECT_EQ(row.stride_height, 2.0);
  EXPECT_EQ(row.padding_height, 6.0);
  EXPECT_EQ(row.output_height, 56.0);
}

TEST(LayerRows, TheStrideOfASliceIsNoGeometry) {
  const LayerRow row = row_of("37_Padding_Stride_rank4.json");
  EXPECT_EQ(row.kind, LayerKind::kReformat);
  EXPECT_EQ(row.stride_height, std::nullopt);
  EXPECT_EQ(row.output_height, 114.0);
}

TEST(LayerRows, AGemmOfRankTwo) {
  const LayerRow row = row_of("20_gemm_trt10.json");
  EXPECT_EQ(row.kind, LayerKind::kDense);
  EXPECT_EQ(row.batch_size, 1.0);
  EXPECT_EQ(row.input_channels, 3136.0);
  EXPECT_EQ(row.input_height, std::nullopt);
  EXPECT_EQ(row.output_channels, 1024.0);
}

TEST(LayerRows, EveryRankKeepsItsNumberOfElements) {
  const std::vector<std::int64_t> all = {2, 3, 5, 7, 11, 13, 17, 19};
  for (std::size_t rank = 0; rank <= 8; ++rank) {
    const std::vector<std::int64_t> sizes(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(rank));
    double expected = 1.0;
    for (const std::int64_t size : sizes) expected *= static_cast<double>(size);
    const LayerRow row = describe_layer(with_dimensions(sizes), "net");
    const double product = row.batch_size.value_or(1.0) * row.input_channels.value_or(1.0) *
                           row.input_height.value_or(1.0) * row.input_width.value_or(1.0);
    EXPECT_EQ(product, expected) << "rank " << rank;
  }
}

TEST(LayerRows, PaddingOfOneSideAloneIsUnknown) {
  Layer layer = with_dimensions({1, 2, 3, 4});
  layer.kind = LayerKind::kConvolutional;
  layer.pre_padding = {1, 1};
  EXPECT_EQ(describe_layer(layer, "net").padding_height, std::nullopt);
  layer.post_padding = {2, 0};
  EXPECT_EQ(describe_layer(layer, "net").padding_height, 3.0);
  EXPECT_EQ(describe_layer(layer, "net").padding_width, 1.0);
}

TEST(LayerRows, AOneDimensionalKernelIsAHeight) {
  Layer layer = with_dimensions({1, 2, 3});
  layer.kind = LayerKind::kConvolutional;
  layer.kernel = {5};
  EXPECT_EQ(describe_layer(layer, "net").kernel_height, 5.0);
  EXPECT_EQ(describe_layer(layer, "net").kernel_width, std::nullopt);
  layer.kernel = {5, 5, 5};
  EXPECT_EQ(describe_layer(layer, "net").kernel_height, std::nullopt);
}

TEST(LayerRows, ALayerThatIsOnlyANameHasOnlyAName) {
  const LayerRow row = row_of("50_layers_are_strings.json");
  EXPECT_EQ(row.layer_name, "[trainStation1]");
  EXPECT_EQ(row.kind, LayerKind::kOther);
  EXPECT_EQ(row.batch_size, std::nullopt);
}

}  // namespace
}  // namespace joulecast
