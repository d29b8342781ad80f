// Non-negative least squares is the active-set engine without a penalty. A ridge is p rows more; a Gram
// matrix is first turned into a least-squares problem that has it.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "joulecast/numerics.h"
#include "numerics/active_set.h"
#include "numerics/floating_point.h"
#include "numerics/vector_kernels.h"

namespace joulecast {
namespace {

// The entries of a Gram matrix are rounded sums: a distance below this share of a column's length is lost in
// its square.
constexpr double kGramDistance = 1e-6;

Expected<void> check(MatrixView a, std::span<const double> b, double ridge) {
  if (a.data.size() != a.rows * a.columns || b.size() != a.rows) {
    return fail(ErrorKind::kUsage,
                "a matrix of " + std::to_string(a.rows) + " x " + std::to_string(a.columns) +
                    " does not fit a right side of " + std::to_string(b.size()),
                {}, "Give one value of the right side for each row");
  }
  if (!(std::isfinite(ridge) && ridge >= 0.0))
    return fail(ErrorKind::kUsage, "ridge must be a number from 0", {}, "Give a finite ridge, or 0");
  if (!all_finite(a.data) || !all_finite(b))
    return fail(ErrorKind::kUnfit, "a value is not a finite number", {},
                "Leave out rows with NaN or infinity");
  return {};
}

NnlsFit fit_of(const ActiveSetSolver& solver, std::size_t columns) {
  NnlsFit out;
  out.x.assign(columns, 0.0);
  for (std::size_t i = 0; i < solver.active().size(); ++i)
    out.x[solver.active()[i]] = solver.coefficients()[i];
  out.iterations = solver.changes();
  return out;
}

/// [A; sqrt(ridge) I]
Matrix with_ridge(MatrixView a, double ridge) {
  Matrix out(a.rows + (ridge > 0.0 ? a.columns : 0), a.columns);
  for (std::size_t j = 0; j < a.columns; ++j) {
    std::copy_n(a.column(j).data(), a.rows, out.column(j).data());
    if (ridge > 0.0) out(a.rows + j, j) = std::sqrt(ridge);
  }
  return out;
}

/// A'A = G, A'b = h.
struct LeastSquares {
  Matrix a;
  std::vector<double> b;
};

/// Cholesky factor of G with the largest remaining diagonal as pivot, row by row; it ends where that is
/// rounding, and so has as many rows as G has rank. Columns are taken as if of length 1, that "rounding" may
/// mean the same for each.
LeastSquares least_squares_of(MatrixView gram, std::span<const double> h) {
  const std::size_t p = gram.columns;
  std::vector<double> unit(p);
  std::vector<double> remaining(p);  // diagonal of what the rows so far do not explain
  for (std::size_t j = 0; j < p; ++j) {
    unit[j] = gram(j, j) > 0.0 ? 1.0 / std::sqrt(gram(j, j)) : 0.0;
    remaining[j] = gram(j, j) > 0.0 ? 1.0 : 0.0;
  }
  std::vector<std::vector<double>> rows;
  std::vector<double> b;
  while (rows.size() < p) {
    const auto largest = std::max_element(remaining.begin(), remaining.end());
    if (!(*largest > kGramDistance * kGramDistance)) break;
    const auto pivot = static_cast<std::size_t>(largest - remaining.begin());
    std::vector<double> row(p);
    double right = h[pivot] * unit[pivot];
    for (std::size_t j = 0; j < p; ++j) row[j] = gram(pivot, j) * unit[pivot] * unit[j];
    for (std::size_t k = 0; k < rows.size(); ++k) {
      add_scaled(-rows[k][pivot], rows[k].data(), row.data(), p);
      right -= rows[k][pivot] * b[k];
    }
    const double root = std::sqrt(*largest);
    for (std::size_t j = 0; j < p; ++j) {
      row[j] = remaining[j] > 0.0 ? row[j] / root : 0.0;
      remaining[j] -= row[j] * row[j];
    }
    row[pivot] = root;
    remaining[pivot] = 0.0;
    rows.push_back(std::move(row));
    b.push_back(right / root);
  }
  LeastSquares out{Matrix(rows.size(), p), std::move(b)};
  for (std::size_t j = 0; j < p; ++j) {
    for (std::size_t k = 0; k < rows.size(); ++k) out.a(k, j) = unit[j] > 0.0 ? rows[k][j] / unit[j] : 0.0;
  }
  return out;
}

}  // namespace

Expected<NnlsFit> nnls(MatrixView a, std::span<const double> b, double ridge) {
  if (auto ok = check(a, b, ridge); !ok) return tl::unexpected(ok.error());
  const Matrix extended = with_ridge(a, ridge);
  std::vector<double> right(b.begin(), b.end());
  right.resize(extended.rows, 0.0);
  ActiveSetSolver solver(extended.view(), right, true);
  const bool converged = solver.solve(0.0);
  NnlsFit out = fit_of(solver, a.columns);
  std::vector<double> residual(b.begin(), b.end());
  for (std::size_t j = 0; j < a.columns; ++j) {
    if (out.x[j] != 0.0) add_scaled(-out.x[j], a.column(j).data(), residual.data(), a.rows);
  }
  out.residual_norm = std::sqrt(dot(residual.data(), residual.data(), a.rows));
  out.converged = converged;
  return out;
}

Expected<NnlsFit> nnls_from_gram(MatrixView gram, std::span<const double> h) {
  if (gram.rows != gram.columns)
    return fail(ErrorKind::kUsage, "a Gram matrix must be square", {}, "Give as many rows as columns");
  if (auto ok = check(gram, h, 0.0); !ok) return tl::unexpected(ok.error());
  for (std::size_t j = 0; j < gram.columns; ++j) {
    if (gram(j, j) < 0.0)
      return fail(ErrorKind::kUnfit, "a Gram matrix has a negative diagonal", {},
                  "Sum the squares again: a true Gram matrix has none");
  }
  if (gram.columns == 0) return NnlsFit{};
  const LeastSquares problem = least_squares_of(gram, h);
  ActiveSetSolver solver(problem.a.view(), problem.b, true, kGramDistance);
  const bool converged = solver.solve(0.0);
  NnlsFit out = fit_of(solver, gram.columns);
  out.residual_norm = std::numeric_limits<double>::quiet_NaN();
  out.converged = converged;
  return out;
}

}  // namespace joulecast
