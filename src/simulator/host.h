// Inference after inference: what the chip draws, and what the profiler reports.
#pragma once

#include <cstdint>
#include <vector>

#include "joulecast/simulator.h"
#include "simulator/physics.h"
#include "simulator/random.h"
#include "simulator/supply.h"

namespace joulecast::simulator {

/// Sums over the recorded cycles, of one kind of time: microseconds and W us above idle.
struct StateSums {
  double time_us = 0.0;
  double energy = 0.0;
};

/// Runs cycles on a supply. Stamps of callbacks are true time, microseconds since the log's start.
class Host {
 public:
  Host(const Board& board, const Network& network, std::uint64_t seed, Supply& supply, LatencyLog& latencies,
       BenchmarkSummary& benchmark);

  void idle(double seconds);
  /// One inference with the gap behind it.
  void cycle(bool recorded);

  [[nodiscard]] double idle_power() const;  ///< now
  /// Fills the parts of the truth that the cycles made.
  void tell(RunTruth& truth, const Network& network) const;
  /// Expected time from one GPU start to the next without stalls, microseconds.
  [[nodiscard]] double natural_period_us() const;
  void set_pace(double pace_us) { pace_us_ = pace_us; }

 private:
  void run_layers(bool recorded);
  void run_gap(double begin, bool recorded);
  void stall(bool recorded);
  /// A stretch of the host gap; the GPU's tail dies away underneath.
  void host_segment(double duration_us, double power_w, StateSums& sums);
  void warm(double microseconds, bool busy);
  [[nodiscard]] double reported_ms(double start_us, double end_us);

  const PhysicsOptions& physics_;
  const HostOptions& host_;
  Supply& supply_;
  LatencyLog& latencies_;
  BenchmarkSummary& benchmark_;
  Random random_;
  Random rare_;  // stalls and missing entries: their chances must not shift the other draws
  std::vector<LayerCost> costs_;
  double mean_power_w_ = 0.0;
  double pace_us_ = 0.0;
  double warming_;  // share of warming_w
  double wander_phase_;
  double idle_now_w_ = 0.0;
  double tail_w_ = 0.0;
  std::vector<float> cycle_ms_;
  std::vector<StateSums> layer_sums_;
  StateSums event_gap_, host_gap_, stall_, recorded_idle_;
  std::uint64_t recorded_cycles_ = 0;
  std::uint64_t stalls_ = 0;
  std::uint64_t missing_ = 0;
};

}  // namespace joulecast::simulator
