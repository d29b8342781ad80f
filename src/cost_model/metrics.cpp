// Accuracy figures with the definitions of the reference and of scikit-learn.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "joulecast/cost_model.h"

namespace joulecast {

Expected<Metrics> evaluate_metrics(std::span<const double> actual, std::span<const double> predicted) {
  if (actual.size() != predicted.size())
    return fail(ErrorKind::kUsage,
                fmt::format("{} measured values, {} predicted", actual.size(), predicted.size()), {},
                "Give as many of both");
  if (actual.empty()) return fail(ErrorKind::kUsage, "no value to evaluate", {}, "Hold out at least one row");
  const double n = static_cast<double>(actual.size());
  const double mean = std::accumulate(actual.begin(), actual.end(), 0.0) / n;
  double squared_share = 0.0;
  double squares = 0.0;
  double absolute = 0.0;
  double share = 0.0;
  double total = 0.0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double a = actual[i];
    const double error = a - predicted[i];
    // The reference keeps a zero from dividing by adding 1e-10; scikit-learn's MAPE uses the machine epsilon.
    const double relative = error / (a + 1e-10);
    squared_share += relative * relative;
    share += std::abs(error) / std::max(std::abs(a), std::numeric_limits<double>::epsilon());
    squares += error * error;
    absolute += std::abs(error);
    total += (a - mean) * (a - mean);
  }
  Metrics metrics;
  metrics.rmspe_percent = 100.0 * std::sqrt(squared_share / n);
  metrics.mse = squares / n;
  metrics.rmse = std::sqrt(metrics.mse);
  metrics.mae = absolute / n;
  metrics.mape = share / n;
  // scikit-learn: equal targets give 1 when they are met exactly, else 0; one row has no R2.
  if (actual.size() < 2) {
    metrics.r2 = std::numeric_limits<double>::quiet_NaN();
  } else if (total == 0.0) {
    metrics.r2 = squares == 0.0 ? 1.0 : 0.0;
  } else {
    metrics.r2 = 1.0 - squares / total;
  }
  return metrics;
}

}  // namespace joulecast
