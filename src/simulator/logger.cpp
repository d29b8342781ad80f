#include "simulator/logger.h"

#include <algorithm>
#include <cmath>

namespace joulecast::simulator {

Logger::Logger(const LoggerOptions& options, std::uint64_t seed) : options_(options), random_(seed) {
  schedule(random_.uniform() * options_.poll_us);
}

void Logger::schedule(double at_us) {
  stamp_us_ = at_us;
  voltage_at_us_ = at_us + options_.voltage_read_us * random_.log_normal(0.1);
  current_at_us_ = voltage_at_us_ + options_.current_read_us * random_.log_normal(0.1);
  voltage_taken_ = false;
}

void Logger::emit() {
  if (burst_ == 0 && options_.dropped_line_probability > 0.0 &&
      random_.chance(options_.dropped_line_probability)) {
    burst_ = 1 + static_cast<std::uint64_t>(20.0 * random_.exponential());
  }
  if (burst_ > 0) {
    --burst_;
    ++dropped_;
  } else {
    const auto at = static_cast<std::int64_t>(std::floor(stamp_us_));
    samples_.push_back({TimeStamp{at}, taken_millivolts_, milliamps_});
  }
  double next = stamp_us_ + options_.poll_us * random_.log_normal(options_.poll_jitter);
  if (options_.pause_probability > 0.0 && random_.chance(options_.pause_probability)) {
    next += random_.uniform(2000.0, 60000.0);
  }
  schedule(std::max(next, current_at_us_ + 1.0));
}

void Logger::read_until(double at_us) {
  while (true) {
    if (!voltage_taken_) {
      if (voltage_at_us_ >= at_us) return;
      taken_millivolts_ = millivolts_;
      voltage_taken_ = true;
    }
    if (current_at_us_ >= at_us) return;
    emit();
  }
}

void Logger::set_current(double at_us, double milliamps) {
  read_until(at_us);
  milliamps_ = milliamps;
}

void Logger::set_voltage(double at_us, double millivolts) {
  read_until(at_us);
  millivolts_ = millivolts;
}

HostClock::HostClock(const LoggerOptions& options, std::uint64_t seed, double start_s, double first_us,
                     double last_us)
    : start_us_(options.start.microseconds + static_cast<std::int64_t>(start_s * 1e6)) {
  Random random(seed);
  for (std::uint64_t i = 0; i < options.clock_steps; ++i) {
    at_us_.push_back(
        random.uniform(first_us + 0.05 * (last_us - first_us), last_us - 0.05 * (last_us - first_us)));
    const double size = options.clock_step_ms * 1e3 * random.uniform(0.5, 1.0);
    step_us_.push_back(std::floor(random.chance(0.5) ? size : -size));
  }
  std::sort(at_us_.begin(), at_us_.end());
}

TimeStamp HostClock::stamp(std::int64_t true_us) const {
  double offset = 0.0;
  for (std::size_t i = 0; i < at_us_.size() && at_us_[i] <= static_cast<double>(true_us); ++i)
    offset += step_us_[i];
  return {start_us_ + true_us + static_cast<std::int64_t>(offset)};
}

}  // namespace joulecast::simulator
