// What the regression makes of a board of exact algebra.
#pragma once

#include <gtest/gtest.h>

#include "joulecast/regression.h"
#include "unit/measurements/regression/tiny_board.h"

namespace joulecast::testing_board {

inline TinyBoard noisy_board() {
  TinyBoard board;
  board.noise_w = 0.03;
  return board;
}

inline RegressionResult attribute(const TinyBoard& board, const TinyRun& run,
                                  const RegressionOptions& options = {}) {
  auto result = attribute_by_regression(run.latencies, run.power, Network{},
                                        to_microwatts(Watts(board.idle_w)), options);
  EXPECT_TRUE(result) << result.error().describe();
  return *result;
}

}  // namespace joulecast::testing_board
