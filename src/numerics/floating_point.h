// What solvers and scalers need to know of double precision.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace joulecast {

/// Distance from 1 to the next double.
inline constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

/// Neither NaN nor infinity among them.
inline bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace joulecast
