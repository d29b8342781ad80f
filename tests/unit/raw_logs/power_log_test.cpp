#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "joulecast/raw_logs.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

struct PowerReading {
  std::vector<PowerSample> samples;
  std::vector<Warning> warnings;
  std::optional<Error> error;
};

PowerReading read_power(std::string_view text, std::size_t window_bytes = 1U << 16U) {
  PowerReading reading;
  auto reader = PowerLogReader::from_memory(text, "power.log", window_bytes);
  for (;;) {
    const auto more = reader.next();
    if (!more) reading.error = more.error();
    if (!more || more->empty()) break;
    reading.samples.insert(reading.samples.end(), more->begin(), more->end());
  }
  reading.warnings = reader.warnings();
  return reading;
}

using Row = std::tuple<std::int64_t, double, double>;
std::vector<Row> rows(const std::vector<PowerSample>& samples) {
  std::vector<Row> all;
  for (const PowerSample& sample : samples)
    all.emplace_back(sample.at.microseconds, sample.millivolts, sample.milliamps);
  return all;
}

constexpr std::int64_t kTen = 1732183200000000;  // 2024-11-21 10:00:00

const std::string kUsual =
    "20241121-10:00:00.000001,5000.0,1096.0\n20241121-10:00:00.000002,4992.4,936.98\n20241121-10:00:00."
    "000003,5000.0,0.0\n"
    "20241121-10:00:00.000004,5000.0,8.0\n20241121-10:00:00.000005,5016.0,16.0\n";
const std::vector<Row> kUsualRows = {{kTen + 1, 5000.0, 1096.0},
                                     {kTen + 2, 4992.4, 936.98},
                                     {kTen + 3, 5000.0, 0.0},
                                     {kTen + 4, 5000.0, 8.0},
                                     {kTen + 5, 5016.0, 16.0}};

std::string power_log_fault(std::string_view text) {
  const auto reading = read_power(text);
  if (!reading.error) return "none";
  EXPECT_EQ(reading.error->kind, ErrorKind::kMalformed);
  return std::to_string(reading.error->location.line) + ":" +
         std::to_string(reading.error->location.byte.value()) + " " + reading.error->message;
}

TEST(PowerLogReader, GivesTheSameWhateverTheWindow) {
  for (std::size_t window = 1; window <= kUsual.size() + 1; ++window) {
    const auto reading = read_power(kUsual, window);
    ASSERT_FALSE(reading.error) << window;
    ASSERT_EQ(rows(reading.samples), kUsualRows) << window;
  }
}

TEST(PowerLogReader, MicrowattsAreMillivoltsTimesMilliamps) {
  EXPECT_EQ(read_power(kUsual).samples.at(0).microwatts(), 5480000.0);
}

TEST(PowerLogReader, TakesAnyLineEndAndBlanksAroundALine) {
  std::string crlf;
  std::string cr;
  std::string blanks;
  for (const char c : kUsual) {
    crlf += c == '\n' ? "\r\n" : std::string(1, c);
    cr += c == '\n' ? '\r' : c;
    blanks += c == '\n' ? " \t\r\n  " : std::string(1, c);
  }
  blanks.resize(blanks.size() - 2);
  for (const std::string& text : {crlf, cr, blanks, kUsual.substr(0, kUsual.size() - 1)}) {
    for (std::size_t window = 1; window < 120; ++window) {
      const auto reading = read_power(text, window);
      ASSERT_FALSE(reading.error) << reading.error->describe() << window;
      ASSERT_EQ(rows(reading.samples), kUsualRows);
    }
  }
}

TEST(PowerLogReader, TakesNumbersAsPythonsFloatAndIgnoresFurtherFields) {
  const auto reading = read_power(
      "20241121-10:00:00.001,5e3, 1_000 ,junk, Gr\xc3\xb6\xc3\x9f"
      "e\n20241121-10:00:00.0015,5000,+1e3,\n");
  ASSERT_FALSE(reading.error);
  const std::vector<Row> expected = {{kTen + 1000, 5000.0, 1000.0}, {kTen + 1500, 5000.0, 1000.0}};
  EXPECT_EQ(rows(reading.samples), expected);
}

TEST(PowerLogReader, RefusesALineWithItsPlace) {
  const std::string good = "20241121-10:00:00.000001,5000.0,1096.0\n";  // 39 bytes
  const std::pair<std::string, std::string> cases[] = {
      {"\n", "2:39 a blank line"},
      {"  \r\n", "2:39 a blank line"},
      {"20241121-10:00:00,5000.0,1000.0\n",
       "2:39 \"20241121-10:00:00\" is no time stamp: it has no fraction of a second"},
      {"20241121-10:00:00.1234567,5000.0,1000.0\n",
       "2:39 \"20241121-10:00:00.1234567\" is no time stamp: its fraction is not 1 to 6 digits"},
      {"20241121-25:61:00.000000,5000.0,1000.0\n",
       "2:39 \"20241121-25:61:00.000000\" is no time stamp: there is no such time of day"},
      {"20241121-10:00:00.1 ,5000.0,1000.0\n",
       "2:39 \"20241121-10:00:00.1 \" is no time stamp: its fraction is not 1 to 6 digits"},
      {"20241121-10:00:09.0,5000.0,abc\n", "2:39 \"abc\" is not a number"},
      {"20241121-10:00:09.0,,1.0\n", "2:39 \"\" is not a number"},
      {"20241121-10:00:09.0,5000.0", "2:39 a line of fewer than three fields"},
      {"20241121-10:00:09.0", "2:39 a line of fewer than three fields"},
      {"20241121-10:00:09.0,5000.0,1.0,\xff\n", "2:39 invalid UTF-8"},
  };
  for (const auto& [line, expected] : cases) {
    EXPECT_EQ(power_log_fault(good + line), expected);
    if (line.back() == '\n') {
      EXPECT_EQ(power_log_fault(good + line + good), expected);
    }
    EXPECT_EQ(read_power(good + line).samples.size(), 1U);  // what stands before the fault
  }
}

TEST(PowerLogReader, TellsToRemoveAHeader) {
  const auto reading = read_power("timestamp,voltage,current\n" + kUsual);
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->hint, "Remove the header line");
}

TEST(PowerLogReader, TruncationAtAnyByteNeverInventsARow) {
  for (std::size_t length = 0; length < kUsual.size(); ++length) {
    const auto reading = read_power(kUsual.substr(0, length));
    const auto found = rows(reading.samples);
    const auto whole_lines = static_cast<std::size_t>(
        std::count(kUsual.begin(), kUsual.begin() + static_cast<std::ptrdiff_t>(length), '\n'));
    ASSERT_GE(found.size(), whole_lines);
    ASSERT_LE(found.size(), whole_lines + 1);  // a cut inside the last number cannot be seen
    for (std::size_t i = 0; i < whole_lines; ++i) ASSERT_EQ(found[i], kUsualRows[i]);
  }
}

TEST(PowerLogReader, CountsDoubtsByKindWithTheFirstPlace) {
  const auto reading = read_power(
      "20241121-10:00:00.000001,5000.0,nan\n20241121-10:00:00.000000,5000.0,-1.0\n20241121-10:00:00.000001,"
      "5000.0,-1.0\n"
      "20241121-10:00:00.000002,5e6,1e6\n20241121-11:00:00.000900,5000.0,1.0\n20241121-10:00:00.001000,5000."
      "0,inf\n"
      "20241121-10:30:00.0,5000.0,1.0\n");
  ASSERT_FALSE(reading.error);
  std::vector<std::string> found;
  for (const Warning& warning : reading.warnings)
    found.push_back(warning.message + " x" + std::to_string(warning.count) + " line " +
                    std::to_string(warning.location.line));
  EXPECT_EQ(found, (std::vector<std::string>{
                       "a power sample is NaN or infinite x2 line 1", "a power sample is negative x2 line 2",
                       "time stamps go back x1 line 2", "a power sample is above a kilowatt x1 line 4",
                       "the clock goes forward by an hour (daylight-saving time?) x1 line 5",
                       "the clock goes back by an hour (daylight-saving time?) x1 line 6"}));
  EXPECT_TRUE(read_power(kUsual).warnings.empty());
}

TEST(PowerLogReader, RefusesALineThatWouldFillTheMemory) {
  const auto reading = read_power(std::string(17U << 20U, '1'));
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->message, "one name, number or line is longer than 16 MiB");
}

TEST(PowerLog, IsReadWholeAndAnEmptyOneIsUnfit) {
  const test::TemporaryFolder temporary;
  const auto& folder = temporary.path();
  ASSERT_TRUE(write_file_atomically(folder / "usual.log", kUsual));
  ASSERT_TRUE(write_file_atomically(folder / "empty.log", ""));
  std::vector<Warning> warnings = {{"old", {}, 1}};
  const auto usual = read_power_log(folder / "usual.log", &warnings);
  ASSERT_TRUE(usual);
  EXPECT_EQ(rows(*usual), kUsualRows);
  EXPECT_TRUE(warnings.empty());
  EXPECT_EQ(read_power_log(folder / "empty.log").error().kind, ErrorKind::kUnfit);
  EXPECT_EQ(read_power_log(folder / "missing.log").error().kind, ErrorKind::kUnreadable);
  EXPECT_EQ(read_power_log(folder).error().kind, ErrorKind::kUnreadable);
}

}  // namespace
}  // namespace joulecast
