// Milliseconds as Python's datetime takes them: rounded to whole microseconds.
#pragma once

#include <cstdint>

namespace joulecast {

/// True if a datetime of this age less ms can exist: finite, and the result neither before year 1 nor after
/// year 9999. The reference ends with an exception beyond; int64 microseconds would overflow far beyond.
inline bool is_timedelta(double ms) {
  constexpr double kMsPerYear = 365.2425 * 86'400'000.0;
  return ms <= 1969.0 * kMsPerYear && ms >= -7990.0 * kMsPerYear;
}

/// timedelta(milliseconds=ms) in microseconds, for is_timedelta(ms). CPython splits off the fraction of the
/// milliseconds before it multiplies by 1000 (so 0.0005 ms is judged as 0.5 us, but 1.0005 ms as the nearest
/// double to 0.0005 above 1), and rounds halves to the even total. Source: accum() and delta_new() in
/// Modules/_datetimemodule.c.
inline std::int64_t timedelta_microseconds(double ms) {
  const auto whole_ms = static_cast<std::int64_t>(ms);
  const double us = 1000.0 * (ms - static_cast<double>(whole_ms));
  const auto whole_us = static_cast<std::int64_t>(us);
  const double leftover = us - static_cast<double>(whole_us);  // towards zero, so between -1 and 1
  const std::int64_t total = whole_ms * 1000 + whole_us;
  const std::int64_t away = (leftover >= 0.5 ? 1 : 0) - (leftover <= -0.5 ? 1 : 0);
  const bool half = leftover == 0.5 || leftover == -0.5;
  return half && (total & 1) == 0 ? total : total + away;
}

}  // namespace joulecast
