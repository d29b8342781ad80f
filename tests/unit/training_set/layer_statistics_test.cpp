#include "training_set/layer_statistics.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace joulecast {
namespace {

constexpr double kEmpty = std::numeric_limits<double>::quiet_NaN();

// Expected values are what pandas 2.2.3 printed for the same column.
TEST(Describe, TwelveEqualValuesHavePandasRoundingDust) {
  const std::vector<double> values(12, 0.09);
  const Description d = describe(values);
  EXPECT_EQ(d.count, 12U);
  EXPECT_EQ(d.mean, 0.08999999999999998);
  EXPECT_EQ(d.deviation, 1.4494876628609418e-17);
  EXPECT_EQ(d.minimum, 0.09);
  EXPECT_EQ(d.median, 0.09);
  EXPECT_EQ(d.maximum, 0.09);
}

TEST(Describe, QuartilesAreInterpolatedFromTheNearerEnd) {
  const std::vector<double> values = {1e-05, 12345678.5};
  const Description d = describe(values);
  EXPECT_EQ(d.mean, 6172839.250005);
  EXPECT_EQ(d.deviation, 8729712.985691894);
  EXPECT_EQ(d.quartile_1, 3086419.6250075);
  EXPECT_EQ(d.quartile_3, 9259258.8750025);
}

TEST(Describe, EmptyCellsCountNowhere) {
  const std::vector<double> values = {kEmpty, 1.0, kEmpty, 3.0};
  const Description d = describe(values);
  EXPECT_EQ(d.count, 2U);
  EXPECT_EQ(d.mean, 2.0);
  EXPECT_EQ(d.deviation, std::sqrt(2.0));
  EXPECT_EQ(d.minimum, 1.0);
}

TEST(Describe, OneValueHasNoDeviationAndNoneHasNothing) {
  EXPECT_TRUE(std::isnan(describe(std::vector<double>{5.0}).deviation));
  const Description none = describe(std::vector<double>{kEmpty});
  EXPECT_EQ(none.count, 0U);
  EXPECT_TRUE(std::isnan(none.mean) && std::isnan(none.minimum) && std::isnan(none.maximum));
}

TEST(GroupMean, IsKahansSumOfWhatIsThere) {
  EXPECT_EQ(group_mean(std::vector<double>(12, 0.09)), 0.09000000000000001);
  EXPECT_EQ(group_mean(std::vector<double>{kEmpty, 2.0, 4.0}), 3.0);
  EXPECT_TRUE(std::isnan(group_mean(std::vector<double>{kEmpty})));
  EXPECT_TRUE(std::isnan(group_mean({})));
}

TEST(StatisticsCsv, IsPandasTable) {
  const std::vector<double> one = {5.0};
  const std::vector<NamedDescription> layers = {{"a, b", describe(one)}, {"c", describe({})}};
  EXPECT_EQ(statistics_csv(layers),
            "layer_name,count,mean,std,min,25%,50%,75%,max\n"
            "\"a, b\",1.0,5.0,,5.0,5.0,5.0,5.0,5.0\n"
            "c,0.0,,,,,,,\n");
}

TEST(StatisticsCsv, OfNoLayerHasANamelessIndex) {
  EXPECT_EQ(statistics_csv({}), ",count,mean,std,min,25%,50%,75%,max\n");
}

}  // namespace
}  // namespace joulecast
