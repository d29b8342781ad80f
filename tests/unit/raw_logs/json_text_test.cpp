#include "raw_logs/json_text.h"

#include <cmath>

#include <gtest/gtest.h>

namespace joulecast::json {
namespace {

/// Scans the text behind an opening quote; the status, and the value if found.
Status status_of_string(std::string_view text, std::string* value = nullptr) {
  std::string found;
  const Scan scan = scan_string(text.data(), text.data() + text.size(), found);
  if (value != nullptr) *value = found;
  return scan.status;
}

std::string string_value(std::string_view text) {
  std::string value;
  EXPECT_EQ(status_of_string(text, &value), Status::kFound) << text;
  return value;
}

Status status_of_number(std::string_view text, Number& number, bool last = true) {
  const Scan scan = scan_number(text.data(), text.data() + text.size(), last, number);
  if (scan.status == Status::kFound && scan.at != text.data() + text.size()) return Status::kWrong;
  return scan.status;
}

TEST(JsonString, ResolvesEscapes) {
  EXPECT_EQ(string_value(R"(a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(string_value(R"(Gr\u00f6\u00DFe \ud83d\ude00 \u20ac \u0041")"),
            "Gr\xc3\xb6\xc3\x9f"
            "e \xf0\x9f\x98\x80 \xe2\x82\xac A");
  EXPECT_EQ(string_value("\\u0000\""), std::string(1, '\0'));
}

TEST(JsonString, TakesUtf8AsItStands) {
  EXPECT_EQ(
      string_value("\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xf0\x90\x80\x80 "
                   "\xf4\x8f\xbf\xbf\""),
      "\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf");
}

TEST(JsonString, RefusesInvalidUtf8) {
  for (const char* text : {"\x80\"", "\xff\"", "\xc0\xaf\"", "\xc1\xbf\"", "\xe0\x9f\xbf\"", "\xed\xa0\x80\"",
                           "\xed\xbf\xbf\"", "\xf0\x8f\xbf\xbf\"", "\xf4\x90\x80\x80\"", "\xf5\x80\x80\x80\"",
                           "\xc3\"", "\xe2\x82\"", "\xf0\x9f\x98\""})
    EXPECT_EQ(status_of_string(text), Status::kWrong) << text;
}

TEST(JsonString, RefusesBadEscapesControlCharactersAndLoneSurrogates) {
  for (const char* text :
       {R"(\x")", R"(\u12g4")", R"(\u12")", R"(\ud800")", R"(\ud800\n")", R"(\ud800\u0041")", R"(\udc00")",
        R"(\ud800\ud800")", "a\nb\"", "a\tb\"", "\x01\"", R"(\')"})
    EXPECT_EQ(status_of_string(text), Status::kWrong) << text;
}

TEST(JsonString, NeedsMoreAtEveryCut) {
  const std::string whole = "a\\u00f6\\ud83d\\ude00\\n\xe2\x82\xac\xf0\x9f\x98\x80\"";
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    EXPECT_EQ(status_of_string(whole.substr(0, cut)), Status::kNeedsMore) << cut;
  EXPECT_EQ(status_of_string(whole), Status::kFound);
}

TEST(JsonNumber, TakesWhatPythonTakes) {
  Number number;
  const auto value = [&](std::string_view text) {
    EXPECT_EQ(status_of_number(text, number), Status::kFound) << text;
    return number.value;
  };
  EXPECT_EQ(value("0"), 0.0);
  EXPECT_TRUE(number.is_integer);
  EXPECT_EQ(value("-0"), 0.0);
  EXPECT_FALSE(std::signbit(number.value));  // the integer
  EXPECT_EQ(value("-0.0"), 0.0);
  EXPECT_TRUE(std::signbit(number.value));
  EXPECT_EQ(value("-12.5"), -12.5);
  EXPECT_FALSE(number.is_integer);
  EXPECT_EQ(value("1E5"), 100000.0);
  EXPECT_FALSE(number.is_integer);
  EXPECT_EQ(value("9.0e-05"), 9e-05);
  EXPECT_EQ(value("1e400"), HUGE_VAL);
  EXPECT_TRUE(std::isnan(value("NaN")));
  EXPECT_EQ(value("Infinity"), HUGE_VAL);
  EXPECT_EQ(value("-Infinity"), -HUGE_VAL);
  EXPECT_EQ(value("9007199254740993"), 9007199254740992.0);
}

TEST(JsonNumber, RefusesWhatPythonRefuses) {
  Number number;
  for (const char* text : {"01", "-01", "1.", ".5", "-", "+1", "-NaN", "nan", "1_0", "1e", "1e+", "1.e5",
                           "0x10", "--1", "Infinite"})
    EXPECT_NE(status_of_number(text, number), Status::kFound) << text;
  EXPECT_EQ(status_of_number(std::string(4300, '1'), number), Status::kFound);
  EXPECT_EQ(status_of_number(std::string(4301, '1'), number), Status::kWrong);
}

TEST(JsonNumber, NeedsMoreAtEveryCut) {
  Number number;
  for (const std::string whole : {"-12.25e-12", "NaN", "-Infinity"}) {
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
      EXPECT_EQ(status_of_number(whole.substr(0, cut), number, false), Status::kNeedsMore)
          << whole << ' ' << cut;
  }
}

}  // namespace
}  // namespace joulecast::json
