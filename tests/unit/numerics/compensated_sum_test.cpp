// Expected values of the sums were printed by Python 3.12.1, pandas 2.2.3 and NumPy 2.1.2 or follow by hand.
#include "numerics/compensated_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace joulecast {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(NeumaierSum, RecoversWhatThePlainSumLoses) {
  const std::vector<double> values{1.0, 1e100, 1.0, -1e100};
  EXPECT_EQ(neumaier_sum(values), 2.0);
}

TEST(NeumaierSum, TenTenthsAreOne) {
  EXPECT_EQ(neumaier_sum(std::vector<double>(10, 0.1)), 1.0);
}

TEST(NeumaierSum, AnInfiniteSumStaysInfinite) {
  const std::vector<double> values{1.0, kInfinity, 2.0};
  EXPECT_EQ(neumaier_sum(values), kInfinity);
}

TEST(NeumaierSum, OfNothingIsZero) {
  EXPECT_EQ(neumaier_sum({}), 0.0);
}

TEST(KahanSum, RecoversSmallSummandsButNotACancelledLargeOne) {
  // The compensation of 1 + 1e100 is lost with the next large summand: this is Kahan's, not Neumaier's.
  const std::vector<double> values{1.0, 1e100, 1.0, -1e100};
  EXPECT_EQ(kahan_sum(values), 0.0);
  EXPECT_EQ(kahan_sum(std::vector<double>(10, 0.1)), 1.0);
}

TEST(KahanSum, AnInfiniteSumStaysInfinite) {
  const std::vector<double> values{1.0, kInfinity, 2.0};
  EXPECT_EQ(kahan_sum(values), kInfinity);
}

TEST(PairwiseSum, FewerThanEightValuesAreAddedInOrder) {
  EXPECT_EQ(pairwise_sum(std::vector<double>(7, 0.1)), ((((((0.1 + 0.1) + 0.1) + 0.1) + 0.1) + 0.1) + 0.1));
  EXPECT_EQ(pairwise_sum({}), 0.0);
}

TEST(PairwiseSum, EightLanesAreAddedAsATree) {
  // The lanes are (1 + 1e16's), each of which loses its own 1; in order, the sum would keep none of the 1s.
  const std::vector<double> values{1e16, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0};
  EXPECT_EQ(pairwise_sum(values), ((1e16 + 1.0) + 2.0) + 4.0);
  EXPECT_EQ(pairwise_sum(values), 1e16 + 6.0);
}

TEST(PairwiseSum, ValuesPastTheLastEightAreAddedAtTheEnd) {
  std::vector<double> values(17, 0.1);
  const double lane = 0.1 + 0.1;
  const double pair = lane + lane;
  const double quad = pair + pair;
  EXPECT_EQ(pairwise_sum(values), (quad + quad) + 0.1);
}

TEST(PairwiseSum, MoreThan128ValuesAreCutAtAMultipleOfEight) {
  std::vector<double> values(300);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0 / static_cast<double>(i + 1);
  const std::span<const double> all(values);
  // 300 -> 144 + 156; 144 -> 72 + 72; 156 -> 72 + 84.
  const double expected = (pairwise_sum(all.subspan(0, 72)) + pairwise_sum(all.subspan(72, 72))) +
                          (pairwise_sum(all.subspan(144, 72)) + pairwise_sum(all.subspan(216, 84)));
  EXPECT_EQ(pairwise_sum(all), expected);
}

}  // namespace
}  // namespace joulecast
