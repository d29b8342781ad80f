// Each nuisance that a log has or lacks, alone, on a board of exact algebra.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "joulecast/regression.h"
#include "measurements/regression/run_fit.h"
#include "unit/measurements/regression/tiny_board.h"

namespace joulecast {
namespace {

using regression::fit_run;
using regression::RunFit;
using testing_board::run_tiny;
using testing_board::TinyBoard;
using testing_board::TinyRun;

TinyBoard noisy_board() {
  TinyBoard board;
  board.noise_w = 0.03;
  return board;
}

RegressionResult attribute(const TinyBoard& board, const TinyRun& run,
                           const RegressionOptions& options = {}) {
  auto result = attribute_by_regression(run.latencies, run.power, Network{},
                                        to_microwatts(Watts(board.idle_w)), options);
  EXPECT_TRUE(result) << result.error().describe();
  return *result;
}

/// Near the truth, or honest about how far it may be off.
void expect_powers(const TinyBoard& board, const RegressionResult& result, double tolerance) {
  ASSERT_NE(result.verdict, Verdict::kRefused) << (result.reasons.empty() ? "" : result.reasons.front());
  double off = 0.0;
  double half_widths = 0.0;
  for (std::size_t k = 0; k < board.layer_w.size(); ++k) {
    const double half = 1.645 * std::sqrt(result.covariance_w2(k, k));
    const double error = std::abs(result.single_power_w[k] - board.layer_w[k]);
    EXPECT_LT(error, std::max(tolerance * board.layer_w[k], 2.0 * half)) << k;
    off += error / board.layer_w[k];
    half_widths += half / board.layer_w[k];
  }
  const double layers = static_cast<double>(board.layer_w.size());
  EXPECT_LT(off / layers, tolerance);
  EXPECT_LT(half_widths / layers, 0.4);
  EXPECT_LT(std::abs(result.fit.energy_balance_percent), 0.5);
}

TEST(Recovery, PauseBetweenLayers) {
  TinyBoard board;
  board.noise_w = 0.01;
  board.layer_us = {120, 60, 90, 40, 150, 80, 70, 110, 60, 90, 50, 130};
  board.layer_w = {3.0, 5.0, 2.5, 4.5, 4.0, 2.5, 5.5, 3.0, 2.0, 4.0, 5.0, 3.5};
  board.event_gap_us = 4.0;
  board.event_gap_w = 2.5;
  board.cycles = 8000;
  const RegressionResult result = attribute(board, run_tiny(board));
  ASSERT_TRUE(result.sensor.event_gap_us.has_value());
  EXPECT_NEAR(*result.sensor.event_gap_us, 4.0, 1.0);
  expect_powers(board, result, 0.2);
}

// Taken for power that stays, energy that stays made the low-pass short and the energies 5 % low.
TEST(Recovery, PowerThatGoesWithTheRunTime) {
  for (const double elasticity : {0.0, 1.0}) {
    SCOPED_TRACE(elasticity);
    TinyBoard board = noisy_board();
    board.elasticity = elasticity;
    board.cycles = 8000;
    const RegressionResult result = attribute(board, run_tiny(board));
    ASSERT_TRUE(result.sensor.elasticity.has_value());
    EXPECT_NEAR(*result.sensor.elasticity, elasticity, 0.15);
    expect_powers(board, result, 0.12);
  }
}

// Values that remember earlier windows, taken for values of one window each, gave energies 25 % off, "sound".
TEST(Recovery, AverageOfTheSensor) {
  TinyBoard board;
  board.noise_w = 0.01;
  board.averaging = 4;
  const RegressionResult result = attribute(board, run_tiny(board));
  const auto told = std::find_if(result.warnings.begin(), result.warnings.end(), [](const Warning& w) {
    return w.message.find("averages over some 4") != std::string::npos;
  });
  EXPECT_NE(told, result.warnings.end());
  expect_powers(board, result, 0.15);
}

// Slow noise, whose differences are small, was taken for an average; undoing it left powers 80 % off.
TEST(Recovery, ASlowDriftIsNoAverage) {
  TinyBoard board = noisy_board();
  board.slow_w = 1.0;
  const TinyRun run = run_tiny(board);
  RunFit fit;
  ASSERT_TRUE(fit_run(run.latencies, run.power, Network{}, board.idle_w, {}, fit));
  EXPECT_EQ(fit.averaging, 1);
  board.averaging = 4;
  const TinyRun averaged = run_tiny(board);
  RunFit fit_averaged;
  ASSERT_TRUE(fit_run(averaged.latencies, averaged.power, Network{}, board.idle_w, {}, fit_averaged));
  EXPECT_EQ(fit_averaged.averaging, 4);
}

TEST(Recovery, DroopOfTheSupply) {
  TinyBoard board = noisy_board();
  board.supply_v = 5.1;
  board.supply_ohm = 0.1;
  const RegressionResult result = attribute(board, run_tiny(board));
  double true_mj = 0.0;
  for (std::size_t k = 0; k < board.layer_w.size(); ++k)
    true_mj += board.layer_w[k] * board.layer_us[k] / 1e3;
  // With the mean voltage for all currents it would be off by R I0 / V = 1.6 %.
  EXPECT_NEAR(result.network.energy_mj.value / true_mj, 1.0, 0.01);
}

TEST(Recovery, CallbacksDuringTheInference) {
  TinyBoard board = noisy_board();
  board.stamps_at_layer_ends = true;
  const RegressionResult result = attribute(board, run_tiny(board));
  const auto told = std::find_if(result.warnings.begin(), result.warnings.end(), [](const Warning& w) {
    return w.message.find("during the inference") != std::string::npos;
  });
  EXPECT_NE(told, result.warnings.end());
  expect_powers(board, result, 0.12);
}

TEST(Recovery, EntriesMissingHereAndThere) {
  const TinyBoard board = noisy_board();
  TinyRun run = run_tiny(board);
  auto& entries = run.latencies.layers[2].entries;
  for (std::size_t at = 3500; at > 400; at -= 400)
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
  expect_powers(board, attribute(board, run), 0.12);
}

TEST(Recovery, LogThatEndsEarly) {
  const TinyBoard board = noisy_board();
  TinyRun run = run_tiny(board);
  run.power.resize(run.power.size() * 6 / 10);
  expect_powers(board, attribute(board, run), 0.15);
}

TEST(Recovery, ClockSetBackAndForth) {
  const TinyBoard board = noisy_board();
  for (const std::int64_t step_us : {-40000, 25000}) {
    SCOPED_TRACE(step_us);
    TinyRun run = run_tiny(board);
    const std::int64_t at = run.power[run.power.size() / 2].at.microseconds;
    for (PowerSample& s : run.power) {
      if (s.at.microseconds >= at) s.at.microseconds += step_us;
    }
    for (auto& layer : run.latencies.layers) {
      for (LatencyEntry& e : layer.entries) {
        if (e.completed.microseconds >= at) e.completed.microseconds += step_us;
      }
    }
    expect_powers(board, attribute(board, run), 0.12);
  }
}

TEST(Recovery, HalvesOfALogAgreeWithinTheirIntervals) {
  TinyBoard board = noisy_board();
  const TinyRun run = run_tiny(board);
  TinyRun halves[2];
  const std::int64_t middle = run.latencies.layers[0].entries[board.cycles / 2].completed.microseconds - 500;
  for (int h = 0; h < 2; ++h) {
    const auto keep = [&](TimeStamp t) { return (t.microseconds < middle) == (h == 0); };
    for (const PowerSample& s : run.power) {
      if (keep(s.at)) halves[h].power.push_back(s);
    }
    for (const auto& layer : run.latencies.layers) {
      halves[h].latencies.layers.push_back({layer.name, {}});
      for (const LatencyEntry& e : layer.entries) {
        if (keep(e.completed)) halves[h].latencies.layers.back().entries.push_back(e);
      }
    }
  }
  const RegressionResult a = attribute(board, halves[0]);
  const RegressionResult b = attribute(board, halves[1]);
  int apart = 0;
  for (std::size_t k = 0; k < board.layer_w.size(); ++k) {
    ASSERT_TRUE(a.layers[k].power_w && b.layers[k].power_w) << k;
    apart += *a.layers[k].power_high_w < *b.layers[k].power_low_w ||
             *b.layers[k].power_high_w < *a.layers[k].power_low_w;
  }
  EXPECT_LE(apart, 1);
}

TEST(Recovery, PlaceboDoesNotFit) {
  const TinyBoard board = noisy_board();
  const RegressionResult result = attribute(board, run_tiny(board));
  EXPECT_GT(result.fit.r2_held_out, 0.8);
  EXPECT_LT(result.fit.r2_placebo, 0.3);
}

TEST(Recovery, ARunLockedToTheSensorIsRefused) {
  TinyBoard board = noisy_board();
  board.jitter = 0.0;
  board.refresh_us = 6600.0;
  board.gap_us = 2200.0 - 1340.0;  // three inferences a refresh
  const RegressionResult result = attribute(board, run_tiny(board));
  EXPECT_EQ(result.verdict, Verdict::kRefused);
  EXPECT_FALSE(result.advice.empty());
  for (const LayerPower& row : result.layers) EXPECT_FALSE(row.power_w.has_value());
}

// A trained model that knows nothing of this board must not make things worse than none.
TEST(Recovery, AWrongPriorIsDropped) {
  const TinyBoard board = noisy_board();
  const TinyRun run = run_tiny(board);
  RegressionOptions permuted;
  RegressionOptions constant;
  for (std::size_t k = 0; k < board.layer_w.size(); ++k) {
    const std::string name = "layer" + std::to_string(k);
    permuted.prior.push_back({name, board.layer_w[(k + 1) % board.layer_w.size()]});
    constant.prior.push_back({name, 100.0});
  }
  for (const RegressionOptions& options : {permuted, constant})
    expect_powers(board, attribute(board, run, options), 0.12);
}

}  // namespace
}  // namespace joulecast
