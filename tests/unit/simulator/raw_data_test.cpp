// What is written is what was simulated, as the readers see it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "joulecast/simulator.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

class RawDataFolder : public testing::Test {
 protected:
  std::vector<SimulatedNetwork> write(const SimulateOptions& options, std::string_view to = "raw") {
    auto written = write_raw_data(folder_ / to, folder_ / "truth", options);
    EXPECT_TRUE(written.has_value()) << (written ? "" : written.error().describe());
    return written.value_or(std::vector<SimulatedNetwork>{});
  }
  static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  test::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "not_there_yet";
};

TEST_F(RawDataFolder, ReadersGiveBackTheRunInMemory) {
  SimulateOptions options;
  options.scenario = "hard";
  options.seed = 11;
  options.networks = {"resnet18"};
  options.cycles = 300;
  write(options);
  const Board board = draw_board(11, "hard").value();
  const SimulatedRun run = simulate_run(board, make_topology("resnet18").value(), {.cycles = 300}).value();

  const RawData raw = list_raw_data(folder_ / "raw").value();
  ASSERT_EQ(raw.networks.size(), 1U);
  const NetworkFolder& network = raw.networks.front();
  EXPECT_TRUE(network.warnings.empty());
  const auto power = read_power_log(network.power_log).value();
  ASSERT_EQ(power.size(), run.power.size());
  for (std::size_t i = 0; i < power.size(); ++i) {
    ASSERT_EQ(power[i].at, run.power[i].at);
    ASSERT_EQ(power[i].millivolts, run.power[i].millivolts);
    ASSERT_EQ(power[i].milliamps, run.power[i].milliamps);
  }
  const LatencyLog latencies = read_latency_log(network.latency_log).value();
  ASSERT_EQ(latencies.layers.size(), run.latencies.layers.size());
  for (std::size_t k = 0; k < latencies.layers.size(); ++k) {
    EXPECT_EQ(latencies.layers[k].name, run.latencies.layers[k].name);
    ASSERT_EQ(latencies.layers[k].entries.size(), 300U);
    for (std::size_t c = 0; c < 300; ++c) {
      ASSERT_EQ(latencies.layers[k].entries[c].milliseconds, run.latencies.layers[k].entries[c].milliseconds);
      ASSERT_EQ(latencies.layers[k].entries[c].completed, run.latencies.layers[k].entries[c].completed);
    }
  }
  EXPECT_EQ(read_idle_power(raw.idle_power).value().average, run.idle.average);
  const BenchmarkSummary summary = read_benchmark_summary(network.benchmark).value();
  EXPECT_EQ(summary.latencies_s, run.benchmark.latencies_s);
  EXPECT_EQ(summary.average_latency_s, run.benchmark.average_latency_s);
  EXPECT_EQ(summary.input_shape, (std::vector<std::int64_t>{1, 3, 224, 224}));
  EXPECT_EQ(read_engine(network.engine).value().layers.size(), run.network.layers.size());
}

TEST_F(RawDataFolder, LatencyLogIsByteForByteWhatJsonDumpWithIndentFourWrites) {
  SimulateOptions options;
  options.networks = {"lenet"};
  options.cycles = 2;
  write(options);
  const std::string text = content(folder_ / "raw/lenet/trt_profiling/trt_layer_latency.json");
  const std::string begin =
      "{\n    \"Reformatting CopyNode for Input Tensor 0 to [CONVOLUTION]-[aten_ops.convolution.default]-"
      "[/conv1/convolution] + [RELU]-[aten_ops.relu.default]-[/conv1/relu]\": [\n        [\n            0.0";
  EXPECT_EQ(text.substr(0, begin.size()), begin);
  const std::string end = "\"\n        ]\n    ]\n}";
  EXPECT_EQ(text.substr(text.size() - end.size()), end);
}

TEST_F(RawDataFolder, SameSeedWritesTheSameBytesWithOneThreadOrTwo) {
  SimulateOptions options;
  options.networks = {"lenet", "squeezenet1_1"};
  options.cycles = 50;
  write(options, "first");
  options.jobs = 2;
  write(options, "second");
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "first")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(content(entry.path()),
              content(folder_ / "second" / fs::relative(entry.path(), folder_ / "first")));
  }
  EXPECT_EQ(files, 9U);
}

TEST_F(RawDataFolder, TruthHasATableForEachNetworkAndEveryNuisance) {
  SimulateOptions options;
  options.networks = {"lenet"};
  options.cycles = 20;
  const auto written = write(options);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].name, "lenet");
  EXPECT_EQ(written[0].cycles, 20U);
  const std::string table = content(folder_ / "truth/lenet.csv");
  EXPECT_EQ(table.substr(0, table.find('\n')), "layer_name,layer_type,run_time_ms,power_w,energy_mj");
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(table.begin(), table.end(), '\n')), written[0].layers + 1);
  const auto truth = nlohmann::json::parse(content(folder_ / "truth/truth.json"));
  EXPECT_EQ(truth["scenario"], "base");
  EXPECT_EQ(truth["sensor"]["shunt_conversion_us"], 1100.0);
  EXPECT_GT(truth["networks"]["lenet"]["board_energy_j"].get<double>(), 0.0);
}

TEST_F(RawDataFolder, PlainLayerCountMakesOneNetworkOfThatSize) {
  SimulateOptions options;
  options.plain_layers = 60;
  options.cycles = 10;
  const auto written = write(options);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].name, "plain_60");
  EXPECT_EQ(written[0].layers, 60U);
  EXPECT_TRUE(fs::exists(folder_ / "raw/plain_60/plain_60_power_log.log"));
}

TEST_F(RawDataFolder, UnknownNetworkIsAUsageErrorAndWritesNothing) {
  SimulateOptions options;
  options.networks = {"lenet", "nonsense"};
  const auto written = write_raw_data(folder_ / "raw", folder_ / "truth", options);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().kind, ErrorKind::kUsage);
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(RawDataFolder, FolderThatCannotBeWrittenIsReported) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "raw") << "a file";
  SimulateOptions options;
  options.networks = {"lenet"};
  options.cycles = 5;
  const auto written = write_raw_data(folder_ / "raw", folder_ / "truth", options);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().kind, ErrorKind::kNotWritable);
}

TEST(DefaultNetworks, AreTwentyKnownOnes) {
  EXPECT_EQ(default_networks().size(), 20U);
  for (const std::string_view name : default_networks()) EXPECT_TRUE(make_topology(name).has_value()) << name;
}

}  // namespace
}  // namespace joulecast
