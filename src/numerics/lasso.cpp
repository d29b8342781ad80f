// The public lasso functions: checks, then one of the two ways of solving (lasso_solvers.h).
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "joulecast/numerics.h"
#include "numerics/distinct_columns.h"
#include "numerics/lasso_data.h"
#include "numerics/lasso_solvers.h"

namespace joulecast {
namespace {

Expected<void> check_alphas(std::span<const double> alphas) {
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    if (!(std::isfinite(alphas[i]) && alphas[i] >= 0.0)) {
      return fail(ErrorKind::kUsage, "alpha " + std::to_string(alphas[i]) + " is not a number from 0", {},
                  "Give finite penalties from 0 upwards");
    }
    if (i > 0 && alphas[i] > alphas[i - 1])
      return fail(ErrorKind::kUsage, "alphas must descend", {}, "Sort the penalties from the largest down");
  }
  return {};
}

Expected<void> check_folds(std::size_t rows, std::span<const Fold> folds) {
  if (folds.empty())
    return fail(ErrorKind::kUsage, "cross-validation needs folds", {}, "Give two folds or more");
  for (const Fold& fold : folds) {
    if (fold.empty()) return fail(ErrorKind::kUsage, "a fold has no rows", {}, "Leave the fold out");
    if (fold.size() >= rows)
      return fail(ErrorKind::kUsage, "a fold leaves no rows to train on", {},
                  "Use folds of fewer rows, or give more rows");
    for (std::size_t i = 0; i < fold.size(); ++i) {
      if (fold[i] >= rows)
        return fail(ErrorKind::kUsage, "a fold names a row that does not exist", {},
                    "Number the rows from 0");
      if (i > 0 && fold[i] <= fold[i - 1])
        return fail(ErrorKind::kUsage, "a fold's rows must ascend", {}, "Sort them, and name each once");
    }
  }
  return {};
}

/// The columns that can matter in any fold: a constant column stays constant, a repeated one repeated.
Matrix columns_that_matter(MatrixView x, std::span<const double> y, const LassoOptions& options) {
  CentredData data = centred(x, y, options.fit_intercept);
  const std::vector<std::size_t> kept = distinct_columns(data.x.view(), data.x_mean, options.positive);
  Matrix out(x.rows, kept.size());
  for (std::size_t k = 0; k < kept.size(); ++k) {
    std::copy_n(data.x.column(kept[k]).data(), x.rows, out.column(k).data());
  }
  return out;
}

}  // namespace

Expected<std::vector<LassoFit>> lasso_path(MatrixView x, std::span<const double> y,
                                           std::span<const double> alphas, const LassoOptions& options) {
  if (auto ok = check_lasso_input(x, y, options); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_alphas(alphas); !ok) return tl::unexpected(ok.error());
  if (options.mode == LassoMode::kCompat) {
    return compat_path(x, y, alphas, options);
  }
  return converged_path(x, y, alphas, options);
}

Expected<LassoCv> lasso_cv(MatrixView x, std::span<const double> y, std::span<const Fold> folds,
                           const LassoOptions& options) {
  if (auto ok = check_lasso_input(x, y, options); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_folds(x.rows, folds); !ok) return tl::unexpected(ok.error());
  const bool is_compat = options.mode == LassoMode::kCompat;
  LassoCv out;
  out.alphas = lasso_alpha_grid(x, y, options);
  out.fold_mse = Matrix(out.alphas.size(), folds.size());
  const Matrix distinct = columns_that_matter(x, y, options);
  out.distinct_columns = distinct.columns;
  std::vector<std::size_t> unconverged(folds.size());
  parallel_for(folds.size(), options.jobs, [&](std::size_t f) {
    const FoldErrors errors = is_compat
                                  ? compat_fold_errors(x, y, out.alphas, folds[f], options)
                                  : converged_fold_errors(distinct.view(), y, out.alphas, folds[f], options);
    std::copy(errors.mse.begin(), errors.mse.end(), out.fold_mse.column(f).begin());
    unconverged[f] = errors.unconverged;
  });
  out.unconverged_fits = std::accumulate(unconverged.begin(), unconverged.end(), std::size_t{0});
  out.mean_mse.assign(out.alphas.size(), 0.0);
  for (std::size_t a = 0; a < out.alphas.size(); ++a) {
    for (std::size_t f = 0; f < folds.size(); ++f) out.mean_mse[a] += out.fold_mse(a, f);
    out.mean_mse[a] /= static_cast<double>(folds.size());
  }
  const auto best = std::min_element(out.mean_mse.begin(), out.mean_mse.end());
  out.alpha_index = static_cast<std::size_t>(best - out.mean_mse.begin());
  const std::vector<double> chosen{out.alphas[out.alpha_index]};
  std::vector<LassoFit> last =
      is_compat ? compat_path(x, y, chosen, options) : converged_path(x, y, chosen, options);
  out.fit = std::move(last.front());
  return out;
}

}  // namespace joulecast
