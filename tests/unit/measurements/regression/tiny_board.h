// A board of exact algebra: layers of known power, conversions that are exact integrals, nothing else unless
// asked for. It exists to test single steps; accuracy is judged on the simulator.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "joulecast/raw_logs.h"

namespace joulecast::testing_board {

struct TinyBoard {
  std::vector<double> layer_us = {300, 150, 220, 90, 400, 180};
  std::vector<double> layer_w = {3.0, 5.0, 2.0, 6.0, 4.0, 1.5};
  double gap_us = 700.0;
  double gap_w = 1.0;
  double idle_w = 4.0;
  double jitter = 0.05;     ///< relative, of every duration and of the gap
  double elasticity = 0.0;  ///< a layer's power ~ (its duration / the usual one)^-this
  double refresh_us = 6600.0;
  double window_us = 1100.0;
  double delay_us = 900.0;  ///< from the window's end to the value's appearance
  double poll_us = 1300.0;
  double read_jitter_us = 0.0;  ///< sd of the time from a poll's stamp to its read
  double event_gap_us = 0.0;    ///< between two layers, in no run time
  double event_gap_w = 0.0;
  double supply_v = 5.0;    ///< the supply's voltage without load ...
  double supply_ohm = 0.0;  ///< ... and its droop
  bool stamps_at_layer_ends = false;
  double noise_w = 0.0;
  double slow_w = 0.0;  ///< amplitude of a sine of 20 s on every value
  double step_ma = 0.0;
  int averaging = 1;  ///< of the sensor, recursive: shown += (value - shown) / averaging
  std::size_t cycles = 4000;
  double idle_before_us = 2e6;
  double idle_after_us = 2e6;
  unsigned seed = 7;
};

struct TinyRun {
  LatencyLog latencies;
  std::vector<PowerSample> power;
};

/// Integral of power over time as a piecewise-linear function, for exact window means.
class Energy {
 public:
  void add(double until_us, double watts) {
    const double from = at_.empty() ? 0.0 : at_.back();
    if (at_.empty()) at_.push_back(0.0), sum_.push_back(0.0);
    if (until_us <= from) return;
    at_.push_back(until_us);
    sum_.push_back(sum_.back() + watts * (until_us - from));
  }
  [[nodiscard]] double until(double t) const {
    auto next = std::upper_bound(at_.begin(), at_.end(), t);
    if (next == at_.begin()) return 0.0;
    if (next == at_.end()) --next;
    const auto i = static_cast<std::size_t>(next - at_.begin());
    const double part = (t - at_[i - 1]) / (at_[i] - at_[i - 1]);
    return sum_[i - 1] + part * (sum_[i] - sum_[i - 1]);
  }
  [[nodiscard]] double mean(double from, double to) const { return (until(to) - until(from)) / (to - from); }
  [[nodiscard]] double end() const { return at_.back(); }

 private:
  std::vector<double> at_, sum_;
};

inline TinyRun run_tiny(const TinyBoard& b) {
  constexpr std::int64_t kOrigin = 1732162800000000;
  std::mt19937_64 random(b.seed);
  const auto uniform = [&] { return (static_cast<double>(random() >> 11U) + 0.5) * 0x1p-53; };
  const auto around = [&](double mean) { return mean * (1.0 + b.jitter * (2.0 * uniform() - 1.0)); };
  const auto normal = [&] {
    return std::sqrt(-2.0 * std::log(uniform())) * std::cos(6.283185307179586 * uniform());
  };
  TinyRun out;
  for (std::size_t k = 0; k < b.layer_us.size(); ++k)
    out.latencies.layers.push_back({"layer" + std::to_string(k), {}});
  Energy energy;
  double t = b.idle_before_us;
  energy.add(t, b.idle_w);
  for (std::size_t c = 0; c < b.cycles; ++c) {
    std::vector<double> durations;
    std::vector<double> ends;
    for (std::size_t k = 0; k < b.layer_us.size(); ++k) {
      if (k > 0) t += b.event_gap_us;
      energy.add(t, b.idle_w + b.event_gap_w);
      durations.push_back(around(b.layer_us[k]));
      t += durations.back();
      energy.add(t, b.idle_w + b.layer_w[k] * std::pow(durations.back() / b.layer_us[k], -b.elasticity));
      ends.push_back(t);
    }
    for (std::size_t k = 0; k < b.layer_us.size(); ++k) {
      const double at = b.stamps_at_layer_ends ? ends[k] : t + 5.0 * static_cast<double>(k);
      const auto stamp = kOrigin + static_cast<std::int64_t>(std::llround(at));
      out.latencies.layers[k].entries.push_back({durations[k] / 1e3, TimeStamp{stamp}});
    }
    t += around(b.gap_us);
    energy.add(t, b.idle_w + b.gap_w);
  }
  energy.add(t + b.idle_after_us, b.idle_w);
  // Conversion n covers [n T, n T + w] and shows from n T + w + delay on.
  const double end = energy.end();
  double last_n = -1.0;
  double value = 0.0;
  double shown = -1.0;
  for (double poll = b.refresh_us + 2.0 * b.window_us + b.delay_us; poll < end - 1e4;
       poll += b.poll_us * (0.97 + 0.06 * uniform())) {
    const double read = b.read_jitter_us > 0.0 ? poll + b.read_jitter_us * normal() : poll;
    const double n = std::floor((read - b.window_us - b.delay_us) / b.refresh_us);
    for (; last_n < n; ++last_n) {
      if (last_n < 0.0) last_n = n - 1.0;
      const double at = (last_n + 1.0) * b.refresh_us;
      value = energy.mean(at, at + b.window_us) + b.noise_w * normal();
      if (b.slow_w > 0.0) value += b.slow_w * std::sin(6.283185307179586 * at / 20e6);
      shown = shown < 0.0 ? value : shown + (value - shown) / b.averaging;
    }
    double amps = shown / b.supply_v;
    for (int i = 0; i < 4; ++i) amps = shown / (b.supply_v - b.supply_ohm * amps);
    double ma = amps * 1e3;
    if (b.step_ma > 0.0) ma = b.step_ma * std::round(ma / b.step_ma);
    out.power.push_back({TimeStamp{kOrigin + static_cast<std::int64_t>(std::llround(poll))},
                         1e3 * (b.supply_v - b.supply_ohm * amps), ma});
  }
  return out;
}

}  // namespace joulecast::testing_board
