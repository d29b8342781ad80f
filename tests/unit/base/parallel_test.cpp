#include "base/parallel.h"

#include <gtest/gtest.h>

#include <barrier>
#include <chrono>

#include "joulecast/error.h"

namespace joulecast {
namespace {

TEST(ParallelUntilFault, PiecesAreDoneAtOnceEachOnce) {
  std::barrier all_four(4);  // would wait for ever were one done after the other
  std::vector<int> done(4);
  ASSERT_TRUE(parallel_until_fault(4, 4, [&](std::size_t i) -> Expected<void> {
    all_four.arrive_and_wait();
    ++done[i];
    return {};
  }));
  EXPECT_EQ(done, std::vector<int>(4, 1));
}

TEST(ParallelUntilFault, WithoutPiecesThereIsNoFault) {
  EXPECT_TRUE(parallel_until_fault(0, 4, [](std::size_t) -> Expected<void> {
    return fail(ErrorKind::kInternal, "there is no work", {}, "");
  }));
}

TEST(ParallelUntilFault, BehindAFaultNothingIsBegun) {
  for (const std::size_t threads : {1U, 4U}) {
    std::atomic<std::size_t> begun = 0;
    const auto done = parallel_until_fault(1000, threads, [&](std::size_t) -> Expected<void> {
      ++begun;
      return fail(ErrorKind::kServer, "no", {}, "Wait");
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "no");
    EXPECT_LE(begun, threads);
  }
}

TEST(ParallelUntilFault, TheFaultIsThatOfTheFirstPieceHoweverLateItComes) {
  std::atomic<bool> later_one_failed = false;
  std::vector<int> done(4);
  const auto result = parallel_until_fault(100, 4, [&](std::size_t i) -> tl::expected<void, std::size_t> {
    if (i < 4) done[i] = 1;
    if (i == 3) later_one_failed = true;
    if (i == 1)
      while (!later_one_failed) std::this_thread::yield();
    if (i == 1) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (i == 1 || i == 3) return tl::unexpected(i);
    return {};
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), 1U);
  EXPECT_EQ(done, std::vector<int>(4, 1));
}

}  // namespace
}  // namespace joulecast
