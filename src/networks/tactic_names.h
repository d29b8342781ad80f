// Names of kernels as TensorRT gives them, for layers that were never built by TensorRT.
#pragma once

#include <cstdint>
#include <string>

namespace joulecast::networks {

/// A layer as a matrix product: `rows` output positions (batch x height x width), `columns` output channels
/// per group, `depth` input channels per group x kernel height x kernel width.
struct MatrixProduct {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::int64_t depth = 1;
  std::int64_t groups = 1;
};

/// "sm80_xmma_fprop_implicit_gemm_..._tilesize128x64x64_stage3_...": the tile is the one with the least
/// work in whole waves over 16 multiprocessors, as a timing-based choice would mostly end.
std::string convolution_tactic(const MatrixProduct& product, std::int64_t kernel_height,
                               std::int64_t kernel_width, bool strided);
/// The first layer of a network, whose input has 3 or 4 channels.
std::string first_layer_tactic(std::int64_t kernel, std::int64_t stride);
std::string gemm_tactic(const MatrixProduct& product, bool relu);
std::string depthwise_tactic(std::int64_t kernel, std::int64_t stride);

}  // namespace joulecast::networks
