#include <cmath>

#include <gtest/gtest.h>

#include "joulecast/cost_model.h"

namespace joulecast {
namespace {

FittedScaler fit_column(std::vector<double> values, Scaler kind) {
  const std::size_t rows = values.size();
  return fit_scaler({values, rows, 1}, kind);
}

TEST(StandardScaler, TakesMeanAndPopulationDeviation) {
  const FittedScaler scaler = fit_column({1, 2, 3, 4}, Scaler::kStandard);
  EXPECT_EQ(scaler.center, std::vector<double>{2.5});
  EXPECT_EQ(scaler.scale, std::vector<double>{std::sqrt(1.25)});
}

TEST(StandardScaler, LeavesAConstantColumnUnscaled) {
  EXPECT_EQ(fit_column({7, 7, 7}, Scaler::kStandard).scale, std::vector<double>{1.0});
}

TEST(StandardScaler, TakesRoundingDustForConstant) {
  // The mean of ten times 0.1 is not 0.1: the variance is about 1e-34, not 0.
  const std::vector<double> tenth(10, 0.1);
  EXPECT_EQ(fit_column(tenth, Scaler::kStandard).scale, std::vector<double>{1.0});
}

TEST(StandardScaler, KeepsASmallButRealSpread) {
  const FittedScaler scaler = fit_column({1.0, 1.0 + 1e-6}, Scaler::kStandard);
  EXPECT_NEAR(scaler.scale[0], 0.5e-6, 1e-15);
}

TEST(RobustScaler, TakesMedianAndInterquartileRange) {
  const FittedScaler scaler = fit_column({10, 1, 2, 4}, Scaler::kRobust);
  EXPECT_EQ(scaler.center, std::vector<double>{3.0});
  EXPECT_EQ(scaler.scale, std::vector<double>{5.5 - 1.75});
}

TEST(RobustScaler, LeavesAColumnWithoutSpreadOfItsMiddleHalfUnscaled) {
  EXPECT_EQ(fit_column({0, 5, 5, 5, 100}, Scaler::kRobust).scale, std::vector<double>{1.0});
}

TEST(MinMaxScaler, MapsTheRangeToZeroToOne) {
  Matrix column(3, 1);
  column.data = {4, 2, 6};
  const FittedScaler scaler = fit_scaler(column.view(), Scaler::kMinMax);
  apply_scaler(column, scaler);
  EXPECT_EQ(column.data, (std::vector<double>{0.5, 0.0, 1.0}));
}

TEST(MinMaxScaler, LeavesAConstantColumnUnscaled) {
  EXPECT_EQ(fit_column({3, 3}, Scaler::kMinMax).scale, std::vector<double>{1.0});
}

TEST(ScalerNames, GoBothWays) {
  for (const Scaler scaler : {Scaler::kStandard, Scaler::kRobust, Scaler::kMinMax})
    EXPECT_EQ(scaler_from(to_string(scaler)), scaler);
  EXPECT_FALSE(scaler_from("maxabs"));
}

}  // namespace
}  // namespace joulecast
