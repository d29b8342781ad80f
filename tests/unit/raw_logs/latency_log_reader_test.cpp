#include <cmath>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/time_stamp.h"
#include "joulecast/raw_logs.h"
#include "support/latency_events.h"

namespace joulecast {
namespace {

using test::LatencyLayer;
using test::read_latencies;

const std::string kIndented = R"({
    "conv": [
        [
            0.009151999838650227,
            "20241121-06:20:04.268483"
        ],
        [
            0.25,
            "20241121-06:20:04.270483"
        ],
        [
            12.5,
            "20241121-06:20:04.272483"
        ]
    ],
    "pool": [
        [
            1,
            "20241121-06:20:04.5"
        ]
    ]
})";

constexpr std::int64_t kMorning = 1732170004000000;  // 2024-11-21 06:20:04

const std::vector<LatencyLayer> kIndentedLayers = {
    {"conv",
     {0.009151999838650227, 0.25, 12.5},
     {kMorning + 268483, kMorning + 270483, kMorning + 272483},
     0},
    {"pool", {1.0}, {kMorning + 500000}, 1},
};

/// The fault of a text, as "line:byte message".
std::string latency_log_fault(std::string_view text, std::size_t window_bytes = 1U << 16U) {
  const auto reading = read_latencies(text, window_bytes);
  if (!reading.error) return "none";
  EXPECT_EQ(reading.error->kind, ErrorKind::kMalformed);
  EXPECT_EQ(reading.error->location.file, "log.json");
  return std::to_string(reading.error->location.line) + ":" +
         std::to_string(reading.error->location.byte.value()) + " " + reading.error->message;
}

TEST(LatencyLogReader, ReadsTheReferencesForm) {
  const auto reading = read_latencies(kIndented);
  ASSERT_FALSE(reading.error) << reading.error->describe();
  EXPECT_EQ(reading.layers, kIndentedLayers);
  EXPECT_TRUE(reading.has_stamps);
}

TEST(LatencyLogReader, GivesTheSameWhateverTheWindow) {
  for (std::size_t window = 1; window <= kIndented.size() + 1; ++window) {
    const auto reading = read_latencies(kIndented, window);
    ASSERT_FALSE(reading.error) << window << ' ' << reading.error->describe();
    ASSERT_EQ(reading.layers, kIndentedLayers) << window;
  }
}

TEST(LatencyLogReader, TruncationAtAnyByteIsAnErrorAtTheEnd) {
  for (std::size_t length = 0; length < kIndented.size(); ++length) {
    for (const std::size_t window : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
      const auto reading = read_latencies(kIndented.substr(0, length), window);
      ASSERT_TRUE(reading.error) << length;
      EXPECT_EQ(reading.error->location.byte, length);
    }
  }
  EXPECT_EQ(latency_log_fault(kIndented.substr(0, 80)), "5:80 the file ends inside a time stamp");
  EXPECT_EQ(latency_log_fault(kIndented.substr(0, 40)), "4:40 the file ends inside a number");
  EXPECT_EQ(latency_log_fault("{\"conv"), "1:6 the file ends inside a layer's name");
  EXPECT_EQ(latency_log_fault(kIndented.substr(0, kIndented.size() - 1)),
            "22:" + std::to_string(kIndented.size() - 1) + " the file ends too early");
  EXPECT_EQ(latency_log_fault(""), "1:0 the file is empty");
  EXPECT_EQ(latency_log_fault(" \n"), "2:2 the file is empty");
}

TEST(LatencyLogReader, TakesAnyWhiteSpaceAndOtherForms) {
  const std::vector<LatencyLayer> expected = {
      {"c", {1.0, 2.0}, {kMorning, kMorning + 1}, 0},
      {"d", {0.5}, {kMorning + 2}, 0},
  };
  const char* texts[] = {
      R"({"c":[[1.0,"20241121-06:20:04.000000"],[2.0,"20241121-06:20:04.000001"]],"d":[[0.5,"20241121-06:20:04.000002"]]})",
      R"({"c": [[1.0, "20241121-06:20:04.0"], [2.0, "20241121-06:20:04.000001"]], "d": [[5e-1, "20241121-06:20:04.000002"]]})",
      "\r\n{\r\n\t\"\\u0063\" : [ [ 1.0 ,\"20241121-06:20:04.000000\" ]\t, "
      "[2E0,\r\n\"20241121-06:20:04.00000\\u0031\"]\r\n]\n\n,"
      "\"d\":[\n[0.50,\"20241121-6:20:4.000002\"\n] ]}\r\n",
  };
  for (const char* text : texts) {
    for (std::size_t window = 1; window < 200; ++window) {
      const auto reading = read_latencies(text, window);
      ASSERT_FALSE(reading.error) << reading.error->describe();
      ASSERT_EQ(reading.layers, expected) << text << ' ' << window;
    }
  }
}

TEST(LatencyLogReader, NoticesWhenTheWhiteSpaceChangesInMidFile) {
  std::string text = "{\"c\": [";
  std::vector<double> expected;
  for (int i = 0; i < 400; ++i) {
    const bool indented = i / 50 % 2 == 0;
    expected.push_back(i + 0.5);
    text += std::string(i == 0 ? "" : ",") + (indented ? "\n  [\n    " : " [") + std::to_string(i) + ".5" +
            (indented ? ",\n    " : ", ") + "\"20241121-06:20:04.000000\"" + (indented ? "\n  ]" : "]");
  }
  text += "]}";
  for (const std::size_t window : {std::size_t{64}, std::size_t{1000}, std::size_t{100000}}) {
    const auto reading = read_latencies(text, window);
    ASSERT_FALSE(reading.error) << reading.error->describe();
    EXPECT_EQ(reading.layers.at(0).milliseconds, expected);
  }
}

TEST(LatencyLogReader, KeepsTheLineNumberThroughTheFastPath) {
  std::string text = "{\n\"c\": [";
  for (int i = 0; i < 10'000; ++i)
    text += std::string(i == 0 ? "" : ",") + "\n[\n0.5,\n\"20241121-06:20:04.000000\"\n]";
  const std::string bad = text + ",\n[\n0.5,\n\"20241121-25:61:04.000000\"\n]]}";
  // Two lines, then four an entry, the last of which is not ended; the stamp is on the third line behind it.
  EXPECT_EQ(latency_log_fault(bad),
            std::to_string(2 + 4 * 10'000 + 3) + ":" + std::to_string(text.size() + 9) +
                " \"20241121-25:61:04.000000\" is no time stamp: there is no such time of day");
  EXPECT_EQ(read_latencies(bad).layers.at(0).milliseconds.size(), 10'000U);  // what stands before the fault
}

TEST(LatencyLogReader, TakesBareMilliseconds) {
  const auto reading = read_latencies(R"({"a": [0.5, 0.25, 1], "b": [], "c": [2, 3e-1]})");
  ASSERT_FALSE(reading.error);
  EXPECT_FALSE(reading.has_stamps);
  const std::vector<LatencyLayer> expected = {
      {"a", {0.5, 0.25, 1.0}, {0, 0, 0}, 0}, {"b", {}, {}, 0}, {"c", {2.0, 0.3}, {0, 0}, 1}};
  EXPECT_EQ(reading.layers, expected);
}

TEST(LatencyLogReader, CountsTimesWrittenAsIntegers) {
  const auto integers = [](std::string_view times) {
    std::string text = "{\"a\": [";
    for (const char time : times) {
      if (text.back() == ']') text += ',';
      text += time == 'i' ? "[1,\"20241121-06:20:04.0\"]" : "[1.0,\"20241121-06:20:04.0\"]";
    }
    return read_latencies(text + "]}", 50).layers.at(0).leading_integers;
  };
  EXPECT_EQ(integers("iii"), 3U);
  EXPECT_EQ(integers("iif"), 2U);
  EXPECT_EQ(integers("ifi"), 1U);
  EXPECT_EQ(integers("fii"), 0U);
}

TEST(LatencyLogReader, ReadsNanInfinityAndNegativeTimesAsPythonDoes) {
  const auto reading = read_latencies(R"({"a": [NaN, Infinity, -Infinity, -1.0]})");
  ASSERT_FALSE(reading.error);
  const auto& times = reading.layers.at(0).milliseconds;
  EXPECT_TRUE(std::isnan(times.at(0)));
  EXPECT_EQ(times.at(1), HUGE_VAL);
  EXPECT_EQ(times.at(2), -HUGE_VAL);
  EXPECT_EQ(times.at(3), -1.0);
}

TEST(LatencyLogReader, TakesAnEmptyObjectAndEmptyLists) {
  EXPECT_TRUE(read_latencies("{}").layers.empty());
  EXPECT_FALSE(read_latencies("{}").error);
  const auto reading = read_latencies(R"({"c": [ ], "d": []})");
  ASSERT_FALSE(reading.error);
  EXPECT_EQ(reading.layers.size(), 2U);
  EXPECT_TRUE(reading.has_stamps);
}

TEST(LatencyLogReader, ReportsRepeatedNamesAsTheyStand) {
  const auto reading = read_latencies(R"({"c": [1.0], "d": [2.0], "c": [3.0]})");
  ASSERT_EQ(reading.layers.size(), 3U);
  EXPECT_EQ(reading.layers[2].name, "c");
}

TEST(LatencyLogReader, SaysWhatIsWrongAndWhere) {
  const std::string stamp = "\"20241121-06:20:04.0\"";
  const std::string pair = "an entry must be [milliseconds, \"time stamp\"]";
  const std::pair<std::string, std::string> cases[] = {
      {"\xef\xbb\xbf{}", "1:0 it begins with a byte-order mark"},
      {"[]", "1:0 not a latency log: expected '{'"},
      {"nonsense", "1:0 not a latency log: expected '{'"},
      {"{1: []}", "1:1 expected a layer's name in double quotes"},
      {"{'c': []}", "1:1 expected a layer's name in double quotes"},
      {"{\"c\" []}", "1:5 expected ':' behind a layer's name"},
      {"{\n\"c\": null}", "2:7 a layer's value must be a list of entries"},
      {"{\n\"c\": {}}", "2:7 a layer's value must be a list of entries"},
      {"{\"c\": [null]}", "1:7 " + pair + " or a number"},
      {"{\"c\": [\"ab\"]}", "1:7 " + pair + " or a number"},
      {"{\"c\": [[1.0]]}", "1:11 " + pair + ": the time stamp is missing"},
      {"{\"c\": [[]]}", "1:8 " + pair + ": expected a number"},
      {"{\"c\": [[null, " + stamp + "]]}", "1:8 " + pair + ": expected a number"},
      {"{\"c\": [[true, " + stamp + "]]}", "1:8 " + pair + ": expected a number"},
      {"{\"c\": [[" + stamp + ", 1.0]]}", "1:8 " + pair + ": expected a number"},
      {"{\"c\": [[1.0, 2.0]]}", "1:13 " + pair + ": expected a time stamp in double quotes"},
      {"{\"c\": [[1.0 " + stamp + "]]}", "1:12 " + pair + ": expected ','"},
      {"{\"c\": [[1.0, " + stamp + ", 3]]}", "1:34 " + pair + ": more than two elements"},
      {"{\"c\": [[1.0, " + stamp + "}]}", "1:34 " + pair + ": expected ']'"},
      {"{\"c\": [[01.0, " + stamp + "]]}", "1:8 a number with a leading zero"},
      {"{\"c\": [[1.0, " + stamp + "],]}", "1:36 " + pair + " or a number"},
      {"{\"c\": [1.0,]}", "1:11 " + pair + " or a number"},
      {"{\"c\": [[1.0, " + stamp + "] [1.0, " + stamp + "]]}", "1:36 expected ',' or ']' behind an entry"},
      {"{\"c\": [],}", "1:9 expected a layer's name in double quotes"},
      {"{\"c\": [] \"d\": []}", "1:9 expected ',' or '}' behind a layer's list"},
      {"{\"c\": []} {}", "1:10 something follows behind the end of the log"},
      {"{\"c\": [1.0, [1.0, " + stamp + "]]}", "1:12 entries with and without time stamps are mixed"},
      {"{\"c\": [[1.0, " + stamp + "], 2]}", "1:37 entries with and without time stamps are mixed"},
      {"{\"c\": [[1.0, " + stamp + "]], \"d\": [2]}", "1:44 entries with and without time stamps are mixed"},
      {"{\"c\": [[0.5, \"2024-11-21 10:00:00.1\"]]}",
       "1:13 \"2024-11-21 10:00:00.1\" is no time stamp: it is not of this form"},
      {"{\"c\": [[0.5, \"20241121-06:20:04\"]]}",
       "1:13 \"20241121-06:20:04\" is no time stamp: it has no fraction of a second"},
      {"{\"c\xff\": []}", "1:3 invalid UTF-8"},
      {"{\"c\\ud800\": []}", "1:3 half of a surrogate pair: that is no character"},
      {"{\"c\nd\": []}", "1:3 a control character in a string (a missing quote?)"},
      {std::string("{\"c\": [1.0, \0]}", 15), "1:12 " + pair + " or a number"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(latency_log_fault(text), expected) << text;
    for (const std::size_t window : {std::size_t{1}, std::size_t{3}, std::size_t{20}})
      EXPECT_EQ(latency_log_fault(text, window), expected) << text;
  }
}

TEST(LatencyLogReader, GivesTheSameErrorAgain) {
  auto reader = LatencyLogReader::from_memory("[]", "log.json", 64);
  const auto first = reader.next();
  const auto second = reader.next();
  ASSERT_FALSE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(first.error().describe(), second.error().describe());
}

TEST(LatencyLogReader, RefusesANameThatWouldFillTheMemory) {
  const auto reading = read_latencies("{\"" + std::string(17U << 20U, 'x'), 1U << 16U);
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->message, "one name, number or line is longer than 16 MiB");
}

}  // namespace
}  // namespace joulecast
