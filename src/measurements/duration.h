// Milliseconds as Python's datetime takes them: rounded to whole microseconds.
#pragma once

#include <cmath>
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
  double whole_ms = 0.0;
  const double fraction = std::modf(ms, &whole_ms);
  std::int64_t total = static_cast<std::int64_t>(whole_ms) * 1000;
  if (fraction == 0.0) return total;
  double whole_us = 0.0;
  const double leftover = std::modf(1000.0 * fraction, &whole_us);
  total += static_cast<std::int64_t>(whole_us);
  double rounded = std::round(leftover);
  if (std::fabs(rounded - leftover) == 0.5) {
    const double odd = (total & 1) != 0 ? 1.0 : 0.0;
    rounded = 2.0 * std::round((leftover + odd) * 0.5) - odd;
  }
  return total + static_cast<std::int64_t>(rounded);
}

}  // namespace joulecast
