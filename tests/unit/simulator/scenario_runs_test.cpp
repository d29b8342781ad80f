// What each scenario is named for is there in its logs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "joulecast/simulator.h"

namespace joulecast {
namespace {

SimulatedRun run_of(std::string_view scenario, std::uint64_t seed, std::uint64_t cycles) {
  const Board board = draw_board(seed, scenario).value();
  return simulate_run(board, make_topology("resnet18").value(), {.cycles = cycles}).value();
}

TEST(ScenarioRuns, LogEndsEarlyBeforeTheLastCallback) {
  const SimulatedRun run = run_of("log-ends-early", 1, 1000);
  const auto& first = run.latencies.layers.front().entries;
  EXPECT_LT(run.power.back().at, first.back().completed);
  EXPECT_GT(run.power.back().at, first[500].completed);
}

TEST(ScenarioRuns, BaseHasIdleStretchesOnBothSides) {
  const SimulatedRun run = run_of("base", 1, 500);
  const auto& entries = run.latencies.layers.front().entries;
  EXPECT_GT(entries.front().completed.microseconds - run.power.front().at.microseconds, 3'000'000);
  EXPECT_GT(run.power.back().at.microseconds - entries.back().completed.microseconds, 2'900'000);
}

TEST(ScenarioRuns, ClockStepsShowInBothLogs) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Board board = draw_board(seed, "clock-steps").value();
    const SimulatedRun run = run_of("clock-steps", seed, 2000);
    EXPECT_EQ(run.truth.clock_steps_ms.size(), board.logger.clock_steps);
    double steps_us = 0.0;
    for (const double step : run.truth.clock_steps_ms) steps_us += step * 1e3;
    // The stamps' span differs from true time by the sum of the steps; true time is the same board's without.
    Board steady = board;
    steady.logger.clock_steps = 0;
    const SimulatedRun same = simulate_run(steady, run.network, {.cycles = 2000}).value();
    const auto span = [](const auto& items) {
      return static_cast<double>(items.back().microseconds - items.front().microseconds);
    };
    const auto stamps = [](const SimulatedRun& r) {
      std::vector<TimeStamp> all;
      for (const LatencyEntry& entry : r.latencies.layers.front().entries) all.push_back(entry.completed);
      return all;
    };
    EXPECT_NEAR(span(stamps(run)) - span(stamps(same)), steps_us, 4.0);
  }
}

TEST(ScenarioRuns, MissingEntriesShortenLists) {
  Board board = draw_board(2, "missing-entries").value();
  board.host.missing_entry_probability = 1e-3;
  const SimulatedRun run = simulate_run(board, make_topology("resnet18").value(), {.cycles = 2000}).value();
  std::uint64_t missing = 0;
  for (const auto& layer : run.latencies.layers) missing += 2000 - layer.entries.size();
  EXPECT_EQ(missing, run.truth.missing_entries);
  EXPECT_GT(missing, 20U);
  EXPECT_GT(run.truth.dropped_lines, 0U);
}

TEST(ScenarioRuns, StallsAreRareLongGaps) {
  const SimulatedRun run = run_of("stalls", 1, 3000);
  EXPECT_GT(run.truth.stalls, 10U);
  EXPECT_LT(run.truth.stalls, 90U);
  std::uint64_t long_gaps = 0;
  const auto& first = run.latencies.layers.front().entries;
  for (std::size_t c = 1; c < first.size(); ++c) {
    const auto period = first[c].completed.microseconds - first[c - 1].completed.microseconds;
    long_gaps +=
        static_cast<double>(period) > 1e3 * (run.truth.run_time_ms + run.truth.host_gap_ms) + 1800.0 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(long_gaps), static_cast<double>(run.truth.stalls), 3.0);
}

TEST(ScenarioRuns, LayersAlikeHaveOnePower) {
  const SimulatedRun run = run_of("layers-alike", 1, 2000);
  double least = 1e9;
  double most = 0.0;
  for (const LayerTruth& layer : run.truth.layers) {
    if (layer.run_time_ms <= 0.0) continue;
    least = std::min(least, layer.power_w);
    most = std::max(most, layer.power_w);
  }
  EXPECT_NEAR(most / least, 1.0, 0.01);
}

TEST(ScenarioRuns, PhaseLockKeepsTheSensorsWindowAtOnePlaceOfTheInference) {
  const SimulatedRun run = run_of("phase-lock", 1, 2000);
  const double ratio = run.truth.refresh_us / run.truth.pace_us;
  const double whole = ratio >= 1.0 ? ratio : 1.0 / ratio;
  EXPECT_NEAR(whole, std::round(whole), 1e-4);
  const auto& first = run.latencies.layers.front().entries;
  const double period =
      static_cast<double>(first.back().completed.microseconds - first.front().completed.microseconds) /
      1999.0;
  EXPECT_NEAR(period, run.truth.pace_us, 0.2);
}

TEST(ScenarioRuns, FastRefreshConvertsMoreOftenThanTheLoggerPolls) {
  const SimulatedRun run = run_of("fast-refresh", 1, 1000);
  EXPECT_GT(run.truth.conversions, run.power.size() * 5 / 4);
}

TEST(ScenarioRuns, HardRunWarmsTheBoard) {
  const SimulatedRun run = run_of("hard", 1, 30000);
  EXPECT_GT(run.truth.idle_hot_w - run.truth.idle_cold_w, 0.1);
}

TEST(ScenarioRuns, DemoGivesEveryLayerSamplesInItsWindow) {
  // The window of an entry is [callback - duration, callback].
  const SimulatedRun run = run_of("demo", 1, 3000);
  for (const auto& layer : run.latencies.layers) {
    int hits = 0;
    for (const LatencyEntry& entry : layer.entries) {
      const TimeStamp begin{entry.completed.microseconds -
                            static_cast<std::int64_t>(entry.milliseconds * 1e3)};
      const auto at = std::lower_bound(run.power.begin(), run.power.end(), begin,
                                       [](const PowerSample& s, TimeStamp t) { return s.at < t; });
      hits += at != run.power.end() && at->at <= entry.completed ? 1 : 0;
    }
    if (layer.entries.front().milliseconds > 0.0) {
      EXPECT_GT(hits, 50) << layer.name;
    }
  }
}

}  // namespace
}  // namespace joulecast
