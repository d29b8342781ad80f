#include <gtest/gtest.h>

#include "joulecast/simulator.h"

namespace joulecast {
namespace {

Board board_of(std::uint64_t seed, std::string_view scenario) {
  return draw_board(seed, scenario).value();
}

TEST(Scenarios, SameSeedGivesTheSameBoardAndAnotherSeedAnother) {
  EXPECT_EQ(board_of(3, "base").physics.idle_w, board_of(3, "base").physics.idle_w);
  EXPECT_NE(board_of(3, "base").physics.idle_w, board_of(4, "base").physics.idle_w);
  EXPECT_NE(board_of(3, "base").physics.idle_w, board_of(3, "stalls").physics.idle_w);
}

TEST(Scenarios, UnknownNameIsAUsageErrorThatListsTheKnownOnes) {
  const auto board = draw_board(1, "nonsense");
  ASSERT_FALSE(board.has_value());
  EXPECT_EQ(board.error().kind, ErrorKind::kUsage);
  EXPECT_NE(board.error().hint.find("phase-lock"), std::string::npos);
}

TEST(Scenarios, EveryKnownNameDraws) {
  EXPECT_EQ(known_scenarios().size(), 13U);
  for (const std::string_view name : known_scenarios()) {
    const auto board = draw_board(1, name);
    ASSERT_TRUE(board.has_value()) << name;
    EXPECT_EQ(board->scenario, name);
    EXPECT_EQ(board->cycles, name == "demo" ? 3000U : 30000U);
  }
}

TEST(Scenarios, EachDiffersFromBaseInWhatItIsNamedFor) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Board base = board_of(seed, "base");
    EXPECT_DOUBLE_EQ(base.sensor.refresh_us(), 6600.0);
    EXPECT_EQ(base.logger.clock_steps, 0U);
    EXPECT_DOUBLE_EQ(board_of(seed, "easy").sensor.refresh_us(), 1992.0);
    EXPECT_EQ(board_of(seed, "easy").sensor.correlated_w, 0.0);
    EXPECT_GT(board_of(seed, "hard").physics.warming_w, base.physics.warming_w);
    EXPECT_EQ(board_of(seed, "hard").logger.clock_steps, 1U);
    EXPECT_GT(board_of(seed, "stalls").host.stall_probability, 5.0 * base.host.stall_probability);
    EXPECT_GE(board_of(seed, "clock-steps").logger.clock_steps, 2U);
    EXPECT_GT(board_of(seed, "missing-entries").host.missing_entry_probability, 0.0);
    EXPECT_LT(board_of(seed, "log-ends-early").logger.ends_at_share, 1.0);
    EXPECT_EQ(board_of(seed, "layers-alike").physics.law, PowerLaw::kAlike);
    EXPECT_TRUE(board_of(seed, "phase-lock").lock_phase);
    const Board fast = board_of(seed, "fast-refresh");
    EXPECT_LT(fast.sensor.refresh_us(), fast.logger.poll_us);
    EXPECT_EQ(board_of(seed, "no-idle").logger.idle_after_s, 0.0);
    EXPECT_GT(board_of(seed, "averaged").sensor.averaging, 1);
    EXPECT_LT(board_of(seed, "demo").logger.poll_us, 100.0);
  }
}

}  // namespace
}  // namespace joulecast
