#include <algorithm>

#include <gtest/gtest.h>

#include "joulecast/measurements.h"
#include "support/golden_files.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;
using Status = AttributionOutcome::Status;

constexpr const char* kEngineOfOneLayer =
    R"({"Layers": [{"Name": "c", "LayerType": "CaskConvolution", "Inputs": [], "Outputs": []}], "Bindings": []})";
constexpr const char* kPower =
    "20241121-10:00:00.001500,5000.0,1000.0\n20241121-10:00:09.000000,5000.0,1000.0\n";
constexpr const char* kLatency = R"({"c": [[1.0, "20241121-10:00:00.002000"]]})";

/// A raw_data folder that each test spoils in its own way.
class AttributeFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_.write("raw/idling_power.json",
                  R"({"timestamp": "20241121-051743", "avg_idle_power": 4000000.0})");
    add_network("net");
  }
  void add_network(const std::string& name) const {
    folder_.write("raw/" + name + "/" + name + "_power_log.log", kPower);
    folder_.write("raw/" + name + "/trt_profiling/trt_layer_latency.json", kLatency);
    folder_.write("raw/" + name + "/trt_profiling/trt_engine_info.json", kEngineOfOneLayer);
  }
  std::vector<AttributionOutcome> run(const AttributeOptions& options = {}) const {
    auto outcomes = attribute_folder(folder_.path() / "raw", folder_.path() / "out", options);
    EXPECT_TRUE(outcomes.has_value());
    return outcomes.value_or(std::vector<AttributionOutcome>{});
  }
  [[nodiscard]] fs::path out(const std::string& name) const { return folder_.path() / "out" / name; }

  test::TemporaryFolder folder_;
};

TEST_F(AttributeFolder, WritesTheMappingAndACopyOfTheEngine) {
  const auto outcomes = run();
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].status, Status::kDone);
  EXPECT_EQ(outcomes[0].summary.rows, 1U);
  EXPECT_EQ(test::file_text(out("net/power_runtime_mapping_layerwise.csv")),
            "cycle,layer_name,layer_type,layer_power_including_idle_power_micro_watt,"
            "layer_power_excluding_idle_power_micro_watt,layer_run_time\n"
            "1,c,CaskConvolution,5000000.0,1000000.0,1.0\n");
  EXPECT_EQ(test::file_text(out("net/trt_engine_info.json")), kEngineOfOneLayer);
}

TEST_F(AttributeFolder, CarriesTheBenchmarksLatencyAndDoesWithoutIt) {
  const auto benchmark =
      folder_.write("raw/net/net_tensorrt.json", R"({"latencies": [0.002, 0.004, 0.003]})");
  for (const auto method : {AttributionMethod::kWindow, AttributionMethod::kRegression}) {
    AttributeOptions options;
    options.method = method;
    run(options);
    if (!fs::exists(out("net/trt_engine_info.json"))) continue;  // too short for a regression
    EXPECT_EQ(test::file_text(out("net/end_to_end.csv")), "runs,median_ms\n3,3.0\n");
  }
  folder_.write("raw/net/net_tensorrt.json", R"({"latencies": [0.002, -1]})");
  const auto doubtful = run();
  ASSERT_EQ(doubtful.size(), 1U);
  EXPECT_EQ(doubtful[0].status, Status::kDone);
  EXPECT_FALSE(fs::exists(out("net/end_to_end.csv")));
  ASSERT_FALSE(doubtful[0].warnings.empty());
  EXPECT_EQ(doubtful[0].warnings.back().location.file, benchmark.string());
  EXPECT_NE(doubtful[0].warnings.back().message.find("no end-to-end latency"), std::string::npos);
}

TEST_F(AttributeFolder, FaultOfOneNetworkEndsNoOther) {
  add_network("broken");
  folder_.write("raw/broken/trt_profiling/trt_layer_latency.json", "{\"c\": [[1.0, ");
  const auto outcomes = run();
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].network, "broken");
  EXPECT_EQ(outcomes[0].status, Status::kSkipped);
  EXPECT_EQ(outcomes[0].reason->kind, ErrorKind::kMalformed);
  EXPECT_FALSE(fs::exists(out("broken")));
  EXPECT_EQ(outcomes[1].status, Status::kDone);
}

TEST_F(AttributeFolder, FaultAtTheEndOfAPowerLogLeavesNoFile) {
  folder_.write("raw/net/net_power_log.log", "20241121-10:00:00.001500,5000.0,1000.0\n20241121-25:61");
  const auto outcomes = run();
  EXPECT_EQ(outcomes.at(0).status, Status::kSkipped);
  EXPECT_EQ(outcomes.at(0).reason->location.line, 2U);
  EXPECT_FALSE(fs::exists(out("net")));
}

TEST_F(AttributeFolder, LogsThatDoNotOverlapAreReportedAsUnfit) {
  folder_.write("raw/net/net_power_log.log", "20241121-12:00:00.000000,5000.0,1000.0\n");
  const auto outcomes = run();
  EXPECT_EQ(outcomes.at(0).status, Status::kWithoutPower);
  EXPECT_EQ(outcomes.at(0).reason->kind, ErrorKind::kUnfit);
  EXPECT_NE(outcomes.at(0).reason->message.find("overlap"), std::string::npos);
  EXPECT_TRUE(fs::exists(out("net/power_runtime_mapping_layerwise.csv")));
}

TEST_F(AttributeFolder, WithoutPowerLogThereAreRunTimesAlone) {
  fs::remove(folder_.path() / "raw/net/net_power_log.log");
  const auto outcomes = run();
  EXPECT_EQ(outcomes.at(0).status, Status::kRunTimesOnly);
  const auto layers = read_layer_power(out("net/layer_power.csv"));
  ASSERT_TRUE(layers.has_value());
  EXPECT_EQ(layers->at(0).layer_type, "CaskConvolution");
  EXPECT_EQ(layers->at(0).run_time_ms, 1.0);
  EXPECT_EQ(layers->at(0).power_w, std::nullopt);
  EXPECT_EQ(layers->at(0).status, "undetermined");
  EXPECT_FALSE(fs::exists(out("net/power_runtime_mapping_layerwise.csv")));
}

TEST_F(AttributeFolder, WithoutStampsThereAreMeanAndDeviationOfTheRunTimes) {
  folder_.write("raw/net/trt_profiling/trt_layer_latency.json", R"({"c": [1.0, 3.0]})");
  EXPECT_EQ(run().at(0).status, Status::kRunTimesOnly);
  const auto layers = read_layer_power(out("net/layer_power.csv"));
  ASSERT_TRUE(layers.has_value());
  EXPECT_EQ(layers->at(0).cycles, 2U);
  EXPECT_EQ(layers->at(0).run_time_ms, 2.0);
  EXPECT_DOUBLE_EQ(layers->at(0).run_time_sd_ms.value(), 1.4142135623730951);
}

TEST_F(AttributeFolder, WithoutIdlePowerOnlyNetworksWithPowerAreSkipped) {
  add_network("bare");
  fs::remove(folder_.path() / "raw/bare/bare_power_log.log");
  fs::remove(folder_.path() / "raw/idling_power.json");
  const auto outcomes = run();
  EXPECT_EQ(outcomes.at(0).status, Status::kRunTimesOnly);
  EXPECT_EQ(outcomes.at(1).status, Status::kSkipped);
  EXPECT_EQ(outcomes.at(1).reason->kind, ErrorKind::kUnreadable);
}

TEST_F(AttributeFolder, DynamicShapesAreNoHindrance) {
  folder_.write("raw/net/trt_profiling/trt_engine_info.json",
                R"({"Layers": [{"Name": "c", "LayerType": "CaskConvolution", "Inputs": [{"Name": "x",
                "Dimensions": [-1, 3, 8, 8], "Format/Datatype": "Half"}], "Outputs": []}], "Bindings": ["x"]})");
  EXPECT_EQ(run().at(0).status, Status::kDone);
}

TEST_F(AttributeFolder, OlderResultsOfTheOtherMethodAreRemoved) {
  folder_.write("out/net/layer_power.csv", "old");
  EXPECT_EQ(run().at(0).status, Status::kDone);
  EXPECT_FALSE(fs::exists(out("net/layer_power.csv")));
}

TEST_F(AttributeFolder, SkippedNetworkKeepsOlderResultsAndSaysSo) {
  run();
  folder_.write("raw/net/trt_profiling/trt_layer_latency.json", "{");
  const auto outcomes = run();
  EXPECT_TRUE(fs::exists(out("net/power_runtime_mapping_layerwise.csv")));
  ASSERT_FALSE(outcomes.at(0).warnings.empty());
  EXPECT_NE(outcomes.at(0).warnings.back().message.find("earlier run"), std::string::npos);
}

TEST_F(AttributeFolder, OnlyTakesTheNamedNetworksAndRefusesUnknownNames) {
  add_network("other");
  AttributeOptions options;
  options.only = {"other", "other"};
  EXPECT_EQ(run(options).size(), 1U);
  options.only = {"nowhere"};
  const auto outcomes = attribute_folder(folder_.path() / "raw", folder_.path() / "out", options);
  ASSERT_FALSE(outcomes.has_value());
  EXPECT_EQ(outcomes.error().kind, ErrorKind::kUsage);
}

TEST_F(AttributeFolder, IntegersStayIntegersAsFarAsThePowerLogReaches) {
  folder_.write("raw/net/trt_profiling/trt_layer_latency.json",
                R"({"c": [[1, "20241121-10:00:00.002000"], [1.5, "20241121-10:00:00.004000"]]})");
  folder_.write("raw/net/net_power_log.log", "20241121-10:00:00.001500,5000.0,1000.0\n");
  run();
  const auto text = test::file_text(out("net/power_runtime_mapping_layerwise.csv"));
  EXPECT_TRUE(text.ends_with("\n1,c,CaskConvolution,5000000.0,1000000.0,1\n")) << text;
}

TEST_F(AttributeFolder, OutputThatCannotBeWrittenIsTheNetworksFault) {
  folder_.write("out", "a file where the folder should be");
  const auto outcomes = run();
  EXPECT_EQ(outcomes.at(0).status, Status::kSkipped);
  EXPECT_EQ(outcomes.at(0).reason->kind, ErrorKind::kNotWritable);
}

TEST_F(AttributeFolder, DoubtsAnIdlePowerAboveAllSamples) {
  const auto doubted = [](const std::vector<AttributionOutcome>& outcomes) {
    return std::any_of(outcomes.at(0).warnings.begin(), outcomes.at(0).warnings.end(),
                       [](const Warning& warning) {
                         return warning.message.find("above every power sample") != std::string::npos &&
                                warning.location.file.find("idling_power.json") != std::string::npos;
                       });
  };
  folder_.write("raw/idling_power.json", R"({"avg_idle_power": 5000000.0})");  // as high as the samples
  EXPECT_FALSE(doubted(run()));
  folder_.write("raw/idling_power.json", R"({"avg_idle_power": 5100000.0})");
  EXPECT_TRUE(doubted(run()));
  AttributeOptions options;
  options.method = AttributionMethod::kRegression;
  EXPECT_TRUE(doubted(run(options)));
}

TEST_F(AttributeFolder, AnUnknownNetworkIsRefusedWithTheChoices) {
  add_network("other");
  AttributeOptions options;
  options.only = {"nett"};
  const auto outcomes = attribute_folder(folder_.path() / "raw", folder_.path() / "out", options);
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(outcomes.error().message, "no network 'nett'");
  EXPECT_EQ(outcomes.error().hint, "There are: net, other");
}

}  // namespace
}  // namespace joulecast
