// Which layers can be told apart, and blocks of neighbours where they cannot.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

namespace joulecast::regression {

/// A layer or a block of neighbours: layers first .. last (of those that take time), mean power over their
/// time.
struct Unit {
  std::size_t first = 0;
  std::size_t last = 0;
  double power_w = 0.0;
  double sd_w = 0.0;
  bool determined = true;
};

/// Merges neighbours until each unit's 90 % half-width is at most `limit` of its value and none takes less
/// than `least_time`: among the pairs that hold such a unit, the least distinguishable, z = |p_i - p_j| /
/// sd(p_i - p_j), goes first. A unit that spans half of the layers' time and is still too wide is
/// undetermined. `power` and `covariance` by layer, `time` the layers' run times, `least_time` in their unit.
std::vector<Unit> merge_units(const Eigen::VectorXd& power, const Eigen::MatrixXd& covariance,
                              std::span<const double> time, double limit, double least_time = 0.0);

}  // namespace joulecast::regression
