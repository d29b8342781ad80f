// Quantiles by linear interpolation between order statistics (Hyndman and Fan's type 7), with NumPy's and
// pandas' own order of operations, so that the last digit agrees with theirs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace joulecast {

/// Half-width of the interval that holds 90 % of a normal distribution, in standard deviations.
inline constexpr double kNinetyPercent = 1.6448536269514722;

/// The q-quantile between its two neighbours in sorted order: x[i] and x[min(i + 1, n - 1)] of n values,
/// where h = (n - 1) q, i = floor(h), t = h - i. It is reckoned from the nearer of the two: from one end
/// alone, t near 1 would not give x[i + 1] exactly.
inline double quantile_between(double a, double b, std::size_t count, double q) {
  const double position = static_cast<double>(count - 1) * q;
  const double t = position - std::floor(position);
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1.0 - t);
}

/// The q-quantile (0 <= q <= 1) of values sorted ascending and free of NaN; NaN if there are none.
inline double quantile_of_sorted(std::span<const double> sorted, double q) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const std::size_t last = sorted.size() - 1;
  const auto i = std::min(static_cast<std::size_t>(std::floor(static_cast<double>(last) * q)), last);
  return quantile_between(sorted[i], sorted[std::min(i + 1, last)], sorted.size(), q);
}

/// The median, of an even number of values the upper one of the two in the middle: always one of the values.
/// 0 if there are none.
inline double upper_median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace joulecast
