// How a matrix product is cut into tiles, where no tactic tells it.
#pragma once

#include "networks/layer_demand.h"

namespace joulecast {

/// The cheapest way to cut a product, by the multiply-adds that the tiles compute, padding included.
struct KernelTiles {
  double share = 1.0;   ///< multiply-adds computed, over those of the product itself; above 1
  double splits = 1.0;  ///< parts that the inner length is cut into; above 1 a reduction follows
};

/// Tiles' places in whole waves of `multiprocessors` tiles, over the tiles themselves; 1 where the number of
/// multiprocessors is not known (0).
double whole_waves(double tiles, double multiprocessors);

/// Tile and wave quantisation (NVIDIA, Matrix Multiplication Background User's Guide, chapter 3): tiles are
/// computed whole, and so are waves, of one tile for each of the device's multiprocessors. A small tile
/// computes less in vain, but reads more for each multiply-add; a product of few tiles is cut along its inner
/// length. `multiprocessors` 0: not known, waves do not count. A product without rows gives 1 and 1.
KernelTiles choose_tiles(const MatrixShape& product, double multiprocessors);

}  // namespace joulecast
