#include "networks/tactic_names.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <string_view>

namespace joulecast::networks {
namespace {

struct Tile {
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t depth;
  int stages;
  std::string_view warps;
};

constexpr std::array kTiles{Tile{256, 128, 32, 3, "4x2x1"}, Tile{256, 64, 32, 3, "4x1x1"},
                            Tile{128, 128, 32, 4, "2x2x1"}, Tile{128, 64, 64, 3, "2x2x1"},
                            Tile{64, 128, 32, 5, "2x2x1"},  Tile{64, 64, 64, 4, "2x2x1"},
                            Tile{64, 32, 64, 5, "2x1x2"}};

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// Time of whole waves; small tiles load more operands per product.
const Tile& choose_tile(const MatrixProduct& product) {
  const Tile* best = nullptr;
  double least = std::numeric_limits<double>::infinity();
  for (const Tile& tile : kTiles) {
    const std::int64_t tiles =
        divide_up(product.rows, tile.rows) * divide_up(product.columns, tile.columns) * product.groups;
    const auto area = static_cast<double>(tile.rows * tile.columns);
    const double loads =
        1.0 + 24.0 / static_cast<double>(tile.rows) + 24.0 / static_cast<double>(tile.columns);
    const double time = static_cast<double>(divide_up(tiles, 16)) * area * loads;
    if (time < least) {
      least = time;
      best = &tile;
    }
  }
  return *best;
}

}  // namespace

std::string convolution_tactic(const MatrixProduct& product, std::int64_t kernel_height,
                               std::int64_t kernel_width, bool strided) {
  const Tile& tile = choose_tile(product);
  const bool indexed = strided && kernel_height == 1;
  std::string name = fmt::format(
      "sm80_xmma_fprop_implicit_gemm_{}f16f16_f16f16_f16_nhwckrsc_nhwc_tilesize{}x{}x{}_stage{}_warpsize{}_g{"
      "}_"
      "tensor16x8x16",
      indexed ? "indexed_" : "", tile.rows, tile.columns, tile.depth, tile.stages, tile.warps,
      product.groups);
  if (kernel_height * kernel_width > 1) name += fmt::format("_t1r{}s{}", kernel_height, kernel_width);
  if (tile.depth == 64 && product.rows < 1000) name += "_aACCESS";
  return name;
}

std::string first_layer_tactic(std::int64_t kernel, std::int64_t stride) {
  return fmt::format(
      "sm80_xmma_fprop_image_first_layer_f16f16_f32_f16_nhwckrsc_nhwc_hmma_k64c4r{}s{}_stride{}x{}_"
      "tile16x64x64_tensor1688",
      kernel, kernel, stride, stride);
}

std::string gemm_tactic(const MatrixProduct& product, bool relu) {
  if (product.rows <= 8) return "sm70_xmma_gemm_as_conv1x1_f16f16_f16_f16_tn_n_simt_small_batch_bias_relu";
  const Tile& tile = choose_tile(product);
  if (product.depth % 64 == 0) {
    return fmt::format("ampere_h16816gemm_{}x{}_ldg8_{}nn_v1", tile.rows, tile.columns, relu ? "relu_" : "");
  }
  return fmt::format(
      "sm80_xmma_gemm_f16f16_f16f16_f16_tn_n_tilesize{}x{}x{}_stage{}_warpsize{}_tensor16x8x16", tile.rows,
      tile.columns, tile.depth, tile.stages, tile.warps);
}

std::string depthwise_tactic(std::int64_t kernel, std::int64_t stride) {
  return fmt::format("sm80_xmma_fprop_depthwise_f16f16_f16_f16_nhwckrsc_nhwc_k{}x{}_stride{}_simt", kernel,
                     kernel, stride);
}

}  // namespace joulecast::networks
