#include "raw_logs/run_time_texts.h"

#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace joulecast {
namespace {

/// Reads `text` with the table and without: same value, same end.
void expect_as_converted(RunTimeTexts& texts, std::string text, char behind) {
  text += behind;
  text += std::string(decimal::kPlainReach, ' ');
  double converted = 0.0;
  double looked_up = 0.0;
  const char* const end = decimal::parse_plain(text.data(), converted);
  ASSERT_EQ(texts.parse(text.data(), looked_up), end) << text;
  if (end == nullptr) return;
  ASSERT_EQ(looked_up, converted) << text;
}

TEST(RunTimeTexts, GiveTheValuesOfAClockThatCountsInSteps) {
  RunTimeTexts texts;
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const auto milliseconds = static_cast<float>(random() % 2000) * 0.000032F;
    expect_as_converted(texts, fmt::format("{}", static_cast<double>(milliseconds)), ',');
  }
}

TEST(RunTimeTexts, GiveTheValuesOfTextsThatNeverRepeat) {
  RunTimeTexts texts;
  std::mt19937_64 random(2);
  for (int i = 0; i < 200'000; ++i)
    expect_as_converted(texts, fmt::format("0.{:0{}}", random() % 10'000'000'000'000'000U, 16 + i % 5), ',');
}

TEST(RunTimeTexts, TakeNoNumberForOneThatBeginsAsItDoes) {
  const std::string known = "0.0071680000983178";
  for (const std::string& other :
       std::vector<std::string>{known + "6", known + "616", known + "e3", known + "E3", known.substr(0, 16),
                                known.substr(0, 17), known + "."}) {
    RunTimeTexts texts;
    expect_as_converted(texts, known, ',');
    expect_as_converted(texts, other, ',');
    expect_as_converted(texts, known, ',');
    expect_as_converted(texts, known, '\n');
  }
}

TEST(RunTimeTexts, ReadTextsOfEachLength) {
  RunTimeTexts texts;
  const std::string digits = "0.12345678901234567890123456";
  for (int round = 0; round < 3; ++round) {
    for (std::size_t length = 1; length <= digits.size(); ++length)
      expect_as_converted(texts, digits.substr(0, length), ',');
  }
}

TEST(RunTimeTexts, TakeNoZeroBytesForANumber) {
  RunTimeTexts texts;
  const std::string nothing(decimal::kPlainReach, '\0');
  double value = 0.0;
  EXPECT_EQ(texts.parse(nothing.data(), value), nullptr);
}

}  // namespace
}  // namespace joulecast
