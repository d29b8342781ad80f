// Quantiles by linear interpolation between order statistics (Hyndman and Fan's type 7), with NumPy's and
// pandas' own order of operations, so that the last digit agrees with theirs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace joulecast {

/// The q-quantile (0 <= q <= 1) of values sorted ascending and free of NaN; NaN if there are none.
/// With h = (n - 1) q, i = floor(h), t = h - i it lies between x[i] and x[i + 1], and is reckoned from the
/// nearer of the two: from one end alone, t near 1 would not give x[i + 1] exactly.
inline double quantile_of_sorted(std::span<const double> sorted, double q) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const std::size_t last = sorted.size() - 1;
  const double position = static_cast<double>(last) * q;
  const double below = std::floor(position);
  const std::size_t i = std::min(static_cast<std::size_t>(below), last);
  const double t = position - below;
  const double a = sorted[i];
  const double b = sorted[std::min(i + 1, last)];
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1.0 - t);
}

}  // namespace joulecast
