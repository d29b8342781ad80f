// What of the past a conversion averages: a box (the conversion) behind a low-pass (the supply's filter).
#pragma once

#include <cmath>
#include <vector>

namespace joulecast::regression {

/// The four numbers that place and shape a conversion's window, and the pause between layers that the
/// profiler's events leave. Microseconds.
struct SensorShape {
  double delay_us = 0.0;      ///< from the end of the window to the moment the value appeared
  double window_us = 0.0;     ///< length of the conversion
  double lowpass_us = 0.0;    ///< time constant; 0 = none
  double event_gap_us = 0.0;  ///< between two layers, in none of their run times
  double timing_us = 0.0;     ///< sd of the callback's delay: what the timeline's own jitter blurs
};

/// The kernel's integral over ages 0..u and its derivatives, by table.
///   h(u) = (1 - exp(-u/tau)) / w              for u < w
///        = (exp((w-u)/tau) - exp(-u/tau)) / w  beyond
/// Ages run backwards from the window's end. Integral over all ages = 1.
class SensorKernel {
 public:
  struct Values {
    double share = 0.0;       ///< F(u) = integral of h
    double density = 0.0;     ///< h(u) = dF/du, per us
    double by_window = 0.0;   ///< dF/dw
    double by_lowpass = 0.0;  ///< dF/dtau
  };
  explicit SensorKernel(const SensorShape& shape);

  /// Blur by timing reaches behind the window's end: ages given to share() and values() count from this much
  /// after it.
  [[nodiscard]] double lead_us() const { return lead_us_; }
  /// Age from which nothing counts.
  [[nodiscard]] double reach_us() const { return reach_us_; }
  [[nodiscard]] double share(double age_us) const {
    if (age_us <= 0.0) return 0.0;
    if (age_us >= reach_us_) return 1.0;
    const double at = age_us * per_us_;
    const auto cell = static_cast<std::size_t>(at);
    const double part = at - static_cast<double>(cell);
    return table_[cell].share + part * (table_[cell + 1].share - table_[cell].share);
  }
  [[nodiscard]] Values values(double age_us) const {
    if (age_us <= 0.0) return {};
    if (age_us >= reach_us_) return {1.0, 0.0, 0.0, 0.0};
    const double at = age_us * per_us_;
    const auto cell = static_cast<std::size_t>(at);
    const double part = at - static_cast<double>(cell);
    const Values& a = table_[cell];
    const Values& b = table_[cell + 1];
    return {a.share + part * (b.share - a.share), a.density + part * (b.density - a.density),
            a.by_window + part * (b.by_window - a.by_window),
            a.by_lowpass + part * (b.by_lowpass - a.by_lowpass)};
  }

 private:
  double lead_us_ = 0.0;
  double reach_us_ = 0.0;
  double per_us_ = 0.0;
  std::vector<Values> table_;
};

}  // namespace joulecast::regression
