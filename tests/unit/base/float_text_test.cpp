#include "base/float_text.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace joulecast {
namespace {

// Expected texts are what Python 3.12 prints for repr().
TEST(FloatText, WholeNumbersCarryPointZero) {
  EXPECT_EQ(float_text(5480000.0), "5480000.0");
  EXPECT_EQ(float_text(0.0), "0.0");
  EXPECT_EQ(float_text(-0.0), "-0.0");
  EXPECT_EQ(float_text(1e15), "1000000000000000.0");
  EXPECT_EQ(float_text(9007199254740993.0), "9007199254740992.0");
}

TEST(FloatText, ExponentsBeginWherePythonsDo) {
  EXPECT_EQ(float_text(1e16), "1e+16");
  EXPECT_EQ(float_text(9999999999999998.0), "9999999999999998.0");
  EXPECT_EQ(float_text(1.5e16), "1.5e+16");
  EXPECT_EQ(float_text(1e-5), "1e-05");
  EXPECT_EQ(float_text(0.0001), "0.0001");
  EXPECT_EQ(float_text(0.00012345), "0.00012345");
  EXPECT_EQ(float_text(1.25e-7), "1.25e-07");
  EXPECT_EQ(float_text(1e22), "1e+22");
  EXPECT_EQ(float_text(1e100), "1e+100");
  EXPECT_EQ(float_text(5e-324), "5e-324");
  EXPECT_EQ(float_text(-1.7976931348623157e308), "-1.7976931348623157e+308");
}

TEST(FloatText, ShortestDigitsThatReadBack) {
  EXPECT_EQ(float_text(0.1), "0.1");
  EXPECT_EQ(float_text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(float_text(1234560.155322008), "1234560.155322008");
}

TEST(FloatText, NamesOfWhatIsNoNumber) {
  EXPECT_EQ(float_text(std::nan("")), "nan");
  EXPECT_EQ(float_text(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(float_text(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(FloatText, PandasLeavesNanCellsEmpty) {
  std::string text = "a,";
  append_float_cell(text, std::nan(""));
  append_float_cell(text, 2.0);
  EXPECT_EQ(text, "a,2.0");
}

RC_GTEST_PROP(FloatText, ReadsBackAsTheSameBits, (std::uint64_t bits)) {
  double value = 0.0;
  std::memcpy(&value, &bits, sizeof value);
  RC_PRE(std::isfinite(value));
  const std::string text = float_text(value);
  RC_ASSERT(text.size() <= kFloatTextBytes);
  const auto back = parse_double(text);
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::memcmp(&*back, &value, sizeof value) == 0);
}

RC_GTEST_PROP(FloatText, OfRepeatedValuesIsTheSame, (std::vector<std::uint64_t> patterns)) {
  RepeatedFloatText repeated;
  std::vector<double> values = {0.0, -0.0, 1.0};
  for (const std::uint64_t bits : patterns) {
    double value = 0.0;
    std::memcpy(&value, &bits, sizeof value);
    values.push_back(value);
    values.push_back(0.001024 * static_cast<double>(bits % 5000));  // many with one place in the memory
  }
  for (int round = 0; round < 2; ++round) {
    for (const double value : values) {
      std::array<char, kFloatTextBytes> text;
      const char* const end = repeated.write(text.data(), value);
      RC_ASSERT(std::string_view(text.data(), static_cast<std::size_t>(end - text.data())) ==
                float_text(value));
    }
  }
}

TEST(ParseDouble, TakesDecimalNumbers) {
  EXPECT_EQ(parse_double("5000.0"), 5000.0);
  EXPECT_EQ(parse_double("-1.5e-3"), -0.0015);
  EXPECT_EQ(parse_double("+7"), 7.0);
  EXPECT_EQ(parse_double(".5"), 0.5);
  EXPECT_EQ(parse_double("5."), 5.0);
  EXPECT_EQ(parse_double("1E3"), 1000.0);
  EXPECT_EQ(parse_double("1e-400"), 0.0);
  EXPECT_EQ(parse_double("2.2250738585072011e-308"), 2.2250738585072011e-308);
}

TEST(ParseDouble, RefusesEverythingElse) {
  for (const char* text :
       {"",     " 1",   "1 ", "1,5",   "-",      "+",     "--1", "+-1", "nan",   "NaN", "inf",
        "-inf", "0x10", "1e", "1e400", "-1e400", "1_000", ".",   "e5",  "1.2.3", "one"}) {
    EXPECT_EQ(parse_double(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace joulecast
