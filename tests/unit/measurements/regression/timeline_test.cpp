#include "measurements/regression/timeline.h"

#include <gtest/gtest.h>

#include "unit/measurements/regression/tiny_board.h"

namespace joulecast::regression {
namespace {

using testing_board::run_tiny;
using testing_board::TinyBoard;

constexpr TimeStamp kOrigin{1732162800000000};

TinyBoard small_board() {
  TinyBoard board;
  board.cycles = 300;
  return board;
}

TEST(Timeline, EndsEachCycleAtItsFirstCallback) {
  const auto run = run_tiny(small_board());
  const auto timeline = build_timeline(run.latencies, kOrigin, {});
  ASSERT_TRUE(timeline);
  ASSERT_EQ(timeline->cycles.size(), 300U);
  const LatencyEntry& first = run.latencies.layers[0].entries[17];
  EXPECT_DOUBLE_EQ(timeline->cycles[17].end_us,
                   static_cast<double>(first.completed.microseconds - kOrigin.microseconds));
  EXPECT_FALSE(timeline->follows_stamps);
}

TEST(Timeline, JoinsListsByTimeWhenEntriesAreMissing) {
  auto run = run_tiny(small_board());
  const auto whole = build_timeline(run.latencies, kOrigin, {});
  auto& list = run.latencies.layers[2].entries;
  list.erase(list.begin() + 50);
  auto& first = run.latencies.layers[0].entries;
  first.erase(first.begin() + 90);
  const auto timeline = build_timeline(run.latencies, kOrigin, {});
  ASSERT_TRUE(timeline);
  ASSERT_EQ(timeline->cycles.size(), 300U);
  EXPECT_EQ(timeline->missing_entries, 2U);
  EXPECT_FALSE(timeline->cycles[50].usable);
  EXPECT_FALSE(timeline->cycles[90].usable);
  EXPECT_TRUE(timeline->cycles[91].usable);
  EXPECT_EQ(timeline->to_end(200)[2], whole->to_end(200)[2]);
  EXPECT_EQ(timeline->to_end(200).back(), whole->to_end(200).back());
}

TEST(Timeline, SeesCallbacksThatComeDuringTheInference) {
  auto run = run_tiny(small_board());
  for (std::size_t c = 0; c < 300; ++c) {
    auto at = run.latencies.layers[0].entries[c].completed.microseconds;
    for (auto& layer : run.latencies.layers) {
      at += std::llround(layer.entries[c].milliseconds * 1e3);
      layer.entries[c].completed.microseconds = at;
    }
  }
  const auto timeline = build_timeline(run.latencies, kOrigin, {});
  ASSERT_TRUE(timeline);
  EXPECT_TRUE(timeline->follows_stamps);
  EXPECT_DOUBLE_EQ(timeline->cycles[5].end_us, timeline->cycles[5].last_callback_us);
}

TEST(Timeline, MarksTheCycleBehindAStall) {
  auto run = run_tiny(small_board());
  for (auto& layer : run.latencies.layers) {
    for (std::size_t c = 120; c < 300; ++c) layer.entries[c].completed.microseconds += 20000;
  }
  const auto timeline = build_timeline(run.latencies, kOrigin, {});
  ASSERT_TRUE(timeline);
  EXPECT_EQ(timeline->stalls, 1U);
  EXPECT_FALSE(timeline->cycles[120].usable);
  EXPECT_TRUE(timeline->cycles[121].usable);
}

TEST(Timeline, UndoesABackwardStepThatThePowerLogShows) {
  auto run = run_tiny(small_board());
  const auto whole = build_timeline(run.latencies, kOrigin, {});
  const double before = whole->cycles[150].last_callback_us + 30.0;
  const ClockStep step{before + 300.0, before + 300.0 - 15000.0 + 1300.0, 15000.0};
  for (auto& layer : run.latencies.layers) {
    for (std::size_t c = 151; c < 300; ++c) layer.entries[c].completed.microseconds -= 15000;
  }
  const auto timeline = build_timeline(run.latencies, kOrigin, std::vector<ClockStep>{step});
  ASSERT_TRUE(timeline);
  ASSERT_EQ(timeline->cycles.size(), 300U);
  EXPECT_EQ(timeline->missing_entries, 0U);
  EXPECT_DOUBLE_EQ(timeline->cycles[250].end_us, whole->cycles[250].end_us);
}

TEST(Timeline, RefusesALogWithoutStamps) {
  auto run = run_tiny(small_board());
  run.latencies.has_stamps = false;
  const auto timeline = build_timeline(run.latencies, kOrigin, {});
  ASSERT_FALSE(timeline);
  EXPECT_EQ(timeline.error().kind, ErrorKind::kUnfit);
}

}  // namespace
}  // namespace joulecast::regression
