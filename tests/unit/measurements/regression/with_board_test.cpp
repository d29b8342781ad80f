// A run that is told of its board's sensor, on a board of exact algebra.
#include <gtest/gtest.h>

#include <cmath>

#include "unit/measurements/regression/attribute_tiny.h"

namespace joulecast {
namespace {

using testing_board::attribute;
using testing_board::noisy_board;
using testing_board::run_tiny;
using testing_board::TinyBoard;
using testing_board::TinyRun;

RegressionResult attribute_told(const TinyBoard& board, const TinyRun& run, const BoardSensor& sensor,
                                const RegressionResult& alone) {
  auto result = attribute_with_board(run.latencies, run.power, Network{}, to_microwatts(Watts(board.idle_w)),
                                     {}, sensor, alone);
  EXPECT_TRUE(result) << result.error().describe();
  return *result;
}

/// What `other` found, as if several runs agreed on it.
BoardSensor told_by(const RegressionResult& other) {
  BoardSensor sensor;
  sensor.belief = *other.sensor.knowledge;
  sensor.window_share = *other.sensor.window_ms / *other.sensor.refresh_ms;
  sensor.runs = 3;
  return sensor;
}

TEST(WithBoard, OtherRunsOfTheBoardMakeTheSensorSurer) {
  TinyBoard board = noisy_board();
  const TinyRun run = run_tiny(board);
  const RegressionResult alone = attribute(board, run);
  TinyBoard again = board;
  again.seed = 8;
  const RegressionResult other = attribute(again, run_tiny(again));
  const RegressionResult told = attribute_told(board, run, told_by(other), alone);
  EXPECT_EQ(told.sensor.board_runs, 3U);
  EXPECT_EQ(alone.sensor.board_runs, 0U);
  EXPECT_EQ(told.verdict, Verdict::kSound);
  for (const std::size_t parameter : {0U, 5U, 10U, 15U})
    EXPECT_LT(told.sensor.knowledge->covariance[parameter], alone.sensor.knowledge->covariance[parameter]);
  for (std::size_t k = 0; k < board.layer_w.size(); ++k)
    EXPECT_NEAR(told.single_power_w[k], board.layer_w[k], 0.1 * board.layer_w[k]) << k;
}

TEST(WithBoard, AnotherBoardsSensorIsNotBelieved) {
  const TinyBoard board = noisy_board();
  const TinyRun run = run_tiny(board);
  const RegressionResult alone = attribute(board, run);
  BoardSensor wrong = told_by(alone);
  wrong.belief.mean[0] += 250.0;  // as if it lay one layer off
  wrong.distance = 20.0;
  const RegressionResult told = attribute_told(board, run, wrong, alone);
  EXPECT_EQ(told.verdict, Verdict::kWeak);
  ASSERT_FALSE(told.reasons.empty());
  EXPECT_NE(told.reasons.back().find("not that of the board's other runs"), std::string::npos);
  EXPECT_EQ(told.sensor.board_runs, 0U);
  EXPECT_EQ(told.single_power_w, alone.single_power_w);
}

TEST(WithBoard, ASensorThatLooksOtherButExplainsAsMuchIsBelieved) {
  const TinyBoard board = noisy_board();
  const TinyRun run = run_tiny(board);
  const RegressionResult alone = attribute(board, run);
  BoardSensor sensor = told_by(alone);
  sensor.distance = 20.0;  // as of a run that had found a wrong place
  const RegressionResult told = attribute_told(board, run, sensor, alone);
  EXPECT_EQ(told.verdict, Verdict::kSound);
  EXPECT_EQ(told.sensor.board_runs, 3U);
}

TEST(WithBoard, AThirdOfTheRowsFindsTheSameSensor) {
  TinyBoard board = noisy_board();
  board.cycles = 12000;
  const TinyRun run = run_tiny(board);
  RegressionOptions quick;
  quick.sensor_only = true;
  const RegressionResult few = attribute(board, run, quick);
  const RegressionResult all = attribute(board, run);
  ASSERT_TRUE(few.sensor.knowledge && all.sensor.knowledge);
  EXPECT_NEAR(few.sensor.knowledge->mean[0], all.sensor.knowledge->mean[0], 5.0);
  EXPECT_NEAR(few.sensor.knowledge->mean[2], all.sensor.knowledge->mean[2], 0.5);
}

}  // namespace
}  // namespace joulecast
