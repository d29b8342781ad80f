#include "base/time_stamp.h"

#include <array>
#include <random>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace joulecast {
namespace {

std::int64_t microseconds(std::string_view text) {
  const auto time = parse_time_stamp(text);
  EXPECT_TRUE(time) << text;
  return time ? time->microseconds : -1;
}

// Values by Python 3.11: datetime.strptime(text, "%Y%m%d-%H:%M:%S.%f") less 1970-01-01.
TEST(TimeStampText, AgreesWithPythonsStrptime) {
  const std::pair<const char*, std::int64_t> accepted[] = {
      {"20241121-05:20:04.261448", 1732166404261448},
      {"20241121-10:00:00.5", 1732183200500000},
      {"2024112-5:2:4.5", 1730523724500000},
      {"202411-1:1:1.000001", 1704070861000001},
      {"2024110-1:1:1.1", 1704848461100000},
      {"2024111-1:1:1.1", 1730422861100000},
      {"202411 5-01:02:03.25", 1730768523250000},
      {"20241 5-1:1:1.1", 1704416461100000},
      {"20240229-23:59:59.999999", 1709251199999999},
      {"00010101-00:00:00.0", -62135596800000000},
      {"99991231-23:59:59.999999", 253402300799999999},
      {"20240101-00:00:00.0", 1704067200000000},
  };
  for (const auto& [text, expected] : accepted) EXPECT_EQ(microseconds(text), expected) << text;
}

TEST(TimeStampText, RefusesWhatPythonsStrptimeRefuses) {
  const char* refused[] = {
      "",
      "2024",
      "20241121",
      "20241121-10:00:00",           // no fraction
      "20241121-10:00:00.",          // no digit of it
      "20241121-10:00:00.1234567",   // seven digits
      "20241121-25:61:00.000000",    // no such time
      "20241121-10:60:00.000000",    //
      "20241121-10:00:60.000000",    // leap seconds are not represented
      "20241131-10:00:00.000000",    // no such date
      "20240231-10:00:00.000000",    //
      "20230229-10:00:00.000000",    // not a leap year
      "00000101-00:00:00.000000",    //
      "20241321-01:01:01.000000",    //
      "2024010-1:1:1.1",             //
      "2024 15-1:1:1.1",             //
      "202400101-1:1:1.1",           //
      " 20241121-10:00:00.1",        // white space around
      "20241121-10:00:00.1 ",        //
      "20241121-10:00:00.12345 ",    //
      "2024-11-21 10:00:00.1",       // another form
      "20241121-10:00:00,261448",    //
      "20241121T10:00:00.261448",    //
      "20241121-10:00:00.26144a",    //
      "-0241121-10:00:00.261448",    //
      "20241121-+1:00:00.261448",    //
      "2024112\xd9\xa1-10:00:00.1",  // an Arabic digit
  };
  for (const char* text : refused) EXPECT_FALSE(parse_time_stamp(text)) << text;
}

TEST(TimeStampText, SaysWhyAStampIsRefused) {
  const auto message = [](std::string_view text) { return parse_time_stamp(text).error().message; };
  EXPECT_EQ(message("20241121-25:61:00.0"),
            "\"20241121-25:61:00.0\" is no time stamp: there is no such time of day");
  EXPECT_EQ(message("20240231-01:01:00.0"),
            "\"20240231-01:01:00.0\" is no time stamp: there is no such date");
  EXPECT_EQ(message("20241121-10:00:00"),
            "\"20241121-10:00:00\" is no time stamp: it has no fraction of a second");
  EXPECT_EQ(message("20241121-10:00:00.1234567"),
            "\"20241121-10:00:00.1234567\" is no time stamp: its fraction is not 1 to 6 digits");
}

TEST(TimeStampText, IsWrittenInTheFixedWidthForm) {
  EXPECT_EQ(format_time_stamp(TimeStamp{1732166404261448}), "20241121-05:20:04.261448");
  EXPECT_EQ(format_time_stamp(TimeStamp{0}), "19700101-00:00:00.000000");
  EXPECT_EQ(format_time_stamp(TimeStamp{-1}), "19691231-23:59:59.999999");
  EXPECT_EQ(format_time_stamp(TimeStamp{-62135596800000000}), "00010101-00:00:00.000000");
}

TEST(TimeStampParser, GivesWhatWasFormattedBackWhateverTheOrderOfDates) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::int64_t> moment(-62135596800000000, 253402300799999999);
  std::uniform_int_distribution<std::int64_t> step(0, 40'000'000'000);
  TimeStampParser parser;
  for (int i = 0; i < 2000; ++i) {
    std::int64_t expected = moment(random);
    for (int j = 0; j < 5 && expected <= 253402300799999999; ++j, expected += step(random)) {
      TimeStamp time;
      const std::string text = format_time_stamp(TimeStamp{expected});
      ASSERT_TRUE(parser.parse_fixed(text.data(), time)) << text;
      ASSERT_EQ(time.microseconds, expected) << text;
      ASSERT_EQ(microseconds(text), expected);
    }
  }
}

TEST(TimeStampParser, FastFormAcceptsWhatTheGeneralFormAcceptsWhateverByteIsChanged) {
  const std::string good = "20240229-23:59:59.261448";
  TimeStampParser warm;
  ASSERT_TRUE(warm.parse(good));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = good;
      text[at] = static_cast<char>(byte);
      TimeStamp time;
      const bool fast = warm.parse_fixed(text.data(), time);
      const auto general = parse_time_stamp(text);
      // The fast form knows no blank before the day: the parser then asks the general one.
      const bool blank_day = at == 6 && byte == ' ';
      ASSERT_EQ(fast, general.has_value() && !blank_day) << at << ' ' << byte;
      if (fast) {
        ASSERT_EQ(time, *general);
      }
      ASSERT_EQ(warm.parse(text).has_value(), general.has_value()) << at << ' ' << byte;
    }
  }
}

TEST(TimeStampParser, TakesNoBytesForADateBeforeTheFirstStamp) {
  for (const char byte : {'\0', '\xff', ' ', '0'}) {
    TimeStampParser parser;
    EXPECT_FALSE(parser.parse(std::string(8, byte) + "-10:00:00.000000")) << static_cast<int>(byte);
  }
  TimeStampParser parser;
  EXPECT_EQ(parser.parse("19700101-00:00:00.000001")->microseconds, 1);
}

TEST(TimeStampParser, TakesOtherFormsToo) {
  TimeStampParser parser;
  ASSERT_TRUE(parser.parse("20241121-10:00:00.555"));
  EXPECT_EQ(parser.parse("20241121-10:00:00.555")->microseconds, 1732183200555000);
  EXPECT_FALSE(parser.parse("20241131-10:00:00.555000"));
}

}  // namespace
}  // namespace joulecast
