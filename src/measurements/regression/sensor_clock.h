// When the sensor converted, read off the log alone.
//
// Polling faster than the sensor refreshes returns stale copies. Taking copies for samples overstates their
// number and smears each one's window by up to a refresh, which is longer than many inferences. So the
// moments at which the current takes a new value are found, and one value per conversion is kept.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "joulecast/raw_logs.h"

namespace joulecast::regression {

/// One conversion of the current.
struct Conversion {
  double edge_us = 0.0;  ///< when its value appeared
  double watts = 0.0;
  bool follows_previous = false;  ///< its predecessor in the list is the conversion just before it
};

enum class ClockStatus {
  kFound,
  kFasterThanPoll,  ///< nearly every poll shows a new value: the age of a value is unknown
  kNotFound,        ///< changes follow no period
};

struct SensorClock {
  ClockStatus status = ClockStatus::kNotFound;
  double refresh_us = 0.0;
  double poll_us = 0.0;      ///< median
  double drift_ppm = 0.0;    ///< of the refresh period over the log, largest less smallest
  double stale_share = 0.0;  ///< polls that return a value seen before
  double consistency = 0.0;  ///< share of value changes that the clock explains
  double quantum_ma = 0.0;   ///< least step of the current
  std::vector<Conversion>
      conversions;  ///< one a refresh; if no clock was found every poll, good for means alone
  std::uint64_t polls = 0;
  std::uint64_t polls_near_edge = 0;   ///< within 6 % of a refresh of a change: could be old or new
  std::uint64_t polls_unclocked = 0;   ///< where the clock was lost (a clock step, a pause)
  std::uint64_t polls_unreadable = 0;  ///< NaN, infinite, negative
};

/// `at_us` are elapsed times of `samples`. Complexity: linear, but for a periodogram over the first seconds.
SensorClock identify_sensor(std::span<const PowerSample> samples, std::span<const double> at_us);

}  // namespace joulecast::regression
