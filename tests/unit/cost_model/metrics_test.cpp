#include <cmath>

#include <gtest/gtest.h>

#include "joulecast/cost_model.h"

namespace joulecast {
namespace {

TEST(Metrics, FollowTheirDefinitions) {
  const std::vector<double> actual = {1, 2, 4};
  const std::vector<double> predicted = {2, 2, 2};
  const Metrics metrics = evaluate_metrics(actual, predicted).value();
  EXPECT_NEAR(metrics.rmspe_percent, 100.0 * std::sqrt((1.0 + 0.0 + 0.25) / 3.0), 1e-7);
  EXPECT_DOUBLE_EQ(metrics.mse, 5.0 / 3.0);
  EXPECT_DOUBLE_EQ(metrics.rmse, std::sqrt(5.0 / 3.0));
  EXPECT_DOUBLE_EQ(metrics.mae, 1.0);
  EXPECT_DOUBLE_EQ(metrics.mape, 0.5);
  EXPECT_NEAR(metrics.r2, -1.0 / 14.0, 1e-15);
}

TEST(Metrics, OfExactPredictionsAreZeroAndR2IsOne) {
  const std::vector<double> values = {3, 1, 2};
  const Metrics metrics = evaluate_metrics(values, values).value();
  EXPECT_EQ(metrics.rmspe_percent, 0.0);
  EXPECT_EQ(metrics.r2, 1.0);
}

TEST(Metrics, OfEqualTargetsHaveAnR2OfZeroUnlessMet) {
  const std::vector<double> actual = {5, 5};
  EXPECT_EQ(evaluate_metrics(actual, std::vector<double>{5, 6}).value().r2, 0.0);
  EXPECT_EQ(evaluate_metrics(actual, actual).value().r2, 1.0);
}

TEST(Metrics, OfASingleRowHaveNoR2) {
  EXPECT_TRUE(std::isnan(evaluate_metrics(std::vector<double>{1}, std::vector<double>{2}).value().r2));
}

TEST(Metrics, OfAZeroTargetStayFinite) {
  const Metrics metrics = evaluate_metrics(std::vector<double>{0, 1}, std::vector<double>{1e-10, 1}).value();
  EXPECT_DOUBLE_EQ(metrics.rmspe_percent, 100.0 * std::sqrt(0.5));
  EXPECT_TRUE(std::isfinite(metrics.mape));
}

TEST(Metrics, RefuseListsOfDifferentLengthAndEmptyOnes) {
  const auto result = evaluate_metrics(std::vector<double>{1, 2}, std::vector<double>{1});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "2 measured values, 1 predicted");
  EXPECT_FALSE(evaluate_metrics({}, {}));
}

}  // namespace
}  // namespace joulecast
