#include "numerics/quantiles.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace joulecast {
namespace {

TEST(QuantileOfSorted, HitsOrderStatisticsExactly) {
  const std::vector<double> values{1.0, 2.0, 4.0, 8.0, 16.0};
  EXPECT_EQ(quantile_of_sorted(values, 0.0), 1.0);
  EXPECT_EQ(quantile_of_sorted(values, 0.25), 2.0);
  EXPECT_EQ(quantile_of_sorted(values, 0.5), 4.0);
  EXPECT_EQ(quantile_of_sorted(values, 1.0), 16.0);
}

TEST(QuantileOfSorted, InterpolatesBetweenNeighbours) {
  const std::vector<double> values{0.0, 1.0, 10.0, 20.0};
  EXPECT_EQ(quantile_of_sorted(values, 0.25), 0.75);
  EXPECT_EQ(quantile_of_sorted(values, 0.5), 5.5);
  EXPECT_EQ(quantile_of_sorted(values, 0.75), 12.5);
}

TEST(QuantileOfSorted, IsReckonedFromTheNearerNeighbour) {
  // numpy.quantile([0.1, 0.7], .) in NumPy 2.1.2; from below alone the second would be a digit off.
  const std::vector<double> values{0.1, 0.7};
  EXPECT_EQ(quantile_of_sorted(values, 0.25), 0.1 + (0.7 - 0.1) * 0.25);
  EXPECT_EQ(quantile_of_sorted(values, 0.9), 0.7 - (0.7 - 0.1) * (1.0 - 0.9));
}

TEST(QuantileOfSorted, OfOneValueIsThatValue) {
  const std::vector<double> values{3.5};
  EXPECT_EQ(quantile_of_sorted(values, 0.25), 3.5);
}

TEST(QuantileOfSorted, OfNothingIsNaN) {
  EXPECT_TRUE(std::isnan(quantile_of_sorted({}, 0.5)));
}

}  // namespace
}  // namespace joulecast
