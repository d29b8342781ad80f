#include "numerics/lasso_data.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "numerics/floating_point.h"
#include "numerics/vector_kernels.h"

namespace joulecast {
namespace {

double mean(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void centre(CentredData& data, bool fit_intercept) {
  data.x_mean.assign(data.x.columns, 0.0);
  if (!fit_intercept) return;
  for (std::size_t j = 0; j < data.x.columns; ++j) {
    data.x_mean[j] = mean(data.x.column(j));
    for (double& value : data.x.column(j)) value -= data.x_mean[j];
  }
  data.y_mean = mean(data.y);
  for (double& value : data.y) value -= data.y_mean;
}

}  // namespace

Expected<void> check_lasso_input(MatrixView x, std::span<const double> y, const LassoOptions& options) {
  if (x.data.size() != x.rows * x.columns || y.size() != x.rows) {
    return fail(ErrorKind::kUsage,
                "a matrix of " + std::to_string(x.rows) + " x " + std::to_string(x.columns) +
                    " does not fit " + std::to_string(x.data.size()) + " values and " +
                    std::to_string(y.size()) + " targets",
                {}, "Give rows times columns values, and one target for each row");
  }
  if (options.alphas == 0)
    return fail(ErrorKind::kUsage, "a path needs at least one alpha", {}, "Ask for one alpha or more");
  if (!(options.eps > 0.0 && options.eps <= 1.0))
    return fail(ErrorKind::kUsage, "eps must lie in (0, 1]", {}, "Give a share such as 1e-3");
  if (options.max_iterations == 0)
    return fail(ErrorKind::kUsage, "max_iterations must be at least 1", {}, "Give 1 or more");
  if (x.rows == 0) return fail(ErrorKind::kUnfit, "there are no rows to fit", {}, "Give at least one row");
  if (x.columns == 0)
    return fail(ErrorKind::kUnfit, "there are no columns to fit", {}, "Give at least one column");
  if (!all_finite(x.data))
    return fail(ErrorKind::kUnfit, "a feature is not a finite number", {},
                "Leave out rows with NaN or infinity");
  if (!all_finite(y))
    return fail(ErrorKind::kUnfit, "a target is not a finite number", {},
                "Leave out rows with NaN or infinity");
  // Squares of the values are summed.
  const double largest = std::sqrt(std::numeric_limits<double>::max() / (8.0 * static_cast<double>(x.rows)));
  const auto too_large = [largest](double value) { return std::fabs(value) > largest; };
  if (std::any_of(x.data.begin(), x.data.end(), too_large) || std::any_of(y.begin(), y.end(), too_large)) {
    return fail(ErrorKind::kUnfit, "a value is too large to be squared", {}, "scale the columns first");
  }
  return {};
}

CentredData centred_rows(MatrixView x, std::span<const double> y, std::span<const std::size_t> rows,
                         bool fit_intercept) {
  CentredData out;
  out.x = Matrix(rows.size(), x.columns);
  for (std::size_t j = 0; j < x.columns; ++j) {
    const std::span<const double> from = x.column(j);
    const std::span<double> to = out.x.column(j);
    for (std::size_t i = 0; i < rows.size(); ++i) to[i] = from[rows[i]];
  }
  out.y.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) out.y[i] = y[rows[i]];
  centre(out, fit_intercept);
  return out;
}

CentredData centred(MatrixView x, std::span<const double> y, bool fit_intercept) {
  CentredData out;
  out.x = Matrix(x.rows, x.columns);
  out.x.data.assign(x.data.begin(), x.data.end());
  out.y.assign(y.begin(), y.end());
  centre(out, fit_intercept);
  return out;
}

std::vector<std::size_t> training_rows(std::size_t rows, const Fold& test) {
  std::vector<std::size_t> out;
  out.reserve(rows - test.size());
  auto next_test = test.begin();
  for (std::size_t i = 0; i < rows; ++i) {
    if (next_test != test.end() && *next_test == i) {
      ++next_test;
    } else {
      out.push_back(i);
    }
  }
  return out;
}

double intercept_of(const CentredData& data, std::span<const double> w) {
  return data.y_mean - dot(data.x_mean.data(), w.data(), w.size());
}

double duality_gap(const GapTerms& terms, double penalty) {
  const double scale = terms.dual_norm > penalty ? penalty / terms.dual_norm : 1.0;
  const double half_norms = scale < 1.0
                                ? 0.5 * (terms.residual_norm2 + terms.residual_norm2 * (scale * scale))
                                : terms.residual_norm2;
  return half_norms + (penalty * terms.l1_norm - scale * terms.residual_dot_y);
}

double duality_gap_of(MatrixView x, std::span<const double> y, std::span<const double> w, double penalty,
                      bool positive) {
  std::vector<double> residual(y.begin(), y.end());
  GapTerms terms;
  for (std::size_t j = 0; j < x.columns; ++j) {
    if (w[j] != 0.0) add_scaled(-w[j], x.column(j).data(), residual.data(), x.rows);
    terms.l1_norm += std::fabs(w[j]);
  }
  for (std::size_t j = 0; j < x.columns; ++j) {
    const double slope = dot(x.column(j).data(), residual.data(), x.rows);
    terms.dual_norm = std::max(terms.dual_norm, positive ? slope : std::fabs(slope));
  }
  terms.residual_norm2 = dot(residual.data(), residual.data(), x.rows);
  terms.residual_dot_y = dot(residual.data(), y.data(), x.rows);
  return duality_gap(terms, penalty);
}

std::vector<double> lasso_alpha_grid(MatrixView x, std::span<const double> y, const LassoOptions& options) {
  // NumPy's geomspace, step by step, so that the alphas agree to the last digits.
  constexpr double kResolution =
      1e-15;  // of a double, as NumPy states it: the alpha where nothing correlates
  const CentredData data = centred(x, y, options.fit_intercept);
  double largest = 0.0;
  for (std::size_t j = 0; j < x.columns; ++j) {
    largest = std::max(largest, std::fabs(dot(data.x.column(j).data(), data.y.data(), x.rows)));
  }
  const double alpha_max = largest / static_cast<double>(x.rows);
  if (!(alpha_max > kResolution)) return std::vector<double>(options.alphas, kResolution);
  std::vector<double> alphas(options.alphas, alpha_max);
  if (options.alphas < 2) return alphas;
  const double first = std::log10(alpha_max);
  const double last = std::log10(alpha_max * options.eps);
  const double step = (last - first) / static_cast<double>(options.alphas - 1);
  for (std::size_t i = 1; i + 1 < options.alphas; ++i) {
    alphas[i] = std::pow(10.0, static_cast<double>(i) * step + first);
  }
  alphas.back() = alpha_max * options.eps;
  return alphas;
}

double lasso_duality_gap(MatrixView x, std::span<const double> y, std::span<const double> w, double intercept,
                         double alpha, bool positive, bool fit_intercept) {
  const auto n = static_cast<double>(x.rows);
  CentredData data = centred(x, y, fit_intercept);
  // An intercept other than the best one leaves a mean in the residual; it shows as a part of the primal
  // alone.
  const double excess = fit_intercept ? intercept - intercept_of(data, w) : intercept;
  if (!fit_intercept) {
    for (double& value : data.y) value -= intercept;
    return duality_gap_of(data.x.view(), data.y, w, n * alpha, positive) / n;
  }
  return duality_gap_of(data.x.view(), data.y, w, n * alpha, positive) / n + 0.5 * excess * excess;
}

}  // namespace joulecast
