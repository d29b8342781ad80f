#include "cost_model/physical/held_out_errors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace joulecast {

double robust_error(double predicted, double measured) {
  constexpr double kMost = 0.4;
  const double error = predicted > 0.0 ? std::min(std::abs(std::log(predicted / measured)), kMost) : kMost;
  return error * error;
}

std::vector<double> robust_errors(const PhysicalTask& task, std::span<const double> predicted) {
  std::vector<double> errors(task.units.size());
  for (std::size_t k = 0; k < errors.size(); ++k)
    errors[k] = robust_error(predicted[k], task.data->units[task.units[k]].measured);
  return errors;
}

std::vector<double> sums_by_group(const PhysicalTask& task, std::span<const double> values) {
  std::map<std::uint32_t, double> by_group;
  for (std::size_t k = 0; k < task.units.size(); ++k)
    by_group[task.group_of_unit[task.units[k]]] += values[k];
  std::vector<double> sums;
  for (const auto& [group, sum] : by_group) sums.push_back(sum);
  return sums;
}

GroupSum sum_of_groups(std::span<const double> by_group) {
  const double n = static_cast<double>(by_group.size());
  GroupSum out;
  double squares = 0.0;
  for (const double value : by_group) {
    out.sum += value;
    squares += value * value;
  }
  out.standard_error = n > 1.0 ? std::sqrt(std::max(squares - out.sum * out.sum / n, 0.0) * n / (n - 1.0))
                               : std::numeric_limits<double>::infinity();
  return out;
}

double evidence_for(std::span<const double> excess) {
  const GroupSum total = sum_of_groups(excess);
  if (!(total.sum > 0.0) || std::isinf(total.standard_error)) return 1.0;
  const double freedom = static_cast<double>(excess.size()) - 1.0;
  const double t = total.sum / total.standard_error;  // infinite where all groups agree to the last bit
  return std::pow(1.0 + t * t / freedom, -0.5 * (freedom + 1.0));
}

}  // namespace joulecast
