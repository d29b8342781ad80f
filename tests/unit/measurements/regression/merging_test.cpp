#include "measurements/regression/merging.h"

#include <gtest/gtest.h>

namespace joulecast::regression {
namespace {

TEST(Merging, LeavesWellDeterminedLayersAlone) {
  const Eigen::Vector3d power(2.0, 4.0, 6.0);
  const Eigen::MatrixXd covariance = Eigen::Vector3d(0.01, 0.01, 0.01).asDiagonal();
  const auto units = merge_units(power, covariance, std::vector<double>{1, 1, 1}, 0.25);
  ASSERT_EQ(units.size(), 3U);
  EXPECT_DOUBLE_EQ(units[1].power_w, 4.0);
}

TEST(Merging, JoinsTheLeastDistinguishableNeighboursOfAWideLayer) {
  const Eigen::Vector4d power(2.0, 4.0, 4.2, 7.0);
  Eigen::MatrixXd covariance = Eigen::Vector4d(0.01, 1.0, 1.0, 0.01).asDiagonal();
  covariance(1, 2) = covariance(2, 1) = -0.98;  // only their sum is known
  const auto units = merge_units(power, covariance, std::vector<double>{1, 1, 1, 1}, 0.25);
  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[1].first, 1U);
  EXPECT_EQ(units[1].last, 2U);
  EXPECT_DOUBLE_EQ(units[1].power_w, 4.1);
  EXPECT_NEAR(units[1].sd_w, 0.1, 1e-9);
  EXPECT_TRUE(units[1].determined);
}

TEST(Merging, JoinsWhatIsTooShortToBePlaced) {
  const Eigen::Vector4d power(2.0, 4.0, 4.5, 3.0);
  const Eigen::MatrixXd covariance = Eigen::Vector4d(0.01, 0.01, 0.01, 0.01).asDiagonal();
  const auto units = merge_units(power, covariance, std::vector<double>{50, 8, 9, 60}, 0.25, 15.0);
  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[1].first, 1U);
  EXPECT_EQ(units[1].last, 2U);
}

TEST(Merging, LeavesOneShortLayerAloneAsItHasNoNeighbour) {
  const Eigen::VectorXd power = Eigen::VectorXd::Constant(1, 2.0);
  const Eigen::MatrixXd covariance = Eigen::MatrixXd::Constant(1, 1, 0.01);
  const auto units = merge_units(power, covariance, std::vector<double>{5}, 0.25, 15.0);
  ASSERT_EQ(units.size(), 1U);
  EXPECT_TRUE(units[0].determined);
}

TEST(Merging, WeighsPowersByTime) {
  const Eigen::Vector2d power(1.0, 4.0);
  Eigen::MatrixXd covariance(2, 2);
  covariance << 1.0, -0.5, -0.5, 0.25;
  const auto units = merge_units(power, covariance, std::vector<double>{1.0, 2.0}, 0.25);
  ASSERT_EQ(units.size(), 1U);
  EXPECT_DOUBLE_EQ(units[0].power_w, 3.0);
}

TEST(Merging, SaysSoWhenNothingIsDetermined) {
  const Eigen::Vector3d power(2.0, 2.0, 2.0);
  const Eigen::MatrixXd covariance = Eigen::MatrixXd::Constant(3, 3, 9.0);
  for (const Unit& unit : merge_units(power, covariance, std::vector<double>{1, 1, 1}, 0.25)) {
    EXPECT_FALSE(unit.determined);
  }
}

}  // namespace
}  // namespace joulecast::regression
