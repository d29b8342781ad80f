// What the search may cost, and that a network of many layers is searched as well as one of few.
#include "measurements/regression/choose_start.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "unit/measurements/regression/tiny_board.h"

namespace joulecast::regression {
namespace {

using testing_board::run_tiny;
using testing_board::TinyBoard;

TEST(ChooseStart, CellsAreBoundedWhateverTheLayers) {
  for (const std::size_t layers : {1U, 2U, 20U, 60U, 200U, 450U, 2000U}) {
    for (const double apart : {8.0, 15.0, 30.0}) {
      const CellPlan plan = plan_cells(layers, apart);
      EXPECT_LE(plan.count(), kMostCells) << layers;
      EXPECT_GE(plan.pauses, 1) << layers;
      EXPECT_GE(plan.pitch_us, 1.6 * apart - 1e-9);
      // Together the cells reach over pauses of 0 to 5 us.
      const double pauses = static_cast<double>(std::max<std::size_t>(layers, 2) - 1);
      EXPECT_GE(plan.pauses * plan.pitch_us, 5.0 * pauses - 1e-6);
    }
  }
}

TEST(ChooseStart, CellsAreAsWideAsAModeWhereTheyAreFew) {
  const CellPlan plan = plan_cells(60, 30.0);
  EXPECT_DOUBLE_EQ(plan.pitch_us, 48.0);
  EXPECT_EQ(plan.delays, 1);
  EXPECT_EQ(plan.pauses, 7);
}

TinyBoard board_of_many_layers() {
  TinyBoard board;
  board.layer_us.clear();
  board.layer_w.clear();
  for (int k = 0; k < 200; ++k) {
    board.layer_us.push_back(20.0 + 15.0 * (k % 4));
    board.layer_w.push_back(3.0 + 1.5 * std::sin(0.9 * k));
  }
  board.event_gap_us = 2.0;
  board.event_gap_w = 2.0;
  board.noise_w = 0.03;
  board.cycles = 2500;
  return board;
}

// Every cell once kept its whole fit, whose covariance grows as the square of the layers.
TEST(ChooseStart, FewWholeFitsAreHeldForManyLayers) {
  const TinyBoard board = board_of_many_layers();
  const auto logs = run_tiny(board);
  RunFit run;
  ASSERT_TRUE(fit_run(logs.latencies, logs.power, Network{}, board.idle_w, {}, run));
  ASSERT_TRUE(run.fitted);
  EXPECT_GT(run.search.cells, 20U);
  EXPECT_LE(run.search.cells, 3 * kMostCells);
  EXPECT_LE(run.search.most_fits, kMostFits);
  // The layers are single again behind the search.
  ASSERT_EQ(run.layer_of_column.size(), 200U);
  EXPECT_EQ(run.problem.columns.layers, 200U);
  EXPECT_NEAR(run.shape.event_gap_us, board.event_gap_us, 0.5);
  EXPECT_NEAR(run.shape.delay_us, board.delay_us, 60.0);
  double error = 0.0;
  for (Eigen::Index k = 0; k < 200; ++k) {
    const double truth = board.layer_w[static_cast<std::size_t>(k)];
    error += std::abs(run.mixture.powers[k] / truth - 1.0) / 200.0;
  }
  EXPECT_LT(error, 0.2);
}

TEST(ChooseStart, JoinedColumnsCoverEveryLayerInOrder) {
  const TinyBoard board = board_of_many_layers();
  const auto logs = run_tiny(board);
  const auto timeline = build_timeline(logs.latencies, logs.power.front().at, {});
  ASSERT_TRUE(timeline);
  const StateColumns joined = make_columns(*timeline, kMostSearchedLayers);
  EXPECT_LE(joined.layers, kMostSearchedLayers);
  EXPECT_GT(joined.layers, kMostSearchedLayers / 2);
  ASSERT_EQ(joined.of_layer.size(), 200U);
  EXPECT_EQ(joined.of_layer.front(), 0);
  EXPECT_EQ(joined.of_layer.back() + 1U, joined.layers);
  for (std::size_t k = 1; k < 200; ++k) {
    EXPECT_GE(joined.of_layer[k], joined.of_layer[k - 1]);
    EXPECT_LE(joined.of_layer[k], joined.of_layer[k - 1] + 1);
  }
  EXPECT_EQ(make_columns(*timeline).layers, 200U);
}

}  // namespace
}  // namespace joulecast::regression
