#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "joulecast/measurements.h"
#include "measurements/duration.h"

namespace joulecast {
namespace {

constexpr Microwatts kIdle{4e6};

PowerSample sample(std::int64_t microseconds, double milliamps, double millivolts = 5000.0) {
  return {TimeStamp{microseconds}, millivolts, milliamps};
}

LatencyLog log_of(std::vector<LatencyLog::LayerEntries> layers) {
  LatencyLog log;
  log.layers = std::move(layers);
  return log;
}

struct Result {
  std::vector<LayerMeasurement> rows;
  Expected<WindowSummary> summary;
};

/// Hands the samples on in pieces of `piece`, and a fault in their place if `fault_behind` is set.
Result attribute(const LatencyLog& log, const std::vector<PowerSample>& samples, std::size_t piece = 2,
                 bool fault_behind = false) {
  std::vector<LayerMeasurement> rows;
  std::size_t given = 0;
  const SampleSource source = [&]() -> Expected<std::span<const PowerSample>> {
    if (given == samples.size() && fault_behind) return fail(ErrorKind::kMalformed, "bad line");
    const std::size_t count = std::min(piece, samples.size() - given);
    given += count;
    return std::span(samples).subspan(given - count, count);
  };
  auto summary = attribute_by_window(log, source, kIdle, [&](std::span<const LayerMeasurement> batch) {
    rows.insert(rows.end(), batch.begin(), batch.end());
    return true;
  });
  return {std::move(rows), std::move(summary)};
}

TEST(Window, MeanOfSamplesFromStartToEndBothIncluded) {
  const auto log = log_of({{"c", {{1.0, TimeStamp{2000}}}}});
  const auto result = attribute(log, {sample(999, 9000), sample(1000, 1000), sample(1500, 1100),
                                      sample(2000, 1200), sample(2001, 9000)});
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0].power_with_idle_uw, 5'500'000.0);
  EXPECT_EQ(result.rows[0].power_without_idle_uw, 1'500'000.0);
  EXPECT_EQ(result.rows[0].run_time_ms, 1.0);
}

TEST(Window, RowsComeCycleByCycleInTheLogsOrderOfLayers) {
  const auto log =
      log_of({{"b", {{0.1, TimeStamp{100}}, {0.1, TimeStamp{300}}}}, {"a", {{0.1, TimeStamp{200}}}}});
  const auto result = attribute(log, {sample(0, 1), sample(1000, 1)});
  std::vector<std::pair<std::uint32_t, std::uint32_t>> order;
  for (const auto& row : result.rows) order.emplace_back(row.cycle.value, row.layer.value);
  EXPECT_EQ(order, (std::vector<std::pair<std::uint32_t, std::uint32_t>>{{0, 0}, {0, 1}, {1, 0}}));
}

TEST(Window, FirstOfOverlappingWindowsTakesTheSamples) {
  const auto log = log_of({{"a", {{1.0, TimeStamp{2000}}}}, {"b", {{1.0, TimeStamp{2000}}}}});
  const auto result = attribute(log, {sample(1500, 1000), sample(3000, 1000)});
  ASSERT_EQ(result.rows.size(), 2U);
  EXPECT_TRUE(result.rows[0].power_with_idle_uw.has_value());
  EXPECT_FALSE(result.rows[1].power_with_idle_uw.has_value());
  EXPECT_FALSE(result.rows[1].power_without_idle_uw.has_value());
}

TEST(Window, MeanOfZeroLeavesOnlyTheFigureWithIdle) {
  const auto log = log_of({{"a", {{1.0, TimeStamp{2000}}}}});
  const auto result = attribute(log, {sample(1500, 0), sample(3000, 1000)});
  EXPECT_EQ(result.rows.at(0).power_with_idle_uw, 0.0);
  EXPECT_EQ(result.rows.at(0).power_without_idle_uw, std::nullopt);
}

TEST(Window, EntryInHandIsTheLastWhenTheLogRunsOut) {
  const auto log = log_of({{"a", {{1.0, TimeStamp{2000}}, {1.0, TimeStamp{4000}}, {1.0, TimeStamp{6000}}}}});
  const auto result = attribute(log, {sample(1500, 1000), sample(3500, 1000)});
  ASSERT_EQ(result.rows.size(), 2U);
  EXPECT_TRUE(result.rows[1].power_with_idle_uw.has_value());
  EXPECT_EQ(result.summary->rows_lost_at_log_end, 1U);
  ASSERT_EQ(result.summary->warnings.size(), 1U);
  EXPECT_EQ(result.summary->warnings[0].count, 1U);
}

TEST(Window, PowerLogIsReadNoFurtherThanTheLastWindow) {
  const auto log = log_of({{"a", {{1.0, TimeStamp{2000}}}}});
  const std::vector<PowerSample> samples = {sample(1500, 1000), sample(2500, 1000)};
  EXPECT_TRUE(attribute(log, samples, 1, true).summary.has_value());
}

TEST(Window, FaultOfThePowerLogWithinReachIsHandedOn) {
  const auto log = log_of({{"a", {{1.0, TimeStamp{2000}}}}});
  const auto result = attribute(log, {sample(1500, 1000)}, 1, true);
  ASSERT_FALSE(result.summary.has_value());
  EXPECT_EQ(result.summary.error().message, "bad line");
}

TEST(Window, SumIsCompensated) {
  // Added left to right, the two small values vanish beside the large one.
  const auto log = log_of({{"a", {{1.0, TimeStamp{2000}}}}});
  const auto result = attribute(
      log, {sample(1100, 1e16, 1.0), sample(1200, 1.0, 1.0), sample(1300, 1.0, 1.0), sample(9000, 0)});
  EXPECT_EQ(result.rows.at(0).power_with_idle_uw, (1e16 + 2.0) / 3.0);
}

TEST(Window, OddInputIsUsedAsItStands) {
  const auto log = log_of({{"a", {{-1.0, TimeStamp{1000}}}}, {"b", {{1.0, TimeStamp{3000}}}}});
  const auto result = attribute(log, {sample(2500, std::nan("")), sample(2400, 1000), sample(5000, 1000)});
  ASSERT_EQ(result.rows.size(), 2U);
  EXPECT_FALSE(result.rows[0].power_with_idle_uw.has_value());
  EXPECT_TRUE(std::isnan(result.rows[1].power_with_idle_uw.value()));
  EXPECT_EQ(result.summary->samples_used, 2U);
}

TEST(Window, RunTimeThatIsNoDurationIsRefusedWithItsLayer) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(), 1e20}) {
    const auto log = log_of({{"conv1", {{bad, TimeStamp{2000}}}}});
    const auto result = attribute(log, {sample(1500, 1000)});
    ASSERT_FALSE(result.summary.has_value());
    EXPECT_EQ(result.summary.error().kind, ErrorKind::kMalformed);
    EXPECT_NE(result.summary.error().message.find("conv1"), std::string::npos);
  }
}

TEST(Window, NothingToAttributeIsUnfit) {
  const auto log = log_of({{"a", {{1.0, TimeStamp{2000}}}}});
  EXPECT_EQ(attribute(log, {}).summary.error().kind, ErrorKind::kUnfit);
  EXPECT_EQ(attribute(log_of({{"a", {}}}), {sample(0, 1)}).summary.error().kind, ErrorKind::kUnfit);
  LatencyLog bare = log;
  bare.has_stamps = false;
  EXPECT_EQ(attribute(bare, {sample(0, 1)}).summary.error().kind, ErrorKind::kUnfit);
}

TEST(Window, SinkMayStopTheWork) {
  const auto log = log_of({{"a", {{1.0, TimeStamp{2000}}}}});
  const std::vector<PowerSample> samples = {sample(1500, 1000)};
  bool given = false;
  const auto summary = attribute_by_window(
      log,
      [&]() -> Expected<std::span<const PowerSample>> {
        return std::exchange(given, true) ? std::span<const PowerSample>{}
                                          : std::span<const PowerSample>(samples);
      },
      kIdle, [](std::span<const LayerMeasurement>) { return false; });
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().kind, ErrorKind::kInterrupted);
}

RC_GTEST_PROP(Window, NoSampleIsUsedTwiceAndPiecesDoNotMatter, ()) {
  const auto stamps = *rc::gen::container<std::vector<std::uint16_t>>(rc::gen::arbitrary<std::uint16_t>());
  const auto ends =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint16_t>>(rc::gen::arbitrary<std::uint16_t>()));
  RC_PRE(!stamps.empty());
  std::vector<PowerSample> samples;
  for (const auto stamp : stamps) samples.push_back(sample(stamp, 1000 + stamp % 7));
  LatencyLog log = log_of({{"a", {}}, {"b", {}}});
  for (std::size_t i = 0; i < ends.size(); ++i)
    log.layers[i % 2].entries.push_back({5.0, TimeStamp{ends[i]}});
  const auto one = attribute(log, samples, 1);
  const auto all = attribute(log, samples, samples.size());
  RC_ASSERT(one.summary->samples_used <= samples.size());
  RC_ASSERT(one.rows.size() == all.rows.size());
  for (std::size_t i = 0; i < one.rows.size(); ++i) {
    RC_ASSERT(one.rows[i].power_with_idle_uw == all.rows[i].power_with_idle_uw);
  }
}

// Expected values are Python's timedelta(milliseconds=x) // timedelta(microseconds=1).
TEST(Timedelta, RoundsHalvesToTheEvenMicrosecond) {
  EXPECT_EQ(timedelta_microseconds(0.0005), 0);
  EXPECT_EQ(timedelta_microseconds(0.0015), 2);
  EXPECT_EQ(timedelta_microseconds(0.0025), 2);
  EXPECT_EQ(timedelta_microseconds(-0.0005), 0);
  EXPECT_EQ(timedelta_microseconds(-0.0015), -2);
  EXPECT_EQ(timedelta_microseconds(1.5), 1500);
  EXPECT_EQ(timedelta_microseconds(-1.5), -1500);
  EXPECT_EQ(timedelta_microseconds(0.012288), 12);
  EXPECT_EQ(timedelta_microseconds(1.0625), 1062);
  EXPECT_EQ(timedelta_microseconds(3.0), 3000);
  // Not halves any more once the whole milliseconds have taken their bits.
  EXPECT_EQ(timedelta_microseconds(1.0005), 1000);
  EXPECT_EQ(timedelta_microseconds(1.0015), 1002);
  EXPECT_EQ(timedelta_microseconds(2.0005), 2001);
  EXPECT_EQ(timedelta_microseconds(1.0035), 1004);
}

// CPython's own steps (Modules/_datetimemodule.c, accum() and delta_new()), with the C library's functions.
std::int64_t timedelta_by_the_book(double ms) {
  double whole_ms = 0.0;
  const double fraction = std::modf(ms, &whole_ms);
  std::int64_t total = static_cast<std::int64_t>(whole_ms) * 1000;
  if (fraction == 0.0) return total;
  double whole_us = 0.0;
  const double leftover = std::modf(1000.0 * fraction, &whole_us);
  total += static_cast<std::int64_t>(whole_us);
  double rounded = std::round(leftover);
  if (std::fabs(rounded - leftover) == 0.5) {
    const double odd = (total & 1) != 0 ? 1.0 : 0.0;
    rounded = 2.0 * std::round((leftover + odd) * 0.5) - odd;
  }
  return total + static_cast<std::int64_t>(rounded);
}

RC_GTEST_PROP(Timedelta, IsCPythonsForAnyDuration, (std::int64_t quarter_nanoseconds, std::uint64_t bits)) {
  const double plain = static_cast<double>(quarter_nanoseconds) / 4e6;
  RC_ASSERT(timedelta_microseconds(plain) == timedelta_by_the_book(plain));
  const double halves = static_cast<double>(quarter_nanoseconds % 2'000'001) * 0.0005;
  RC_ASSERT(timedelta_microseconds(halves) == timedelta_by_the_book(halves));
  double any = 0.0;
  std::memcpy(&any, &bits, sizeof any);
  RC_PRE(is_timedelta(any));
  RC_ASSERT(timedelta_microseconds(any) == timedelta_by_the_book(any));
}

TEST(Timedelta, EndsWhereNoDatetimeCouldBeTheStart) {
  EXPECT_TRUE(is_timedelta(1900.0 * 365.0 * 86400000.0));
  EXPECT_TRUE(is_timedelta(-7000.0 * 365.0 * 86400000.0));
  EXPECT_FALSE(is_timedelta(2e16));  // its microseconds would overflow 64 bits
  EXPECT_FALSE(is_timedelta(2000.0 * 366.0 * 86400000.0));
  EXPECT_FALSE(is_timedelta(-1e18));
  EXPECT_FALSE(is_timedelta(std::nan("")));
}

}  // namespace
}  // namespace joulecast
