#include "cost_model/physical/kernel_tiles.h"

#include <array>
#include <cmath>
#include <limits>

namespace joulecast {
namespace {

struct Tile {
  double rows, columns;
};
// The sizes in which libraries of kernels have them.
constexpr std::array<Tile, 13> kTiles = {{{256, 128},
                                          {128, 256},
                                          {128, 128},
                                          {128, 64},
                                          {64, 128},
                                          {64, 64},
                                          {32, 128},
                                          {128, 32},
                                          {64, 32},
                                          {32, 64},
                                          {32, 32},
                                          {16, 64},
                                          {16, 128}}};
constexpr double kStep = 32.0;        // of the inner length, loaded at once
constexpr double kFill = 64.0;        // inner length that passes before the first of three stages is full
constexpr double kReadCost = 32.0;    // multiply-adds that a row's or column's load takes the time of
constexpr double kSplitCost = 0.1;    // share that partial sums add
constexpr double kMostSplits = 16.0;  // parts of the inner length
constexpr double kLeastDepth = 64.0;  // of a part

}  // namespace

double whole_waves(double tiles, double multiprocessors) {
  if (!(multiprocessors > 0.0) || !(tiles > 0.0)) return 1.0;
  return std::ceil(tiles / multiprocessors) * multiprocessors / tiles;
}

KernelTiles choose_tiles(const MatrixShape& product, double multiprocessors) {
  if (!(product.rows > 0.0)) return {};
  double least = std::numeric_limits<double>::infinity();
  KernelTiles best;
  for (const Tile& tile : kTiles) {
    const double tiles =
        std::ceil(product.rows / tile.rows) * std::ceil(product.columns / tile.columns) * product.groups;
    const double reads = 1.0 + kReadCost * (1.0 / tile.rows + 1.0 / tile.columns);
    for (double splits = 1.0; splits <= kMostSplits; splits *= 2.0) {
      const double depth = std::ceil(product.depth / splits / kStep) * kStep;
      if (splits > 1.0 && depth < kLeastDepth) break;
      const double blocks = tiles * splits * whole_waves(tiles * splits, multiprocessors);
      const double cost = blocks * tile.rows * tile.columns * (depth + kFill) * reads *
                          (splits > 1.0 ? 1.0 + kSplitCost : 1.0);
      if (!(cost < least)) continue;
      least = cost;
      best.splits = splits;
    }
  }
  best.share = least / (product.rows * product.columns * product.depth * product.groups);
  return best;
}

}  // namespace joulecast
