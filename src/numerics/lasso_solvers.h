// The two ways of solving behind lasso_path and lasso_cv (LassoMode). Input is checked by the callers.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "joulecast/numerics.h"

namespace joulecast {

/// Path by coordinate descent.
std::vector<LassoFit> compat_path(MatrixView x, std::span<const double> y, std::span<const double> alphas,
                                  const LassoOptions& options);
/// A fold's path, judged on the rows it was not trained on.
struct FoldErrors {
  std::vector<double> mse;      ///< by alpha
  std::size_t unconverged = 0;  ///< alphas where the solver stopped short of its tolerance
};
FoldErrors compat_fold_errors(MatrixView x, std::span<const double> y, std::span<const double> alphas,
                              const Fold& test, const LassoOptions& options);

/// Path by active sets.
std::vector<LassoFit> converged_path(MatrixView x, std::span<const double> y, std::span<const double> alphas,
                                     const LassoOptions& options);
/// `x` holds only the columns that matter (see
/// distinct_columns.h).
FoldErrors converged_fold_errors(MatrixView x, std::span<const double> y, std::span<const double> alphas,
                                 const Fold& test, const LassoOptions& options);

}  // namespace joulecast
