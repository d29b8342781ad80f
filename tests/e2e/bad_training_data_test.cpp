// train and predict on faulty training rows, models and engines: exit code, the
// place named, a hint, nothing half-written.
#include <gtest/gtest.h>

#include <map>

#include "support/expect_words.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

class BadTrainingData : public ::testing::Test {
 protected:
  BadTrainingData() { write_training_data(scratch_); }
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] ProgramResult train(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"train",        path("training_data"), "--out",
                                   path("models"), "--test-networks",     "net00,net01"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }
  void change(const std::string& file, const std::string& from, const std::string& to) const {
    scratch_.write(path(file), replaced(read_file(path(file)), from, to));
  }
  void expect_refused(const ProgramResult& result, int code, const std::vector<std::string>& words) const {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    expect_words(result.errors, words);
    EXPECT_FALSE(std::filesystem::exists(path("models/model.json")));
    EXPECT_TRUE(files_below(path("models")).empty());
  }
  TemporaryFolder scratch_;
};

TEST_F(BadTrainingData, GoodDataGivesSixModelsInOneFileAndAFolderEach) {
  const auto result = train();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.output, {"convolutional power", "dense runtime", "RMSPE (%)"});
  EXPECT_EQ(files_below(path("models")).size(), 1U + 6U * 8U);
  EXPECT_TRUE(std::filesystem::exists(path("models/model.json")));
  EXPECT_TRUE(std::filesystem::exists(path("models/dense_power_model/MLmodel")));
}

TEST_F(BadTrainingData, TrainingTwiceGivesTheSameBytes) {
  ASSERT_EQ(train().exit_code, 0);
  std::map<std::string, std::string> first;
  for (const auto& name : files_below(path("models"))) first[name] = read_file(path("models/" + name));
  ASSERT_EQ(train({"--jobs", "1"}).exit_code, 0);
  for (const auto& [name, text] : first) EXPECT_EQ(read_file(path("models/" + name)), text) << name;
}

TEST_F(BadTrainingData, MissingColumnNamesFileAndColumn) {
  change("training_data/net03/dense.csv", "output_size,", "");
  expect_refused(train(), 3, {"net03/dense.csv", "output_size"});
}

TEST_F(BadTrainingData, TextForANumberNamesTheLine) {
  change("training_data/net03/dense.csv", "fc1\n", "fc1\n1,many,20,3e6,0.02,bad\n");
  expect_refused(train(), 3, {"net03/dense.csv:4", "many"});
}

TEST_F(BadTrainingData, EmptyCellNamesTheLine) {
  change("training_data/net03/dense.csv", "fc1\n", "fc1\n1,,20,3e6,0.02,bad\n");
  expect_refused(train(), 3, {"net03/dense.csv:4"});
}

TEST_F(BadTrainingData, FolderWithoutRows) {
  std::filesystem::remove_all(path("training_data"));
  std::filesystem::create_directories(path("training_data"));
  expect_refused(train(), 4, {path("training_data"), "hint:"});
}

TEST_F(BadTrainingData, MissingFolder) {
  std::filesystem::remove_all(path("training_data"));
  expect_refused(train(), 3, {path("training_data"), "hint:"});
}

TEST_F(BadTrainingData, OneNetworkOnlyIsTooLittleForTenFolds) {
  for (int n = 1; n < 12; ++n)
    std::filesystem::remove_all(
        path("training_data/net" + std::string(n < 10 ? "0" : "") + std::to_string(n)));
  expect_refused(run_program({"train", path("training_data"), "--out", path("models"), "--estimator", "lasso",
                              "--test-networks", "none"}),
                 4, {"hint:"});
}

TEST_F(BadTrainingData, ConfigurationThatIsNoYamlNamesTheLine) {
  scratch_.write("config.yaml", "data:\n  data_dir: [\n");
  expect_refused(train({"--config", path("config.yaml")}), 3, {"config.yaml:"});
}

TEST_F(BadTrainingData, ConfigurationGivesFolderAndTestNetworks) {
  scratch_.write("config.yaml", "data:\n  data_dir: " + path("training_data") +
                                    "\n  test_models: [net02]\nmodel:\n  cross_validation: 5\n");
  const auto result =
      run_program({"train", "--config", path("config.yaml"), "--out", path("models"), "--verbose"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"held out: net02"});
}

TEST_F(BadTrainingData, MissingConfigurationFile) {
  expect_refused(train({"--config", path("absent.yaml")}), 3, {"absent.yaml", "hint:"});
}

class BadModels : public BadTrainingData {
 protected:
  void SetUp() override {
    ASSERT_EQ(train().exit_code, 0);
    scratch_.write("engine.json", TinyRun().engine);
  }
  [[nodiscard]] ProgramResult predict(const std::string& engine = "engine.json",
                                      std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"predict",      path(engine), "--models",
                                   path("models"), "--out",      path("prediction.csv")};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }
  void expect_no_prediction(const ProgramResult& result, int code,
                            const std::vector<std::string>& words) const {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    expect_words(result.errors, words);
    EXPECT_FALSE(std::filesystem::exists(path("prediction.csv")));
  }
};

TEST_F(BadModels, GoodModelsPredictEveryLayer) {
  const auto result = predict();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.output, {"time (ms)", "power (W)", "energy (mJ)", "conv", "pool", "fc"});
  const auto csv = read_file(path("prediction.csv"));
  EXPECT_TRUE(csv.starts_with("power_prediction,runtime_prediction,layer_name,layer_type,kind,")) << csv;
}

TEST_F(BadModels, CompatWritesTheReferencesColumnsAndTotals) {
  const auto result = predict("engine.json", {"--compat"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(read_file(path("prediction.csv"))
                  .starts_with("power_prediction,runtime_prediction,layer_name,layer_type\n"));
  expect_words(result.output, {"Total runtime :", "Average power consumed :", "Total energy spent:"});
}

TEST_F(BadModels, TheReferencesFlagsAreAccepted) {
  const auto result = run_program({"predict", "--trt-engine-path", path("engine.json"), "--result-csv-path",
                                   path("prediction.csv"), "--models", path("models")});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(std::filesystem::exists(path("prediction.csv")));
}

TEST_F(BadModels, ModelsOfANewerVersion) {
  change("models/model.json", "\"format_version\": ", "\"format_version\": 99");
  expect_no_prediction(predict(), 3, {"model.json", "99", "hint:"});
}

TEST_F(BadModels, ModelsWithAMissingKey) {
  change("models/model.json", "\"intercept\"", "\"intersept\"");
  expect_no_prediction(predict(), 3, {"model.json", "intercept"});
}

TEST_F(BadModels, ModelsWithAWrongType) {
  change("models/model.json", "\"degree\": 3", "\"degree\": \"three\"");
  expect_no_prediction(predict(), 3, {"model.json", "degree"});
}

TEST_F(BadModels, ModelsCutOff) {
  const auto text = read_file(path("models/model.json"));
  scratch_.write("models/model.json", text.substr(0, text.size() / 2));
  expect_no_prediction(predict(), 3, {"model.json"});
}

TEST_F(BadModels, MissingModels) {
  std::filesystem::remove_all(path("models"));
  expect_no_prediction(predict(), 3, {path("models"), "hint:"});
}

TEST_F(BadModels, MissingEngine) {
  expect_no_prediction(predict("absent.json"), 3, {"absent.json", "hint:"});
}

TEST_F(BadModels, FolderGivenForTheEngine) {
  expect_no_prediction(predict("training_data"), 3, {"training_data", "hint:"});
}

TEST_F(BadModels, EngineThatIsNoJson) {
  scratch_.write("engine.json", "{\"Layers\": [");
  expect_no_prediction(predict(), 3, {"engine.json"});
}

TEST_F(BadModels, EngineWithoutALayerThatAModelCovers) {
  scratch_.write("engine.json", R"({"Layers": ["one", "two"], "Bindings": []})");
  expect_no_prediction(predict(), 4, {"engine.json"});
}

TEST_F(BadModels, DynamicEngineSaysHowToGiveTheShape) {
  scratch_.write("engine.json", replaced(TinyRun().engine, "[1, 3, 32, 32]", "[-1, 3, 32, 32]"));
  expect_no_prediction(predict(), 4, {"engine.json", "--shape"});
}

TEST_F(BadModels, ShapeThatIsNone) {
  expect_no_prediction(predict("engine.json", {"--shape", "in=axb"}), 2, {"in=axb"});
}

TEST_F(BadModels, RateThatIsNone) {
  expect_no_prediction(predict("engine.json", {"--rate-hz", "fast"}), 2, {"--rate-hz", "fast"});
}

TEST_F(BadModels, OneFaultyInputDoesNotEndTheOthers) {
  const auto result = run_program({"predict", path("engine.json"), path("absent.json"), "--models",
                                   path("models"), "--json", path("predictions")});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"absent.json skipped"});
  EXPECT_EQ(files_below(path("predictions")).size(), 1U);
  const auto strict = run_program(
      {"predict", path("engine.json"), path("absent.json"), "--models", path("models"), "--strict"});
  EXPECT_EQ(strict.exit_code, 3);
}

TEST_F(BadModels, DashWritesToStandardOutputAlone) {
  const auto result = run_program({"predict", path("engine.json"), "--models", path("models"), "--out", "-"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(result.output.starts_with("power_prediction,")) << result.output;
  EXPECT_EQ(result.output.find("energy (mJ)"), std::string::npos);
}

TEST_F(BadModels, CompatOnStandardOutputTellsTheTotalsAsANote) {
  const auto result =
      run_program({"predict", path("engine.json"), "--models", path("models"), "--compat", "--out", "-"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output.find("Total runtime"), std::string::npos) << result.output;
  expect_words(result.errors, {"Total runtime :", "Total energy spent:"});
}

TEST_F(BadModels, TablesFit80Columns) {
  auto engine = TinyRun().engine;
  const std::string name(150, 'n');
  scratch_.write("engine.json", replaced(engine, "\"Name\": \"conv\", \"LayerType\"",
                                         "\"Name\": \"" + name + "\", \"LayerType\""));
  const auto result = predict();
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  std::size_t begin = 0;
  while (begin < result.output.size()) {
    const std::size_t end = result.output.find('\n', begin);
    EXPECT_LE(end - begin, 80U) << result.output.substr(begin, end - begin);
    begin = end + 1;
  }
  expect_words(read_file(path("prediction.csv")), {name});
}

TEST_F(BadModels, DoctorKnowsModelsRowsAndEngines) {
  const auto result = run_program({"doctor", path("models"), path("training_data"), path("engine.json")});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.output,
               {"6 models", "36 convolutional", "3 layers: 1 convolutional 1 dense 1 pooling"});
}

}  // namespace
}  // namespace joulecast::test
