#include "measurements/regression/board_sensor.h"

#include <gtest/gtest.h>

#include <Eigen/LU>

namespace joulecast {
namespace {

/// A run that found these parameters, each with its sd, independently.
RegressionResult run_of(std::array<double, 4> mean, std::array<double, 4> sd = {2.0, 8.0, 0.2, 0.1}) {
  RegressionResult run;
  run.verdict = Verdict::kSound;
  run.sensor.refresh_ms = 6.6;
  run.sensor.window_ms = 1.1;
  SensorKnowledge k;
  k.mean = mean;
  for (std::size_t i = 0; i < 4; ++i) k.covariance[5 * i] = sd[i] * sd[i];
  run.sensor.knowledge = k;
  return run;
}

std::vector<std::optional<BoardSensor>> pool(const std::vector<RegressionResult>& runs) {
  std::vector<const RegressionResult*> all;
  for (const auto& run : runs) all.push_back(&run);
  return pool_sensors(all);
}

TEST(PoolSensors, OthersThatAgreeAreBelieved) {
  const auto told =
      pool({run_of({-300, 60, 2.0, 0.5}), run_of({-304, 50, 2.1, 0.6}), run_of({-296, 70, 1.9, 0.4})});
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(told[i]);
    EXPECT_EQ(told[i]->runs, 2u);
    EXPECT_LT(told[i]->distance, 3.0);
    EXPECT_NEAR(told[i]->window_share, 1.1 / 6.6, 1e-12);
    EXPECT_GT(told[i]->belief.covariance[0], 4.0);  // no surer than runs of one board are alike
    EXPECT_LT(told[i]->belief.covariance[0], 100.0);
  }
  EXPECT_NEAR(told[0]->belief.mean[0], -300.0, 1e-6);  // of the others alone
  EXPECT_NEAR(told[1]->belief.mean[0], -298.0, 1e-6);
  EXPECT_NEAR(told[1]->belief.mean[1], 65.0, 1e-6);
}

TEST(PoolSensors, OneThatErrsIsToldSoAndTellsNobody) {
  const auto told = pool({run_of({-300, 60, 2.0, 0.5}), run_of({-303, 55, 2.1, 0.6}),
                          run_of({-298, 70, 1.9, 0.4}), run_of({-390, 60, 0.4, 0.5})});
  ASSERT_TRUE(told[3]);
  EXPECT_NEAR(told[3]->belief.mean[0], -300.3, 1.0);
  EXPECT_GT(told[3]->distance, 8.0);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(told[i]);
    EXPECT_NEAR(told[i]->belief.mean[0], -300.0, 4.0);
    EXPECT_NEAR(told[i]->belief.mean[2], 2.0, 0.1);
    EXPECT_LT(told[i]->distance, 3.0);
  }
}

TEST(PoolSensors, ARunThatDoesNotKnowWeighsLittle) {
  const auto told = pool({run_of({0, 0, 0, 0}), run_of({-300, 60, 2.0, 0.5}, {1, 2, 0.05, 0.05}),
                          run_of({-260, 90, 3.0, 0.5}, {60, 60, 1.5, 0.4})});
  ASSERT_TRUE(told[0]);
  EXPECT_NEAR(told[0]->belief.mean[0], -300.0, 2.0);
  EXPECT_NEAR(told[0]->belief.mean[2], 2.0, 0.15);
}

TEST(PoolSensors, OneThatErrsAndOneThatDoesNotKnowDoNotOutvoteTheRunItself) {
  const std::array<double, 4> sure = {2, 8, 0.1, 0.1};
  const auto told =
      pool({run_of({-352, 5, 1.0, 0.0}, sure), run_of({-354, 4, 1.1, 0.0}, sure),
            run_of({-350, 9, 1.2, 0.0}, {30, 20, 0.5, 0.4}), run_of({-412, 9, 0.1, 0.0}, sure)});
  ASSERT_TRUE(told[0]);
  EXPECT_EQ(told[0]->runs, 2u);
  EXPECT_NEAR(told[0]->belief.mean[0], -354.0, 2.0);
  EXPECT_LT(told[0]->distance, 1.0);
  ASSERT_TRUE(told[3]);
  EXPECT_EQ(told[3]->runs, 3u);
  EXPECT_NEAR(told[3]->belief.mean[0], -353.0, 2.0);
}

TEST(PoolSensors, WithoutAgreementNothingIsTold) {
  // Two runs: each has one other, which may err as well as itself.
  for (const auto& told : pool({run_of({-300, 60, 2, 0.5}), run_of({-301, 60, 2, 0.5})})) EXPECT_FALSE(told);
  const auto apart =
      pool({run_of({-300, 60, 2, 0.5}), run_of({-500, 60, 2, 0.5}), run_of({-100, 60, 2, 0.5})});
  for (const auto& told : apart) EXPECT_FALSE(told);
  EXPECT_TRUE(pool({}).empty());
}

TEST(PoolSensors, AnotherSettingOfTheSensorAndRefusedRunsDoNotCount) {
  std::vector<RegressionResult> runs = {run_of({-300, 60, 2, 0.5}), run_of({-301, 60, 2, 0.5}),
                                        run_of({-299, 60, 2, 0.5}), run_of({-302, 60, 2, 0.5})};
  runs[1].sensor.window_ms = 2.2;
  runs[2].verdict = Verdict::kRefused;
  EXPECT_FALSE(pool(runs)[0]);
  runs[2].verdict = Verdict::kWeak;
  ASSERT_TRUE(pool(runs)[0]);
  EXPECT_EQ(pool(runs)[0]->runs, 2u);
  EXPECT_FALSE(pool(runs)[1]);
  runs[0].sensor.knowledge.reset();
  EXPECT_FALSE(pool(runs)[0]);
}

TEST(ShapeBelief, SaysTheSameInTheFitsCoordinates) {
  SensorKnowledge k;
  k.mean = {-240.0, 60.0, 2.0, 0.5};
  k.covariance = {9.0, 2.0, 0.1, 0.0, 2.0, 100.0, 0.2, 0.0, 0.1, 0.2, 0.04, 0.0, 0.0, 0.0, 0.0, 0.01};
  const auto belief = regression::shape_belief(k);
  EXPECT_DOUBLE_EQ(belief.mean[0], -300.0);  // delay = apparent - low-pass
  EXPECT_DOUBLE_EQ(belief.mean[1], 60.0);
  const Eigen::Matrix4d covariance = belief.precision.inverse();
  EXPECT_NEAR(covariance(0, 0) + 2.0 * covariance(0, 1) + covariance(1, 1), 9.0, 1e-9);
  EXPECT_NEAR(covariance(1, 1), 100.0, 1e-9);
  EXPECT_NEAR(covariance(0, 0), 9.0 - 2.0 * 2.0 + 100.0, 1e-9);
}

}  // namespace
}  // namespace joulecast
