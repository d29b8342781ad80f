#include "simulator/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace joulecast::simulator {
namespace {

TEST(Random, GivesTheSameBitsForASeedOnEveryPlatform) {
  // splitmix64's published first output for seed 0, and what follows from it here.
  EXPECT_EQ(mix(0), 0xe220a8397b1dcdafULL);
  EXPECT_EQ(Random(1).bits(), 0x763ba63f94bc22a2ULL);
  EXPECT_EQ(Random(1).normal(), -0x1.07a302c853618p+0);
  EXPECT_EQ(portable_exp(1.5), 0x1.1ed3fe64fc541p+2);
}

TEST(Random, ExpAndLogAgreeWithTheLibraryToAFewUnitsInTheLastPlace) {
  for (double x = -50.0; x < 50.0; x += 0.0373) {
    EXPECT_NEAR(portable_exp(x) / std::exp(x), 1.0, 1e-14) << x;
    const double y = std::exp(x);
    EXPECT_NEAR(portable_log(y), std::log(y), 4e-15 * std::max(1.0, std::abs(x))) << y;
  }
}

TEST(Random, SineOfTurnsAgreesWithTheLibrary) {
  for (double turns = -2.0; turns < 2.0; turns += 0.0137) {
    EXPECT_NEAR(portable_sine_of_turns(turns), std::sin(turns * 2.0 * M_PI), 1e-12) << turns;
  }
}

TEST(Random, NormalHasMeanZeroAndVarianceOneAndNormalTails) {
  Random random(7);
  const int n = 200000;
  double sum = 0.0;
  double squares = 0.0;
  int beyond_two = 0;
  for (int i = 0; i < n; ++i) {
    const double z = random.normal();
    sum += z;
    squares += z * z;
    beyond_two += std::abs(z) > 2.0 ? 1 : 0;
  }
  EXPECT_NEAR(sum / n, 0.0, 0.01);
  EXPECT_NEAR(squares / n, 1.0, 0.015);
  EXPECT_NEAR(static_cast<double>(beyond_two) / n, 0.0455, 0.002);
}

TEST(Random, ExponentialHasMeanOne) {
  Random random(8);
  double sum = 0.0;
  for (int i = 0; i < 200000; ++i) sum += random.exponential();
  EXPECT_NEAR(sum / 200000, 1.0, 0.01);
}

}  // namespace
}  // namespace joulecast::simulator
