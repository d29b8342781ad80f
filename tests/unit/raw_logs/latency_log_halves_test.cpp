// Two threads' reading of a latency log beside one reader's.
#include "raw_logs/latency_log_halves.h"

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/atomic_file.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

/// How a test's log is written: the white space that json.dump puts behind marks.
struct Spacing {
  std::string item = "\n    ";
  std::string entry = "\n        ";
  std::string value = "\n            ";
};
const Spacing kCompact = {"", "", ""};

std::string list_of(std::size_t entries, const Spacing& style, std::mt19937_64& random) {
  std::string text = "[";
  for (std::size_t i = 0; i < entries; ++i) {
    text += fmt::format("{}{}[{}{:.{}f},{}\"20241121-{:02}:{:02}:{:02}.{:06}\"{}]", i == 0 ? "" : ",",
                        style.entry, style.value, 1e-3 * static_cast<double>(random() % 100'000),
                        1 + random() % 12, style.value, 5 + i / 3600, i / 60 % 60, i % 60,
                        random() % 1'000'000, style.entry);
  }
  return text + style.item + "]";
}

std::string log_of(std::size_t layers, std::size_t entries, const Spacing& style, std::mt19937_64& random) {
  std::string text = "{";
  for (std::size_t k = 0; k < layers; ++k)
    text += fmt::format("{}{}\"layer {}\": {}", k == 0 ? "" : ",", style.item, k,
                        list_of(entries, style, random));
  return text + "\n}";
}

class LatencyLogHalves : public testing::Test {
 protected:
  fs::path write(std::string_view text) const {
    const fs::path path = temporary_.path() / "log.json";
    EXPECT_TRUE(write_file_atomically(path, text));
    return path;
  }
  [[nodiscard]] std::optional<LatencyLog> in_halves(std::string_view text) const {
    return read_latency_log_in_halves(write(text), {}, 0);
  }
  /// Whether halves were possible; what they gave is compared.
  bool same_in_halves(std::string_view text) const {
    const auto one = read_latency_log(write(text));
    EXPECT_TRUE(one);
    const auto two = in_halves(text);
    if (!one || !two) return false;
    EXPECT_EQ(two->has_stamps, one->has_stamps);
    EXPECT_TRUE(two->warnings.empty() && one->warnings.empty());
    EXPECT_EQ(two->layers.size(), one->layers.size());
    for (std::size_t k = 0; k < std::min(one->layers.size(), two->layers.size()); ++k) {
      EXPECT_EQ(two->layers[k].name, one->layers[k].name);
      EXPECT_EQ(two->layers[k].leading_integers, one->layers[k].leading_integers);
      EXPECT_TRUE(std::equal(one->layers[k].entries.begin(), one->layers[k].entries.end(),
                             two->layers[k].entries.begin(), two->layers[k].entries.end(),
                             [](const LatencyEntry& a, const LatencyEntry& b) {
                               return a.milliseconds == b.milliseconds && a.completed == b.completed;
                             }))
          << one->layers[k].name;
    }
    return true;
  }
  test::TemporaryFolder temporary_;
};

TEST_F(LatencyLogHalves, GiveTheSameLog) {
  std::mt19937_64 random(17);
  for (const Spacing& style : {Spacing{}, kCompact, Spacing{" ", "\r\n\t", " "}}) {
    for (const std::size_t layers : {2U, 3U, 7U, 40U}) {
      // The first list is the shortest, so that one begins behind the middle.
      EXPECT_TRUE(same_in_halves(log_of(layers, 2 + random() % 60, style, random) + "\n") || layers == 2);
    }
  }
  EXPECT_TRUE(same_in_halves(log_of(9, 5'000, {}, random)));  // several windows each
}

TEST_F(LatencyLogHalves, TakeEmptyListsAndIntegers) {
  EXPECT_TRUE(same_in_halves(
      R"({"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": [], "b": [[1, "20241121-05:20:04.2"]], "c": [[2, "20241121-05:20:04.2"]], "d": []})"));
}

TEST_F(LatencyLogHalves, AreNotFooledByALayersName) {
  const std::string entry = "[[1.5, \"20241121-05:20:04.261448\"]]";
  // The only place that looks like a seam behind the middle stands inside a name.
  const std::string trap = "{\"a\": " + entry + ", \"" + std::string(200, 'x') + "]],\\\"b\": " + entry + "}";
  ASSERT_TRUE(read_latency_log(write(trap)));
  EXPECT_FALSE(in_halves(trap));
  const std::string deep = "{\"a\": " + entry + ", \"" + std::string(200, 'x') + "]],\": " + entry + "}";
  ASSERT_TRUE(read_latency_log(write(deep)));
  EXPECT_FALSE(in_halves(deep));
}

TEST_F(LatencyLogHalves, LeaveTheRestToOneReader) {
  const std::string entry = "[[1.5, \"20241121-05:20:04.261448\"]]";
  const std::string head = "{\"a\": " + entry + ", \"b\": " + entry + ", \"c\": " + entry;
  ASSERT_TRUE(in_halves(head + ", \"d\": " + entry + "}"));
  for (const std::string& tail : std::vector<std::string>{
           ", \"a\": " + entry + "}",                           // repeated across the halves
           ", \"d\": [[-1.0, \"20241121-05:20:04.261448\"]]}",  // a doubt
           ", \"d\": [[1.0, \"20241121-25:20:04.261448\"]]}",   // an error
           ", \"d\": " + entry,                                 // cut off
           ", \"d\": " + entry + "} x",                         // something behind
           ", \"d\": [1.5]}",                                   // mixed forms
           ", \"d\": " + entry + ", }",                         // a comma too much
       })
    EXPECT_FALSE(in_halves(head + tail)) << tail;
  EXPECT_FALSE(in_halves("{\"a\": " + entry + "}"));                 // nothing begins behind the middle
  EXPECT_FALSE(in_halves(R"({"a": [1.5, 2.5], "b": [1.5, 2.5]})"));  // no stamps
  EXPECT_FALSE(in_halves("{\"a\": [x" + std::string(50, ' ') + "]], \"b\": " + entry + "}"));
  EXPECT_FALSE(in_halves(""));
  EXPECT_FALSE(read_latency_log_in_halves(temporary_.path(), {}, 0));
  EXPECT_FALSE(read_latency_log_in_halves(write(head + "}"), {}, 1'000'000));
}

TEST_F(LatencyLogHalves, LeaveCompressedFilesToOneReader) {
  std::mt19937_64 random(5);
  const fs::path path = temporary_.path() / "log.json.gz";
  const std::string text = log_of(4, 20, {}, random);
  gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
  gzclose(file);
  EXPECT_FALSE(read_latency_log_in_halves(path, {}, 0));
  EXPECT_TRUE(read_latency_log(path, {}, 2));
}

TEST_F(LatencyLogHalves, ProgressGoesUpToTheWholeFile) {
  std::mt19937_64 random(6);
  const std::string text = log_of(6, 4'000, {}, random);
  const fs::path path = write(text);
  std::uint64_t last = 0;
  const auto log = read_latency_log_in_halves(
      path,
      [&](std::uint64_t done, std::uint64_t total) {
        EXPECT_EQ(total, text.size());
        EXPECT_GE(done, last);
        last = done;
      },
      0);
  EXPECT_TRUE(log);
  EXPECT_EQ(last, text.size());
}

}  // namespace
}  // namespace joulecast
