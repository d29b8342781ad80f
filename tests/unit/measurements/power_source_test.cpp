#include "measurements/power_source.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/time_stamp.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;

TimeStamp at(const char* text) {
  return parse_time_stamp(text).value();
}

LatencyLog layers_at(const char* first, const char* last) {
  LatencyLog log;
  log.layers.push_back({"c", {{1.0, at(first)}, {1.0, at(last)}}, 0});
  return log;
}

TEST(ClockOffset, IsTheOnlyOneAtWhichBothLogsOverlap) {
  const auto found = [](const char* first, const char* last) {
    return find_clock_offset({at("20240715-10:00:00.0"), at("20240715-10:02:00.0")}, {at(first), at(last)});
  };
  EXPECT_EQ(found("20240715-10:00:30.0", "20240715-10:01:30.0").value(), 0);
  EXPECT_EQ(found("20240715-12:00:30.0", "20240715-12:01:30.0").value(), 2 * kHour);
  EXPECT_EQ(found("20240715-04:31:00.0", "20240715-04:31:30.0").value(), -5 * kHour - kHour / 2);
  EXPECT_EQ(found("20240715-15:46:59.0", "20240715-15:50:00.0").value(), 5 * kHour + 3 * kHour / 4);
}

TEST(ClockOffset, IsUnknownIfNoneOrSeveralFit) {
  const auto none = find_clock_offset({at("20240715-10:00:00.0"), at("20240715-10:02:00.0")},
                                      {at("20240715-12:05:00.0"), at("20240715-12:06:00.0")});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kUnfit);
  const auto several = find_clock_offset({at("20240715-10:00:00.0"), at("20240715-10:40:00.0")},
                                         {at("20240715-12:05:00.0"), at("20240715-12:06:00.0")});
  ASSERT_FALSE(several);
  EXPECT_NE(several.error().hint.find("--time-zone"), std::string::npos);
}

std::vector<PowerSample> samples_at(const std::vector<std::int64_t>& milliseconds) {
  std::vector<PowerSample> samples;
  for (const auto ms : milliseconds) samples.push_back({TimeStamp{ms * 1000}, 5000.0, 1000.0});
  return samples;
}

TEST(LateSamples, GoBackIntoTheGapTheyLeft) {
  auto samples = samples_at({0, 10, 20, 30, 50, 40, 60, 70});
  EXPECT_EQ(restore_late_samples(samples), 1U);
  EXPECT_TRUE(std::is_sorted(samples.begin(), samples.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; }));
}

TEST(LateSamples, AClockSetBackIsNone) {
  for (const std::int64_t step : {11, 15, 19, 25, 500}) {
    auto samples = samples_at({0, 10, 20, 30, 40, 50 - step, 60 - step, 70 - step});
    EXPECT_EQ(restore_late_samples(samples), 0U) << step;
  }
}

class PowerSourceTest : public testing::Test {
 protected:
  Expected<PowerSource> open(const std::string& text, const std::string& zone = {}) const {
    PowerLogOptions options;
    options.time_zone = zone;
    return PowerSource::open(folder_.write("log", text),
                             layers_at("20240715-12:00:00.5", "20240715-12:00:00.6"), options);
  }
  test::TemporaryFolder folder_;
};

// 20240715-10:00:00 UTC
constexpr const char* kUnix = "unix_time,power_w\n1721037600,5\n1721037601,6\n";

TEST_F(PowerSourceTest, MovesUnixTimeToTheBoardsClockWithAWarning) {
  auto source = open(kUnix);
  ASSERT_TRUE(source) << source.error().describe();
  const auto samples = source->read_all().value();
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].at, at("20240715-12:00:00.0"));
  ASSERT_EQ(source->warnings().size(), 1U);
  EXPECT_NE(source->warnings()[0].message.find("UTC+02:00"), std::string::npos);
}

TEST_F(PowerSourceTest, TakesTheZoneThatWasNamed) {
  auto source = open(kUnix, "Europe/Berlin");
  ASSERT_TRUE(source) << source.error().describe();
  EXPECT_EQ(source->read_all().value().at(1).at, at("20240715-12:00:01.0"));
  EXPECT_TRUE(source->warnings().empty());
}

TEST_F(PowerSourceTest, RefusesElapsedTime) {
  const auto source = open("time,power_w\n0.5,5\n");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind, ErrorKind::kUnfit);
}

TEST_F(PowerSourceTest, HandsOutLocalTimeAndItsFaultAsTheReaderDoes) {
  auto source = open("20240715-12:00:00.5,5000.0,1000.0\nx\n");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->next().value().size(), 1U);
  const auto fault = source->next();
  ASSERT_FALSE(fault);
  EXPECT_EQ(fault.error().location.line, 2U);
}

}  // namespace
}  // namespace joulecast
