// attribute by regression, the default, on raw data with every kind of fault: exit code, the place named, a
// hint, nothing half-written; and what is refused for its power, but not for its run times.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/time_stamp.h"
#include "joulecast/raw_logs.h"
#include "support/expect_words.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"
#include "unit/measurements/regression/tiny_board.h"

namespace joulecast::test {
namespace {

using Names = std::vector<std::string>;

constexpr const char* kTensor =
    R"({"Name": "x", "Dimensions": [1, 8, 16, 16], "Format/Datatype": "Channel major FP16 format"})";
const Names kFullResult = {"net/attribution.json", "net/layer_power.csv", "net/power_covariance.csv",
                           "net/trt_engine_info.json"};
const Names kRefusedResult = {"net/attribution.json", "net/layer_power.csv", "net/trt_engine_info.json"};

class Regression : public ::testing::Test {
 protected:
  Regression() { write_idle_power(scratch_); }
  ProgramResult attribute(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"attribute", path("raw_data"), "--out", path("out")};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] std::vector<std::string> outputs() const { return files_below(scratch_.path() / "out"); }
  [[nodiscard]] nlohmann::json result() const {
    return nlohmann::json::parse(read_file(scratch_.path() / "out/net/attribution.json"));
  }
  /// Neither files nor another exit code than this, and all of the words.
  void expect_skipped(int exit_code, const std::vector<std::string>& words) const {
    const auto result = attribute();
    EXPECT_EQ(result.exit_code, exit_code) << result.errors;
    expect_words(result.errors, words);
    expect_words(result.errors, {"net skipped"});
    EXPECT_TRUE(outputs().empty());
  }
  TemporaryFolder scratch_;
  TinyRun run_;  // too short for a regression: enough for what is refused before
};

/// A run that can be resolved: six layers, two of them convolutions, on a board of exact algebra.
class LongRun : public Regression {
 protected:
  LongRun() {
    testing_board::TinyBoard board;
    board.noise_w = 0.02;
    const auto run = testing_board::run_tiny(board);
    for (const PowerSample& sample : run.power)
      power_ += fmt::format("{},{},{}\n", format_time_stamp(sample.at), sample.millivolts, sample.milliamps);
    std::string layers;
    for (std::size_t k = 0; k < run.latencies.layers.size(); ++k) {
      const auto& layer = run.latencies.layers[k];
      latency_ += fmt::format("{}\"{}\": [", k == 0 ? "{" : ", ", layer.name);
      for (std::size_t i = 0; i < layer.entries.size(); ++i)
        latency_ += fmt::format("{}[{}, \"{}\"]", i == 0 ? "" : ", ", layer.entries[i].milliseconds,
                                format_time_stamp(layer.entries[i].completed));
      latency_ += "]";
      layers += fmt::format(
          R"({}{{"Name": "{}", "LayerType": "{}", "Inputs": [{}], "Outputs": [{}], "Kernel": [3, 3], "PrePadding": [1, 1], "PostPadding": [1, 1], "Stride": [1, 1]}})",
          k == 0 ? "" : ", ", layer.name, k < 2 ? "CaskConvolution" : "PointWiseV2", kTensor, kTensor);
    }
    latency_ += "}";
    scratch_.write("raw_data/net/trt_profiling/trt_engine_info.json",
                   fmt::format(R"({{"Layers": [{}], "Bindings": ["x"]}})", layers));
  }
  void write() const {
    scratch_.write("raw_data/net/net_power_log.log", power_);
    scratch_.write("raw_data/net/trt_profiling/trt_layer_latency.json", latency_);
  }
  std::string power_, latency_;
};

TEST_F(LongRun, GivesItsFourFilesAndASummary) {
  write();
  const auto done = attribute();
  EXPECT_EQ(done.exit_code, 0) << done.errors;
  EXPECT_EQ(outputs(), kFullResult);
  expect_words(done.output, {"verdict", "energy (mJ)", "net"});
  EXPECT_NE(result().at("verdict"), "refused");
  EXPECT_NEAR(result().at("fit").at("energy_balance_percent").get<double>(), 0.0, 0.5);
  for (std::size_t at = 0, end = 0; at < done.output.size(); at = end + 1) {
    end = std::min(done.output.find('\n', at), done.output.size());
    EXPECT_LE(end - at, 80U);
  }
}

TEST_F(LongRun, SameSeedSameBytesAnotherSeedAnotherResampling) {
  write();
  ASSERT_EQ(attribute({"--seed", "5"}).exit_code, 0);
  const auto first = read_file(scratch_.path() / "out/net/attribution.json");
  ASSERT_EQ(attribute({"--seed", "5", "--jobs", "1"}).exit_code, 0);
  EXPECT_EQ(read_file(scratch_.path() / "out/net/attribution.json"), first);
  ASSERT_EQ(attribute({"--seed", "6"}).exit_code, 0);
  EXPECT_EQ(result().at("seed"), 6);
}

TEST_F(LongRun, EitherMethodsFilesGiveWayToTheOthers) {
  write();
  ASSERT_EQ(attribute({"--method", "window"}).exit_code, 0);
  ASSERT_EQ(run_program({"convert", path("out"), "--out", path("training"), "--per-layer-measurements", "1"})
                .exit_code,
            0);
  EXPECT_EQ(outputs().size(), 4U);  // with convert's two statistics
  ASSERT_EQ(attribute().exit_code, 0);
  EXPECT_EQ(outputs(), kFullResult);
  ASSERT_EQ(attribute({"--method", "window"}).exit_code, 0);
  EXPECT_EQ(outputs(), (Names{"net/power_runtime_mapping_layerwise.csv", "net/trt_engine_info.json"}));
}

TEST_F(LongRun, ConvertMakesRowsForEveryTrainer) {
  write();
  ASSERT_EQ(attribute().exit_code, 0);
  const auto converted = run_program({"convert", path("out"), "--out", path("training")});
  EXPECT_EQ(converted.exit_code, 0) << converted.errors;
  const auto files = files_below(scratch_.path() / "training");
  for (const char* name : {"net/layers.csv", "net/power_covariance.csv", "net/convolutional.csv"})
    EXPECT_NE(std::find(files.begin(), files.end(), name), files.end()) << name;
  expect_words(read_file(scratch_.path() / "training/net/layers.csv"), {"above_idle"});
}

TEST_F(LongRun, PowerOfAnotherRunIsRefusedButRunTimesStand) {
  for (std::size_t at = 0; (at = power_.find("20241121-", at)) != std::string::npos; at += 9)
    power_.replace(at, 9, "20241122-");
  write();
  const auto done = attribute();
  EXPECT_EQ(done.exit_code, 0) << done.errors;
  expect_words(done.errors, {"warning", "net refused", "overlap"});
  expect_words(done.output, {"refused"});
  EXPECT_EQ(outputs(), kRefusedResult);
  EXPECT_EQ(result().at("verdict"), "refused");
  EXPECT_EQ(attribute({"--strict"}).exit_code, 4);
  const auto converted = run_program({"convert", path("out"), "--out", path("training")});
  EXPECT_EQ(converted.exit_code, 0) << converted.errors;
  EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "training/net/convolutional.csv"));
  expect_words(read_file(scratch_.path() / "training/net/rejects.csv"), {"no power"});
}

TEST_F(LongRun, ARefusedRunTakesAnEarlierRunsCovarianceAway) {
  write();
  ASSERT_EQ(attribute().exit_code, 0);
  ASSERT_EQ(outputs(), kFullResult);
  power_.resize(power_.find('\n', power_.size() / 50) + 1);
  write();
  ASSERT_EQ(attribute().exit_code, 0);
  EXPECT_EQ(outputs(), kRefusedResult);
}

TEST_F(LongRun, ImpossiblePowerNamesItsLine) {
  const std::size_t line = 1000;
  std::size_t at = 0;
  for (std::size_t i = 1; i < line; ++i) at = power_.find('\n', at) + 1;
  const std::string stamp = power_.substr(at, 24);
  const std::size_t end = power_.find('\n', at);
  const std::string before = power_.substr(0, at);
  const std::string behind = power_.substr(end);
  for (const char* value : {"nan,1000.0", "5000.0,-8.0", "5000.0,1e9", "inf,8.0"}) {
    power_ = before + stamp + "," + value + behind;
    write();
    expect_skipped(3, {"net_power_log.log:1000", "a power sample is", "hint"});
  }
}

TEST_F(LongRun, ImpossibleRunTimesNameLayerAndEntry) {
  const std::size_t at = latency_.find("[[") + 2;
  const std::size_t end = latency_.find(',', at);
  const std::string before = latency_.substr(0, at);
  const std::string behind = latency_.substr(end);
  for (const char* value : {"NaN", "-0.5", "90000000.0", "Infinity"}) {
    latency_ = before + value + behind;
    write();
    expect_skipped(4, {"trt_layer_latency.json", "entry 1 of layer", "hint"});
  }
}

TEST_F(LongRun, PowerLogCutOffInALineNamesIt) {
  power_.resize(power_.rfind('\n', power_.size() - 2) + 28);  // the stamp and a digit or two of the voltage
  write();
  expect_skipped(3, {"net_power_log.log:", "hint"});
}

TEST_F(LongRun, ClocksHoursApartAreNamed) {
  const std::string day = power_.substr(0, 9);  // "20240715-"
  const int hour = std::stoi(power_.substr(9, 2));
  const auto stamp = [&](int hours) { return fmt::format("\n{}{:02}:", day, hours); };
  power_.insert(0, "\n");
  for (std::size_t at = 0; (at = power_.find(stamp(hour), at)) != std::string::npos; ++at)
    power_.replace(at, stamp(hour).size(), stamp(hour + 2));
  power_.erase(0, 1);
  write();
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"net refused", "do not overlap", "-02:00 hours"});
  EXPECT_EQ(outputs(), kRefusedResult);
}

TEST_F(LongRun, SamplesOutOfOrderPassWithAWarning) {
  const std::size_t first = power_.find('\n', power_.size() / 2) + 1;
  const std::size_t second = power_.find('\n', first) + 1;
  const std::size_t third = power_.find('\n', second) + 1;
  power_ = power_.substr(0, first) + power_.substr(second, third - second) +
           power_.substr(first, second - first) + power_.substr(third);
  write();
  const auto done = attribute();
  EXPECT_EQ(done.exit_code, 0) << done.errors;
  expect_words(done.errors, {"warning", "net_power_log.log"});
  EXPECT_EQ(outputs(), kFullResult);
}

TEST_F(LongRun, ClockSetByAnHourIsWarnedOf) {
  const auto half = power_.find('\n', power_.size() / 2) + 1;
  const auto hour = power_.substr(half + 9, 2);
  const std::string earlier = std::to_string(std::stoi(hour) - 1);
  const std::string moved = "-" + std::string(earlier.size() == 1 ? "0" : "") + earlier + ":";
  for (std::size_t at = half; (at = power_.find("-" + hour + ":", at)) != std::string::npos; at += 4)
    power_.replace(at, 4, moved);
  write();
  const auto done = attribute();
  EXPECT_EQ(done.exit_code, 0) << done.errors;
  expect_words(done.errors, {"warning", "net_power_log.log", "hour"});
}

TEST_F(LongRun, TimeZoneOfUnixTimeIsFoundOrNamed) {
  // The same log as CSV in Unix time, of a board whose clock is two hours ahead.
  const auto samples = read_power_log(scratch_.write("local.log", power_)).value();
  std::string csv = "unix_time_us,voltage_mV,current_mA\n";
  for (const auto& sample : samples)
    csv += fmt::format("{},{},{}\n", sample.at.microseconds - 7'200'000'000, sample.millivolts,
                       sample.milliamps);
  write();
  ASSERT_EQ(attribute().exit_code, 0);
  const auto expected = read_file(scratch_.path() / "out/net/layer_power.csv");
  power_ = csv;
  write();
  const auto found = attribute();
  EXPECT_EQ(found.exit_code, 0) << found.errors;
  expect_words(found.errors, {"UTC+02:00"});
  EXPECT_EQ(read_file(scratch_.path() / "out/net/layer_power.csv"), expected);
  const auto named = attribute({"--time-zone", "+02:00", "--power-format", "csv"});
  EXPECT_EQ(named.errors.find("UTC"), std::string::npos) << named.errors;
  EXPECT_EQ(read_file(scratch_.path() / "out/net/layer_power.csv"), expected);
  const auto window = attribute({"--method", "window"});
  EXPECT_EQ(window.exit_code, 0) << window.errors;
  expect_words(window.output, {"done"});
}

TEST_F(Regression, TooShortARunIsRefusedButRunTimesStand) {
  run_.write(scratch_);
  const auto done = attribute();
  EXPECT_EQ(done.exit_code, 0) << done.errors;
  expect_words(done.errors, {"net refused"});
  EXPECT_EQ(outputs(), kRefusedResult);
  EXPECT_EQ(attribute({"--strict"}).exit_code, 4);
}

TEST_F(Regression, FilesThatMayNotGrowAreNotLeftInPart) {
  run_.write(scratch_);
  RunOptions options;
  options.file_limit = 100;
  const auto done = run_program({"attribute", path("raw_data"), "--out", path("out")}, options);
  EXPECT_EQ(done.exit_code, 7) << done.errors;
  expect_words(done.errors, {"File too large", "hint:"});
  EXPECT_TRUE(outputs().empty());
}

TEST_F(Regression, EmptyFiles) {
  const TinyRun whole;
  run_.latency_log = "";
  run_.write(scratch_);
  expect_skipped(3, {"trt_layer_latency.json", "no network could be used"});
  run_ = whole;
  run_.power_log = "";
  run_.write(scratch_);
  expect_skipped(4, {"net_power_log.log"});
  run_ = whole;
  run_.engine = "";
  run_.write(scratch_);
  expect_skipped(3, {"trt_engine_info.json"});
  whole.write(scratch_);
  scratch_.write("raw_data/idling_power.json", "");
  expect_skipped(3, {"idling_power.json"});
}

TEST_F(Regression, IdlePowerThatCannotBe) {
  run_.write(scratch_);
  for (const char* value : {"-4000000.0", "NaN", "1e13"}) {
    write_idle_power(scratch_, value);
    expect_skipped(4, {"idling_power.json", "idle power"});
  }
  scratch_.write("raw_data/idling_power.json", R"({"timestamp": "20241121-051743"})");
  expect_skipped(3, {"idling_power.json", "avg_idle_power"});
}

TEST_F(Regression, LatencyLogCutAnywhere) {
  const std::string whole = run_.latency_log;
  for (const std::size_t length : {std::size_t{1}, std::size_t{8}, std::size_t{14}, std::size_t{30},
                                   whole.find("]]") + 2, whole.size() - 1}) {
    run_.latency_log = whole.substr(0, length);
    run_.write(scratch_);
    expect_skipped(3, {"trt_layer_latency.json", "byte"});
  }
}

TEST_F(Regression, StampsThatAreNone) {
  const TinyRun whole;
  run_.latency_log = replaced(run_.latency_log, "20241121-10:00:00.010000", "20241121-25:61:00.010000");
  run_.write(scratch_);
  expect_skipped(3, {"25:61", "trt_layer_latency.json"});
  run_ = whole;
  run_.power_log = replaced(run_.power_log, "20241121-10:00:00.004000", "20241121-25:61:00.004000");
  run_.write(scratch_);
  expect_skipped(3, {"net_power_log.log:5"});
}

TEST_F(Regression, TextForANumberNamesTheLine) {
  run_.power_log = replaced(run_.power_log, "5000.0,1008.0", "5000.0,much");
  run_.write(scratch_);
  expect_skipped(3, {"net_power_log.log:2", "much"});
}

TEST_F(Regression, AHeaderOverTheLogIsRefused) {
  run_.power_log = "timestamp,voltage,current\n" + run_.power_log;
  run_.write(scratch_);
  expect_skipped(3, {"net_power_log.log:1", "header"});
}

TEST_F(Regression, WithoutStampsOrPowerLogRunTimesAlone) {
  run_.latency_log = R"({"conv": [1.5, 2.5], "pool": [0.5, 0.5]})";
  run_.write(scratch_);
  const auto done = attribute();
  EXPECT_EQ(done.exit_code, 0) << done.errors;
  expect_words(done.errors, {"run times alone"});
  EXPECT_EQ(outputs(), (Names{"net/layer_power.csv", "net/trt_engine_info.json"}));
}

TEST_F(Regression, OneFaultyNetworkDoesNotEndTheOthers) {
  run_.write(scratch_, "good");
  run_.latency_log.resize(50);
  run_.write(scratch_, "bad");
  const auto done = attribute();
  EXPECT_EQ(done.exit_code, 0);
  expect_words(done.errors, {"bad skipped", "good refused"});
  EXPECT_EQ(outputs().size(), 3U);
  EXPECT_EQ(attribute({"--strict"}).exit_code, 3);
  EXPECT_EQ(attribute({"--only", "nothing"}).exit_code, 2);
}

}  // namespace
}  // namespace joulecast::test
