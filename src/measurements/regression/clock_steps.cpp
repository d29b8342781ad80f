#include "measurements/regression/clock_steps.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "numerics/quantiles.h"

namespace joulecast::regression {
namespace {

double median_poll(std::span<const PowerSample> samples) {
  std::vector<double> gaps;
  const std::size_t count = std::min<std::size_t>(samples.size(), 4000);
  for (std::size_t i = 1; i < count; ++i) {
    gaps.push_back(static_cast<double>(samples[i].at.microseconds - samples[i - 1].at.microseconds));
  }
  return std::max(0.0, upper_median(std::move(gaps)));
}

}  // namespace

UnwrappedTimes unwrap_power_times(std::span<const PowerSample> samples, TimeStamp origin) {
  UnwrappedTimes out;
  out.at_us.reserve(samples.size());
  const double poll = median_poll(samples);
  double added = 0.0;
  double previous = 0.0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double raw = static_cast<double>(samples[i].at.microseconds - origin.microseconds);
    if (i > 0 && raw < previous) {
      const double step = previous - raw + poll;
      out.steps.push_back({previous, raw, step});
      added += step;
    }
    previous = raw;
    out.at_us.push_back(raw + added);
  }
  return out;
}

double StepFollower::unwrap(double raw_us) {
  while (next_ < steps_.size() && raw_us >= steps_[next_].after_us) {
    const ClockStep& step = steps_[next_];
    const double plain = raw_us - previous_us_;
    const bool is_past =
        raw_us > step.before_us + usual_us_ && previous_us_ > step.before_us - 2.0 * usual_us_;
    const bool fits = std::abs(plain + step.added_us - usual_us_) < std::abs(plain - usual_us_);
    if (!is_past && !fits) break;
    added_us_ += step.added_us;
    ++next_;
  }
  previous_us_ = raw_us;
  return raw_us + added_us_;
}

}  // namespace joulecast::regression
