// Parameters and metrics of a lasso's run, with the reference's names.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "joulecast/tracking.h"

namespace joulecast::tracking {

/// Python's True and False.
std::string python_truth(bool value);
/// What scikit-learn's autolog writes of the reference's pipeline, the reference's own parameters, and ours.
std::vector<std::pair<std::string, std::string>> lasso_params(const LassoModel& model);
/// Figures of the fit, of what was held out where it was, and the path of cross-validation as steps.
std::vector<RunMetric> lasso_metrics(const LassoModel& model);

}  // namespace joulecast::tracking
