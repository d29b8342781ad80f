#include "training_set/pandas_number.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace joulecast {
namespace {

// Expected values are what pandas 2.2.3 read_csv returned, as hexadecimal doubles.
TEST(PandasNumber, LastBitIsPandasNotTheNearest) {
  EXPECT_EQ(parse_pandas_number("0.012287999503314495"), 0x1.92a735fffffc9p-7);
  EXPECT_EQ(parse_pandas_number("-0.30000000000000004"), -0x1.3333333333333p-2);
  EXPECT_EQ(parse_pandas_number("1234560.155322008"), 0x1.2d68027c32ee1p+20);
}

TEST(PandasNumber, LeadingZerosCountAmongTheSeventeenDigits) {
  EXPECT_EQ(parse_pandas_number("0.00000123456789012345678"), 0x1.4b66dc01d1648p-20);
}

TEST(PandasNumber, FurtherDigitsBeforeThePointRaiseTheExponent) {
  EXPECT_EQ(parse_pandas_number("12345678901234567890.5"), 0x1.56a95319d63e1p+63);
}

TEST(PandasNumber, EndsOfTheRange) {
  EXPECT_EQ(parse_pandas_number("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_EQ(parse_pandas_number("5e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(parse_pandas_number("1e-320"), 0x0.00000000007e8p-1022);
  EXPECT_EQ(parse_pandas_number("1e-99999999999"), 0.0);
  EXPECT_EQ(parse_pandas_number("1e400"), std::nullopt);
}

TEST(PandasNumber, FormsOfNumbers) {
  EXPECT_EQ(parse_pandas_number("4000000.0"), 4e6);
  EXPECT_EQ(parse_pandas_number("  7.5 "), 7.5);
  EXPECT_EQ(parse_pandas_number("+3"), 3.0);
  EXPECT_EQ(parse_pandas_number("1."), 1.0);
  EXPECT_EQ(parse_pandas_number(".5"), 0.5);
  EXPECT_EQ(parse_pandas_number("2.5e+3"), 2500.0);
  EXPECT_EQ(parse_pandas_number("-inf"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_pandas_number("Infinity"), std::numeric_limits<double>::infinity());
}

TEST(PandasNumber, MissingValuesAreNaN) {
  for (const char* text :
       {"", "NA", "nan", "NaN", "null", "NULL", "None", "N/A", "<NA>", "1.#IND", "-1.#QNAN"}) {
    const auto value = parse_pandas_number(text);
    ASSERT_TRUE(value.has_value()) << text;
    EXPECT_TRUE(std::isnan(*value)) << text;
    EXPECT_TRUE(is_pandas_missing(text)) << text;
  }
}

TEST(PandasNumber, RefusesWhatIsNoNumber) {
  for (const char* text : {"abc", "1.5e", "1#", "1e5e", "-", ".", "1 2", "0x10", "1,5", " ", "none"}) {
    EXPECT_EQ(parse_pandas_number(text), std::nullopt) << text;
  }
}

/// Whether all of `text` is passed over as a number.
bool skipped(const std::string& text) {
  const std::string padded = text + "," + std::string(kPandasPlainReach, '7');
  return skip_pandas_plain(padded.data()) == padded.data() + text.size();
}

/// What the quick parser makes of `text`, if it takes all of it.
std::optional<double> plain(const std::string& text) {
  const std::string padded = text + "," + std::string(kPandasPlainReach, '7');
  double value = 0.0;
  const char* const behind = parse_pandas_plain(padded.data(), value);
  if (behind == nullptr || behind != padded.data() + text.size()) return std::nullopt;
  return value;
}

TEST(PandasNumber, QuickParserAgreesToTheLastBit) {
  std::mt19937_64 random(11);
  const auto digits = [&random](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('0' + random() % 10);
    return text;
  };
  for (int i = 0; i < 200'000; ++i) {
    const std::string text =
        (random() % 4 == 0 ? "-" : "") + digits(1 + random() % 15) + "." + digits(random() % 24);
    const auto quick = plain(text);
    ASSERT_TRUE(quick.has_value()) << text;
    ASSERT_TRUE(skipped(text)) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(*quick),
              std::bit_cast<std::uint64_t>(parse_pandas_number(text).value()))
        << text;
  }
}

TEST(PandasNumber, QuickParserLeavesOtherFormsAlone) {
  for (const char* text : {"", "-", "7", ".5", "1e5", "1.5e3", " 1.5", "+1.5", "nan", "-inf",
                           "1234567890123456.5", "0.0000000000000000000000000000000000000000000000000001"}) {
    EXPECT_EQ(plain(text), std::nullopt) << text;
    EXPECT_EQ(skipped(text), std::string_view(text).starts_with("1234567890123456.")) << text;
  }
}

}  // namespace
}  // namespace joulecast
