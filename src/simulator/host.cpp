// A cycle: the layers run back to back with small gaps for the profiler's events; when the GPU has finished,
// the profiler's callbacks come one after another, all of them after the inference; then the host prepares
// the next inference. The GPU's power does not end with its work but dies away into the gap.
#include "simulator/host.h"

#include <algorithm>
#include <cmath>

namespace joulecast::simulator {
namespace {

// Shares of the preparing time and their power relative to prepare_w: input, bookkeeping, launch.
constexpr double kPrepareShares[3] = {0.45, 0.35, 0.2};
constexpr double kPrepareLevels[3] = {1.0, 0.75, 1.35};

}  // namespace

Host::Host(const Board& board, const Network& network, std::uint64_t seed, Supply& supply,
           LatencyLog& latencies, BenchmarkSummary& benchmark)
    : physics_(board.physics),
      host_(board.host),
      supply_(supply),
      latencies_(latencies),
      benchmark_(benchmark),
      random_(mix(seed, "host")),
      rare_(mix(seed, "rare")),
      costs_(layer_costs(board, network)),
      layer_sums_(costs_.size()) {
  double time = 0.0;
  double energy = 0.0;
  for (LayerCost& cost : costs_) {
    if (cost.run_time_us > 0.0) cost.power_w += host_.spin_w;
    time += cost.run_time_us;
    energy += cost.run_time_us * cost.power_w;
  }
  mean_power_w_ = time > 0.0 ? energy / time : 0.0;
  cycle_ms_.resize(costs_.size());
  pace_us_ = host_.pace_us;
  warming_ = random_.uniform(0.0, 0.3);  // what an earlier run left
  wander_phase_ = random_.uniform();
}

double Host::idle_power() const {
  const double turn = wander_phase_ + supply_.now_us() * 1e-6 / physics_.wander_s;
  return physics_.idle_w + physics_.warming_w * warming_ + physics_.wander_w * portable_sine_of_turns(turn);
}

double Host::natural_period_us() const {
  double period = host_.first_callback_us + host_.first_callback_spread_us + host_.prepare_us;
  for (const LayerCost& cost : costs_) period += cost.run_time_us + host_.event_gap_us + host_.callback_us;
  return period;
}

void Host::warm(double microseconds, bool busy) {
  const double keep = portable_exp(-microseconds * 1e-6 / physics_.warming_s);
  warming_ = busy ? 1.0 - (1.0 - warming_) * keep : warming_ * keep;
}

void Host::idle(double seconds) {
  // In steps, so that cooling and wander show.
  for (double left = seconds * 1e6; left > 0.0; left -= 10000.0) {
    const double step = std::min(left, 10000.0);
    supply_.pass({step, idle_power(), 0.0, 1.0});
    warm(step, false);
  }
}

void Host::cycle(bool recorded) {
  const double begin = supply_.now_us();
  idle_now_w_ = idle_power();
  run_layers(recorded);
  run_gap(begin, recorded);
  const double period = supply_.now_us() - begin;
  if (recorded) {
    recorded_idle_.time_us += period;
    recorded_idle_.energy += idle_now_w_ * period;
    ++recorded_cycles_;
  }
  warm(period, true);
}

void Host::run_layers(bool recorded) {
  const double common = random_.log_normal(physics_.clock_jitter);
  const double gap = host_.event_gap_us * common;
  tail_w_ = 0.0;
  bool first = true;
  for (std::size_t k = 0; k < costs_.size(); ++k) {
    const LayerCost& cost = costs_[k];
    if (cost.run_time_us <= 0.0) {
      cycle_ms_[k] = 0.0F;
      continue;
    }
    if (!first && gap > 0.0) {
      const double power = host_.event_gap_share * mean_power_w_;
      const double drawn = supply_.pass({gap, idle_now_w_ + power, 0.0, 1.0});
      if (recorded) {
        event_gap_.time_us += gap;
        event_gap_.energy += drawn - idle_now_w_ * gap;
      }
    }
    first = false;
    const double factor = common * random_.log_normal(physics_.cycle_jitter);
    const double duration = cost.run_time_us * factor;
    double power = cost.power_w;
    if (physics_.energy_elasticity > 0.0) power *= portable_pow(factor, -physics_.energy_elasticity);
    if (physics_.power_jitter > 0.0) power *= std::max(0.0, 1.0 + physics_.power_jitter * random_.normal());
    const double start = supply_.now_us();
    const double drawn =
        supply_.pass({duration, idle_now_w_ + power, physics_.onset_share * power, physics_.onset_us});
    if (!recorded) continue;
    layer_sums_[k].time_us += duration;
    layer_sums_[k].energy += drawn - idle_now_w_ * duration;
    cycle_ms_[k] = static_cast<float>(reported_ms(start, start + duration));
  }
  tail_w_ = host_.tail_w;
}

// An event's time is read from a counter that mostly ticks every 1.024 us, seldom every 32 ns.
double Host::reported_ms(double start_us, double end_us) {
  const double grid = random_.chance(host_.coarse_stamp_share) ? 1.024 : 0.032;
  const double ticks = std::floor(end_us / grid) - std::floor(start_us / grid);
  return ticks * grid * 1e-3;
}

void Host::host_segment(double duration_us, double power_w, StateSums& sums) {
  if (duration_us <= 0.0) return;
  if (tail_w_ < 1e-4) tail_w_ = 0.0;
  const double drawn = supply_.pass({duration_us, idle_now_w_ + power_w, -tail_w_, host_.tail_us});
  if (tail_w_ > 0.0) tail_w_ *= portable_exp(-duration_us / host_.tail_us);
  sums.time_us += duration_us;
  sums.energy += drawn - idle_now_w_ * duration_us;
}

void Host::run_gap(double begin, bool recorded) {
  StateSums unrecorded;
  StateSums& sums = recorded ? host_gap_ : unrecorded;
  const double level = std::max(0.0, 1.0 + host_.gap_jitter * random_.normal());
  const double end = supply_.now_us();
  const double first = host_.first_callback_us + host_.first_callback_spread_us * random_.exponential();
  host_segment(first, level * host_.spin_w, sums);
  double at = end + first;
  for (std::size_t k = 0; k < costs_.size(); ++k) {
    if (k > 0) at += host_.callback_us * std::max(0.2, 1.0 + host_.callback_jitter * random_.normal());
    if (!recorded) continue;
    if (host_.missing_entry_probability > 0.0 && rare_.chance(host_.missing_entry_probability)) {
      ++missing_;
      continue;
    }
    latencies_.layers[k].entries.push_back(
        {static_cast<double>(cycle_ms_[k]), TimeStamp{static_cast<std::int64_t>(std::floor(at))}});
  }
  host_segment(at - end - first, level * host_.callback_w, sums);
  const double prepare = host_.prepare_us * random_.log_normal(host_.prepare_jitter);
  const bool stalls = host_.stall_probability > 0.0 && rare_.chance(host_.stall_probability);
  for (int i = 0; i < 3; ++i) {
    host_segment(kPrepareShares[i] * prepare, level * kPrepareLevels[i] * host_.prepare_w, sums);
    if (stalls && i == 0) stall(recorded);
  }
  if (pace_us_ > 0.0) {
    const double tick = std::ceil(supply_.now_us() / pace_us_) * pace_us_;
    host_segment(tick - supply_.now_us(), 0.3 * host_.prepare_w, sums);
  }
  // The benchmark's own clock runs from the launch, some 40 us before the GPU starts, to the return.
  if (recorded) benchmark_.latencies_s.push_back((at - begin + 40.0) * 1e-6);
}

void Host::stall(bool recorded) {
  StateSums unrecorded;
  const double length = 2000.0 + host_.stall_us * rare_.exponential();
  host_segment(length, host_.stall_w * rare_.log_normal(0.5), recorded ? stall_ : unrecorded);
  if (recorded) ++stalls_;
}

void Host::tell(RunTruth& truth, const Network& network) const {
  const double cycles = static_cast<double>(std::max<std::uint64_t>(recorded_cycles_, 1));
  for (std::size_t k = 0; k < layer_sums_.size(); ++k) {
    const StateSums& sums = layer_sums_[k];
    LayerTruth layer{network.layers[k].name, network.layers[k].type, sums.time_us / cycles * 1e-3,
                     sums.time_us > 0.0 ? sums.energy / sums.time_us : 0.0, sums.energy / cycles * 1e-3};
    truth.run_time_ms += layer.run_time_ms;
    truth.energy_mj += layer.energy_mj;
    truth.layers.push_back(std::move(layer));
  }
  truth.event_gap_ms = event_gap_.time_us / cycles * 1e-3;
  truth.event_gap_energy_mj = event_gap_.energy / cycles * 1e-3;
  truth.host_gap_ms = host_gap_.time_us / cycles * 1e-3;
  truth.host_gap_energy_mj = host_gap_.energy / cycles * 1e-3;
  truth.stall_ms = stall_.time_us / cycles * 1e-3;
  truth.stall_energy_mj = stall_.energy / cycles * 1e-3;
  truth.idle_run_w = recorded_idle_.energy / std::max(recorded_idle_.time_us, 1e-9);
  truth.stalls = stalls_;
  truth.missing_entries = missing_;
}

}  // namespace joulecast::simulator
