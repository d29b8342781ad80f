#include "raw_logs/decimal.h"

#include <charconv>
#include <cmath>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "raw_logs/json_text.h"

namespace joulecast {
namespace {

double by_from_chars(const std::string& text) {
  double value = -1.0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The value by a fast path, or NaN if it declines; checks where it stopped.
double by_fast_path(std::string text, const std::string& behind = ",",
                    const char* (*parse)(const char*, double&) = decimal::parse_plain) {
  const std::size_t length = text.size();
  text += behind + std::string(decimal::kPlainReach, ',');
  double value = 0.0;
  const char* end = parse(text.data(), value);
  if (end == nullptr) return std::nan("");
  EXPECT_EQ(end, text.data() + length) << text;
  return value;
}

TEST(FastDecimal, ReadsRunTimesAsFromCharsDoes) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<float> milliseconds(-3.5F, 2.0F);
  std::size_t taken = 0;
  constexpr std::size_t kCount = 300'000;
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::string text = fmt::format("{:.{}f}", static_cast<double>(milliseconds(random)), 15 + i % 6);
    const double value = by_fast_path(text);
    if (std::isnan(value)) continue;
    ++taken;
    ASSERT_EQ(value, by_from_chars(text)) << text;
  }
  EXPECT_GT(taken, kCount * 9 / 10);
}

TEST(FastDecimal, ReadsShortNumbersAsFromCharsDoes) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 300'000; ++i) {
    const std::uint64_t whole = random() % 10'000'000 / digits::kTens[random() % 8];
    const auto places = static_cast<int>(1 + random() % 7);
    const std::string text =
        fmt::format("{}.{:0{}}", whole, random() % digits::kTens[static_cast<std::size_t>(places)], places);
    ASSERT_EQ(by_fast_path(text, i % 2 == 0 ? "," : "\n", decimal::parse_short), by_from_chars(text)) << text;
  }
}

TEST(FastDecimal, LeavesOtherShortTextsToTheGeneralReader) {
  for (const std::string text :
       {"01.5", "00.5", ".5", "5.", "5", "-5.0", "5.0e3", "5.0E3", "+1.5", "1,5", "1..5",
        "\xff"
        "1.5",
        "1.\xff"
        "5",
        "1\xba"
        ".5",
        "inf.0", ""}) {
    double value = 0.0;
    const std::string with_end = text + "," + std::string(decimal::kPlainReach, ',');
    const char* const general = decimal::parse_plain(with_end.data(), value);
    double same = 0.0;
    EXPECT_EQ(decimal::parse_short(with_end.data(), same), general) << text;
    EXPECT_EQ(same, value) << text;
  }
  EXPECT_EQ(by_fast_path("0.0", ",", decimal::parse_short), 0.0);
  EXPECT_EQ(by_fast_path("0.25", ",", decimal::parse_short), 0.25);
  EXPECT_EQ(by_fast_path("123456.7", ",", decimal::parse_short),
            123456.7);  // one character too long for a word
}

TEST(FastDecimal, RoundsHalfwayCasesToEven) {
  // 2^53 + 1 lies halfway between two doubles.
  EXPECT_EQ(decimal::scale(9007199254740993, 0), 9007199254740992.0);
  EXPECT_EQ(decimal::scale(9007199254740995, 0), 9007199254740996.0);
  EXPECT_EQ(decimal::scale(90071992547409930, 1), 9007199254740992.0);
  EXPECT_EQ(decimal::scale(90071992547409931, 1), 9007199254740994.0);
  EXPECT_EQ(decimal::scale(90071992547409929, 1), 9007199254740992.0);
  EXPECT_EQ(decimal::scale(90071992547409950, 1), 9007199254740996.0);
}

TEST(FastDecimal, ScalesAnyIntegerByAnyPowerAsFromCharsDoes) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 300'000; ++i) {
    const std::uint64_t w = random() >> (random() % 64);
    const auto k = static_cast<unsigned>(random() % (decimal::kMostFractionDigits + 1));
    ASSERT_EQ(decimal::scale(w, k), by_from_chars(fmt::format("{}e-{}", w, k))) << w << " / 10^" << k;
  }
  EXPECT_EQ(decimal::scale(UINT64_MAX, 0), 18446744073709551616.0);
  EXPECT_EQ(decimal::scale(UINT64_MAX, 27), by_from_chars("18446744073709551615e-27"));
  EXPECT_EQ(decimal::scale(1, 27), 1e-27);
  EXPECT_EQ(decimal::scale(0, 5), 0.0);
}

TEST(FastDecimal, DividesAsTheCompilersDivisionDoes) {
  std::mt19937_64 random(5);
  for (const decimal::PowerOfFive& divisor : decimal::kPowersOfFive) {
    const auto expect_same = [&](decimal::Uint128 numerator) {
      const auto [quotient, remainder] = decimal::divide(numerator, divisor);
      ASSERT_EQ(quotient, static_cast<std::uint64_t>(numerator / divisor.normalised));
      ASSERT_EQ(remainder, static_cast<std::uint64_t>(numerator % divisor.normalised));
    };
    const decimal::Uint128 beyond = static_cast<decimal::Uint128>(divisor.normalised) << 64U;
    for (const decimal::Uint128 edge : {decimal::Uint128{0}, decimal::Uint128{1}, beyond - 1, beyond - 2})
      expect_same(edge);
    for (int i = 0; i < 10'000; ++i) {
      const decimal::Uint128 any = (static_cast<decimal::Uint128>(random()) << 64U | random()) % beyond;
      expect_same(any >> (random() % 128));
      const decimal::Uint128 multiple = any / divisor.normalised * divisor.normalised;
      expect_same(multiple);
      if (multiple != 0) expect_same(multiple - 1);
    }
  }
}

TEST(FastDecimal, ReadsPlainNumbers) {
  EXPECT_EQ(by_fast_path("0.0"), 0.0);
  EXPECT_EQ(by_fast_path("1.0"), 1.0);
  EXPECT_EQ(by_fast_path("5000.0"), 5000.0);
  EXPECT_EQ(by_fast_path("936.98"), 936.98);
  EXPECT_EQ(by_fast_path("0.12345678"), 0.12345678);
  EXPECT_EQ(by_fast_path("0.1234567812345678"), 0.1234567812345678);
  EXPECT_EQ(by_fast_path("0.009151999838650227"), 0.009151999838650227);
}

TEST(FastDecimal, LeavesOtherFormsToTheGeneralScanner) {
  for (const char* text : {"1", "12", "-1.5", "01.5", "00.5", ".5", "1.", "1.5e3", "1.5E-05", "NaN", "",
                           "0.123456789012345678901234", "99999999999.5", "9999999999.99999999999999"})
    EXPECT_TRUE(std::isnan(by_fast_path(text))) << text;
}

TEST(NearestDouble, TellsTooLargeFromTooSmall) {
  EXPECT_EQ(json::nearest_double("1e400"), HUGE_VAL);
  EXPECT_EQ(json::nearest_double("-1e400"), -HUGE_VAL);
  EXPECT_EQ(json::nearest_double("1e-400"), 0.0);
  EXPECT_TRUE(std::signbit(json::nearest_double("-1e-400")));
  EXPECT_EQ(json::nearest_double("0e99999999999999999999"), 0.0);
  EXPECT_EQ(json::nearest_double("1e99999999999999999999"), HUGE_VAL);
  EXPECT_EQ(json::nearest_double("1e-99999999999999999999"), 0.0);
  EXPECT_EQ(json::nearest_double("0." + std::string(400, '0') + "1e400"), 0.1);
  EXPECT_EQ(json::nearest_double("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(json::nearest_double(std::string(400, '9')), HUGE_VAL);
  EXPECT_EQ(json::nearest_double("4.9406564584124654e-324"), 5e-324);
}

}  // namespace
}  // namespace joulecast
