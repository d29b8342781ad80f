// Statistics of one layer's measurements, to the last digit as pandas computes them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace joulecast {

/// Mean and deviation of a column, NaN where they do not exist.
struct Moments {
  std::size_t count = 0;  ///< of non-empty cells
  double mean = 0.0;
  double deviation = 0.0;  ///< n - 1
};
/// Moments of values in row order, as in pandas' describe(); NaN = empty cell. Linear.
Moments moments(std::span<const double> values);

/// pandas' describe() of a column; all but the count are NaN where they do not exist.
struct Description : Moments {
  double minimum = 0.0;
  double quartile_1 = 0.0, median = 0.0, quartile_3 = 0.0;
  double maximum = 0.0;
};

/// Describes values in row order; NaN = empty cell. Linear on average.
Description describe(std::span<const double> values);

/// Mean of the non-empty cells as pandas' groupby(...).mean(): a Kahan sum in row order, over their number;
/// NaN if there are none. (describe()'s mean differs in the last digits: it adds pairwise.)
double group_mean(std::span<const double> values);

/// <network>_average_power_stats.csv and its sister: one line a layer, in the given order.
struct NamedDescription {
  std::string_view layer;
  Description description;
};
std::string statistics_csv(std::span<const NamedDescription> layers);

}  // namespace joulecast
