// Errors that validation weighs.
#pragma once

#include <vector>

#include "cost_model/physical/train.h"

namespace joulecast {

/// Squared log ratio of predicted to measured, of a factor of 1.5 at most: one odd kernel must not decide.
double robust_error(double predicted, double measured);

/// By position in the task's units.
std::vector<double> robust_errors(const PhysicalTask& task, std::span<const double> predicted);

/// Sums of values by position in the task's units, by group; groups in a fixed order.
std::vector<double> sums_by_group(const PhysicalTask& task, std::span<const double> values);

/// A sum over groups and its standard error, groups being independent; infinite for one group.
struct GroupSum {
  double sum = 0.0, standard_error = 0.0;
};
GroupSum sum_of_groups(std::span<const double> by_group);

/// What a form of the model counts for whose errors exceed the best one's by `excess`, by group: Student's
/// density of the excess over its standard error, relative to that of 0, so that few groups decide little.
double evidence_for(std::span<const double> excess);

}  // namespace joulecast
