// Power logs of other tools: tegrastats and CSV.
#include <gtest/gtest.h>

#include "base/time_stamp.h"
#include "joulecast/raw_logs.h"
#include "support/golden_files.h"

namespace joulecast {
namespace {

struct Reading {
  std::vector<PowerSample> samples;
  std::optional<Error> error;
  std::vector<Warning> warnings;
  StampKind kind = StampKind::kLocal;
};

PowerLogOptions with(PowerFormat format, std::vector<std::string> rails = {}, std::string zone = {}) {
  PowerLogOptions options;
  options.format = format;
  options.rails = std::move(rails);
  options.time_zone = std::move(zone);
  return options;
}

Reading read(PowerLogReader& reader) {
  Reading reading;
  for (;;) {
    const auto more = reader.next();
    if (!more) reading.error = more.error();
    if (!more || more->empty()) break;
    reading.samples.insert(reading.samples.end(), more->begin(), more->end());
  }
  reading.warnings = reader.warnings();
  reading.kind = reader.stamp_kind();
  return reading;
}

Reading read(std::string_view text, const PowerLogOptions& options) {
  auto reader = PowerLogReader::from_memory(text, "log", 64, options);
  if (!reader) return {{}, reader.error(), {}, {}};
  return read(*reader);
}

constexpr std::string_view kTegrastats =
    "1729634801.3175795::10-22-2024 17:06:41 RAM 24389/62841MB (lfb 21x4MB) SWAP 0/31421MB (cached 0MB) CPU "
    "[0%@2201] GR3D_FREQ 0% tj@49.25C VDD_GPU_SOC 5191mW/5000mW VDD_CPU_CV 2397mW/2397mW\n"
    "1729634801.5::10-22-2024 17:06:41 RAM 24389/62841MB VDD_GPU_SOC 6000mW/5500mW VDD_CPU_CV "
    "2400mW/2397mW\n";

TEST(Tegrastats, TakesTheRailAskedForAndItsValueOfNow) {
  const auto reading = read(kTegrastats, with(PowerFormat::kTegrastats, {"VDD_GPU_SOC"}));
  ASSERT_FALSE(reading.error) << reading.error->describe();
  ASSERT_EQ(reading.samples.size(), 2U);
  EXPECT_EQ(reading.kind, StampKind::kUnix);
  EXPECT_EQ(reading.samples[0].at.microseconds, 1729634801317580);
  EXPECT_EQ(reading.samples[0].microwatts(), 5191000.0);
  EXPECT_EQ(reading.samples[1].at.microseconds, 1729634801500000);
  EXPECT_EQ(reading.samples[1].microwatts(), 6000000.0);
}

TEST(Tegrastats, AddsRailsUpWhateverTheirCase) {
  const auto reading = read(kTegrastats, with(PowerFormat::kAuto, {"vdd_gpu_soc", "VDD_CPU_CV"}));
  ASSERT_EQ(reading.samples.size(), 2U);
  EXPECT_EQ(reading.samples[0].microwatts(), 7588000.0);
}

TEST(Tegrastats, ListsTheRailsWhenItCannotChoose) {
  const auto reading = read(kTegrastats, with(PowerFormat::kAuto));
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->kind, ErrorKind::kUsage);
  EXPECT_NE(reading.error->message.find("'VDD_GPU_SOC', 'VDD_CPU_CV'"), std::string::npos);
  EXPECT_NE(reading.error->hint.find("--rail"), std::string::npos);
  const auto wrong = read(kTegrastats, with(PowerFormat::kAuto, {"VDD_IN"}));
  ASSERT_TRUE(wrong.error);
  EXPECT_EQ(wrong.error->kind, ErrorKind::kUsage);
  EXPECT_NE(wrong.error->hint.find("'VDD_GPU_SOC', 'VDD_CPU_CV'"), std::string::npos);
}

TEST(Tegrastats, KnowsTheRailOfTheWholeBoardAndOlderLinesWithoutUnits) {
  const auto reading = read("1700000000 RAM 1/2MB SWAP 0/31421MB VDD_IN 4242/4000 VDD_CPU_GPU_CV 1000/900\n",
                            with(PowerFormat::kAuto));
  ASSERT_EQ(reading.samples.size(), 1U);
  EXPECT_EQ(reading.samples[0].microwatts(), 4242000.0);
}

TEST(Tegrastats, TurnsUnixTimeIntoTheBoardsClock) {
  const auto reading = read(kTegrastats, with(PowerFormat::kAuto, {"VDD_CPU_CV"}, "America/New_York"));
  ASSERT_EQ(reading.samples.size(), 2U);
  EXPECT_EQ(reading.kind, StampKind::kLocal);
  EXPECT_EQ(format_time_stamp(reading.samples[0].at), "20241022-18:06:41.317580");
}

TEST(Tegrastats, SaysWhichLineIsWrong) {
  const struct {
    const char* text;
    std::uint64_t line;
    const char* word;
  } cases[] = {
      {"1700000000::VDD_IN 1mW/1mW\n10-22-2024 17:06:41 RAM 1/2MB VDD_IN 1mW/1mW\n", 2, "Unix time"},
      {"1700000000::VDD_IN 1mW/1mW\n1700000001::VDD_IN 1mW/\n", 2, "lacks the rail"},
      {"1700000000::RAM 1/2MB\n", 1, "no rail"},
      {"12.5::VDD_IN 1mW/1mW\n", 1, "Unix time"},
  };
  for (const auto& c : cases) {
    const auto reading = read(c.text, with(PowerFormat::kTegrastats));
    ASSERT_TRUE(reading.error) << c.text;
    EXPECT_EQ(reading.error->kind, ErrorKind::kMalformed);
    EXPECT_EQ(reading.error->location.line, c.line) << c.text;
    EXPECT_NE(reading.error->message.find(c.word), std::string::npos) << reading.error->message;
  }
}

TEST(PowerCsv, UnitsOfTimeAndPowerFromTheNames) {
  const struct {
    const char* text;
    std::int64_t microseconds;
    double microwatts;
  } cases[] = {
      {"time_s,VDD_IN_mW\n1700000000.25,5000\n", 1700000000250000, 5e6},
      {"timestamp (ms),VDD_IN (W)\n1700000000250,5.5\n", 1700000000250000, 5.5e6},
      {"unix_time,power [uW]\n1700000000250000,5000000\n", 1700000000250000, 5e6},
      {"t;total_mw;temp_C\n1700000000250000000;4000;40\n", 1700000000250000, 4e6},
      {"Timestamp\tPower_W\n1700000000.2500004\t1e1\n", 1700000000250000, 1e7},
      {"time,voltage_mV,current_mA\n1700000000.25,5000,1096\n", 1700000000250000, 5.48e6},
      {"time,\"VDD_IN voltage (V)\",\"VDD_IN current (A)\"\n1700000000.25,\"5\",1.096\n", 1700000000250000,
       5.48e6},
      {"time,power_\xc2\xb5w\n1700000000.25,12\n", 1700000000250000, 12.0},
  };
  for (const auto& c : cases) {
    const auto reading = read(c.text, with(PowerFormat::kCsv));
    ASSERT_FALSE(reading.error) << c.text << reading.error->describe();
    ASSERT_EQ(reading.samples.size(), 1U) << c.text;
    EXPECT_EQ(reading.kind, StampKind::kUnix) << c.text;
    EXPECT_EQ(reading.samples[0].at.microseconds, c.microseconds) << c.text;
    EXPECT_NEAR(reading.samples[0].microwatts(), c.microwatts, 1e-6 * c.microwatts) << c.text;
    EXPECT_TRUE(reading.warnings.empty()) << c.text;
  }
}

TEST(PowerCsv, KeepsVoltageAndCurrentApart) {
  const auto reading = read("time,voltage_mV,current_mA\n1700000000,5000,1096\n", with(PowerFormat::kAuto));
  ASSERT_EQ(reading.samples.size(), 1U);
  EXPECT_EQ(reading.samples[0].millivolts, 5000.0);
  EXPECT_EQ(reading.samples[0].milliamps, 1096.0);
}

TEST(PowerCsv, StampsOfEveryKind) {
  const struct {
    const char* stamp;
    StampKind kind;
    const char* at;
  } cases[] = {
      {"2024-11-21 05:20:04.25", StampKind::kLocal, "20241121-05:20:04.250000"},
      {"2024-11-21T05:20:04", StampKind::kLocal, "20241121-05:20:04.000000"},
      {"2024/11/21 05:20:04.1234569", StampKind::kLocal, "20241121-05:20:04.123456"},
      {"2024-11-21T05:20:04.25Z", StampKind::kUnix, "20241121-05:20:04.250000"},
      {"2024-11-21T05:20:04.25+02:00", StampKind::kUnix, "20241121-03:20:04.250000"},
      {"20241121-05:20:04.261448", StampKind::kLocal, "20241121-05:20:04.261448"},
      {"0.0507", StampKind::kElapsed, "19700101-00:00:00.050700"},
  };
  for (const auto& c : cases) {
    const auto reading = read(std::string("time,power_w\n") + c.stamp + ",5\n", with(PowerFormat::kCsv));
    ASSERT_EQ(reading.samples.size(), 1U) << c.stamp;
    EXPECT_EQ(reading.kind, c.kind) << c.stamp;
    EXPECT_EQ(format_time_stamp(reading.samples[0].at), c.at);
  }
}

TEST(PowerCsv, WarnsWhereNoUnitIsNamed) {
  const auto reading = read("time,rail\n1700000000,4001.6\n", with(PowerFormat::kAuto));
  ASSERT_EQ(reading.samples.size(), 1U);
  EXPECT_EQ(reading.samples[0].microwatts(), 4001600.0);
  ASSERT_EQ(reading.warnings.size(), 1U);
  EXPECT_NE(reading.warnings[0].message.find("milliwatt"), std::string::npos);
}

TEST(PowerCsv, SaysWhichLineIsWrong) {
  const struct {
    const char* text;
    std::uint64_t line;
    const char* word;
  } cases[] = {
      {"seconds,power_w\n1,2\n", 1, "column of time"},
      {"time,temp_C,\n1,2,3\n", 1, "column of power"},
      {"time,power_w\n1700000000,much\n", 2, "much"},
      {"time,power_w\n1700000000,5\nyesterday,5\n", 3, "yesterday"},
      {"time,power_w\n1700000000,5\n1700000001\n", 3, "1 cells instead of 2"},
      {"time,power_w\n1700000000,5\n1,2,3\n1700000001,5\n", 3, "3 cells instead of 2"},
      {"time,power_w\n1700000000,5\n2024-11-21T05:20:04,5\n", 3, "local time among others of Unix time"},
      {"time,power_w\n1700000000,\xff\n", 2, "UTF-8"},
  };
  for (const auto& c : cases) {
    const auto reading = read(c.text, with(PowerFormat::kCsv));
    ASSERT_TRUE(reading.error) << c.text;
    EXPECT_EQ(reading.error->location.line, c.line) << c.text;
    EXPECT_NE(reading.error->message.find(c.word), std::string::npos) << reading.error->message;
  }
}

TEST(PowerCsv, RefusesImpossibleValuesWhereAsked) {
  for (const char* value : {"nan", "-5", "1e9", "inf"}) {
    auto options = with(PowerFormat::kCsv);
    const std::string text = std::string("time,power_w\n1700000000,5\n1700000001,") + value + "\n";
    EXPECT_EQ(read(text, options).samples.size(), 2U);
    EXPECT_EQ(read(text, options).warnings.size(), 1U);
    options.refuse_impossible = true;
    const auto reading = read(text, options);
    ASSERT_TRUE(reading.error) << value;
    EXPECT_EQ(reading.error->location.line, 3U);
    EXPECT_EQ(reading.samples.size(), 1U);
  }
}

TEST(PowerFormat, IsToldByTheFirstLines) {
  // The reference's lines stay the reference's, even below a header: its reader says what is wrong.
  const auto usual = read("20241121-05:20:04.261448,5000.0,1096.0\n", with(PowerFormat::kAuto));
  ASSERT_EQ(usual.samples.size(), 1U);
  const auto headed = read("timestamp,voltage_mV,current_mA\n20241121-05:20:04.261448,5000.0,1096.0\n",
                           with(PowerFormat::kAuto));
  ASSERT_TRUE(headed.error);
  EXPECT_EQ(headed.error->location.line, 1U);
  EXPECT_NE(headed.error->hint.find("header"), std::string::npos);
  const auto forced = read("timestamp,voltage_mV,current_mA\n20241121-05:20:04.261448,5000.0,1096.0\n",
                           with(PowerFormat::kCsv));
  EXPECT_EQ(forced.samples.size(), 1U);
  const auto empty = read("", with(PowerFormat::kAuto));
  EXPECT_FALSE(empty.error);
  EXPECT_TRUE(empty.samples.empty());
}

TEST(PowerFormat, UnknownZoneIsWrongUsage) {
  const auto reading = read("", with(PowerFormat::kAuto, {}, "Mars/Base"));
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->kind, ErrorKind::kUsage);
}

TEST(RailLogs, RealLogsOfABoard) {
  const auto folder = test::data_dir() / "sensor_traces";
  auto options = with(PowerFormat::kAuto, {"VDD_GPU_SOC"});
  const auto orin = read_power_log(folder / "agx_orin_tegrastats.txt", nullptr, options);
  ASSERT_TRUE(orin) << orin.error().describe();
  EXPECT_EQ(orin->size(), 40U);
  EXPECT_EQ(orin->front().microwatts(), 5191000.0);

  options.rails = {"GPU+SOC"};
  std::vector<Warning> warnings;
  const auto rails = read_power_log(folder / "agx_orin_rails_vgg_imagenet.csv", &warnings, options);
  ASSERT_TRUE(rails) << rails.error().describe();
  EXPECT_EQ(rails->size(), 29U);
  EXPECT_EQ(rails->front().microwatts(), 4001600.0);
  ASSERT_EQ(warnings.size(), 2U);  // no unit named; a footer
  EXPECT_NE(warnings[1].message.find("footer"), std::string::npos);
  EXPECT_EQ(warnings[1].location.line, 31U);

  options.rails = {};
  const auto ambiguous = read_power_log(folder / "agx_orin_rails_vgg_imagenet.csv", nullptr, options);
  ASSERT_FALSE(ambiguous);
  EXPECT_NE(ambiguous.error().message.find("'GPU+SOC', 'CPU+CV', 'I/O (5V0)', 'I/O (VDDQ)'"),
            std::string::npos);
}

}  // namespace
}  // namespace joulecast
