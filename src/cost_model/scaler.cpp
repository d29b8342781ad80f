// Column scalers with scikit-learn 1.5's arithmetic, so that a column it takes for constant is one here too.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "joulecast/cost_model.h"
#include "numerics/floating_point.h"
#include "numerics/quantiles.h"

namespace joulecast {
namespace {

struct CenterAndScale {
  double center, scale;
};

/// Mean and population deviation by the corrected two-pass algorithm. A variance within the rounding error of
/// its own computation (n eps var + (n mean eps)^2) counts as zero: without this rule a constant column such
/// as 0.1 would be blown up by a scale of 1e-17.
CenterAndScale standard(std::span<const double> x) {
  const double n = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double correction = 0.0;
  double squares = 0.0;
  for (const double value : x) {
    const double distance = value - mean;
    correction += distance;
    squares += distance * distance;
  }
  const double variance = (squares - correction * correction / n) / n;
  const double bound = n * kEpsilon * variance + (n * mean * kEpsilon) * (n * mean * kEpsilon);
  return {mean, variance <= bound ? 1.0 : std::sqrt(variance)};
}

/// A range below ten units in the last place of 1 is taken for 0, as scikit-learn does for these two scalers.
double usable(double range) {
  return range < 10.0 * kEpsilon ? 1.0 : range;
}

CenterAndScale robust(std::span<const double> x) {
  std::vector<double> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  const double median = sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2.0;
  return {median, usable(quantile_of_sorted(sorted, 0.75) - quantile_of_sorted(sorted, 0.25))};
}

CenterAndScale minmax(std::span<const double> x) {
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  return {*low, usable(*high - *low)};
}

}  // namespace

FittedScaler fit_scaler(MatrixView columns, Scaler kind) {
  FittedScaler fitted;
  for (std::size_t j = 0; j < columns.columns && columns.rows != 0; ++j) {
    const auto x = columns.column(j);
    const CenterAndScale one = kind == Scaler::kStandard ? standard(x)
                               : kind == Scaler::kRobust ? robust(x)
                               : kind == Scaler::kMinMax ? minmax(x)
                                                         : CenterAndScale{0.0, 1.0};
    fitted.center.push_back(one.center);
    fitted.scale.push_back(one.scale);
  }
  return fitted;
}

void apply_scaler(Matrix& columns, const FittedScaler& scaler) {
  for (std::size_t j = 0; j < columns.columns; ++j)
    for (double& value : columns.column(j)) value = (value - scaler.center[j]) / scaler.scale[j];
}

}  // namespace joulecast
