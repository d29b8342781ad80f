// doctor: each stage's files, recognised by content, counted, and their faults named.
#include <gtest/gtest.h>

#include "support/onnx_writer.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

class Doctor : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  void write_raw_data() const {
    write_idle_power(scratch_);
    TinyRun().write(scratch_);
  }
  void write_measurements(const char* method = "window") const {
    write_raw_data();
    const auto result =
        run_program({"attribute", path("raw_data"), "--out", path("preprocessed_data"), "--method", method});
    ASSERT_EQ(result.exit_code, 0) << result.errors;
  }
  void expect(const std::vector<std::string>& names, int code, const std::vector<std::string>& output,
              const std::vector<std::string>& errors = {}) const {
    std::vector<std::string> words{"doctor"};
    for (const auto& name : names) words.push_back(path(name));
    const auto result = run_program(words);
    EXPECT_EQ(result.exit_code, code) << result.output << result.errors;
    for (const auto& word : output)
      EXPECT_NE(result.output.find(word), std::string::npos) << "no '" << word << "' in:\n" << result.output;
    for (const auto& word : errors)
      EXPECT_NE(result.errors.find(word), std::string::npos) << "no '" << word << "' in:\n" << result.errors;
    if (code == 0) {
      EXPECT_EQ(result.output.find("fault"), std::string::npos) << result.output;
    } else {
      EXPECT_EQ(result.output.find(": good"), std::string::npos) << result.output;
      EXPECT_NE(result.errors.find("hint:"), std::string::npos) << result.errors;
    }
  }
  void cut(const std::string& name, std::size_t bytes) const {
    const auto text = read_file(path(name));
    scratch_.write(name, text.substr(0, text.size() - bytes));
  }
  TemporaryFolder scratch_;
};

TEST_F(Doctor, ReadsMeasurementsByWindow) {
  write_measurements();
  expect({"preprocessed_data"}, 0,
         {"measurements (1 networks, 36 rows by window): good", "joulecast convert"});
  cut("preprocessed_data/net/power_runtime_mapping_layerwise.csv", 6);
  expect({"preprocessed_data"}, 3, {"1 fault"}, {"power_runtime_mapping_layerwise.csv:37"});
}

TEST_F(Doctor, NamesADamagedEngineAmongMeasurements) {
  write_measurements();
  cut("preprocessed_data/net/trt_engine_info.json", 30);
  expect({"preprocessed_data"}, 3, {"1 fault"}, {"trt_engine_info.json:"});
}

TEST_F(Doctor, ReadsMeasurementsByLayer) {
  scratch_.write("preprocessed_data/net/trt_engine_info.json", TinyRun().engine);
  const std::string rows =
      "layer_name,layer_type,cycles,run_time_ms,run_time_sd_ms,power_w,power_low_w,power_high_w,board_power_"
      "w,"
      "energy_mj,energy_low_mj,energy_high_mj,status,block\n"
      "conv,CaskConvolution,12,9.0,,1.0,,,,9.0,,,resolved,\n";
  scratch_.write("preprocessed_data/net/layer_power.csv", rows);
  scratch_.write("preprocessed_data/net/power_covariance.csv", "layer_name,conv\nconv,0.01\n");
  expect({"preprocessed_data"}, 0, {"1 networks, 1 layers in layer_power.csv"});
  scratch_.write("preprocessed_data/net/power_covariance.csv", "layer_name,conv\nconv,x\n");
  expect({"preprocessed_data"}, 3, {"1 fault"}, {"power_covariance.csv:2"});
  scratch_.write("preprocessed_data/net/power_covariance.csv", "layer_name,conv\nconv,0.01\n");
  scratch_.write("preprocessed_data/net/layer_power.csv", replaced(rows, "12,9.0", "12,long"));
  expect({"preprocessed_data"}, 3, {"1 fault"}, {"layer_power.csv:2", "long"});
}

TEST_F(Doctor, FindsTrainingDataWithoutARowUnfit) {
  const std::string header = "network,layer_name,layer_type,kind,run_time_ms,power_w\n";
  scratch_.write("training_data/net/layers.csv", header);
  scratch_.write("training_data/net/rejects.csv",
                 "network,layer_name,reason,detail\nnet,,network skipped,x\n");
  expect({"training_data"}, 4, {"1 fault"}, {"training_data"});
  scratch_.write("training_data/net/layers.csv", header + "net,conv,CaskConvolution,convolutional,,\n");
  expect({"training_data"}, 4, {"0 of 1 layers measured, 1 rejects", "1 fault"}, {"rejects.csv"});
  scratch_.write("training_data/net/layers.csv", header + "net,conv,CaskConvolution,convolutional,0.5,\n");
  expect({"training_data"}, 0, {"1 of 1 layers measured", "joulecast train"});
  std::filesystem::remove(path("training_data/net/layers.csv"));
  expect({"training_data"}, 4, {"training rows"}, {"training_data"});
}

TEST_F(Doctor, FindsTrainingRowsAtAnyDepth) {
  write_training_data(scratch_);
  std::filesystem::create_directories(path("all/board"));
  std::filesystem::rename(path("training_data"), path("all/board/first"));
  expect({"all"}, 0, {"all: training rows (36 convolutional, 36 pooling, 36 dense"});
}

TEST_F(Doctor, LooksAtAllThatDatasetWrote) {
  write_raw_data();
  const auto made = run_program({"dataset", path("raw_data"), "--out", path("data"), "--method", "window"});
  ASSERT_EQ(made.exit_code, 0) << made.errors;
  expect({"data"}, 0, {"data/preprocessed_data: measurements", "data/training_data: training rows"});
  cut("data/training_data/net/dense.csv", 8);
  expect({"data/training_data"}, 3, {"1 fault"}, {"dense.csv:2"});
}

TEST_F(Doctor, KnowsSingleFilesByContent) {
  write_measurements();
  write_training_data(scratch_);
  ASSERT_EQ(run_program({"train", path("training_data"), "--out", path("models"), "--estimator", "lasso"})
                .exit_code,
            0);
  const std::vector<std::tuple<std::string, std::string, std::string>> files = {
      {"models/model.json", "m", "models (6 models: 0 physical, 6 lasso"},
      {"raw_data/idling_power.json", "i", "idle power (4 W): good"},
      {"raw_data/net/net_power_log.log", "p", "power log (1250 samples): good"},
      {"raw_data/net/trt_profiling/trt_layer_latency.json", "l", "latency log (3 layers, 12 cycles): good"},
      {"raw_data/net/trt_profiling/trt_engine_info.json", "e", "engine (3 layers: 1 convolutional"},
      {"preprocessed_data/net/power_runtime_mapping_layerwise.csv", "w",
       "measurements by window (3 layers, 36 rows): good"}};
  for (const auto& [name, copy, words] : files) {
    scratch_.write("copies/" + copy, read_file(path(name)));
    expect({"copies/" + copy}, 0, {words});
  }
  expect({"training_data/net00/dense.csv"}, 0, {"training rows (3 convolutional, 3 pooling, 3 dense"});
}

TEST_F(Doctor, NamesFaultsOfSingleFiles) {
  write_measurements();
  for (const auto& [name, bytes, place] :
       {std::tuple{"raw_data/net/net_power_log.log", 3, "net_power_log.log"},
        std::tuple{"raw_data/idling_power.json", 3, "idling_power.json:1"},
        std::tuple{"raw_data/net/trt_profiling/trt_layer_latency.json", 9, "trt_layer_latency.json:1"},
        std::tuple{"preprocessed_data/net/power_runtime_mapping_layerwise.csv", 6, "layerwise.csv:37"}}) {
    if (std::string(name).ends_with(".log"))
      scratch_.write(name, "20241121-10:00:00.000000,5000.0\n");
    else
      cut(name, static_cast<std::size_t>(bytes));
    expect({name}, 3, {"1 fault"}, {place});
  }
}

TEST_F(Doctor, NamesWhatIsEmptyOrMissing) {
  std::filesystem::create_directories(path("empty"));
  expect({"empty"}, 4, {"an empty folder"}, {"the folder is empty"});
  std::filesystem::create_directories(path("hollow/net"));
  expect({"hollow"}, 4, {"1 fault"}, {"nothing in this folder is data"});
  scratch_.write("none.json", "");
  expect({"none.json"}, 3, {"1 fault"}, {"none.json"});
  expect({"absent"}, 3, {"missing"}, {"absent"});
}

TEST_F(Doctor, ShowsANegativeIdlePowerAsItIs) {
  TinyRun().write(scratch_);
  write_idle_power(scratch_, "-4000.0");
  const auto result = run_program({"doctor", path("raw_data")});
  EXPECT_NE(result.output.find("idle -0.004 W"), std::string::npos) << result.output;
  EXPECT_NE(result.errors.find("negative"), std::string::npos) << result.errors;
}

TEST_F(Doctor, DoubtsAnIdlePowerAboveTheRun) {
  ASSERT_EQ(run_program({"simulate", "--out", path("raw_data"), "--truth", path("truth"), "--networks",
                         "lenet,alexnet", "--cycles", "200"})
                .exit_code,
            0);
  write_idle_power(scratch_, "90000000.0");
  std::filesystem::rename(path("raw_data/idling_power.json"), path("raw_data/idling_power.json.gz"));
  const auto result = run_program({"doctor", path("raw_data")});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.output.find("idle 90 W"), std::string::npos) << result.output;
  // One file, one doubt, by the file's own name.
  const auto at = result.errors.find("above every power sample");
  ASSERT_NE(at, std::string::npos) << result.errors;
  EXPECT_EQ(result.errors.find("above every power sample", at + 1), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("idling_power.json.gz"), std::string::npos) << result.errors;
}

TEST_F(Doctor, EndsWithTheVerdictOfDamagedRecordings) {
  write_raw_data();
  cut("raw_data/net/trt_profiling/trt_layer_latency.json", 9);
  expect({"raw_data"}, 3, {"raw data", "1 fault"}, {"trt_layer_latency.json:1"});
}

TEST_F(Doctor, KnowsTheStatisticsAndASingleNetworksFolder) {
  write_measurements();
  ASSERT_EQ(run_program({"convert", path("preprocessed_data"), "--out", path("training_data")}).exit_code, 0);
  expect({"preprocessed_data/net/net_average_power_stats.csv"}, 0, {"statistics by layer (3 layers): good"});
  expect({"preprocessed_data/net"}, 0,
         {"measurements", "next: joulecast convert " + path("preprocessed_data") + " "});
}

TEST_F(Doctor, TellsACovarianceByItsFirstColumnWhateverTheLayersAreCalled) {
  scratch_.write("c.csv", "layer_name,kind,runtime,power\nkind,1,0,0\nruntime,0,1,0\npower,0,0,1\n");
  expect({"c.csv"}, 0, {"covariance of powers (3 layers): good"});
}

TEST_F(Doctor, TakesTheRailOfASinglePowerLog) {
  std::string log;
  for (int i = 0; i < 5; ++i)
    log += "172963480" + std::to_string(i) + ".5::RAM 1/2MB VDD_A 100mW/100mW VDD_B 200mW/200mW\n";
  scratch_.write("tegra.log", log);
  EXPECT_NE(run_program({"doctor", path("tegra.log")}).exit_code, 0);
  const auto one = run_program({"doctor", path("tegra.log"), "--rail", "VDD_B"});
  EXPECT_EQ(one.exit_code, 0) << one.errors;
  EXPECT_NE(one.output.find("power log (5 samples)"), std::string::npos) << one.output;
}

TEST_F(Doctor, FaultsOfEmptyFilesAndEveryRecordingCount) {
  scratch_.write("empty_power_log.log", "");
  expect({"empty_power_log.log"}, 4, {"1 fault"}, {"no sample"});
  write_raw_data();
  TinyRun run;
  run.latency_log.resize(50);
  run.write(scratch_, "one");
  run.write(scratch_, "two");
  expect({"raw_data"}, 3, {"2 faults"});
}

TEST_F(Doctor, LinksThatLeadBackUpEnd) {
  std::filesystem::create_directories(path("loops"));
  for (const char* name : {"a", "b", "c"}) std::filesystem::create_symlink(".", path("loops") + "/" + name);
  EXPECT_NE(run_program({"doctor", path("loops")}).exit_code, 1);
}

TEST_F(Doctor, DoubtsRowsOfSeveralBoardsAndChoosesOne) {
  const std::string header = "network,layer_name,layer_type,kind,run_time_ms,device\n";
  scratch_.write("rows/a/layers.csv", header + "a,conv,CaskConvolution,convolutional,0.5,RTX 3090\n");
  scratch_.write("rows/b/layers.csv", header + "b,conv,CaskConvolution,convolutional,0.5,nano\n");
  expect({"rows"}, 0, {"usable, 1 doubt", "--out models --device 'RTX 3090'\n"}, {"several boards"});
  std::filesystem::remove_all(path("rows/b"));
  expect({"rows"}, 0, {": good", "--out models\n"});
}

TEST_F(Doctor, FindsTheFolderAroundWhateverThePathEndsIn) {
  write_measurements();
  const std::string next = "next: joulecast convert " + path("preprocessed_data") + " ";
  expect({"preprocessed_data/net/"}, 0, {next});
  expect({"preprocessed_data/net/."}, 0, {next});
  RunOptions options;
  options.folder = path("preprocessed_data/net");
  const auto here = run_program({"doctor", "."}, options);
  EXPECT_NE(here.output.find("joulecast convert "), std::string::npos) << here.output;
  EXPECT_EQ(here.output.find("preprocessed_data/net "), std::string::npos) << here.output;
}

TEST_F(Doctor, MeasurementsOfNoNetworkAreAFault) {
  std::filesystem::create_directories(path("data/preprocessed_data/net"));
  expect({"data"}, 4, {"1 fault"}, {"no network has measurements"});
}

TEST_F(Doctor, FollowsLinksToNetworksAsConvertDoes) {
  write_measurements();
  std::filesystem::create_directories(path("linked"));
  std::filesystem::create_directory_symlink(path("preprocessed_data/net"), path("linked/net"));
  expect({"linked"}, 0, {"measurements (1 networks, 36 rows by window): good"});
  EXPECT_EQ(run_program({"convert", path("linked"), "--out", path("training_data")}).exit_code, 0);
}

TEST_F(Doctor, QuotesWhatAShellWouldTakeApart) {
  write_measurements();
  std::filesystem::rename(path("preprocessed_data"), path("my data"));
  expect({"my data"}, 0, {"next: joulecast convert '" + path("my data") + "' --out training_data\n"});
}

TEST_F(Doctor, AnEngineThatWaitsForShapesIsDoubtedAndNextNamesThem) {
  scratch_.write("engine.json", R"({"Layers": [{"Name": "r", "LayerType": "Reformat",
    "Inputs": [{"Name": "my input", "Dimensions": [-1, 3, 8, 8], "Format/Datatype": "Row major linear FP32"}],
    "Outputs": [{"Name": "o", "Dimensions": [-1, 3, 8, 8], "Format/Datatype": "Row major linear FP32"}]}]})");
  expect({"engine.json"}, 0,
         {"engine (1 layers: 1 reformat): usable, 1 doubt", "--models models --shape 'my input=1x3x8x8'\n"},
         {"dynamic dimensions"});
}

TEST_F(Doctor, NextNamesEveryShapeThatAnOnnxModelWaitsFor) {
  const auto model = [](const Dimensions& x, const Dimensions& z) {
    return OnnxWriter().input("x", x).input("z", z).node("Add", {"x", "z"}, {"y"}).output("y").model();
  };
  scratch_.write("two.onnx", model({1, 3, -1, -1}, {1, 3, -1, -1}));
  expect({"two.onnx"}, 0,
         {"usable, 1 doubt", "--models models --shape 'x=1x3x224x224' --shape 'z=1x3x224x224'\n"},
         {"is open"});
  // Shapes do not help a model of another fault.
  scratch_.write("misfit.onnx", model({1, 3, 8, 8}, {1, 3, 7, 8}));
  expect({"misfit.onnx"}, 4, {"1 fault"});
}

TEST_F(Doctor, TellsTablesApartByTheirColumns) {
  scratch_.write("mine.csv", "layer_name,kind,input_channels\nc,convolutional,8\n");
  expect({"mine.csv"}, 0, {"layers (1 rows)"});
  scratch_.write("p.csv",
                 "power_prediction,runtime_prediction,layer_name,layer_type\n1.0,2.0,c,CaskConvolution\n");
  expect({"p.csv"}, 0, {"prediction (1 layers)"});
  scratch_.write("cov.csv", "layer_name,a,b\na,1,0\nb,0,1\n");
  expect({"cov.csv"}, 0, {"covariance of powers (2 layers)"});
}

TEST_F(Doctor, AnEngineThatNoShapeHelpsIsAFault) {
  scratch_.write("engine.json", R"({"Layers": [{"Name": "p", "LayerType": "PluginV2",
    "Inputs": [{"Name": "i", "Dimensions": [1, 3, 8, 8], "Format/Datatype": "Row major linear FP32"}],
    "Outputs": [{"Name": "o", "Dimensions": [1, -1, -1, 8], "Format/Datatype": "Row major linear FP32"}]}]})");
  expect({"engine.json"}, 4, {"1 fault"}, {"layer \"p\" (PluginV2) cannot be derived"});
}

TEST_F(Doctor, LogsThatGiveNoPowerAreAFault) {
  TinyRun run;
  std::size_t at = 0;
  while ((at = run.power_log.find("-10:00:", at)) != std::string::npos)
    run.power_log.replace(at, 7, "-13:00:");
  run.write(scratch_);
  write_idle_power(scratch_);
  expect({"raw_data"}, 4, {"1 fault"}, {"do not overlap", "-03:00 hours"});
  run.power_log.clear();
  run.write(scratch_);
  expect({"raw_data"}, 4, {"1 fault"}, {"the power log has no row"});
  // Too few cycles for the regression, but the window method takes them.
  TinyRun().write(scratch_);
  expect({"raw_data"}, 0, {"usable, 1 doubt", "next: joulecast attribute"}, {"12 cycles"});
}

TEST_F(Doctor, DoubtsAreNoFaultsAndNotSilence) {
  write_raw_data();
  scratch_.write("raw_data/idling_power.json", "{\"avg_idle_power\": 4200.0}");
  expect({"raw_data"}, 0, {"usable, ", " doubt"});
}

}  // namespace
}  // namespace joulecast::test
