#include <cstddef>
#include <vector>

#include "numerics/coordinate_descent.h"
#include "numerics/lasso_data.h"
#include "numerics/lasso_solvers.h"
#include "numerics/vector_kernels.h"

namespace joulecast {
namespace {

SweepLimits limits_of(const LassoOptions& options) {
  return {options.max_iterations, options.tolerance};
}

double mean_squared_error(MatrixView x, std::span<const double> y, const Fold& test,
                          std::span<const double> w, double intercept) {
  std::vector<double> error(test.size());
  for (std::size_t i = 0; i < test.size(); ++i) error[i] = intercept - y[test[i]];
  for (std::size_t j = 0; j < w.size(); ++j) {
    if (w[j] == 0.0) continue;
    const std::span<const double> column = x.column(j);
    for (std::size_t i = 0; i < test.size(); ++i) error[i] += w[j] * column[test[i]];
  }
  return dot(error.data(), error.data(), error.size()) / static_cast<double>(test.size());
}

}  // namespace

std::vector<LassoFit> compat_path(MatrixView x, std::span<const double> y, std::span<const double> alphas,
                                  const LassoOptions& options) {
  const CentredData data = centred(x, y, options.fit_intercept);
  CoordinateDescent descent(data.x.view(), data.y, options.positive);
  const auto n = static_cast<double>(x.rows);
  std::vector<LassoFit> out;
  out.reserve(alphas.size());
  for (const double alpha : alphas) {
    const DescentEnd end = descent.descend(alpha * n, limits_of(options));
    out.push_back({alpha, intercept_of(data, descent.coefficients()), descent.coefficients(), end.gap / n,
                   end.sweeps, end.converged});
  }
  return out;
}

FoldErrors compat_fold_errors(MatrixView x, std::span<const double> y, std::span<const double> alphas,
                              const Fold& test, const LassoOptions& options) {
  const std::vector<std::size_t> rows = training_rows(x.rows, test);
  const CentredData data = centred_rows(x, y, rows, options.fit_intercept);
  CoordinateDescent descent(data.x.view(), data.y, options.positive);
  const auto n = static_cast<double>(rows.size());
  FoldErrors out;
  out.mse.reserve(alphas.size());
  for (const double alpha : alphas) {
    if (!descent.descend(alpha * n, limits_of(options)).converged) ++out.unconverged;
    const std::vector<double>& w = descent.coefficients();
    out.mse.push_back(mean_squared_error(x, y, test, w, intercept_of(data, w)));
  }
  return out;
}

}  // namespace joulecast
