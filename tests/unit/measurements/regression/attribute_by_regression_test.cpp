#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "unit/measurements/regression/attribute_tiny.h"

namespace joulecast {
namespace {

using testing_board::run_tiny;
using testing_board::TinyBoard;

RegressionResult attribute(const TinyBoard& board) {
  return testing_board::attribute(board, run_tiny(board));
}

TEST(AttributeByRegression, RecoversKnownPowersWithoutNoise) {
  const TinyBoard board;
  const RegressionResult result = attribute(board);
  ASSERT_NE(result.verdict, Verdict::kRefused);
  for (std::size_t k = 0; k < board.layer_w.size(); ++k) {
    EXPECT_NEAR(result.single_power_w[k] / board.layer_w[k], 1.0, 0.05) << k;
  }
}

TEST(AttributeByRegression, RecoversEachDelayOfTheSensor) {
  for (const double delay : {0.0, 1500.0, 4000.0}) {
    TinyBoard board;
    board.delay_us = delay;
    board.noise_w = 0.02;
    const RegressionResult result = attribute(board);
    ASSERT_TRUE(result.sensor.delay_ms.has_value());
    EXPECT_NEAR(*result.sensor.delay_ms, delay / 1e3, 0.1) << delay;
    EXPECT_NEAR(*result.sensor.window_ms, 1.1, 0.06) << delay;
  }
}

TEST(AttributeByRegression, LayersAndGapMakeUpTheRunsEnergy) {
  TinyBoard board;
  board.noise_w = 0.05;
  const RegressionResult result = attribute(board);
  double true_mj = 0.0;
  for (std::size_t k = 0; k < board.layer_w.size(); ++k)
    true_mj += board.layer_w[k] * board.layer_us[k] / 1e3;
  EXPECT_NEAR(result.network.energy_mj.value / true_mj, 1.0, 0.03);
  EXPECT_NEAR(result.fit.energy_balance_percent, 0.0, 0.5);
}

TEST(AttributeByRegression, DiagnosticsShowTheFitAndHowTheDelayWasFound) {
  TinyBoard board;
  board.noise_w = 0.05;
  const auto run = run_tiny(board);
  RegressionOptions options;
  options.diagnostics = true;
  const auto result = attribute_by_regression(run.latencies, run.power, Network{},
                                              to_microwatts(Watts(board.idle_w)), options);
  ASSERT_TRUE(result) << result.error().describe();
  ASSERT_GT(result->trace.size(), 1000U);
  double squares = 0.0;
  for (const TracePoint& point : result->trace)
    squares += (point.measured_w - point.fitted_w) * (point.measured_w - point.fitted_w);
  EXPECT_LT(std::sqrt(squares / static_cast<double>(result->trace.size())), 0.15);
  // Held-out samples are explained best near the delay found, and ever worse on both sides of it.
  const auto& profile = result->delay_profile;
  ASSERT_GT(profile.size(), 20U);
  const auto best = std::max_element(profile.begin(), profile.end(), [](const auto& a, const auto& b) {
    return a.log_likelihood < b.log_likelihood;
  });
  EXPECT_NEAR(best->delay_us, *result->sensor.delay_ms * 1e3, 60.0);
  double worst = best->log_likelihood;
  for (const ProfilePoint& point : profile) worst = std::min(worst, point.log_likelihood);
  ASSERT_TRUE(best != profile.begin() && best + 1 != profile.end());
  for (const auto& neighbour : {*(best - 1), *(best + 1)})
    EXPECT_GT(neighbour.log_likelihood, 0.5 * (best->log_likelihood + worst));  // 20 us are no cliff
  for (const ProfilePoint& point : profile) {
    if (std::fabs(point.delay_us - best->delay_us) <= 200.0) continue;
    EXPECT_LT(point.log_likelihood, best->log_likelihood - 10.0) << point.delay_us;
  }
}

TEST(AttributeByRegression, SameInputGivesSameBytes) {
  TinyBoard board;
  board.noise_w = 0.05;
  const RegressionResult a = attribute(board);
  const RegressionResult b = attribute(board);
  EXPECT_EQ(to_attribution_json(a), to_attribution_json(b));
  EXPECT_EQ(to_covariance_csv(a), to_covariance_csv(b));
}

TEST(AttributeByRegression, RefusesASensorFasterThanThePoll) {
  TinyBoard board;
  board.noise_w = 0.05;
  board.refresh_us = 840.0;
  board.window_us = 140.0;
  const RegressionResult result = attribute(board);
  EXPECT_EQ(result.verdict, Verdict::kRefused);
  EXPECT_FALSE(result.layers[0].power_w.has_value());
  EXPECT_GT(result.layers[0].run_time_ms, 0.0);
  EXPECT_FALSE(result.advice.empty());
}

TEST(AttributeByRegression, ARefusedNetworkStillHasAnEnergyWithWideBounds) {
  TinyBoard board;
  board.noise_w = 0.05;
  board.refresh_us = 840.0;
  board.window_us = 140.0;
  const RegressionResult result = attribute(board);
  double true_mj = 0.0;
  for (std::size_t k = 0; k < board.layer_w.size(); ++k)
    true_mj += board.layer_w[k] * board.layer_us[k] / 1e3;
  EXPECT_LT(result.network.energy_mj.low, true_mj);
  EXPECT_GT(result.network.energy_mj.high, true_mj);
}

TEST(AttributeByRegression, IdleComesFromTheLogWhereItHasAny) {
  TinyBoard board;
  board.noise_w = 0.02;
  const auto run = run_tiny(board);
  const auto result = attribute_by_regression(run.latencies, run.power, Network{}, to_microwatts(Watts(3.0)));
  ASSERT_TRUE(result);
  EXPECT_NEAR(result->idle_w, board.idle_w, 0.05);
}

TEST(AttributeByRegression, AnIdlePowerThatIsNoNumberIsAnError) {
  const auto run = run_tiny(TinyBoard{});
  const auto result = attribute_by_regression(run.latencies, run.power, Network{}, Microwatts(std::nan("")));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnfit);
}

TEST(AttributeByRegression, LogsThatDoNotOverlapAreAnError) {
  auto run = run_tiny(TinyBoard{});
  for (PowerSample& s : run.power) s.at.microseconds += 3600000000LL;
  const auto result = attribute_by_regression(run.latencies, run.power, Network{}, Microwatts(4e6));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnfit);
}

}  // namespace
}  // namespace joulecast
