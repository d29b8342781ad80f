// The optimality conditions of a lasso and of non-negative least squares, checked from their definition: any
// solver's answer can be judged by them, without stored results.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "joulecast/numerics.h"

namespace joulecast::test {

/// y - intercept - X w, by plain sums.
inline std::vector<double> residual(MatrixView x, std::span<const double> y, std::span<const double> w,
                                    double intercept) {
  std::vector<double> out(y.begin(), y.end());
  for (std::size_t i = 0; i < x.rows; ++i) {
    double fit = intercept;
    for (std::size_t j = 0; j < x.columns; ++j) fit += x(i, j) * w[j];
    out[i] -= fit;
  }
  return out;
}

/// Objective of include/joulecast/numerics.h.
inline double lasso_objective(MatrixView x, std::span<const double> y, const LassoFit& fit) {
  double sum = 0.0;
  for (const double r : residual(x, y, fit.coefficients, fit.intercept)) sum += r * r;
  double l1 = 0.0;
  for (const double w : fit.coefficients) l1 += std::fabs(w);
  return sum / (2.0 * static_cast<double>(x.rows)) + fit.alpha * l1;
}

/// Sum of squares.
inline double norm2(std::span<const double> values) {
  double sum = 0.0;
  for (const double v : values) sum += v * v;
  return sum;
}

/// The values less their mean, if asked for.
inline std::vector<double> centred(std::span<const double> values, bool centre) {
  double mean = 0.0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  std::vector<double> out(values.begin(), values.end());
  for (double& v : out) v -= centre ? mean : 0.0;
  return out;
}

/// ||y|| + sum_j |w_j| ||x_j||: no residual is known more exactly than some 1e-16 of this.
inline double residual_scale(MatrixView x, std::span<const double> y, std::span<const double> w) {
  double scale = std::sqrt(norm2(y));
  for (std::size_t j = 0; j < x.columns; ++j) scale += std::fabs(w[j]) * std::sqrt(norm2(x.column(j)));
  return scale;
}

/// Largest breach of the Karush-Kuhn-Tucker conditions of a lasso, each as a share of ||x_j|| ||y|| / n
/// (columns and y centred if an intercept is fitted), so that 1 means nothing is right, beyond what rounding
/// explains:
///   mean residual 0 (intercept);   x_j.r / n = alpha sign(w_j) where w_j != 0;
///   |x_j.r| / n <= alpha where w_j = 0 (x_j.r / n <= alpha if positive);   w_j >= 0 if positive.
inline double lasso_kkt_breach(MatrixView x, std::span<const double> y, const LassoFit& fit, bool positive,
                               bool fit_intercept = true) {
  const auto n = static_cast<double>(x.rows);
  const std::vector<double> r = residual(x, y, fit.coefficients, fit.intercept);
  const double rounding = 1e-14 * residual_scale(x, y, fit.coefficients);
  double r_sum = 0.0;
  for (const double v : r) r_sum += v;
  double breach = 0.0;
  if (fit_intercept && std::fabs(r_sum) > rounding * std::sqrt(n)) breach = 1.0;
  const double y_length = std::sqrt(norm2(centred(y, fit_intercept)));
  for (std::size_t j = 0; j < x.columns; ++j) {
    const std::vector<double> column = centred(x.column(j), fit_intercept);
    const double length = std::sqrt(norm2(column));
    const double w = fit.coefficients[j];
    if (positive && w < 0.0) return 1.0;
    double slope = 0.0;
    for (std::size_t i = 0; i < x.rows; ++i) slope += column[i] * r[i];
    const double level = positive ? slope : std::fabs(slope);
    double excess = w != 0.0 ? std::fabs(slope - std::copysign(fit.alpha * n, w)) : level - fit.alpha * n;
    excess -= rounding * std::sqrt(norm2(x.column(j)));
    if (excess > 0.0) breach = std::max(breach, excess / (length * y_length));
  }
  return breach;
}

/// The same for argmin ||A x - b||^2 + ridge ||x||^2, x >= 0: gradient 0 where x > 0, not positive where x =
/// 0.
inline double nnls_kkt_breach(MatrixView a, std::span<const double> b, std::span<const double> x,
                              double ridge) {
  const std::vector<double> r = residual(a, b, x, 0.0);
  const double rounding = 1e-14 * residual_scale(a, b, x);
  double breach = 0.0;
  for (std::size_t j = 0; j < a.columns; ++j) {
    if (x[j] < 0.0) return 1.0;
    double slope = -ridge * x[j];
    for (std::size_t i = 0; i < a.rows; ++i) slope += a(i, j) * r[i];
    const double length = std::sqrt(norm2(a.column(j)) + ridge);
    const double excess = (x[j] > 0.0 ? std::fabs(slope) : slope) - rounding * length;
    if (excess > 0.0) breach = std::max(breach, excess / (length * std::sqrt(norm2(b))));
  }
  return breach;
}

/// The same for argmin x'Gx - 2 h'x, x >= 0, as a share of sqrt(G_jj) x `length` (of the right side that made
/// h).
inline double gram_kkt_breach(MatrixView gram, std::span<const double> h, std::span<const double> x,
                              double length) {
  double scale = length;
  for (std::size_t j = 0; j < x.size(); ++j) scale += x[j] * std::sqrt(gram(j, j));
  double breach = 0.0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    if (x[j] < 0.0) return 1.0;
    double slope = h[j];
    for (std::size_t k = 0; k < x.size(); ++k) slope -= gram(j, k) * x[k];
    const double unit = std::sqrt(gram(j, j));
    const double excess = (x[j] > 0.0 ? std::fabs(slope) : slope) - 1e-14 * unit * scale;
    if (excess > 0.0) breach = std::max(breach, excess / (unit * length));
  }
  return breach;
}

}  // namespace joulecast::test
