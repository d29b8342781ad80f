// What validation weighs, by definition.
#include "cost_model/physical/held_out_errors.h"

#include <gtest/gtest.h>

#include <cmath>

namespace joulecast {
namespace {

TEST(HeldOutErrors, ASumOfGroupsHasTheStandardErrorOfItsMean) {
  const std::vector<double> sums = {1.0, 2.0, 6.0};
  const GroupSum total = sum_of_groups(sums);
  EXPECT_EQ(total.sum, 9.0);
  // n times the standard error of the mean: sqrt(n) times the sample's standard deviation, sqrt(7).
  EXPECT_NEAR(total.standard_error, std::sqrt(3.0 * 7.0), 1e-12);
}

TEST(HeldOutErrors, OneGroupTellsNothing) {
  const std::vector<double> one = {5.0};
  EXPECT_TRUE(std::isinf(sum_of_groups(one).standard_error));
  EXPECT_EQ(evidence_for(one), 1.0);
  EXPECT_EQ(evidence_for({}), 1.0);
}

TEST(HeldOutErrors, EvidenceFallsWithAgreementAndWithTheNumberOfGroups) {
  EXPECT_EQ(evidence_for(std::vector<double>{-1.0, -2.0, -3.0}), 1.0);
  EXPECT_EQ(evidence_for(std::vector<double>{0.0, 0.0}), 1.0);
  EXPECT_EQ(evidence_for(std::vector<double>{1.0, 1.0, 1.0}), 0.0);  // they agree to the last bit
  // t = 1 with 3 and with 12 groups: the mean over its standard error, Student's density over its height.
  const std::vector<double> three = {0.0, 0.0, 3.0};
  EXPECT_NEAR(evidence_for(three), std::pow(1.0 + 1.0 / 2.0, -1.5), 1e-12);
  std::vector<double> mixed;
  for (int i = 0; i < 12; ++i) mixed.push_back(i % 2 == 0 ? 3.0 : -2.0);
  const GroupSum total = sum_of_groups(mixed);
  const double t = total.sum / total.standard_error;
  EXPECT_NEAR(evidence_for(mixed), std::pow(1.0 + t * t / 11.0, -6.0), 1e-12);
}

TEST(HeldOutErrors, OneOddLayerIsWorthAFactorOfAboutOneAndAHalf) {
  EXPECT_NEAR(robust_error(1.1, 1.0), std::pow(std::log(1.1), 2.0), 1e-15);
  EXPECT_EQ(robust_error(100.0, 1.0), robust_error(0.0, 1.0));
  EXPECT_NEAR(robust_error(100.0, 1.0), 0.16, 1e-12);
}

}  // namespace
}  // namespace joulecast
