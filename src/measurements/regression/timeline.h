// What the GPU did when: the cycles of a run as layers laid along time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "joulecast/raw_logs.h"
#include "measurements/regression/clock_steps.h"

namespace joulecast::regression {

/// One inference. Times are elapsed microseconds since the origin of both logs.
struct Cycle {
  double end_us = 0.0;            ///< the GPU's end, but for a constant that the sensor's delay takes up
  double last_callback_us = 0.0;  ///< when the profiler had reported everything
  double busy_us = 0.0;           ///< sum of the layers' run times
  bool usable = true;             ///< false: entries missing, a stall or a clock step in or before it
};

struct LayerTime {
  std::uint64_t entries = 0;
  double mean_us = 0.0;
  double sd_us = 0.0;
};

/// Cycles in time order with each layer's run time in each. Layers are those of the latency log, in its
/// order, which is the order of execution.
struct Timeline {
  std::size_t layers = 0;
  std::vector<Cycle> cycles;
  std::vector<float>
      to_end_us;  ///< from a layer's start to its cycle's end, pauses left out [cycle x layers + layer]
  std::vector<LayerTime> layer_times;
  bool follows_stamps = false;  ///< callbacks came during the inference: stamps are the layers' ends
  double spread_gap_us = 0.0;   ///< with follows_stamps: mean pause between layers that the stamps show
  double typical_period_us = 0.0;
  double typical_gap_us = 0.0;  ///< GPU end to next GPU start
  std::uint64_t missing_entries = 0;
  std::uint64_t incomplete_cycles = 0;
  std::uint64_t stalls = 0;            ///< gaps between inferences far above the usual ones
  std::uint64_t overlapping = 0;       ///< cycles that would begin before their predecessor ended
  std::uint64_t negative_entries = 0;  ///< negative or not finite run times, taken as missing

  [[nodiscard]] std::span<const float> to_end(std::size_t cycle) const {
    return std::span<const float>(to_end_us).subspan(cycle * layers, layers);
  }
};

/// Cycles below which build_timeline refuses a log.
inline constexpr std::size_t kLeastCycles = 50;

/// Joins the layers' lists by time, not by index: a list may lack entries. Entries of one cycle are those
/// reported before the cycle's first layer is reported again. A missing run time is filled with the layer's
/// mean and the cycle marked unusable. Errors: kUnfit without stamps, layers, or with under kLeastCycles
/// cycles.
Expected<Timeline> build_timeline(const LatencyLog& log, TimeStamp origin, std::span<const ClockStep> steps);

}  // namespace joulecast::regression
