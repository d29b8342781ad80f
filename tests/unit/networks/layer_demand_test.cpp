// Demands of layers that can be worked out by hand.
#include "networks/layer_demand.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

namespace joulecast {
namespace {

/// 1 x 64 x 56 x 56 -> 128 x 28 x 28, 3 x 3 with stride 2, half precision.
LayerGeometry convolution() {
  LayerGeometry g;
  g.kind = LayerKind::kConvolutional;
  g.batch_size = 1.0;
  g.input_channels = 64.0;
  g.input_height = g.input_width = 56.0;
  g.output_channels = 128.0;
  g.output_height = g.output_width = 28.0;
  g.kernel_height = g.kernel_width = 3.0;
  g.stride_height = g.stride_width = 2.0;
  g.padding_height = g.padding_width = 2.0;
  g.groups = 1.0;
  g.input_type = g.output_type = g.weight_type = DataType::kFp16;
  g.input_alignment = g.output_alignment = 8.0;
  return g;
}

TEST(LayerDemand, OfAConvolution) {
  const LayerDemand d = demand_of(convolution());
  EXPECT_TRUE(d.covered);
  EXPECT_EQ(d.launches, 1.0);
  EXPECT_EQ(d.product.rows, 784.0);
  EXPECT_EQ(d.product.columns, 128.0);
  EXPECT_EQ(d.product.depth, 576.0);
  EXPECT_NEAR(d.matrix_gflop, 2.0 * 784 * 128 * 576 / 1e9, 1e-15);
  EXPECT_EQ(d.image_gflop, 0.0);
  EXPECT_NEAR(d.kilo_depth, 0.576, 1e-15);
  const double in = 64.0 * 56 * 56 * 2;
  const double out = 128.0 * 28 * 28 * 2;
  const double weights = 64.0 * 128 * 9 * 2;
  EXPECT_NEAR(d.traffic_mb, (in + out + weights) / 1e6, 1e-12);
  // 784 rows are 7 tiles of 128, 128 columns are one.
  EXPECT_NEAR(d.operand_mb, (784.0 * 576 * 1 + 128.0 * 576 * 7) * 2 / 1e6, 1e-12);
}

TEST(LayerDemand, AConvolutionWithoutASizeOnOneSideIsNotCovered) {
  LayerGeometry g = convolution();
  for (std::optional<double> LayerGeometry::* const size :
       {&LayerGeometry::input_channels, &LayerGeometry::output_channels}) {
    for (const std::optional<double> value : {std::optional<double>(), std::optional(0.0)}) {
      LayerGeometry damaged = g;
      damaged.*size = value;
      EXPECT_FALSE(demand_of(damaged).covered);
    }
  }
  g.output_width = 0.0;
  EXPECT_FALSE(demand_of(g).covered);
}

TEST(LayerDemand, ASmallKernelSkipsOverWhatItsStrideLeavesOut) {
  LayerGeometry g = convolution();
  const double whole = demand_of(g).input_mb;
  g.kernel_height = g.kernel_width = 1.0;
  g.padding_height = g.padding_width = 0.0;
  EXPECT_NEAR(demand_of(g).input_mb, whole / 4.0, 1e-12);
}

TEST(LayerDemand, ChannelsArePaddedAsTheFormatsSay) {
  LayerGeometry g = convolution();
  g.input_channels = 20.0;
  g.output_channels = 30.0;
  const LayerDemand d = demand_of(g);
  EXPECT_EQ(d.product.depth, 24.0 * 9);
  EXPECT_EQ(d.product.columns, 32.0);
}

TEST(LayerDemand, AnImageIsCountedApart) {
  LayerGeometry g = convolution();
  g.input_channels = 3.0;
  g.input_alignment = 4.0;
  const LayerDemand d = demand_of(g);
  EXPECT_EQ(d.matrix_gflop, 0.0);
  EXPECT_NEAR(d.image_gflop, 2.0 * 784 * 128 * 36 / 1e9, 1e-15);
}

TEST(LayerDemand, SinglePrecisionTakesTwiceAndEightBitHalfTheTime) {
  LayerGeometry g = convolution();
  const double half = demand_of(g).matrix_gflop;
  g.weight_type = DataType::kFp32;
  EXPECT_DOUBLE_EQ(demand_of(g).matrix_gflop, 2.0 * half);
  g.weight_type = DataType::kInt8;
  EXPECT_DOUBLE_EQ(demand_of(g).matrix_gflop, 0.5 * half);
}

TEST(LayerDemand, DepthwiseAndGroupedConvolutionsDiffer) {
  LayerGeometry g = convolution();
  g.output_channels = 64.0;
  g.groups = 64.0;
  const LayerDemand depthwise = demand_of(g);
  EXPECT_NEAR(depthwise.depthwise_gflop, 2.0 * 64 * 784 * 9 / 1e9, 1e-15);
  EXPECT_EQ(depthwise.matrix_gflop, 0.0);
  EXPECT_EQ(depthwise.extra_groups, 0.0);
  g.groups = 2.0;
  const LayerDemand grouped = demand_of(g);
  EXPECT_EQ(grouped.extra_groups, 1.0);
  EXPECT_EQ(grouped.product.depth, 32.0 * 9);
  EXPECT_NEAR(grouped.matrix_gflop, 2.0 * 784 * 64 * 288 / 1e9, 1e-15);
}

TEST(LayerDemand, APoolingFusedBehindAConvolutionDoesNotShrinkTheConvolution) {
  LayerGeometry g = convolution();
  const double alone = demand_of(g).matrix_gflop;
  g.output_height = g.output_width = 14.0;
  EXPECT_DOUBLE_EQ(demand_of(g).matrix_gflop, alone);
}

TEST(LayerDemand, AVectorProductHasNoDepthTerm) {
  LayerGeometry g;
  g.kind = LayerKind::kDense;
  g.batch_size = 1.0;
  g.input_channels = 512.0;
  g.output_channels = 1000.0;
  const LayerDemand d = demand_of(g);
  EXPECT_EQ(d.product.depth, 512.0);
  EXPECT_EQ(d.kilo_depth, 0.0);
  EXPECT_NEAR(d.traffic_mb, (512.0 + 1000.0 + 512.0 * 1000) * 2 / 1e6, 1e-12);
}

TEST(LayerDemand, WhatIsNotUnderstoodStillMovesItsBytes) {
  LayerGeometry g;
  g.kind = LayerKind::kOther;
  g.bytes_in = 3e6;
  g.bytes_out = 1e6;
  const LayerDemand d = demand_of(g);
  EXPECT_FALSE(d.covered);
  EXPECT_NEAR(d.traffic_mb, 4.0, 1e-12);
  g.kind = LayerKind::kNone;
  EXPECT_EQ(demand_of(g).launches, 0.0);
}

TEST(LayerDemand, IsFiniteAndNeverNegative) {
  rc::check([] {
    const auto size = [] {
      return *rc::gen::element<std::optional<double>>(std::nullopt, 0.0, 1.0, 3.0, 7.0, 64.0, 1e9);
    };
    LayerGeometry g;
    g.kind = static_cast<LayerKind>(*rc::gen::inRange(0, static_cast<int>(kLayerKinds)));
    for (auto member :
         {&LayerGeometry::batch_size, &LayerGeometry::input_channels, &LayerGeometry::input_height,
          &LayerGeometry::input_width, &LayerGeometry::output_channels, &LayerGeometry::output_height,
          &LayerGeometry::output_width, &LayerGeometry::kernel_height, &LayerGeometry::kernel_width,
          &LayerGeometry::stride_height, &LayerGeometry::stride_width, &LayerGeometry::groups,
          &LayerGeometry::input_alignment, &LayerGeometry::output_alignment, &LayerGeometry::bytes_in})
      g.*member = size();
    const LayerDemand d = demand_of(g);
    for (const double value : {d.launches, d.extra_groups, d.matrix_gflop, d.image_gflop, d.depthwise_gflop,
                               d.window_gop, d.kilo_depth, d.operand_mb, d.traffic_mb, d.input_mb})
      RC_ASSERT(std::isfinite(value) && value >= -1e-9);
  });
}

}  // namespace
}  // namespace joulecast
