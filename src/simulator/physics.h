// What each layer costs on a board: mean run time and power above idle while it runs.
#pragma once

#include <vector>

#include "joulecast/simulator.h"

namespace joulecast::simulator {

/// What a layer has to do, from its shapes.
struct Work {
  double flops = 0.0;         ///< useful ones
  double padded_flops = 0.0;  ///< of whole tiles in whole waves over all multiprocessors
  double dram_bytes = 0.0;    ///< beyond what the cache takes
  double peak_share = 1.0;    ///< of the tensor cores' peak that this kind of kernel can reach
  bool runs = true;           ///< false: takes no time
};
Work work_of(const Layer& layer, const PhysicsOptions& physics);

struct LayerCost {
  double run_time_us = 0.0;
  double power_w = 0.0;  ///< above idle, the host's share left out
};
/// Costs by layer. The same shape costs the same in every network of a board, except under kRandom.
std::vector<LayerCost> layer_costs(const Board& board, const Network& network);

}  // namespace joulecast::simulator
