// Hand-worked cases. With columns of squared length n and no correlation between them (centred), the lasso is
// w_j = soft(x_j.y / n, alpha).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "joulecast/numerics.h"
#include "support/matrix.h"

namespace joulecast {
namespace {

using test::matrix;

// Two orthogonal columns of +-1; y = 10 + 3 x0 - 2 x1.
const Matrix kOrthogonal = matrix(4, {1, 1, -1, -1, 1, -1, 1, -1});
const std::vector<double> kTarget{11, 15, 5, 9};

LassoFit fit_at(const Matrix& x, const std::vector<double>& y, double alpha, LassoOptions options = {}) {
  const std::vector<double> alphas{alpha};
  const auto path = lasso_path(x.view(), y, alphas, options);
  if (!path) throw std::runtime_error(path.error().describe());
  return path->front();
}

class LassoModes : public testing::TestWithParam<LassoMode> {
 protected:
  LassoOptions options() const {
    LassoOptions out;
    out.mode = GetParam();
    out.tolerance = 1e-9;
    return out;
  }
};

TEST_P(LassoModes, ShrinkOrthogonalCoefficientsByAlpha) {
  const LassoFit fit = fit_at(kOrthogonal, kTarget, 0.5, options());
  EXPECT_NEAR(fit.coefficients[0], 2.5, 1e-12);
  EXPECT_NEAR(fit.coefficients[1], -1.5, 1e-12);
  EXPECT_NEAR(fit.intercept, 10.0, 1e-12);
  EXPECT_NEAR(fit.duality_gap, 0.0, 1e-12);
  EXPECT_TRUE(fit.converged);
}

TEST_P(LassoModes, SetSmallCoefficientsToZero) {
  const LassoFit fit = fit_at(kOrthogonal, kTarget, 2.25, options());
  EXPECT_NEAR(fit.coefficients[0], 0.75, 1e-12);
  EXPECT_EQ(fit.coefficients[1], 0.0);
}

TEST_P(LassoModes, KeepNegativeCoefficientsAtZeroIfPositive) {
  LassoOptions positive = options();
  positive.positive = true;
  const LassoFit fit = fit_at(kOrthogonal, kTarget, 0.5, positive);
  EXPECT_NEAR(fit.coefficients[0], 2.5, 1e-12);
  EXPECT_EQ(fit.coefficients[1], 0.0);
}

TEST_P(LassoModes, FitThroughTheOriginWithoutIntercept) {
  // x = (1, 2), y = (3, 5): minimise 1/4 ((3 - w)^2 + (5 - 2w)^2) + w/2: 5 w = 13 - 1, w = 2.4.
  LassoOptions through_origin = options();
  through_origin.fit_intercept = false;
  const LassoFit fit = fit_at(matrix(2, {1, 2}), {3, 5}, 0.5, through_origin);
  EXPECT_NEAR(fit.coefficients[0], 2.4, 1e-12);
  EXPECT_EQ(fit.intercept, 0.0);
}

TEST_P(LassoModes, AllZeroTargetGivesZero) {
  const LassoFit fit = fit_at(kOrthogonal, {0, 0, 0, 0}, 0.1, options());
  EXPECT_EQ(fit.coefficients, (std::vector<double>{0, 0}));
  EXPECT_EQ(fit.intercept, 0.0);
}

TEST_P(LassoModes, OneRowIsItsOwnMean) {
  const LassoFit fit = fit_at(matrix(1, {4, 7}), {2.5}, 0.1, options());
  EXPECT_EQ(fit.coefficients, (std::vector<double>{0, 0}));
  EXPECT_EQ(fit.intercept, 2.5);
}

TEST_P(LassoModes, ConstantColumnsStayZero) {
  const LassoFit fit = fit_at(matrix(4, {1, 1, -1, -1, 0.1, 0.1, 0.1, 0.1}), kTarget, 0.5, options());
  EXPECT_NEAR(fit.coefficients[0], 2.5, 1e-12);
  EXPECT_EQ(fit.coefficients[1], 0.0);
}

INSTANTIATE_TEST_SUITE_P(Both, LassoModes, testing::Values(LassoMode::kConverged, LassoMode::kCompat),
                         [](const auto& instance) {
                           return std::string(instance.param == LassoMode::kCompat ? "Compat" : "Converged");
                         });

TEST(LassoConverged, TheLongerOfTwoParallelColumnsIsUsed) {
  // x1 = 2 x0 + 5 reaches any fit with half the coefficient.
  const LassoFit fit = fit_at(matrix(4, {1, 1, -1, -1, 7, 7, 3, 3}), kTarget, 0.5);
  EXPECT_EQ(fit.coefficients[0], 0.0);
  EXPECT_NEAR(fit.coefficients[1], 1.375, 1e-12);  // (2 * 3 - 0.5) / 4
}

TEST(LassoConverged, OppositeColumnsAreMergedOnlyWithoutSignConstraint) {
  const Matrix x = matrix(4, {1, 1, -1, -1, -1, -1, 1, 1});
  LassoOptions options;
  options.alphas = 3;
  const auto folds = contiguous_folds(4, 2);
  EXPECT_EQ(lasso_cv(x.view(), kTarget, *folds, options)->distinct_columns, 1U);
  options.positive = true;
  EXPECT_EQ(lasso_cv(x.view(), kTarget, *folds, options)->distinct_columns, 2U);
}

TEST(LassoConverged, PathEndsInTheFitAtEachAlpha) {
  const std::vector<double> alphas{3.0, 2.0, 1.0, 0.0};
  const auto path = lasso_path(kOrthogonal.view(), kTarget, alphas, {});
  ASSERT_TRUE(path.has_value());
  EXPECT_NEAR((*path)[0].coefficients[0], 0.0, 1e-12);
  EXPECT_NEAR((*path)[1].coefficients[0], 1.0, 1e-12);
  EXPECT_NEAR((*path)[2].coefficients[1], -1.0, 1e-12);
  EXPECT_NEAR((*path)[3].coefficients[0], 3.0, 1e-12);  // alpha 0 is least squares
  EXPECT_TRUE((*path)[3].converged);
}

TEST(LassoCompat, UnconvergedFitsAreMarked) {
  LassoOptions options;
  options.mode = LassoMode::kCompat;
  options.max_iterations = 1;
  // Correlated columns: one sweep is not enough.
  const LassoFit fit = fit_at(matrix(4, {1, 2, 3, 4, 1, 2, 3, 5}), {1, 2, 2, 7}, 0.001, options);
  EXPECT_FALSE(fit.converged);
  EXPECT_EQ(fit.iterations, 1U);
}

TEST(LassoAlphaGrid, RunsFromTheLargestCorrelationDownInEqualRatios) {
  LassoOptions options;
  options.alphas = 4;
  const std::vector<double> alphas = lasso_alpha_grid(kOrthogonal.view(), kTarget, options);
  ASSERT_EQ(alphas.size(), 4U);
  EXPECT_DOUBLE_EQ(alphas[0], 3.0);
  EXPECT_DOUBLE_EQ(alphas[1], 0.3);
  EXPECT_DOUBLE_EQ(alphas[2], 0.03);
  EXPECT_DOUBLE_EQ(alphas[3], 0.003);
}

TEST(LassoAlphaGrid, CountsNegativeCorrelationsUnderASignConstraint) {
  LassoOptions options;
  options.alphas = 1;
  options.positive = true;
  EXPECT_DOUBLE_EQ(lasso_alpha_grid(kOrthogonal.view(), {{-3, -3, 3, 3}}, options)[0], 3.0);
}

TEST(LassoAlphaGrid, IsTinyWhereNothingCorrelates) {
  LassoOptions options;
  options.alphas = 2;
  const std::vector<double> zero(4, 0.0);
  EXPECT_EQ(lasso_alpha_grid(kOrthogonal.view(), zero, options), (std::vector<double>{1e-15, 1e-15}));
}

TEST(LassoDualityGap, IsTheWorkedValueAtZero) {
  // w = 0: primal 1/8 * 52 = 6.5; r = y - 10, dual norm 3 per row, scaled by 1/6 for alpha 0.5:
  // dual = 1/8 (52 - 52 (1 - 1/6)^2) = 1.98611..., gap = 4.51388...
  const std::vector<double> w{0, 0};
  EXPECT_NEAR(lasso_duality_gap(kOrthogonal.view(), kTarget, w, 10.0, 0.5, false), 6.5 * 25.0 / 36.0, 1e-12);
}

TEST(LassoDualityGap, CountsAWrongIntercept) {
  const std::vector<double> w{2.5, -1.5};
  EXPECT_NEAR(lasso_duality_gap(kOrthogonal.view(), kTarget, w, 10.0, 0.5, false), 0.0, 1e-12);
  EXPECT_NEAR(lasso_duality_gap(kOrthogonal.view(), kTarget, w, 11.0, 0.5, false), 0.5, 1e-12);
}

TEST(LassoCv, ResultsDoNotDependOnTheNumberOfThreads) {
  Matrix x(40, 6);
  std::vector<double> y(40);
  for (std::size_t i = 0; i < 40; ++i) {
    for (std::size_t j = 0; j < 6; ++j) x(i, j) = std::sin(static_cast<double>(i * 7 + j * j * 3 + 1));
    y[i] = x(i, 0) - 0.3 * x(i, 3) + 0.1 * std::cos(static_cast<double>(i * i));
  }
  const auto folds = contiguous_folds(40, 5);
  LassoOptions options;
  options.jobs = 1;
  const auto one = lasso_cv(x.view(), y, *folds, options);
  options.jobs = 4;
  const auto four = lasso_cv(x.view(), y, *folds, options);
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->fold_mse.data, four->fold_mse.data);
  EXPECT_EQ(one->fit.coefficients, four->fit.coefficients);
  EXPECT_EQ(one->unconverged_fits, 0U);
}

ErrorKind refusal(const Matrix& x, const std::vector<double>& y, const std::vector<double>& alphas) {
  const auto path = lasso_path(x.view(), y, alphas, {});
  return path ? ErrorKind::kInternal : path.error().kind;
}

TEST(LassoPath, RefusesWhatCannotBeFitted) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal(kOrthogonal, {1, 2, 3}, {1.0}), ErrorKind::kUsage);
  EXPECT_EQ(refusal(kOrthogonal, kTarget, {-1.0}), ErrorKind::kUsage);
  EXPECT_EQ(refusal(kOrthogonal, kTarget, {1.0, 2.0}), ErrorKind::kUsage);
  EXPECT_EQ(refusal(kOrthogonal, {1, 2, 3, nan}, {1.0}), ErrorKind::kUnfit);
  EXPECT_EQ(refusal(matrix(2, {1, nan}), {1, 2}, {1.0}), ErrorKind::kUnfit);
  EXPECT_EQ(refusal(matrix(2, {1, 1e300}), {1, 2}, {1.0}), ErrorKind::kUnfit);
  EXPECT_EQ(refusal(Matrix(), {}, {1.0}), ErrorKind::kUnfit);
}

TEST(LassoCv, RefusesFoldsThatAreNone) {
  const auto kind = [](const std::vector<Fold>& folds) {
    const auto cv = lasso_cv(kOrthogonal.view(), kTarget, folds, {});
    return cv ? ErrorKind::kInternal : cv.error().kind;
  };
  EXPECT_EQ(kind({}), ErrorKind::kUsage);
  EXPECT_EQ(kind({{}}), ErrorKind::kUsage);
  EXPECT_EQ(kind({{0, 1, 2, 3}}), ErrorKind::kUsage);
  EXPECT_EQ(kind({{4}}), ErrorKind::kUsage);
  EXPECT_EQ(kind({{1, 0}}), ErrorKind::kUsage);
}

}  // namespace
}  // namespace joulecast
