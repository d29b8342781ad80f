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

GroupSum gain_of(const PhysicalTask& task, std::span<const double> before, std::span<const double> after) {
  std::map<std::uint32_t, double> by_group;
  for (std::size_t k = 0; k < task.units.size(); ++k)
    by_group[task.group_of_unit[task.units[k]]] += before[k] - after[k];
  const double n = static_cast<double>(by_group.size());
  GroupSum out;
  double squares = 0.0;
  for (const auto& [group, gain] : by_group) {
    out.sum += gain;
    squares += gain * gain;
  }
  if (n > 1.0) out.standard_error = std::sqrt(std::max(squares - out.sum * out.sum / n, 0.0) * n / (n - 1.0));
  return out;
}

}  // namespace joulecast
