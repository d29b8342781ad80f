// attribute by window and convert on raw data with every kind of fault: exit code, the place named, a hint,
// nothing half-written.
#include <sstream>

#include <gtest/gtest.h>

#include "support/expect_words.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

class BadRawData : public ::testing::Test {
 protected:
  BadRawData() { write_idle_power(scratch_); }
  ProgramResult attribute(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"attribute", path("raw_data"), "--out", path("out"), "--method", "window"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] std::vector<std::string> outputs() const { return files_below(scratch_.path() / "out"); }
  TemporaryFolder scratch_;
  TinyRun run_;
};

TEST_F(BadRawData, GoodDataGivesItsTwoFilesAndASummary) {
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.errors, "");
  EXPECT_EQ(outputs(), (std::vector<std::string>{"net/power_runtime_mapping_layerwise.csv",
                                                 "net/trt_engine_info.json"}));
  expect_words(result.output, {"with power (%)", "net", "done"});
  EXPECT_EQ(read_file(scratch_.path() / "out/net/trt_engine_info.json"), run_.engine);
}

TEST_F(BadRawData, NamesOfNetworksStayWholeInANarrowTable) {
  const std::vector<std::string> names = {
      "desktop_torch_onnx_trt_resnet18_with_a_long_name_of_sixty_letters_a",
      "desktop_torch_onnx_trt_resnet18_with_a_long_name_of_sixty_letters_b"};
  for (const auto& name : names) run_.write(scratch_, name);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.output, {names[0], names[1]});
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST_F(BadRawData, RawLogsGivenToConvertAreNamedAsSuch) {
  run_.write(scratch_);
  const auto result = run_program({"convert", path("raw_data"), "--out", path("training")});
  EXPECT_EQ(result.exit_code, 4);
  expect_words(result.errors, {"raw logs", "joulecast attribute"});
}

TEST_F(BadRawData, MissingFolder) {
  const auto result = run_program({"attribute", path("absent"), "--out", path("out")});
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {path("absent"), "hint:"});
  EXPECT_TRUE(outputs().empty());
}

TEST_F(BadRawData, FolderWithoutNetworks) {
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 4);
  expect_words(result.errors, {path("raw_data"), "hint:"});
}

TEST_F(BadRawData, FileGivenForTheFolder) {
  const auto file = scratch_.write("file", "x");
  const auto result = run_program({"attribute", file.string(), "--out", path("out")});
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {file.string()});
}

TEST_F(BadRawData, EmptyLatencyLog) {
  run_.latency_log = "";
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {"net skipped", "trt_layer_latency.json", "no network could be used"});
  EXPECT_TRUE(outputs().empty());
}

TEST_F(BadRawData, EmptyPowerLog) {
  run_.power_log = "";
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 4);
  expect_words(result.errors, {"net skipped", "net_power_log.log"});
  EXPECT_TRUE(outputs().empty());
}

TEST_F(BadRawData, EmptyEngineFile) {
  run_.engine = "";
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {"net skipped", "trt_engine_info.json"});
  EXPECT_TRUE(outputs().empty());
}

TEST_F(BadRawData, EmptyIdlePowerFile) {
  scratch_.write("raw_data/idling_power.json", "");
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {"idling_power.json"});
  EXPECT_TRUE(outputs().empty());
}

TEST_F(BadRawData, NoLatencyLogAtAll) {
  run_.write(scratch_);
  std::filesystem::remove(scratch_.path() / "raw_data/net/trt_profiling/trt_layer_latency.json");
  const auto result = attribute();
  EXPECT_TRUE(result.exit_code == 3 || result.exit_code == 4) << result.exit_code;
  expect_words(result.errors, {"net skipped", "latency log", "hint:"});
  EXPECT_TRUE(outputs().empty());
}

TEST_F(BadRawData, LatencyLogCutAnywhere) {
  const std::string whole = run_.latency_log;
  // In the first key, after it, in a number, in a stamp, between entries,
  // between layers, before the last brace.
  for (const std::size_t length :
       {std::size_t{1}, std::size_t{4}, std::size_t{8}, std::size_t{11}, std::size_t{14}, std::size_t{30},
        std::size_t{43}, whole.find("]]") + 2, whole.size() - 1}) {
    run_.latency_log = whole.substr(0, length);
    run_.write(scratch_);
    const auto result = attribute();
    EXPECT_EQ(result.exit_code, 3) << length;
    expect_words(result.errors, {"net skipped", "trt_layer_latency.json", "byte"});
    EXPECT_TRUE(outputs().empty()) << length;
  }
}

TEST_F(BadRawData, StampThatIsNone) {
  run_.latency_log = replaced(run_.latency_log, "20241121-10:00:00.010000", "20241121-25:61:00.010000");
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {"net skipped", "25:61", "trt_layer_latency.json"});
  EXPECT_TRUE(outputs().empty());
}

TEST_F(BadRawData, StampThatIsNoneInThePowerLogNamesTheLine) {
  run_.power_log = replaced(run_.power_log, "20241121-10:00:00.004000", "20241121-25:61:00.004000");
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {"net skipped", "net_power_log.log:5"});
  EXPECT_TRUE(outputs().empty());
}

TEST_F(BadRawData, TextForANumberInThePowerLogNamesTheLine) {
  run_.power_log = replaced(run_.power_log, "5000.0,1008.0", "5000.0,much");
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {"net_power_log.log:2", "much"});
}

TEST_F(BadRawData, NanNegativeAndAbsurdPowerPassWithAWarning) {
  for (const char* value : {"nan", "-1008.0", "1e12"}) {
    run_ = TinyRun();
    run_.power_log = replaced(run_.power_log, "5000.0,1008.0", std::string("5000.0,") + value);
    run_.write(scratch_);
    const auto result = attribute();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    expect_words(result.errors, {"warning", "net_power_log.log"});
  }
}

TEST_F(BadRawData, NanNegativeAndAbsurdDurationsPassWithAWarning) {
  for (const char* value : {"[-9.0,", "[NaN,", "[90000000.0,"}) {
    run_ = TinyRun();
    run_.latency_log = replaced(run_.latency_log, "[9.0,", value);
    run_.write(scratch_);
    const auto result = attribute();
    // A duration that is no number has no window: the network may be left out,
    // but never silently.
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3 || result.exit_code == 4) << result.errors;
    expect_words(result.errors, {"warning"});
  }
}

TEST_F(BadRawData, PowerLogOutOfOrderPassesWithAWarning) {
  run_.power_log = replaced(run_.power_log, "20241121-10:00:00.400000", "20241121-10:00:00.100500");
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"warning", "net_power_log.log"});
}

TEST_F(BadRawData, ClockSetByAnHourIsWarnedOf) {
  std::size_t at = 0;  // the second half of the power log an hour back, as at
                       // the end of summer time
  const std::string half = run_.power_log.substr(run_.power_log.size() / 2);
  std::string moved = half.substr(half.find('\n') + 1);
  while ((at = moved.find("-10:00:", at)) != std::string::npos) moved.replace(at, 7, "-09:00:");
  run_.power_log =
      run_.power_log.substr(0, run_.power_log.size() / 2) + half.substr(0, half.find('\n') + 1) + moved;
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"warning", "net_power_log.log", "hour"});
}

TEST_F(BadRawData, DoubtfulIdlePowerIsWarnedOf) {
  run_.write(scratch_);
  for (const char* value : {"0", "-4000000.0", "4000.0"}) {
    write_idle_power(scratch_, value);
    const auto result = attribute();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    expect_words(result.errors, {"warning", "idling_power.json"});
  }
}

TEST_F(BadRawData, IdlePowerWithoutItsKey) {
  scratch_.write("raw_data/idling_power.json", R"({"timestamp": "20241121-051743"})");
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {"idling_power.json", "avg_idle_power"});
}

TEST_F(BadRawData, LogsThatDoNotOverlapInTime) {
  std::size_t at = 0;
  while ((at = run_.power_log.find("-10:00:", at)) != std::string::npos)
    run_.power_log.replace(at, 7, "-13:00:");
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"warning", "net"});
  expect_words(result.output, {"no power"});
  const auto strict = attribute({"--strict"});
  EXPECT_EQ(strict.exit_code, 4);
  const auto converted = run_program({"convert", path("out"), "--out", path("training")});
  EXPECT_EQ(converted.exit_code, 4);
  expect_words(converted.errors, {"net skipped"});
}

TEST_F(BadRawData, LayerThatTheEngineLacksIsKeptAsUnknown) {
  run_.engine =
      replaced(run_.engine, "\"Name\": \"pool\", \"LayerType\"", "\"Name\": \"other\", \"LayerType\"");
  run_.write(scratch_);
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(read_file(scratch_.path() / "out/net/power_runtime_mapping_layerwise.csv"), {"pool,Unknown,"});
  const auto converted =
      run_program({"convert", path("out"), "--out", path("training"), "--per-layer-measurements", "1"});
  EXPECT_EQ(converted.exit_code, 0) << converted.errors;
  EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "training/net/pooling.csv"));
  expect_words(read_file(scratch_.path() / "training/net/rejects.csv"), {"net,pool,"});
}

TEST_F(BadRawData, OneFaultyNetworkDoesNotEndTheOthers) {
  run_.write(scratch_, "good");
  run_.latency_log.resize(50);
  run_.write(scratch_, "bad");
  const auto result = attribute();
  EXPECT_EQ(result.exit_code, 0);
  expect_words(result.errors, {"bad skipped"});
  EXPECT_EQ(outputs(), (std::vector<std::string>{"good/power_runtime_mapping_layerwise.csv",
                                                 "good/trt_engine_info.json"}));
  EXPECT_EQ(attribute({"--strict"}).exit_code, 3);
}

TEST_F(BadRawData, OnlyTakesWhatItNames) {
  run_.write(scratch_, "one");
  run_.write(scratch_, "two");
  EXPECT_EQ(attribute({"--only", "two"}).exit_code, 0);
  EXPECT_EQ(outputs(), (std::vector<std::string>{"two/power_runtime_mapping_layerwise.csv",
                                                 "two/trt_engine_info.json"}));
  const auto result = attribute({"--only", "three"});
  EXPECT_EQ(result.exit_code, 2);
  expect_words(result.errors, {"three"});
}

TEST_F(BadRawData, ConvertLeavesOutANetworkWithTooFewMeasurements) {
  run_.write(scratch_);
  ASSERT_EQ(attribute().exit_code, 0);
  const auto result =
      run_program({"convert", path("out"), "--out", path("training"), "--per-layer-measurements", "13"});
  EXPECT_EQ(result.exit_code, 4);
  expect_words(result.errors, {"net skipped", "13"});
  const auto enough =
      run_program({"convert", path("out"), "--out", path("training"), "--per-layer-measurements", "12"});
  EXPECT_EQ(enough.exit_code, 0) << enough.errors;
  expect_words(enough.output, {"convolutional", "all"});
}

TEST_F(BadRawData, ConvertOfAMissingFolder) {
  const auto result = run_program({"convert", path("absent"), "--out", path("training")});
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {path("absent"), "hint:"});
}

TEST_F(BadRawData, ConvertOfADamagedMappingNamesTheLine) {
  run_.write(scratch_);
  ASSERT_EQ(attribute().exit_code, 0);
  const auto mapping = scratch_.path() / "out/net/power_runtime_mapping_layerwise.csv";
  scratch_.write(mapping, replaced(read_file(mapping), ",9.1\n", ",much\n"));
  const auto result = run_program({"convert", path("out"), "--out", path("training")});
  EXPECT_EQ(result.exit_code, 3);
  expect_words(result.errors, {"net skipped", "power_runtime_mapping_layerwise.csv:5"});
}

TEST_F(BadRawData, DatasetDoesBothStepsInOne) {
  run_.write(scratch_);
  const auto result = run_program({"dataset", path("raw_data"), "--out", path("both"), "--method", "window"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(std::filesystem::exists(scratch_.path() /
                                      "both/preprocessed_data/net/power_runtime_mapping_layerwise.csv"));
  EXPECT_TRUE(std::filesystem::exists(scratch_.path() / "both/training_data/net/layers.csv"));
}

TEST_F(BadRawData, DoctorNamesWhatIsMissingAndWhatComesNext) {
  run_.write(scratch_);
  const auto good = run_program({"doctor", path("raw_data")});
  EXPECT_EQ(good.exit_code, 0) << good.errors;
  expect_words(good.output, {"raw data", "1 networks", "next: joulecast attribute"});
  std::filesystem::remove(scratch_.path() / "raw_data/idling_power.json");
  const auto bad = run_program({"doctor", path("raw_data")});
  EXPECT_EQ(bad.exit_code, 4);
  expect_words(bad.errors, {"idling_power.json", "hint:"});
}

}  // namespace
}  // namespace joulecast::test
