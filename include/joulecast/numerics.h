// Numerical tools that know nothing of layers or boards: lasso path with sign constraint and
// cross-validation.
//
// A matrix is column-major: element (i, j) of an n x p matrix is data[j * n + i].
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "joulecast/error.h"

namespace joulecast {

/// A read-only n x p matrix, column-major and contiguous.
struct MatrixView {
  std::span<const double> data;
  std::size_t rows = 0;
  std::size_t columns = 0;

  [[nodiscard]] std::span<const double> column(std::size_t j) const { return data.subspan(j * rows, rows); }
  [[nodiscard]] double operator()(std::size_t i, std::size_t j) const { return data[j * rows + i]; }
};

/// An owning column-major matrix.
struct Matrix {
  std::vector<double> data;
  std::size_t rows = 0;
  std::size_t columns = 0;

  Matrix() = default;
  Matrix(std::size_t n, std::size_t p) : data(n * p), rows(n), columns(p) {}
  [[nodiscard]] std::span<double> column(std::size_t j) {
    return std::span<double>(data).subspan(j * rows, rows);
  }
  [[nodiscard]] std::span<const double> column(std::size_t j) const {
    return std::span<const double>(data).subspan(j * rows, rows);
  }
  double& operator()(std::size_t i, std::size_t j) { return data[j * rows + i]; }
  double operator()(std::size_t i, std::size_t j) const { return data[j * rows + i]; }
  [[nodiscard]] MatrixView view() const { return {data, rows, columns}; }
};

/// How a lasso is solved.
enum class LassoMode {
  /// Exactly, by active sets: n x duality gap below `gap_tolerance` x ||y - mean(y)||^2 (in practice 1e-15 of
  /// it).
  /// Constant columns are dropped, repeated ones merged.
  kConverged,
  /// scikit-learn 1.5.2's cyclic coordinate descent with its own stopping rule (a small update, then a gap
  /// below
  /// tolerance x ||y||^2) and warm starts: same alpha index and number of sweeps. Keeps repeated columns.
  kCompat,
};

/// Minimises  1/(2n) ||y - b - X w||^2 + alpha ||w||_1,  with w >= 0 if `positive`.
struct LassoOptions {
  bool positive = false;
  bool fit_intercept = true;
  std::size_t alphas = 500;  ///< points of the grid, geometric from alpha_max to eps x alpha_max
  double eps = 1e-3;
  std::size_t max_iterations = 10000;  ///< sweeps for one alpha; compat only
  double tolerance = 1e-4;             ///< compat only
  double gap_tolerance = 1e-10;        ///< converged only
  LassoMode mode = LassoMode::kConverged;
  std::size_t jobs = 0;  ///< threads over folds; 0 = all cores
};

/// One fit at one alpha.
struct LassoFit {
  double alpha = 0.0;
  double intercept = 0.0;
  std::vector<double> coefficients;  ///< one a column of X; repeated columns share arbitrarily
  double duality_gap = 0.0;          ///< of the objective, as scikit-learn's dual_gap_
  std::size_t iterations = 0;        ///< compat: sweeps; converged: changes of the active set
  bool converged = true;
};

/// Fits at given alphas (descending), warm-started along the path.
/// Errors: kUsage (sizes, alpha < 0), kUnfit (NaN or infinity in X or y; no rows).
Expected<std::vector<LassoFit>> lasso_path(MatrixView x, std::span<const double> y,
                                           std::span<const double> alphas, const LassoOptions& options);

/// The grid scikit-learn 1.5.2 uses: alpha_max = max_j |x_j' (y - mean y)| / n over centred columns, whatever
/// the sign constraint, down to eps x alpha_max in equal ratios.
std::vector<double> lasso_alpha_grid(MatrixView x, std::span<const double> y, const LassoOptions& options);

/// Rows of one fold's test part, ascending; the other rows train.
using Fold = std::vector<std::size_t>;
/// Contiguous folds as scikit-learn's KFold(shuffle=False): the first n % k folds have one row more.
Expected<std::vector<Fold>> contiguous_folds(std::size_t rows, std::size_t folds);
/// Whole groups in folds, as evenly as can be (largest group to the emptiest fold, ties by first appearance).
Expected<std::vector<Fold>> grouped_folds(std::span<const std::size_t> group_of_row, std::size_t folds);

/// Cross-validated lasso.
struct LassoCv {
  std::vector<double> alphas;        ///< the grid, descending
  Matrix fold_mse;                   ///< alphas x folds
  std::vector<double> mean_mse;      ///< over folds, by alpha
  std::size_t alpha_index = 0;       ///< first least mean_mse
  LassoFit fit;                      ///< on all rows at that alpha
  std::size_t distinct_columns = 0;  ///< after dropping constant and merging repeated columns
  std::size_t unconverged_fits = 0;  ///< of alphas x folds, those that stopped short of their tolerance
};
/// Path per fold, mean squared error on the fold's test rows, best alpha, final fit on all rows.
Expected<LassoCv> lasso_cv(MatrixView x, std::span<const double> y, std::span<const Fold> folds,
                           const LassoOptions& options);

/// Duality gap of (w, b) for the objective above: primal - dual at the residual, scaled down to be dual
/// feasible. Judges any solver's answer by one measure. Never negative but for rounding.
double lasso_duality_gap(MatrixView x, std::span<const double> y, std::span<const double> w, double intercept,
                         double alpha, bool positive, bool fit_intercept = true);

/// Non-negative least squares: argmin ||A x - b||^2 + ridge ||x||^2, x >= 0 (Lawson-Hanson active sets).
/// Where columns depend on each other the minimiser is not unique; one with independent columns is given.
/// Errors: kUsage (sizes, ridge < 0), kUnfit (NaN or infinity; a Gram matrix that cannot be one).
struct NnlsFit {
  std::vector<double> x;
  double residual_norm = 0.0;  ///< ||A x - b||; NaN from a Gram matrix, which does not know b
  std::size_t iterations = 0;  ///< changes of the active set
  bool converged = true;
};
Expected<NnlsFit> nnls(MatrixView a, std::span<const double> b, double ridge = 0.0);
/// The same from the normal equations: argmin x'Gx - 2 h'x, x >= 0; G symmetric positive semidefinite, p x p.
/// A column nearer than 1e-6 of its length to the span of others counts as dependent on them: its square is
/// lost in G.
Expected<NnlsFit> nnls_from_gram(MatrixView gram, std::span<const double> h);

}  // namespace joulecast
