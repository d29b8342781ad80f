// A run whose place is in doubt must say so, with wider intervals.
#include "measurements/regression/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "measurements/regression/held_out.h"
#include "unit/measurements/regression/tiny_board.h"

namespace joulecast::regression {
namespace {

using testing_board::run_tiny;
using testing_board::TinyBoard;
using testing_board::TinyRun;

TinyBoard noisy_board() {
  TinyBoard board;
  board.noise_w = 0.03;
  return board;
}

RegressionResult attribute(const TinyBoard& board, const TinyRun& run) {
  auto result =
      attribute_by_regression(run.latencies, run.power, Network{}, to_microwatts(Watts(board.idle_w)));
  EXPECT_TRUE(result) << result.error().describe();
  return *result;
}

bool mentions(const std::vector<std::string>& texts, const char* part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& t) { return t.find(part) != std::string::npos; });
}

double half_widths(const RegressionResult& result) {
  double sum = 0.0;
  for (std::size_t k = 0; k < result.layers.size(); ++k) sum += std::sqrt(result.covariance_w2(k, k));
  return sum;
}

TEST(RegressionVerdict, AWindowThatIsAFractionOfTheRefreshIsSound) {
  const TinyBoard board = noisy_board();
  const RegressionResult result = attribute(board, run_tiny(board));
  EXPECT_EQ(result.verdict, Verdict::kSound) << (result.reasons.empty() ? "" : result.reasons.front());
}

TEST(RegressionVerdict, AWindowThatIsNoneIsWeakAndIntervalsAreWider) {
  TinyBoard board = noisy_board();
  const RegressionResult known = attribute(board, run_tiny(board));
  board.window_us = 0.21 * board.refresh_us;
  const RegressionResult result = attribute(board, run_tiny(board));
  EXPECT_EQ(result.verdict, Verdict::kWeak);
  EXPECT_TRUE(mentions(result.reasons, "no fraction of the refresh"));
  EXPECT_TRUE(mentions(result.advice, "conversion time"));
  EXPECT_NEAR(*result.sensor.window_ms, 0.21 * 6.6, 0.06);
  EXPECT_GT(half_widths(result), 1.5 * half_widths(known));
}

// Power that changes between blocks: no single set of powers is right for both halves.
TEST(RegressionVerdict, HalvesThatDisagreeAreWeak) {
  const TinyBoard board = noisy_board();
  TinyRun run = run_tiny(board);
  RunFit fit;
  ASSERT_TRUE(fit_run(run.latencies, run.power, Network{}, board.idle_w, {}, fit));
  EXPECT_LT(halves_apart(fit), 3.0);
  EXPECT_DOUBLE_EQ(widening(fit), 1.0);
  for (std::size_t m = 0; m < fit.problem.targets.size(); ++m) {
    const bool odd =
        (static_cast<std::int64_t>(std::floor(fit.problem.conversions[m].edge_us / 2e6)) & 1) != 0;
    if (odd) fit.problem.targets[m] *= 1.3;
  }
  fit.halves_apart = halves_apart(fit);
  EXPECT_GT(fit.halves_apart, 4.0);
  EXPECT_GT(widening(fit), 4.0);
  RegressionResult result;
  judge_run(fit, result);
  EXPECT_EQ(result.verdict, Verdict::kWeak);
  EXPECT_TRUE(mentions(result.reasons, "halves of the run"));
}

}  // namespace
}  // namespace joulecast::regression
