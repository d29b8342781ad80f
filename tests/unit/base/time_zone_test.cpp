#include "base/time_zone.h"

#include <gtest/gtest.h>

#include "base/time_stamp.h"

namespace joulecast {
namespace {

std::int64_t unix_time(const char* utc) {
  return parse_time_stamp(utc)->microseconds;
}

std::string local(const char* zone, const char* utc) {
  auto found = TimeZone::named(zone);
  EXPECT_TRUE(found) << zone;
  return found ? format_time_stamp(found->local(unix_time(utc))) : "";
}

TEST(TimeZone, FixedOffsetsInEveryForm) {
  for (const char* zone : {"+02:00", "+0200", "+2", "+02", "+2:00"})
    EXPECT_EQ(local(zone, "20241022-22:30:00.000001"), "20241023-00:30:00.000001") << zone;
  EXPECT_EQ(local("-03:30", "20241022-01:00:00.5"), "20241021-21:30:00.500000");
  EXPECT_EQ(local("Z", "20241022-01:00:00.5"), "20241022-01:00:00.500000");
}

TEST(TimeZone, RefusesWhatIsNone) {
  for (const char* zone : {"", "+", "+2:0", "+02:000", "+0:2:00", "+19:00", "+02:60", "02:00",
                           "Europe/Nowhere", "/etc/passwd", "../../etc/passwd", "+00x"}) {
    const auto found = TimeZone::named(zone);
    ASSERT_FALSE(found) << zone;
    EXPECT_EQ(found.error().kind, ErrorKind::kUsage);
    EXPECT_FALSE(found.error().hint.empty());
  }
}

TEST(TimeZone, SummerTimeOfANamedZone) {
  EXPECT_EQ(local("Europe/Berlin", "20240115-12:00:00.0"), "20240115-13:00:00.000000");
  EXPECT_EQ(local("Europe/Berlin", "20240715-12:00:00.0"), "20240715-14:00:00.000000");
  EXPECT_EQ(local("America/New_York", "20240115-12:00:00.0"), "20240115-07:00:00.000000");
  EXPECT_EQ(local("UTC", "20240715-12:00:00.0"), "20240715-12:00:00.000000");
}

TEST(TimeZone, FollowsAChangeToTheMicrosecondInBothDirections) {
  auto zone = TimeZone::named("Europe/Berlin").value();
  const auto at = [&](const char* utc) { return format_time_stamp(zone.local(unix_time(utc))); };
  EXPECT_EQ(at("20241027-00:59:59.999999"), "20241027-02:59:59.999999");
  EXPECT_EQ(at("20241027-01:00:00.000000"), "20241027-02:00:00.000000");
  EXPECT_EQ(at("20241027-00:59:59.999999"), "20241027-02:59:59.999999");
  EXPECT_EQ(at("20240331-00:59:59.999999"), "20240331-01:59:59.999999");
  EXPECT_EQ(at("20240331-01:00:00.000000"), "20240331-03:00:00.000000");
}

TEST(TimeZone, KnowsTheYearsToCome) {
  EXPECT_EQ(local("Europe/Berlin", "20350715-12:00:00.0"), "20350715-14:00:00.000000");
  EXPECT_EQ(local("America/Los_Angeles", "20350115-12:00:00.0"), "20350115-04:00:00.000000");
}

}  // namespace
}  // namespace joulecast
