// Generated logs of other tools: what was written is read back, in windows of random size.
#include <array>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/time_zone.h"
#include "support/choices.h"
#include "support/log_oracles.h"

namespace joulecast {
namespace {

using test::one_of;
using test::pick;

/// Unix time in microseconds, 2001 to 2033.
std::int64_t any_moment() {
  return 1'000'000'000'000'000 + *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000);
}

std::string line_end() {
  return pick(3) == 0 ? "\r\n" : "\n";
}

struct Written {
  std::string text;
  std::vector<std::int64_t> microseconds;
  std::vector<double> microwatts;
  PowerLogOptions options;
};

Written any_tegrastats() {
  Written log;
  const int rails = 1 + pick(3);
  const int chosen = pick(rails);
  log.options.rails = {fmt::format("RAIL_{}", chosen)};
  const std::string unit = pick(2) == 0 ? "mW" : "";
  const int lines = pick(30);
  for (int i = 0; i < lines; ++i) {
    const std::int64_t at = any_moment();
    log.text += fmt::format("{}.{:06}{}RAM {}/62841MB CPU [{}%@2201] tj@49.25C", at / 1000000, at % 1000000,
                            pick(2) == 0 ? "::" : " ", pick(60000), pick(100));
    for (int rail = 0; rail < rails; ++rail) {
      const int now = pick(60000);
      log.text += fmt::format(" RAIL_{} {}{}/{}{}", rail, now, unit, pick(60000), unit);
      if (rail == chosen) log.microwatts.push_back(now * 1000.0);
    }
    log.text += line_end();
    log.microseconds.push_back(at);
  }
  log.options.format = lines > 1 && pick(2) == 0 ? PowerFormat::kAuto : PowerFormat::kTegrastats;
  return log;
}

Written any_csv() {
  struct TimeForm {
    const char* name;
    std::int64_t per_unit;  // microseconds
  };
  struct PowerForm {
    const char* name;
    double microwatts;
  };
  static constexpr std::array<TimeForm, 4> kTimes = {
      {{"time_s", 1000000}, {"timestamp (ms)", 1000}, {"unix_time", 1000000}, {"t [us]", 1}}};
  static constexpr std::array<PowerForm, 4> kPowers = {
      {{"VDD_IN_mW", 1e3}, {"power (W)", 1e6}, {"rail [uW]", 1.0}, {"Total_Watts", 1e6}}};
  const TimeForm& time = one_of(kTimes);
  const PowerForm& power = one_of(kPowers);
  const char separator = one_of(std::array{',', ';', '\t'});
  const bool power_first = pick(2) == 0;
  Written log;
  const auto add = [&](const std::string& of_time, const std::string& of_power) {
    log.text += power_first ? of_power + separator + of_time : of_time + separator + of_power;
    log.text += line_end();
  };
  add(time.name, power.name);
  const int lines = pick(30);
  for (int i = 0; i < lines; ++i) {
    const std::int64_t at = any_moment();
    const int digits = time.per_unit == 1000000 ? 6 : time.per_unit == 1000 ? 3 : 0;
    std::string stamp = fmt::format("{}", at / time.per_unit);
    if (digits != 0) stamp += fmt::format(".{:0{}}", at % time.per_unit, digits);
    const double value = pick(1000000) / 16.0;
    add(pick(4) == 0 ? '"' + stamp + '"' : stamp, fmt::format("{}", value));
    log.microseconds.push_back(at);
    log.microwatts.push_back(value * power.microwatts);
  }
  log.options.format = pick(2) == 0 ? PowerFormat::kAuto : PowerFormat::kCsv;
  return log;
}

void expect_read_back(const Written& log) {
  const auto window = static_cast<std::size_t>(1 + pick(200));
  const auto reading =
      test::read_power(PowerLogReader::from_memory(log.text, "log", window, log.options).value());
  if (reading.error) RC_FAIL(reading.error->describe());
  RC_ASSERT(reading.samples.size() == log.microseconds.size());
  for (std::size_t i = 0; i < reading.samples.size(); ++i) {
    RC_ASSERT(reading.samples[i].at.microseconds == log.microseconds[i]);
    RC_ASSERT(std::fabs(reading.samples[i].microwatts() - log.microwatts[i]) <= 1e-9 * log.microwatts[i]);
  }
}

TEST(RailLogProperty, TegrastatsComesBackAsItWasWritten) {
  EXPECT_TRUE(rc::check([] { expect_read_back(any_tegrastats()); }));
}

TEST(RailLogProperty, CsvComesBackAsItWasWritten) {
  EXPECT_TRUE(rc::check([] { expect_read_back(any_csv()); }));
}

TEST(RailLogProperty, AZoneMovesEveryStampToItsLocalClock) {
  EXPECT_TRUE(rc::check([] {
    Written log = pick(2) == 0 ? any_csv() : any_tegrastats();
    log.options.time_zone = one_of(std::array{"Europe/Berlin", "-03:30", "Australia/Lord_Howe", "UTC"});
    auto zone = TimeZone::named(log.options.time_zone).value();
    for (std::int64_t& at : log.microseconds) at = zone.local(at).microseconds;
    expect_read_back(log);
  }));
}

TEST(RailLogProperty, DamagedLogsReadTheSameInEveryWindow) {
  EXPECT_TRUE(rc::check([] {
    std::string text = pick(2) == 0 ? any_csv().text : any_tegrastats().text;
    for (int damage = pick(4); damage > 0 && !text.empty(); --damage) {
      const auto at = static_cast<std::size_t>(pick(static_cast<int>(text.size())));
      if (pick(2) == 0) {
        text[at] = static_cast<char>(pick(256));
      } else {
        text.erase(at, static_cast<std::size_t>(1 + pick(20)));
      }
    }
    for (const auto format : {PowerFormat::kAuto, PowerFormat::kTegrastats, PowerFormat::kCsv}) {
      const std::string fault = test::check_rail_log(text, static_cast<std::size_t>(1 + pick(100)), format);
      if (!fault.empty()) RC_FAIL(fault + " in:\n" + text);
    }
  }));
}

}  // namespace
}  // namespace joulecast
