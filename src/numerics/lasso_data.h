// What both ways of solving a lasso share: checked input, centred training rows, the grid of alphas, the gap.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "joulecast/numerics.h"

namespace joulecast {

/// Rows of a problem, centred column by column (only if an intercept is fitted; else the means are 0).
struct CentredData {
  Matrix x;
  std::vector<double> y;
  std::vector<double> x_mean;
  double y_mean = 0.0;
};

/// Sizes agree, there are rows, and all values are finite. Errors: kUsage, kUnfit.
Expected<void> check_lasso_input(MatrixView x, std::span<const double> y, const LassoOptions& options);

/// The named rows of x and y, centred.
CentredData centred_rows(MatrixView x, std::span<const double> y, std::span<const std::size_t> rows,
                         bool fit_intercept);
CentredData centred(MatrixView x, std::span<const double> y, bool fit_intercept);

/// The rows that a fold leaves to train on, ascending.
std::vector<std::size_t> training_rows(std::size_t rows, const Fold& test);

/// mean y - mean x . w
double intercept_of(const CentredData& data, std::span<const double> w);

/// The parts of a duality gap, all of n x the objective: 1/2 ||r||^2 + penalty ||w||_1 with penalty = n
/// alpha.
struct GapTerms {
  double residual_norm2 = 0.0;  ///< ||r||^2
  double residual_dot_y = 0.0;  ///< r . y
  double l1_norm = 0.0;         ///< ||w||_1
  double dual_norm = 0.0;       ///< max_j |x_j . r|, or max_j x_j . r with a sign constraint
};
/// Primal - dual at the residual, scaled down until it is dual feasible.
double duality_gap(const GapTerms& terms, double penalty);

/// The gap of coefficients w on centred data, reckoned from the residual itself.
double duality_gap_of(MatrixView x, std::span<const double> y, std::span<const double> w, double penalty,
                      bool positive);

}  // namespace joulecast
