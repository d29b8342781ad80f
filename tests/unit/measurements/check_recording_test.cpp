// What `doctor` says of a recording, on boards whose sensor is known.
#include <gtest/gtest.h>

#include <algorithm>

#include "joulecast/recording.h"
#include "unit/measurements/regression/tiny_board.h"

namespace joulecast {
namespace {

using testing_board::run_tiny;
using testing_board::TinyBoard;

RecordingCheck check(const TinyBoard& board) {
  const auto run = run_tiny(board);
  auto result = check_recording(run.latencies, run.power, to_microwatts(Watts(board.idle_w)));
  EXPECT_TRUE(result) << result.error().describe();
  return result.value_or(RecordingCheck{});
}

bool advises(const RecordingCheck& check, std::string_view word) {
  return std::any_of(check.advice.begin(), check.advice.end(),
                     [&](const auto& line) { return line.find(word) != std::string::npos; });
}

TEST(CheckRecording, ReadsTheSensorAndTheRunOffTheLogs) {
  TinyBoard board;
  board.noise_w = 0.05;
  const auto result = check(board);
  EXPECT_EQ(result.cycles, board.cycles);
  EXPECT_NEAR(result.run_time_ms, 1.34, 0.01);
  EXPECT_NEAR(result.gap_ms, 0.7, 0.05);
  EXPECT_NEAR(result.poll_ms, 1.3, 0.05);
  ASSERT_TRUE(result.refresh_ms);
  EXPECT_NEAR(*result.refresh_ms, 6.6, 0.05);
  EXPECT_EQ(result.channels, 3U);
  EXPECT_EQ(result.window_us, 1100.0);
  EXPECT_NEAR(result.stale_share, 0.8, 0.05);
  EXPECT_GT(result.phase_coverage, 0.9);
  EXPECT_NEAR(result.seconds_before, 2.0, 0.1);
  EXPECT_NEAR(result.seconds_after, 2.0, 0.1);
  ASSERT_EQ(result.layers.size(), board.layer_us.size());
}

TEST(CheckRecording, ExpectsWiderIntervalsForShorterLayersAndMoreNoise) {
  TinyBoard board;
  board.noise_w = 0.05;
  const auto quiet = check(board);
  board.noise_w = 0.2;
  const auto noisy = check(board);
  EXPECT_GT(noisy.noise_w, quiet.noise_w);
  EXPECT_GT(noisy.layers[0].half_width_w, quiet.layers[0].half_width_w);
  EXPECT_GT(quiet.layers[3].half_width_w, quiet.layers[4].half_width_w);  // 90 us and 400 us
  EXPECT_LE(noisy.resolved_share, quiet.resolved_share);
}

TEST(CheckRecording, AdvisesWhatToChange) {
  TinyBoard board;
  board.noise_w = 0.5;
  board.idle_before_us = board.idle_after_us = 2e4;
  const auto result = check(board);
  EXPECT_TRUE(advises(result, "one channel"));
  EXPECT_TRUE(advises(result, "140 us"));
  EXPECT_TRUE(advises(result, "10 s of idle"));
  ASSERT_TRUE(result.cycles_that_would_suffice);
  EXPECT_GT(*result.cycles_that_would_suffice, board.cycles);
}

TEST(CheckRecording, TellsASensorFasterThanThePoll) {
  TinyBoard board;
  board.refresh_us = 840.0;
  board.window_us = 140.0;
  board.noise_w = 0.05;
  const auto result = check(board);
  EXPECT_FALSE(result.refresh_ms);
  EXPECT_TRUE(result.layers.empty());
  EXPECT_TRUE(advises(result, "poll faster"));
}

TEST(CheckRecording, RefusesLogsThatDoNotMeet) {
  auto run = run_tiny(TinyBoard{});
  for (auto& sample : run.power) sample.at.microseconds -= 3'600'000'000;
  const auto result = check_recording(run.latencies, run.power, Microwatts(4e6));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnfit);
}

TEST(CheckRecording, AnIdlePowerAboveSomeRunsIsOneDoubt) {
  std::vector<RecordingCheck> checks(4);
  checks[0].highest_power_w = 5.0;
  checks[1].highest_power_w = 20.0;
  checks[2].highest_power_w = 7.5;
  checks[3].unjudged = Error{ErrorKind::kUnfit, "no time stamps"};  // no samples were looked at
  const auto doubt = [&](double idle_w) {
    return doubt_about_idle(checks, to_microwatts(Watts(idle_w)), "idling_power.json");
  };
  const auto two = doubt(10.0);
  ASSERT_TRUE(two);
  EXPECT_EQ(two->count, 2U);
  EXPECT_EQ(two->location.file, "idling_power.json");
  EXPECT_NE(two->message.find("idle power of 10 W"), std::string::npos) << two->message;
  EXPECT_NE(two->message.find("at most 7.5 W"), std::string::npos) << two->message;
  EXPECT_EQ(doubt(30.0)->count, 3U);
  EXPECT_FALSE(doubt(5.0));  // it is reached
  EXPECT_FALSE(doubt_about_idle({}, to_microwatts(Watts(30.0)), "idling_power.json"));
}

TEST(CheckRecording, TheDoubtIsOfTheSamplesOfTheRun) {
  const auto run = run_tiny(TinyBoard{});
  const auto highest = std::max_element(run.power.begin(), run.power.end(), [](const auto& a, const auto& b) {
                         return a.microwatts() < b.microwatts();
                       })->microwatts();
  const std::vector<RecordingCheck> checks = {check(TinyBoard{})};
  EXPECT_FALSE(doubt_about_idle(checks, Microwatts(highest * (1.0 - 1e-9)), "idle"));
  EXPECT_TRUE(doubt_about_idle(checks, Microwatts(highest * (1.0 + 1e-9)), "idle"));
}

}  // namespace
}  // namespace joulecast
