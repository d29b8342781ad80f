#include "http/retry.h"

#include <gtest/gtest.h>

namespace joulecast::http {
namespace {

TEST(Retry, PausesDoubleAndJitterOnlyAdds) {
  const RetryPolicy policy{5, 0.5, 0.5, 60.0};
  EXPECT_DOUBLE_EQ(pause_before(2, policy, std::nullopt, 0.0), 0.5);
  EXPECT_DOUBLE_EQ(pause_before(3, policy, std::nullopt, 0.0), 1.0);
  EXPECT_DOUBLE_EQ(pause_before(5, policy, std::nullopt, 0.0), 4.0);
  EXPECT_DOUBLE_EQ(pause_before(2, policy, std::nullopt, 1.0), 0.75);
}

TEST(Retry, TheServersWishGoesFirstUpToALimit) {
  const RetryPolicy policy{5, 0.5, 0.5, 60.0};
  EXPECT_DOUBLE_EQ(pause_before(2, policy, 7.0, 0.9), 7.0);
  EXPECT_DOUBLE_EQ(pause_before(2, policy, 3600.0, 0.0), 60.0);
  EXPECT_DOUBLE_EQ(pause_before(40, policy, std::nullopt, 0.0), 60.0);
}

TEST(RetryAfter, IsSecondsOrADate) {
  const auto now = std::chrono::system_clock::from_time_t(784111777);  // 6 Nov 1994, 08:49:37
  EXPECT_EQ(parse_retry_after("120", now), 120.0);
  EXPECT_EQ(parse_retry_after(" 0 ", now), 0.0);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), 30.0);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), 0.0);
  for (const char* text : {"", "soon", "-5", "nan", "12 s"})
    EXPECT_FALSE(parse_retry_after(text, now)) << text;
}

TEST(Retry, KnowsPassingFaults) {
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(is_passing_fault(status));
  for (const int status : {200, 301, 400, 401, 403, 404, 409, 501}) EXPECT_FALSE(is_passing_fault(status));
}

}  // namespace
}  // namespace joulecast::http
