#include <array>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "joulecast/training_set.h"
#include "support/golden_files.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;
using Status = ConvertOutcome::Status;

constexpr const char* kMappingHeader =
    "cycle,layer_name,layer_type,layer_power_including_idle_power_micro_watt,"
    "layer_power_excluding_idle_power_micro_watt,layer_run_time\n";
constexpr const char* kEngine = R"({"Layers": [
  {"Name": "c", "LayerType": "CaskConvolution",
   "Inputs": [{"Name": "x", "Dimensions": [1, 3, 8, 8], "Format/Datatype": "Half"}],
   "Outputs": [{"Name": "y", "Dimensions": [1, 4, 8, 8], "Format/Datatype": "Half"}],
   "Kernel": [3, 3], "PrePadding": [1, 1], "PostPadding": [1, 1], "Stride": [1, 1]},
  {"Name": "r", "LayerType": "Reformat",
   "Inputs": [{"Name": "y", "Dimensions": [1, 4, 8, 8], "Format/Datatype": "Half"}],
   "Outputs": [{"Name": "z", "Dimensions": [1, 4, 8, 8], "Format/Datatype": "Half"}]}], "Bindings": ["x", "z"]})";

class ConvertFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_.write("in/net/trt_engine_info.json", kEngine);
    write_mapping(
        "1,c,CaskConvolution,5000000.0,1000000.0,1.0\n"
        "1,r,Reformat,,,0.5\n"
        "2,c,CaskConvolution,7000000.0,3000000.0,3.0\n"
        "2,r,Reformat,,,0.5\n");
  }
  void write_mapping(const std::string& rows) const {
    folder_.write("in/net/power_runtime_mapping_layerwise.csv", kMappingHeader + rows);
  }
  ConvertOutcome run(std::uint64_t gate = 1) const {
    ConvertOptions options;
    options.per_layer_measurements = gate;
    const auto outcomes = convert_folder(folder_.path() / "in", folder_.path() / "out", options);
    EXPECT_TRUE(outcomes.has_value());
    return outcomes && !outcomes->empty() ? outcomes->front() : ConvertOutcome{};
  }
  [[nodiscard]] fs::path out(const std::string& name) const { return folder_.path() / "out" / "net" / name; }

  test::TemporaryFolder folder_;
};

TEST_F(ConvertFolder, LayersCsvHasEveryLayerWithItsFigures) {
  const auto outcome = run();
  EXPECT_EQ(outcome.status, Status::kDone);
  EXPECT_EQ(outcome.layers, 2U);
  const auto rows = read_layers_csv(out("layers.csv"));
  ASSERT_TRUE(rows.has_value());
  const LayerRow& conv = rows->at(0);
  EXPECT_EQ(conv.layer_name, "c");
  EXPECT_EQ(conv.cycles, 2U);
  EXPECT_EQ(conv.run_time_ms, 2.0);
  EXPECT_DOUBLE_EQ(conv.run_time_sd_ms.value(), 1.4142135623730951);
  EXPECT_EQ(conv.power_w, 2.0);
  EXPECT_EQ(conv.energy_mj, 4.0);
  EXPECT_EQ(conv.idle_power_w, 4.0);
  EXPECT_EQ(conv.power_basis, "above_idle");
  EXPECT_EQ(conv.status, "resolved");
  const LayerRow& reformat = rows->at(1);
  EXPECT_EQ(reformat.run_time_ms, 0.5);
  EXPECT_EQ(reformat.power_w, std::nullopt);
  EXPECT_EQ(reformat.power_basis, "");
  EXPECT_EQ(reformat.status, "undetermined");
}

TEST_F(ConvertFolder, CarriesTheEndToEndLatencyAndWithdrawsIt) {
  folder_.write("in/net/end_to_end.csv", "runs,median_ms\n20,2.75\n");
  EXPECT_EQ(run().status, Status::kDone);
  const auto set = read_training_set(folder_.path() / "out");
  ASSERT_TRUE(set);
  ASSERT_EQ(set->end_to_end.size(), 1U);
  EXPECT_EQ(set->end_to_end[0].network, "net");
  EXPECT_EQ(set->end_to_end[0].runs, 20U);
  EXPECT_EQ(set->end_to_end[0].median_ms, 2.75);
  // Of a network that is skipped nothing stays; without the file there is none.
  run(3);
  EXPECT_FALSE(fs::exists(out("end_to_end.csv")));
  run(1);
  EXPECT_TRUE(fs::exists(out("end_to_end.csv")));
  fs::remove(folder_.path() / "in/net/end_to_end.csv");
  run(1);
  EXPECT_FALSE(fs::exists(out("end_to_end.csv")));
  folder_.write("in/net/end_to_end.csv", "runs,median_ms\n20,fast\n");
  const auto damaged = run(1);
  EXPECT_EQ(damaged.status, Status::kSkipped);
  EXPECT_EQ(damaged.reason->kind, ErrorKind::kMalformed);
}

TEST_F(ConvertFolder, GateListsTheLayersThatStopIt) {
  const auto outcome = run(3);
  EXPECT_EQ(outcome.status, Status::kSkipped);
  EXPECT_EQ(outcome.reason->kind, ErrorKind::kUnfit);
  EXPECT_EQ(test::file_text(out("rejects.csv")),
            "network,layer_name,reason,detail\n"
            "net,c,too few measurements,\"2 of power, 2 of run time; 3 needed\"\n");
  EXPECT_FALSE(fs::exists(out("layers.csv")));
}

TEST_F(ConvertFolder, SkippedNetworkLeavesNoRowsOfAnEarlierRun) {
  run(1);
  ASSERT_TRUE(fs::exists(out("convolutional.csv")));
  run(3);
  EXPECT_FALSE(fs::exists(out("convolutional.csv")));
}

TEST_F(ConvertFolder, LayerThatTheEngineLacksIsRejected) {
  write_mapping("1,c,CaskConvolution,5e6,1e6,1.0\n1,ghost,CaskPooling,5e6,1e6,1.0\n");
  const auto outcome = run();
  EXPECT_EQ(outcome.status, Status::kDone);
  ASSERT_EQ(outcome.rejects.size(), 1U);
  EXPECT_EQ(outcome.rejects[0].layer_name, "ghost");
  EXPECT_EQ(outcome.rejects[0].reason, "not in the engine");
}

TEST_F(ConvertFolder, FaultsOfTheMappingAreNamedWithTheirLine) {
  for (const char* row :
       {"2,c,CaskConvolution,5e6,much,1.0\n", "2,c,CaskConvolution,5e6,1e6,fast\n", "2,c,Cask",
        "2,c,CaskConvolution,5e6,1e6,1.0,9\n", "2,\"c,CaskConvolution,5e6,1e6,1.0\n"}) {
    write_mapping(std::string("1,c,CaskConvolution,5e6,1e6,1.0\n") + row);
    const auto outcome = run();
    EXPECT_EQ(outcome.status, Status::kSkipped) << row;
    EXPECT_EQ(outcome.reason->kind, ErrorKind::kMalformed) << row;
    EXPECT_EQ(outcome.reason->location.line, 3U) << row;
  }
}

TEST_F(ConvertFolder, MappingWithoutRowsOrColumnsIsUnfitOrMalformed) {
  write_mapping("");
  EXPECT_EQ(run().reason->kind, ErrorKind::kUnfit);
  folder_.write("in/net/power_runtime_mapping_layerwise.csv", "\n");
  EXPECT_EQ(run().reason->kind, ErrorKind::kUnfit);
  folder_.write("in/net/power_runtime_mapping_layerwise.csv", "layer_name,layer_type\nc,x\n");
  EXPECT_EQ(run().reason->kind, ErrorKind::kMalformed);
}

TEST_F(ConvertFolder, NetworkWithoutMeasurementsOrEngineIsSkipped) {
  fs::remove(folder_.path() / "in/net/power_runtime_mapping_layerwise.csv");
  EXPECT_EQ(run().reason->kind, ErrorKind::kUnreadable);
  fs::remove(folder_.path() / "in/net/trt_engine_info.json");
  EXPECT_EQ(run().reason->kind, ErrorKind::kUnreadable);
}

TEST_F(ConvertFolder, MeansOfLayerPowerAreTakenAsTheyStand) {
  LayerPower conv;
  conv.layer_name = "c";
  conv.layer_type = "CaskConvolution";
  conv.cycles = 30000;
  conv.run_time_ms = 0.25;
  conv.power_w = 2.0;
  conv.power_low_w = 0.0;  // cut off at zero: the upper half counts
  conv.power_high_w = 2.0 + 1.6448536269514722 * 2.0;
  conv.board_power_w = 6.0;
  conv.energy_mj = 0.5;
  conv.energy_high_mj = 0.5 + 1.6448536269514722 * 0.5;
  conv.status = "resolved";
  LayerPower reformat;
  reformat.layer_name = "r";
  reformat.layer_type = "Reformat";
  reformat.cycles = 30000;
  reformat.run_time_ms = 0.125;
  reformat.status = "undetermined";
  ASSERT_TRUE(write_layer_power(folder_.path() / "in/net/layer_power.csv", {conv, reformat}).has_value());
  // Rows in another order than the engine's.
  folder_.write("in/net/power_covariance.csv", "layer_name,r,c\nr,9.0,1.5\nc,1.5,4.0\n");
  EXPECT_EQ(run(10).status, Status::kDone);
  EXPECT_TRUE(
      test::file_text(out("convolutional.csv")).ends_with("\n1,3,8,8,4,8,8,3,3,2,2,1,1,2000000.0,0.25,c\n"));
  const auto rows = read_layers_csv(out("layers.csv"));
  ASSERT_TRUE(rows.has_value());
  EXPECT_EQ(rows->at(0).energy_mj, 0.5);
  EXPECT_EQ(rows->at(0).idle_power_w, 4.0);
  EXPECT_DOUBLE_EQ(rows->at(0).power_sd_w.value(), 2.0);
  EXPECT_DOUBLE_EQ(rows->at(0).energy_sd_mj.value(), 0.5);
  EXPECT_EQ(rows->at(1).run_time_ms, 0.125);
  EXPECT_EQ(test::file_text(out("power_covariance.csv")), "layer_name,c,r\nc,4.0,1.5\nr,1.5,9.0\n");
}

TEST_F(ConvertFolder, ABlocksSumStandsOnItsFirstRow) {
  std::vector<LayerPower> layers(2);
  layers[0].layer_name = "c";
  layers[1].layer_name = "r";
  for (LayerPower& layer : layers) {
    layer.layer_type = layer.layer_name == "c" ? "CaskConvolution" : "Reformat";
    layer.cycles = 30000;
    layer.run_time_ms = layer.layer_name == "c" ? 0.25 : 0.125;
    layer.power_w = 2.0;
    layer.power_high_w = 3.0;
    layer.energy_mj = 2.0 * layer.run_time_ms;
    layer.energy_high_mj = 3.0 * layer.run_time_ms;
    layer.status = "merged";
    layer.block = "block 1";
  }
  ASSERT_TRUE(write_layer_power(folder_.path() / "in/net/layer_power.csv", layers).has_value());
  EXPECT_EQ(run(10).status, Status::kDone);
  const auto rows = read_layers_csv(out("layers.csv"));
  ASSERT_TRUE(rows.has_value());
  EXPECT_EQ(rows->at(0).power_w, 2.0);
  EXPECT_EQ(rows->at(0).energy_mj, 0.75);
  EXPECT_DOUBLE_EQ(rows->at(0).energy_sd_mj.value(), 0.375 / 1.6448536269514722);
  EXPECT_EQ(rows->at(1).block, "block 1");
  EXPECT_EQ(rows->at(1).run_time_ms, 0.125);
  EXPECT_FALSE(rows->at(1).power_w || rows->at(1).energy_mj || rows->at(1).energy_sd_mj);
  EXPECT_TRUE(
      test::file_text(out("convolutional.csv")).ends_with("\n1,3,8,8,4,8,8,3,3,2,2,1,1,2000000.0,0.25,c\n"));
}

TEST_F(ConvertFolder, ADamagedCovarianceNamesItsLine) {
  LayerPower conv;
  conv.layer_name = "c";
  conv.layer_type = "CaskConvolution";
  conv.cycles = 30000;
  conv.run_time_ms = 0.25;
  conv.power_w = 2.0;
  conv.status = "resolved";
  ASSERT_TRUE(write_layer_power(folder_.path() / "in/net/layer_power.csv", {conv}).has_value());
  for (const char* text : {"layer_name,c\nc,much\n", "layer_name,c\nx,1.0\n", "layer_name,c\nc,1.0,2.0\n"}) {
    folder_.write("in/net/power_covariance.csv", text);
    const auto outcome = run(10);
    ASSERT_EQ(outcome.status, Status::kSkipped) << text;
    EXPECT_EQ(outcome.reason->location.line, 2U) << text;
  }
  for (const char* text : {"", "1\n", "layer_name,c,r\nc,1.0,2.0\n"}) {
    folder_.write("in/net/power_covariance.csv", text);
    EXPECT_EQ(run(10).status, Status::kSkipped) << text;
  }
}

TEST_F(ConvertFolder, LayerWithoutPowerIsRejectedFromTheReferencesFilesAlone) {
  LayerPower conv;
  conv.layer_name = "c";
  conv.layer_type = "CaskConvolution";
  conv.cycles = 30000;
  conv.run_time_ms = 0.25;
  conv.status = "undetermined";
  ASSERT_TRUE(write_layer_power(folder_.path() / "in/net/layer_power.csv", {conv}).has_value());
  const auto outcome = run(10);
  EXPECT_EQ(outcome.status, Status::kDone);
  EXPECT_EQ(outcome.rejects.at(0).reason, "no power");
  EXPECT_FALSE(fs::exists(out("convolutional.csv")));
  EXPECT_TRUE(fs::exists(out("layers.csv")));
}

TEST_F(ConvertFolder, FolderThatIsMissingOrEmptyIsAnError) {
  const auto missing = convert_folder(folder_.path() / "nowhere", folder_.path() / "out", {});
  EXPECT_EQ(missing.error().kind, ErrorKind::kUnreadable);
  fs::create_directories(folder_.path() / "empty");
  const auto empty = convert_folder(folder_.path() / "empty", folder_.path() / "out", {});
  EXPECT_EQ(empty.error().kind, ErrorKind::kUnfit);
}

/// Rows as `attribute` writes them are taken where they stand; one that looks otherwise, or comes out of
/// turn, the general way. Both must give the same figures.
TEST_F(ConvertFolder, RowsOfAnyLookGiveTheSameFigures) {
  const std::array<const char*, 4> names = {"c", "r", "\"comma, and \"\"quote\"\"\"", "umlaut \xc3\xa4"};
  std::string usual;
  std::string odd;
  for (int cycle = 1; cycle <= 3000; ++cycle) {
    for (std::size_t k = 0; k < names.size(); ++k) {
      if (k == 1 && cycle % 97 == 0) continue;  // a missing row: the next one is not the expected one
      const double power = 1e6 + cycle * 37.25 + static_cast<double>(k);
      const std::string powers =
          (cycle + static_cast<int>(k)) % 3 == 0 ? "," : fmt::format("{},{}", power + 4e6, power);
      const std::string run_time = fmt::format("{}", 0.001 * cycle + 1.0 / 3.0);
      const auto row = [&](const char* end) {
        return fmt::format("{},{},{},{},{}{}", cycle, names[k], k == 0 ? "CaskConvolution" : "Reformat",
                           powers, run_time, end);
      };
      usual += row("\n");
      odd += row(cycle % 2 == 0 ? "\r\n" : " \n");  // blanks behind a number are no fault
    }
  }
  write_mapping(usual);
  run();
  const std::string layers = test::file_text(out("layers.csv"));
  const std::string table = test::file_text(out("convolutional.csv"));
  write_mapping(odd);
  run();
  EXPECT_EQ(test::file_text(out("layers.csv")), layers);
  EXPECT_EQ(test::file_text(out("convolutional.csv")), table);
  EXPECT_NE(layers.find("resolved"), std::string::npos);
}

TEST_F(ConvertFolder, FaultBehindUsualRowsIsNamedWithItsLine) {
  std::string rows;
  for (int cycle = 1; cycle <= 5000; ++cycle) rows += fmt::format("{},c,CaskConvolution,,,0.125\n", cycle);
  write_mapping(rows + "5001,c,CaskConvolution,,,abc\n");
  const auto outcome = run();
  ASSERT_EQ(outcome.status, Status::kSkipped);
  EXPECT_EQ(outcome.reason->location.line, 5002U);
}

TEST_F(ConvertFolder, AMappingCutInItsLastCellIsDoubtedAndBeforeItRefused) {
  write_mapping("1,c,CaskConvolution,5000000.0,1000000.0,1.0\n1,r,Reformat,,,0.");
  const auto doubted = run();
  EXPECT_EQ(doubted.status, Status::kDone);
  ASSERT_EQ(doubted.warnings.size(), 1U);
  EXPECT_EQ(doubted.warnings[0].location.line, 3U);
  write_mapping("1,c,CaskConvolution,5000000.0,1000000.0,1.0\n1,r,Reformat,,");
  const auto refused = run();
  EXPECT_EQ(refused.status, Status::kSkipped);
  ASSERT_TRUE(refused.reason);
  EXPECT_EQ(refused.reason->kind, ErrorKind::kMalformed);
  EXPECT_EQ(refused.reason->location.line, 3U);
  EXPECT_FALSE(refused.reason->hint.empty());
}

TEST_F(ConvertFolder, LayersWithDynamicShapesAreRejectedWithTheirReason) {
  std::string engine = kEngine;
  engine.replace(engine.find("[1, 3, 8, 8]"), 12, "[-1, 3, 8, 8]");
  folder_.write("in/net/trt_engine_info.json", engine);
  const auto outcome = run();
  EXPECT_EQ(outcome.status, Status::kDone);
  ASSERT_EQ(outcome.rejects.size(), 1U);
  EXPECT_EQ(outcome.rejects[0].layer_name, "c");
  EXPECT_NE(outcome.rejects[0].detail.find("dynamic dimension"), std::string::npos);
}

}  // namespace
}  // namespace joulecast
