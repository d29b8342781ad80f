// What of the past a conversion averages: a box (the conversion) behind a low-pass (the supply's filter).
#pragma once

#include <cmath>
#include <vector>

namespace joulecast::regression {

/// The numbers that place and shape a conversion's window, and two of the inference itself: the pause between
/// layers that the profiler's events leave, and how power goes with a layer's run time. Microseconds.
struct SensorShape {
  double delay_us = 0.0;      ///< from the end of the window to the moment the value appeared
  double window_us = 0.0;     ///< length of the conversion
  double lowpass_us = 0.0;    ///< time constant; 0 = none
  double event_gap_us = 0.0;  ///< between two layers, in none of their run times
  double timing_us = 0.0;     ///< sd of the callback's delay: what the timeline's own jitter blurs
  /// Power in a cycle ~ (run time / mean run time)^-elasticity: 0 where the layer draws the same for longer,
  /// 1 where its work takes the same energy however long it lasts.
  double elasticity = 0.0;
};

/// The kernel's integral over ages 0..u and its derivatives, by table.
///   h(u) = (1 - exp(-u/tau)) / w              for u < w
///        = (exp((w-u)/tau) - exp(-u/tau)) / w  beyond
/// Ages run backwards from the window's end. Integral over all ages = 1.
class SensorKernel {
 public:
  /// F, h, dF/dw, dF/dtau of one age, side by side for wide instructions; float is enough for shares of 1.
  using Values = float __attribute__((vector_size(16)));
  static constexpr int kShare = 0;      ///< F(u) = integral of h
  static constexpr int kDensity = 1;    ///< h(u) = dF/du, per us
  static constexpr int kByWindow = 2;   ///< dF/dw
  static constexpr int kByLowpass = 3;  ///< dF/dtau
  explicit SensorKernel(const SensorShape& shape);

  /// Blur by timing reaches behind the window's end: ages given to share() and values() count from this much
  /// after it.
  [[nodiscard]] double lead_us() const { return lead_us_; }
  /// Age from which nothing counts.
  [[nodiscard]] double reach_us() const { return reach_us_; }
  [[nodiscard]] Values values(double age_us) const {
    if (age_us <= 0.0) return Values{0.0F, 0.0F, 0.0F, 0.0F};
    if (age_us >= reach_us_) return Values{1.0F, 0.0F, 0.0F, 0.0F};
    const double at = age_us * per_us_;
    const auto cell = static_cast<std::size_t>(at);
    const float part = static_cast<float>(at - static_cast<double>(cell));
    const Values a = table_[cell];
    return a + part * (table_[cell + 1] - a);
  }

 private:
  double lead_us_ = 0.0;
  double reach_us_ = 0.0;
  double per_us_ = 0.0;
  std::vector<Values> table_;
};

}  // namespace joulecast::regression
