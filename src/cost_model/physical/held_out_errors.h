// Errors that validation weighs.
#pragma once

#include <vector>

#include "cost_model/physical/train.h"

namespace joulecast {

/// Squared log ratio of predicted to measured, of a factor of 1.5 at most: one odd kernel must not decide.
double robust_error(double predicted, double measured);

/// By position in the task's units.
std::vector<double> robust_errors(const PhysicalTask& task, std::span<const double> predicted);

/// A sum over groups and its standard error, groups being independent; infinite for one group.
struct GroupSum {
  double sum = 0.0, standard_error = 0.0;
};
/// Of `before` - `after`, both by position in the task's units.
GroupSum gain_of(const PhysicalTask& task, std::span<const double> before, std::span<const double> after);

}  // namespace joulecast
