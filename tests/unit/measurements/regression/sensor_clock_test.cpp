#include "measurements/regression/sensor_clock.h"

#include <gtest/gtest.h>

#include "unit/measurements/regression/tiny_board.h"

namespace joulecast::regression {
namespace {

using testing_board::run_tiny;
using testing_board::TinyBoard;

SensorClock identify(const TinyBoard& board) {
  const auto run = run_tiny(board);
  std::vector<double> at;
  for (const PowerSample& s : run.power) {
    at.push_back(static_cast<double>((s.at.microseconds - run.power.front().at.microseconds)));
  }
  return identify_sensor(run.power, at);
}

TEST(SensorClock, FindsTheRefreshWithinTwentyPartsInAMillion) {
  for (const double refresh : {6600.0, 6531.7, 3324.0, 1992.0}) {
    TinyBoard board;
    board.noise_w = 0.05;
    board.refresh_us = refresh;
    board.window_us = refresh / 6.0;
    const SensorClock clock = identify(board);
    ASSERT_EQ(clock.status, ClockStatus::kFound) << refresh;
    EXPECT_NEAR(clock.refresh_us / refresh, 1.0, 2e-5) << refresh;
  }
}

TEST(SensorClock, KeepsOneValuePerConversion) {
  TinyBoard board;
  board.noise_w = 0.05;
  const SensorClock clock = identify(board);
  ASSERT_GT(clock.conversions.size(), 1000U);
  for (std::size_t i = 1; i < clock.conversions.size(); ++i) {
    EXPECT_GT(clock.conversions[i].edge_us - clock.conversions[i - 1].edge_us, 0.9 * board.refresh_us);
  }
  EXPECT_NEAR(clock.stale_share, 1.0 - 1300.0 / 6600.0, 0.03);
}

TEST(SensorClock, PlacesEdgesWithinFiftyMicroseconds) {
  TinyBoard board;
  board.noise_w = 0.05;
  const auto run = run_tiny(board);
  const SensorClock clock = identify(board);
  ASSERT_EQ(clock.status, ClockStatus::kFound);
  const double origin = static_cast<double>(run.power.front().at.microseconds - 1732162800000000);
  for (const Conversion& c : clock.conversions) {
    const double turns = (c.edge_us + origin - board.window_us - board.delay_us) / board.refresh_us;
    EXPECT_NEAR((turns - std::round(turns)) * board.refresh_us, 0.0, 50.0);
  }
}

// Reads take now longer, now shorter. An edge from one block of polls alone is then off by ten microseconds
// and more, in common to hundreds of conversions; the oscillator is steadier than that.
TEST(SensorClock, PlacesEdgesWithinMicrosecondsThoughReadsJitter) {
  TinyBoard board;
  board.noise_w = 0.05;
  board.read_jitter_us = 20.0;
  board.cycles = 20000;
  const auto run = run_tiny(board);
  const SensorClock clock = identify(board);
  ASSERT_EQ(clock.status, ClockStatus::kFound);
  const double origin = static_cast<double>(run.power.front().at.microseconds - 1732162800000000);
  double squares = 0.0;
  double count = 0.0;
  for (const Conversion& c : clock.conversions) {
    if (c.edge_us < 2.5e6) continue;  // idle: few changes
    const double turns = (c.edge_us + origin - board.window_us - board.delay_us) / board.refresh_us;
    const double off = (turns - std::round(turns)) * board.refresh_us;
    squares += off * off;
    count += 1.0;
  }
  ASSERT_GT(count, 4000.0);
  EXPECT_LT(std::sqrt(squares / count), 5.0);
}

TEST(SensorClock, SeesThatTheSensorIsFasterThanThePoll) {
  TinyBoard board;
  board.noise_w = 0.05;
  board.refresh_us = 840.0;
  board.window_us = 140.0;
  EXPECT_EQ(identify(board).status, ClockStatus::kFasterThanPoll);
}

TEST(SensorClock, FindsNoClockInChangesWithoutPeriod) {
  std::mt19937_64 random(3);
  std::vector<PowerSample> samples;
  std::vector<double> at;
  double ma = 1000.0;
  for (int i = 0; i < 20000; ++i) {
    if (random() % 4 == 0) ma = 1000.0 + static_cast<double>(random() % 100);
    at.push_back(1300.0 * i + static_cast<double>(random() % 60));
    samples.push_back({TimeStamp{static_cast<std::int64_t>(at.back())}, 5000.0, ma});
  }
  EXPECT_EQ(identify_sensor(samples, at).status, ClockStatus::kNotFound);
}

}  // namespace
}  // namespace joulecast::regression
