#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "joulecast/numerics.h"
#include "support/matrix.h"

namespace joulecast {
namespace {

using test::matrix;

const Matrix kAxes = matrix(3, {1, 0, 0, 0, 2, 0});  // columns e0 and 2 e1

TEST(Nnls, SolvesOrthogonalColumnsOneByOne) {
  const auto fit = nnls(kAxes.view(), std::vector<double>{3, 4, 5});
  ASSERT_TRUE(fit.has_value());
  EXPECT_DOUBLE_EQ(fit->x[0], 3.0);
  EXPECT_DOUBLE_EQ(fit->x[1], 2.0);
  EXPECT_DOUBLE_EQ(fit->residual_norm, 5.0);
}

TEST(Nnls, ANegativeSolutionBecomesZero) {
  const auto fit = nnls(kAxes.view(), std::vector<double>{3, -4, 0});
  ASSERT_TRUE(fit.has_value());
  EXPECT_EQ(fit->x, (std::vector<double>{3.0, 0.0}));
  EXPECT_DOUBLE_EQ(fit->residual_norm, 4.0);
}

TEST(Nnls, TheOthersAreRefittedWhenOneBecomesZero) {
  // Least squares is (3, -1); with x1 = 0, x0 = (1 * 2 + 1 * 3) / 2.
  const auto fit = nnls(matrix(2, {1, 1, 1, 0}).view(), std::vector<double>{2, 3});
  ASSERT_TRUE(fit.has_value());
  EXPECT_DOUBLE_EQ(fit->x[0], 2.5);
  EXPECT_EQ(fit->x[1], 0.0);
}

TEST(Nnls, ARidgeShrinks) {
  // min (3 - x)^2 + 2 x^2: x = 1.
  const auto fit = nnls(matrix(1, {1}).view(), std::vector<double>{3}, 2.0);
  ASSERT_TRUE(fit.has_value());
  EXPECT_DOUBLE_EQ(fit->x[0], 1.0);
  EXPECT_DOUBLE_EQ(fit->residual_norm, 2.0);
}

TEST(Nnls, ARidgeSharesEquallyBetweenRepeatedColumns) {
  const auto fit = nnls(matrix(2, {1, 1, 1, 1}).view(), std::vector<double>{3, 3}, 1.0);
  ASSERT_TRUE(fit.has_value());
  EXPECT_NEAR(fit->x[0], 1.2, 1e-14);  // (2 * 2 + 1) x = 6
  EXPECT_NEAR(fit->x[1], 1.2, 1e-14);
}

TEST(Nnls, RefusesWhatCannotBeFitted) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(nnls(kAxes.view(), std::vector<double>{1, 2}).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(nnls(kAxes.view(), std::vector<double>{1, 2, 3}, -1.0).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(nnls(kAxes.view(), std::vector<double>{1, 2, nan}).error().kind, ErrorKind::kUnfit);
}

TEST(NnlsFromGram, EqualsTheLeastSquaresItComesFrom) {
  // A = (1 1; 1 0), b = (2, 3) as above.
  const auto fit = nnls_from_gram(matrix(2, {2, 1, 1, 1}).view(), std::vector<double>{5, 2});
  ASSERT_TRUE(fit.has_value());
  EXPECT_NEAR(fit->x[0], 2.5, 1e-14);
  EXPECT_EQ(fit->x[1], 0.0);
  EXPECT_TRUE(std::isnan(fit->residual_norm));
}

TEST(NnlsFromGram, ASingularMatrixGivesOneOfTheMinimisers) {
  const auto fit = nnls_from_gram(matrix(2, {4, 4, 4, 4}).view(), std::vector<double>{8, 8});
  ASSERT_TRUE(fit.has_value());
  EXPECT_NEAR(fit->x[0] + fit->x[1], 2.0, 1e-14);
}

TEST(NnlsFromGram, AZeroColumnStaysZero) {
  const auto fit = nnls_from_gram(matrix(2, {0, 0, 0, 2}).view(), std::vector<double>{0, 4});
  ASSERT_TRUE(fit.has_value());
  EXPECT_EQ(fit->x[0], 0.0);
  EXPECT_NEAR(fit->x[1], 2.0, 1e-14);
}

TEST(NnlsFromGram, RefusesWhatIsNoGramMatrix) {
  EXPECT_EQ(nnls_from_gram(kAxes.view(), std::vector<double>{1, 2, 3}).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(nnls_from_gram(matrix(1, {-1}).view(), std::vector<double>{1}).error().kind, ErrorKind::kUnfit);
}

}  // namespace
}  // namespace joulecast
