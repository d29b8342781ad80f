// Inputs that are each good but do not go together: two boards, two clocks, results of two runs, two inputs
// of one name.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/expect_words.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

class BadPairs : public ::testing::Test {
 protected:
  BadPairs() { write_idle_power(scratch_); }
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] ProgramResult run(std::vector<std::string> words) const {
    RunOptions options;
    options.folder = scratch_.path();
    return run_program(words, options);
  }
  static void expect(const ProgramResult& result, int code, const std::vector<std::string>& words) {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    expect_words(result.errors, words);
  }
  /// training/NETWORK/layers.csv by way of attribute and convert, its rows of the board `device`.
  void measure(const std::string& network, const std::string& device) const {
    run_.write(scratch_, network);
    const auto out = "preprocessed_" + device;
    ASSERT_EQ(run({"attribute", "raw_data", "--out", out, "--method", "window", "--only", network}).exit_code,
              0);
    ASSERT_EQ(run({"convert", out, "--out", "training", "--device", device}).exit_code, 0);
  }
  /// training/FOLDER of a network measured on `device`; made once and copied, as all boards measure alike.
  void measure_at(const std::string& folder, const std::string& network, const std::string& device) {
    const auto made = scratch_.path() / ("made_" + device);
    if (!std::filesystem::exists(made)) {
      run_.write(scratch_);
      ASSERT_EQ(run({"attribute", "raw_data", "--out", "pre", "--method", "window"}).exit_code, 0);
      ASSERT_EQ(run({"convert", "pre", "--out", made.string(), "--device", device}).exit_code, 0);
    }
    auto layers = read_file(made / "net/layers.csv");
    for (std::size_t at = 0; (at = layers.find("\nnet,", at)) != std::string::npos; at += network.size())
      layers.replace(at + 1, 3, network);
    scratch_.write("training/" + folder + "/layers.csv", layers);
    scratch_.write("training/" + folder + "/convolutional.csv", read_file(made / "net/convolutional.csv"));
  }
  /// Layers of run times alone, enough to train on.
  void write_layers(const std::string& network, const std::string& device) const {
    std::string text =
        "network,layer_name,layer_type,kind,batch_size,input_channels,input_height,input_width,"
        "output_channels,output_height,output_width,kernel_height,kernel_width,stride_height,"
        "stride_width,input_type,output_type,weight_type,run_time_ms,device\n";
    for (int i = 1; i <= 12; ++i)
      text += network + ",conv" + std::to_string(i) + ",CaskConvolution,convolutional,1," +
              std::to_string(8 * i) + ",32,32," + std::to_string(16 * i) +
              ",32,32,3,3,1,1,fp16,fp16,fp16,0.0" + std::to_string(10 + i) + "," + device + "\n";
    scratch_.write("training/" + network + "/layers.csv", text);
  }
  TemporaryFolder scratch_;
  TinyRun run_;
};

TEST_F(BadPairs, ModelsOfAnotherBoardThanTheEngine) {
  for (const char* network : {"a", "b", "c"}) write_layers(network, "orin");
  ASSERT_EQ(run({"train", "training", "--out", "models"}).exit_code, 0);
  scratch_.write("engine.json", run_.engine);
  const std::vector<std::string> predict = {"predict", "engine.json", "--models", "models", "--out", "p.csv"};
  const auto with = [&](const std::string& device) {
    auto words = predict;
    words.insert(words.end(), {"--device", device});
    return run(words);
  };
  expect(with("nano"), 4, {"engine.json", "'orin'", "'nano'", "hint:"});
  EXPECT_FALSE(std::filesystem::exists(path("p.csv")));
  expect(with("orin"), 0, {});
  expect(run(predict), 0, {});
}

TEST_F(BadPairs, ModelsThatDoNotNameTheirBoardAreDoubted) {
  for (const char* network : {"a", "b", "c"}) write_layers(network, "");
  ASSERT_EQ(run({"train", "training", "--out", "models"}).exit_code, 0);
  scratch_.write("engine.json", run_.engine);
  expect(run({"predict", "engine.json", "--models", "models", "--device", "nano"}), 0, {"warning", "'nano'"});
  ASSERT_EQ(run({"train", "training", "--out", "named", "--device", "orin"}).exit_code, 0);
  expect(run({"predict", "engine.json", "--models", "named", "--device", "nano"}), 4, {"'orin'"});
}

TEST_F(BadPairs, RowsOfTwoBoardsNeedAChoice) {
  for (const char* network : {"a", "b", "c"}) write_layers(network, "orin");
  for (const char* network : {"d", "e", "f"}) write_layers(network, "nano");
  const std::vector<std::string> train = {"train", "training", "--out", "models"};
  expect(run(train), 4, {"'nano', 'orin'", "--device"});
  EXPECT_FALSE(std::filesystem::exists(path("models/model.json")));
  const auto with = [&](const std::string& device) {
    auto words = train;
    words.insert(words.end(), {"--device", device});
    return run(words);
  };
  expect(with("tx2"), 4, {"'tx2'", "hint:"});
  expect(with("nano"), 0, {});
  const auto model = read_file(path("models/model.json"));
  EXPECT_NE(model.find("\"device\": \"nano\""), std::string::npos);
  EXPECT_EQ(model.find("\"a\""), std::string::npos) << "a network of the other board";
  EXPECT_NE(model.find("\"d\""), std::string::npos);
  expect(run({"evaluate", "training"}), 4, {"--device"});
}

TEST_F(BadPairs, OneNetworkOnTwoBoardsIsTakenFolderByFolder) {
  // The reference's rows do not name their board: layers.csv beside them does, whatever the folder is called.
  for (int i = 0; i < 12; ++i) {
    const auto network = "net" + std::to_string(i);
    measure_at("orin/" + network, network, "orin");
    measure_at("nano/" + network, network, "nano");
  }
  const auto rows_of = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"train",       "training", "--out",           "models",
                                      "--estimator", "lasso",    "--test-networks", "none"};
    words.insert(words.end(), more.begin(), more.end());
    const auto result = run(words);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    const auto model = read_file(path("models/model.json"));
    const auto at = model.find("\"train_rows\": ");
    return model.substr(at, model.find(',', at) - at);
  };
  const auto nano = rows_of({"--device", "nano"});
  EXPECT_EQ(nano, "\"train_rows\": 12");
  std::filesystem::remove_all(path("training/orin"));
  EXPECT_EQ(rows_of({}), nano);
}

TEST_F(BadPairs, RowsWithoutABoardAreDoubtedBesideNamedOnes) {
  for (const char* network : {"a", "b"}) write_layers(network, "orin");
  write_layers("c", "");
  expect(run({"train", "training", "--out", "models"}), 0, {"warning", "do not name their board", "'orin'"});
}

TEST_F(BadPairs, ConvertNamesTheBoardInEachRow) {
  measure("net", "orin");
  const auto rows = read_file(path("training/net/layers.csv"));
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), 4);
  std::size_t named = 0;
  for (std::size_t at = 0; (at = rows.find(",orin\n", at)) != std::string::npos; ++at) ++named;
  EXPECT_EQ(named, 3U);
}

TEST_F(BadPairs, ClocksHoursApartAreNamed) {
  std::size_t at = 0;
  while ((at = run_.power_log.find("-10:00:", at)) != std::string::npos)
    run_.power_log.replace(at, 7, "-13:00:");
  run_.write(scratch_);
  const auto window = run({"attribute", "raw_data", "--out", "out", "--method", "window"});
  expect(window, 0, {"do not overlap", "samples 20", "-13:00:0", "layers 20", "-10:00:0", "-03:00 hours"});
  // The whole of the power log, though nothing of it was needed.
  EXPECT_NE(window.errors.find("-13:00:01"), std::string::npos) << window.errors;
}

TEST_F(BadPairs, DatasetDoesNotUseAnEarlierRunsMeasurements) {
  run_.write(scratch_, "good");
  run_.write(scratch_, "later");
  const std::vector<std::string> dataset = {"dataset", "raw_data", "--out", "both", "--method", "window"};
  ASSERT_EQ(run(dataset).exit_code, 0);
  ASSERT_TRUE(std::filesystem::exists(path("both/training_data/later/layers.csv")));
  run_.latency_log.resize(50);
  run_.write(scratch_, "later");
  expect(run(dataset), 0, {"later skipped", "earlier run"});
  EXPECT_FALSE(std::filesystem::exists(path("both/training_data/later/layers.csv")));
  EXPECT_TRUE(std::filesystem::exists(path("both/training_data/good/layers.csv")));
  // What the earlier run found is kept, and `convert` takes it where it is asked to.
  EXPECT_EQ(run({"convert", "both/preprocessed_data", "--out", "training"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(path("training/later/layers.csv")));
}

TEST_F(BadPairs, DatasetAddsUpSeveralRawData) {
  run_.write(scratch_, "first");
  const std::vector<std::string> dataset = {"dataset", "raw_data", "--out", "both", "--method", "window"};
  ASSERT_EQ(run(dataset).exit_code, 0);
  const auto rows = read_file(path("both/training_data/first/layers.csv"));
  // The next day's logs: the first day's network is not among them.
  std::filesystem::remove_all(path("raw_data/first"));
  run_.write(scratch_, "second");
  const auto next_day = run(dataset);
  expect(next_day, 0, {});
  EXPECT_EQ(next_day.errors.find("skipped"), std::string::npos) << next_day.errors;
  EXPECT_EQ(read_file(path("both/training_data/first/layers.csv")), rows);
  EXPECT_TRUE(std::filesystem::exists(path("both/training_data/second/layers.csv")));
  // Nothing of it that could be used: the code and the message are the attribution's.
  run_.latency_log.resize(50);
  run_.write(scratch_, "second");
  expect(run(dataset), 3, {"second skipped", "earlier run", "joulecast convert", "no network could be used"});
  EXPECT_FALSE(std::filesystem::exists(path("both/training_data/second/layers.csv")));
  EXPECT_EQ(read_file(path("both/training_data/first/layers.csv")), rows);
}

TEST_F(BadPairs, DatasetTakesOneNetworkAlone) {
  run_.write(scratch_, "good");
  auto bad = run_;
  bad.latency_log.resize(50);
  bad.write(scratch_, "bad");
  std::vector<std::string> dataset = {"dataset", "raw_data", "--out",  "both",    "--only",
                                      "good",    "--method", "window", "--strict"};
  const auto result = run(dataset);
  expect(result, 0, {});
  EXPECT_EQ(result.errors.find("bad"), std::string::npos) << result.errors;
  EXPECT_TRUE(std::filesystem::exists(path("both/training_data/good/layers.csv")));
  dataset[5] = "none";
  expect(run(dataset), 2, {"no network 'none'", "bad, good"});
}

TEST_F(BadPairs, ClockHintSurvivesAFaultFurtherOnInTheLog) {
  std::size_t at = 0;
  while ((at = run_.power_log.find("-10:00:", at)) != std::string::npos)
    run_.power_log.replace(at, 7, "-13:00:");
  run_.power_log += "20241121-13:00:09.0,50";
  run_.write(scratch_);
  const auto result = run({"attribute", "raw_data", "--out", "out", "--method", "window", "--strict"});
  expect(result, 4, {"do not overlap", "-03:00 hours"});
  expect(run({"doctor", "raw_data"}), 3, {"hint:"});
}

TEST_F(BadPairs, MeasurementsOfAnotherEngineGiveNoUsableRow) {
  run_.write(scratch_);
  ASSERT_EQ(run({"attribute", "raw_data", "--out", "out", "--method", "window"}).exit_code, 0);
  auto engine = run_.engine;
  for (const char* name : {"conv", "pool", "fc"})
    engine = replaced(engine, "\"Name\": \"" + std::string(name) + "\", \"LayerType\"",
                      "\"Name\": \"other " + std::string(name) + "\", \"LayerType\"");
  scratch_.write("out/net/trt_engine_info.json", engine);
  expect(run({"convert", "out", "--out", "training"}), 4,
         {"net skipped", "no usable row", "hint: Check that"});
  EXPECT_FALSE(std::filesystem::exists(path("training/net/layers.csv")));
  scratch_.write("out/net/trt_engine_info.json", R"({"Layers": [], "Bindings": []})");
  expect(run({"convert", "out", "--out", "training"}), 4, {"net skipped", "no layers", "hint: Export"});
}

TEST_F(BadPairs, InputsOfOneNameAreRefusedBeforeAnythingIsWritten) {
  for (const char* network : {"a", "b", "c"}) write_layers(network, "orin");
  ASSERT_EQ(run({"train", "training", "--out", "models"}).exit_code, 0);
  scratch_.write("one/engine.json", run_.engine);
  scratch_.write("two/engine.json", run_.engine);
  expect(run({"predict", "one/engine.json", "two/engine.json", "--models", "models", "--out", "p"}), 2,
         {"one/engine.json", "two/engine.json"});
  EXPECT_TRUE(files_below(path("p")).empty());
  for (const char* flag : {"--out", "--json"})
    expect(run({"predict", "one/engine.json", "two/engine.json", "--models", "models", flag, "-"}), 2,
           {"standard output takes one network, not 2"});
  expect(run({"predict", "one/engine.json", "two/engine.json", "--models", "models"}), 0, {});
}

TEST_F(BadPairs, AStepIsNotRunOnTheResultsOfAnother) {
  run_.write(scratch_);
  ASSERT_EQ(run({"dataset", "raw_data", "--out", ".", "--method", "window"}).exit_code, 0);
  const auto rows = read_file(path("training_data/net/layers.csv"));
  EXPECT_GT(rows.size(), 100U);
  expect(run({"convert", "training_data", "--out", "training_data"}), 2, {"--out is the folder of the meas"});
  expect(run({"convert", "training_data", "--out", "again"}), 4,
         {"these are training rows already", "hint:"});
  expect(run({"convert", "preprocessed_data", "--out", "preprocessed_data/../preprocessed_data"}), 2, {});
  expect(run({"attribute", "raw_data", "--out", "raw_data"}), 2, {"--out is the folder of the logs"});
  expect(run({"attribute", "preprocessed_data", "--out", "p"}), 4,
         {"these are measurements already", "hint:"});
  expect(run({"dataset", "preprocessed_data", "--out", "."}), 2, {"--out is the folder of the logs"});
  std::filesystem::rename(path("preprocessed_data"), path("measured"));
  expect(run({"dataset", "measured", "--out", "."}), 4, {"these are measurements already"});
  EXPECT_EQ(read_file(path("training_data/net/layers.csv")), rows);
  EXPECT_FALSE(std::filesystem::exists(path("again")));
}

TEST_F(BadPairs, TwoResultsOnStandardOutput) {
  scratch_.write("engine.json", run_.engine);
  expect(run({"predict", "engine.json", "--models", "models", "--out", "-", "--json", "-"}), 2,
         {"--json and --terms would mix"});
  expect(run({"predict", "engine.json", "--models", "models", "--terms", "-", "--json", "-"}), 2,
         {"would mix"});
}

TEST_F(BadPairs, TwoResultsInOneFile) {
  scratch_.write("engine.json", run_.engine);
  std::filesystem::create_symlink(".", path("here"));
  for (const char* name : {"r", "./r", "here/r", "none/../r"}) {
    expect(run({"predict", "engine.json", "--models", "models", "--out", "r", "--json", name}), 2,
           {"--out and --json name the same file", "hint:"});
    expect(run({"predict", "engine.json", "--models", "models", "--terms", "r", "--json", name}), 2,
           {"--json and --terms name the same file", "hint:"});
    EXPECT_FALSE(std::filesystem::exists(path("r")));
  }
}

TEST_F(BadPairs, TrackingThatIsAskedForButAbsentIsSaid) {
  for (const char* network : {"a", "b", "c"}) write_layers(network, "orin");
  scratch_.write("config.yaml", "mlflow:\n  enable_tracking: true\n");
  const std::vector<std::string> train = {"train", "training", "--out", "models", "--config", "config.yaml"};
  expect(run(train), 0, {"warning", "enable_tracking", "--track"});
  scratch_.write("config.yaml", "mlflow:\n  enable_tracking: false\n");
  EXPECT_EQ(run(train).errors.find("tracking"), std::string::npos);
}

}  // namespace
}  // namespace joulecast::test
