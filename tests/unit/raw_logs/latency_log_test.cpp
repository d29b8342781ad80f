#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/atomic_file.h"
#include "joulecast/raw_logs.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

class LatencyLogFile : public testing::Test {
 protected:
  [[nodiscard]] fs::path write(const std::string& name, std::string_view text) const {
    EXPECT_TRUE(write_file_atomically(folder_ / name, text));
    return folder_ / name;
  }
  [[nodiscard]] Expected<LatencyLog> read(std::string_view text) const {
    return read_latency_log(write("log.json", text));
  }
  test::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

std::string entry(const std::string& milliseconds, const std::string& clock) {
  return "[" + milliseconds + ",\"20241027-" + clock + "\"]";
}

std::vector<std::string> messages(const std::vector<Warning>& warnings) {
  std::vector<std::string> texts;
  for (const Warning& warning : warnings)
    texts.push_back(warning.message + " x" + std::to_string(warning.count));
  return texts;
}

TEST_F(LatencyLogFile, KeepsLayersInFileOrderWithTheirEntries) {
  const auto log = read("{\"b\":[" + entry("1.5", "01:00:00.0") + "," + entry("2", "01:00:01.0") +
                        "],\"a\":[" + entry("3", "01:00:00.5") + "]}");
  ASSERT_TRUE(log);
  ASSERT_EQ(log->layers.size(), 2U);
  EXPECT_EQ(log->layers[0].name, "b");
  EXPECT_EQ(log->layers[0].entries[1].milliseconds, 2.0);
  EXPECT_EQ(log->layers[0].leading_integers, 0U);
  EXPECT_EQ(log->layers[1].leading_integers, 1U);
  EXPECT_EQ(log->cycles(), 2U);
  EXPECT_TRUE(log->warnings.empty());
}

TEST_F(LatencyLogFile, GivesARepeatedNameItsLastListInItsFirstPlace) {
  const auto log = read(R"({"c": [1, 2], "d": [3], "c": [4.0]})");
  ASSERT_TRUE(log);
  ASSERT_EQ(log->layers.size(), 2U);
  EXPECT_EQ(log->layers[0].name, "c");
  ASSERT_EQ(log->layers[0].entries.size(), 1U);
  EXPECT_EQ(log->layers[0].entries[0].milliseconds, 4.0);
  EXPECT_EQ(log->layers[0].leading_integers, 0U);
  EXPECT_EQ(messages(log->warnings),
            (std::vector<std::string>{"a layer's name is repeated: its last list counts x1"}));
}

TEST_F(LatencyLogFile, CountsDoubtfulRunTimes) {
  const auto log = read(R"({"c": [-1, NaN, -2, Infinity, 60001, 60000, 0, -0.0]})");
  ASSERT_TRUE(log);
  EXPECT_EQ(
      messages(log->warnings),
      (std::vector<std::string>{"a run time is negative (first: entry 1 of layer 'c') x2",
                                "a run time is NaN or infinite (first: entry 2 of layer 'c') x2",
                                "a run time is longer than a minute (first: entry 5 of layer 'c') x1"}));
}

TEST_F(LatencyLogFile, NoticesClocksThatWereSet) {
  const auto log = read("{\"c\":[" + entry("1", "02:59:59.998") + "," + entry("1", "02:00:00.001") + "," +
                        entry("1", "02:00:00.000") + "," + entry("1", "03:00:00.002") + "," +
                        entry("1", "09:00:00.0") + "]}");
  ASSERT_TRUE(log);
  EXPECT_EQ(
      messages(log->warnings),
      (std::vector<std::string>{
          "the clock goes back by an hour (daylight-saving time?) (first: entry 2 of layer 'c') x1",
          "time stamps go back (first: entry 3 of layer 'c') x1",
          "the clock goes forward by an hour (daylight-saving time?) (first: entry 4 of layer 'c') x1"}));
}

TEST_F(LatencyLogFile, ReportsProgressUpToTheWholeFile) {
  const std::string text = "{\"c\":[" + entry("1", "02:59:59.998") + "]}";
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  ASSERT_TRUE(read_latency_log(write("log.json", text), [&](std::uint64_t now, std::uint64_t size) {
    EXPECT_GE(now, done);
    done = now;
    total = size;
  }));
  EXPECT_EQ(done, text.size());
  EXPECT_EQ(total, text.size());
}

TEST_F(LatencyLogFile, IsReadCompressedAsItIs) {
  const std::string text = "{\"c\":[" + entry("1", "02:59:59.998") + "]}";
  fs::create_directories(folder_);
  gzFile file = gzopen((folder_ / "log.json.gz").c_str(), "wb");
  ASSERT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
  gzclose(file);
  const auto log = read_latency_log(folder_ / "log.json.gz");
  ASSERT_TRUE(log);
  EXPECT_EQ(log->layers.at(0).entries.size(), 1U);
}

TEST_F(LatencyLogFile, NamesTheFileInItsErrors) {
  const auto error = read("{\"c\": [1.0").error();
  EXPECT_EQ(error.location.file, (folder_ / "log.json").string());
  EXPECT_EQ(error.location.byte, 10U);
  EXPECT_EQ(error.hint, "It was cut off: copy it again, or measure again");
  EXPECT_EQ(read_latency_log(folder_ / "none.json").error().kind, ErrorKind::kUnreadable);
  EXPECT_EQ(read_latency_log(folder_).error().kind, ErrorKind::kUnreadable);
}

}  // namespace
}  // namespace joulecast
