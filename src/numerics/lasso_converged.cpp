#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "numerics/active_set.h"
#include "numerics/distinct_columns.h"
#include "numerics/lasso_data.h"
#include "numerics/lasso_solvers.h"
#include "numerics/vector_kernels.h"

namespace joulecast {
namespace {

/// The gap of the solver's answer from the gradient it keeps: O(p) where the residual would need O(n p).
double duality_gap_of(const ActiveSetSolver& solver, double y_norm2, double penalty, bool positive) {
  GapTerms terms;
  double fit_dot_y = 0.0;
  double fit_norm2 = 0.0;
  for (std::size_t i = 0; i < solver.active().size(); ++i) {
    const std::size_t j = solver.active()[i];
    const double w = solver.coefficients()[i];
    fit_dot_y += w * solver.correlations()[j];
    fit_norm2 += w * (solver.correlations()[j] - solver.gradient()[j]);
    terms.l1_norm += std::fabs(w);
  }
  for (const double slope : solver.gradient()) {
    terms.dual_norm = std::max(terms.dual_norm, positive ? slope : std::fabs(slope));
  }
  terms.residual_norm2 = y_norm2 + fit_norm2 - 2.0 * fit_dot_y;
  terms.residual_dot_y = y_norm2 - fit_dot_y;
  return duality_gap(terms, penalty);
}

}  // namespace

std::vector<LassoFit> converged_path(MatrixView x, std::span<const double> y, std::span<const double> alphas,
                                     const LassoOptions& options) {
  const CentredData all = centred(x, y, options.fit_intercept);
  const std::vector<std::size_t> kept = distinct_columns(all.x.view(), all.x_mean, options.positive);
  CentredData data;
  data.x = Matrix(x.rows, kept.size());
  for (std::size_t k = 0; k < kept.size(); ++k) {
    std::copy_n(all.x.column(kept[k]).data(), x.rows, data.x.column(k).data());
  }
  data.y = all.y;
  ActiveSetSolver solver(data.x.view(), data.y, options.positive);
  const auto n = static_cast<double>(x.rows);
  const double gap_limit = options.gap_tolerance * dot(all.y.data(), all.y.data(), x.rows);
  std::vector<LassoFit> out;
  out.reserve(alphas.size());
  for (const double alpha : alphas) {
    const bool is_optimal = solver.solve(alpha * n);
    LassoFit fit;
    fit.alpha = alpha;
    fit.coefficients.assign(x.columns, 0.0);
    for (std::size_t i = 0; i < solver.active().size(); ++i) {
      fit.coefficients[kept[solver.active()[i]]] = solver.coefficients()[i];
    }
    fit.intercept = intercept_of(all, fit.coefficients);
    fit.iterations = solver.changes();
    const double gap = duality_gap_of(all.x.view(), all.y, fit.coefficients, alpha * n, options.positive);
    fit.duality_gap = gap / n;
    // Without a penalty the gap's dual point is no longer feasible by scaling; optimality is all there is.
    fit.converged = alpha > 0.0 ? gap <= gap_limit : is_optimal;
    out.push_back(std::move(fit));
  }
  return out;
}

FoldErrors converged_fold_errors(MatrixView x, std::span<const double> y, std::span<const double> alphas,
                                 const Fold& test, const LassoOptions& options) {
  const std::vector<std::size_t> rows = training_rows(x.rows, test);
  const CentredData data = centred_rows(x, y, rows, options.fit_intercept);
  ActiveSetSolver solver(data.x.view(), data.y, options.positive);
  Matrix held_out(test.size(), x.columns);
  for (std::size_t j = 0; j < x.columns; ++j) {
    for (std::size_t i = 0; i < test.size(); ++i) held_out(i, j) = x(test[i], j) - data.x_mean[j];
  }
  const auto n = static_cast<double>(rows.size());
  const double y_norm2 = dot(data.y.data(), data.y.data(), rows.size());
  FoldErrors out;
  out.mse.reserve(alphas.size());
  std::vector<double> error(test.size());
  for (const double alpha : alphas) {
    solver.solve(alpha * n);
    const double gap = duality_gap_of(solver, y_norm2, alpha * n, options.positive);
    if (!(gap <= options.gap_tolerance * y_norm2)) ++out.unconverged;
    for (std::size_t i = 0; i < test.size(); ++i) error[i] = y[test[i]] - data.y_mean;
    for (std::size_t i = 0; i < solver.active().size(); ++i) {
      add_scaled(-solver.coefficients()[i], held_out.column(solver.active()[i]).data(), error.data(),
                 error.size());
    }
    out.mse.push_back(dot(error.data(), error.data(), error.size()) / static_cast<double>(test.size()));
  }
  return out;
}

}  // namespace joulecast
