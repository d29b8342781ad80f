// Every error says what, where and what to do: a table of faulty inputs, one command each.
#include <gtest/gtest.h>

#include "support/expect_words.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

struct FaultyInput {
  const char* name;
  std::string file;     ///< below the scratch folder
  std::string content;  ///< takes the file's place
  int exit_code;
  std::vector<std::string> words;
  const char* method = "window";
};

class EachFaultyInput : public ::testing::TestWithParam<FaultyInput> {};

const std::string kPowerLog = "raw_data/net/net_power_log.log";
const std::string kLatencyLog = "raw_data/net/trt_profiling/trt_layer_latency.json";
const std::string kEngine = "raw_data/net/trt_profiling/trt_engine_info.json";
const std::string kIdle = "raw_data/idling_power.json";
const std::string kBinary = std::string(
    "\x7f"
    "ELF\x02\x01\x01\0\0\xff\xfe\n\0\x80",
    16);

INSTANTIATE_TEST_SUITE_P(
    Attribute, EachFaultyInput,
    ::testing::Values(
        FaultyInput{"EmptyPowerLog", kPowerLog, "", 4, {"net_power_log.log"}},
        FaultyInput{"EmptyPowerLogForTheRegression", kPowerLog, "", 4, {"net_power_log.log"}, "regression"},
        FaultyInput{"BinaryPowerLog", kPowerLog, kBinary, 3, {"net_power_log.log:1"}},
        FaultyInput{"PowerLogWithTextForANumber",
                    kPowerLog,
                    "20241121-10:00:00.000000,five,1.0\n",
                    3,
                    {"net_power_log.log:1", "five"}},
        FaultyInput{"EmptyLatencyLog", kLatencyLog, "", 3, {"trt_layer_latency.json"}},
        FaultyInput{"LatencyLogWithoutEntry", kLatencyLog, "{}", 4, {"trt_layer_latency.json"}},
        FaultyInput{"BinaryLatencyLog", kLatencyLog, kBinary, 3, {"trt_layer_latency.json:1"}},
        FaultyInput{"LatencyLogWithMixedForms",
                    kLatencyLog,
                    R"({"c": [[1.0, "20241121-10:00:00.002000"], 1.0]})",
                    3,
                    {"trt_layer_latency.json:1"}},
        FaultyInput{"RunTimeThatIsNan",
                    kLatencyLog,
                    R"({"c": [[NaN, "20241121-10:00:00.002000"]]})",
                    3,
                    {"trt_layer_latency.json", "nan"}},
        FaultyInput{"RunTimeThatIsNanForTheRegression",
                    kLatencyLog,
                    R"({"c": [[NaN, "20241121-10:00:00.002000"]]})",
                    4,
                    {"trt_layer_latency.json", "nan"},
                    "regression"},
        FaultyInput{"CutIdlePower", kIdle, "{\"avg_idle_power\": 4", 3, {"idling_power.json:1", "byte"}},
        FaultyInput{
            "IdlePowerWithoutNumber", kIdle, "{\"avg_idle_power\": null}", 3, {"idling_power.json:1"}},
        FaultyInput{"BinaryEngine", kEngine, kBinary, 3, {"trt_engine_info.json"}},
        FaultyInput{"EngineWithAnAbsurdDimension",
                    kEngine,
                    R"({"Layers": [{"Name": "n", "LayerType": "x", "Outputs": [],
  "Inputs": [{"Name": "i", "Dimensions": [9223372036854775807]}]}]})",
                    3,
                    {"trt_engine_info.json", "\"n\"", "9223372036854775807"}},
        FaultyInput{"EngineWithADimensionBeyondAllIntegers",
                    kEngine,
                    R"({"Layers": [{"Name": "n", "LayerType": "x", "Outputs": [],
  "Inputs": [{"Name": "i", "Dimensions": [1, 1e300]}]}]})",
                    3,
                    {"trt_engine_info.json", "\"n\"", "dimension"}}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_P(EachFaultyInput, IsRefusedWithPlaceAndHint) {
  const TemporaryFolder scratch;
  write_idle_power(scratch);
  TinyRun().write(scratch);
  scratch.write(GetParam().file, GetParam().content);
  const auto result = run_program({"attribute", (scratch.path() / "raw_data").string(), "--out",
                                   (scratch.path() / "out").string(), "--method", GetParam().method});
  EXPECT_EQ(result.exit_code, GetParam().exit_code) << result.errors;
  for (const auto& word : GetParam().words)
    EXPECT_NE(result.errors.find(word), std::string::npos) << "no '" << word << "' in:\n" << result.errors;
  // The network's own message has the hint, not only the last one about the whole folder.
  const std::size_t skipped = result.errors.find("net skipped:");
  ASSERT_NE(skipped, std::string::npos) << result.errors;
  const std::size_t next_line = result.errors.find('\n', skipped) + 1;
  EXPECT_EQ(result.errors.compare(next_line, 7, "  hint:"), 0) << result.errors;
  EXPECT_TRUE(files_below(scratch.path() / "out").empty());
}

class Hints : public ::testing::Test {
 protected:
  Hints() {
    write_idle_power(scratch_);
    run_.write(scratch_);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  static void expect(const ProgramResult& result, int code, const std::vector<std::string>& words) {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    expect_words(result.errors, words);
    EXPECT_NE(result.errors.find("hint:"), std::string::npos) << result.errors;
  }
  TemporaryFolder scratch_;
  TinyRun run_;
};

TEST_F(Hints, UnknownNetworksGetTheChoices) {
  run_.write(scratch_, "other");
  expect(run_program({"attribute", path("raw_data"), "--out", path("out"), "--only", "nett"}), 2,
         {"no network 'nett'", "net, other"});
}

TEST_F(Hints, FoldersForFilesAndFilesForFoldersAreNamed) {
  const auto file = scratch_.write("file", "x").string();
  expect(run_program({"attribute", file, "--out", path("out")}), 3, {file});
  expect(run_program({"attribute", file + "/inside", "--out", path("out")}), 3, {file + "/inside"});
  expect(run_program({"convert", file, "--out", path("out")}), 3, {file});
  expect(run_program({"train", file, "--out", path("out")}), 3, {file});
  expect(run_program({"train", path("raw_data"), "--config", path("raw_data"), "--out", path("out")}), 3,
         {path("raw_data")});
  expect(run_program({"predict", path("raw_data"), "--models", file}), 3, {file});
  expect(run_program({"predict", file, "--models", file + "/inside"}), 3, {file + "/inside"});
  expect(run_program({"attribute", path("raw_data"), "--out", file + "/out", "--method", "window"}), 7,
         {file + "/out"});
}

TEST_F(Hints, NumbersOutOfRangeAreNamed) {
  for (const char* rate : {"inf", "nan", "0", "-1", "1e999"})
    expect(run_program({"predict", path(kEngine), "--models", path("none"), "--rate-hz", rate}), 2,
           {"--rate-hz", rate});
  expect(run_program({"predict", path(kEngine), "--models", path("none"), "--batch", "0"}), 2, {"--batch"});
  expect(run_program({"simulate", "--out", path("o"), "--truth", path("t"), "--cycles", "0"}), 2,
         {"--cycles"});
}

TEST_F(Hints, IdlePowersThatCannotBeAreDoubted) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"0", "the idle power is 0"},
      {"-4000000.0", "the idle power is negative"},
      {"4234.56", "milliwatts or watts"},
      {"9000000.0", "above every power sample"}};
  for (const auto& [microwatts, words] : cases) {
    write_idle_power(scratch_, microwatts);
    const auto result =
        run_program({"attribute", path("raw_data"), "--out", path("out"), "--method", "window"});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_NE(result.errors.find(words), std::string::npos) << microwatts << ":\n" << result.errors;
    EXPECT_NE(result.errors.find("idling_power.json"), std::string::npos) << result.errors;
  }
}

}  // namespace
}  // namespace joulecast::test
