// `predict` of tables of layers: the same figures as the engine's whose layers they describe.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace joulecast::test {
namespace {

class PredictTable : public ::testing::Test {
 protected:
  [[nodiscard]] ProgramResult run(const std::vector<std::string>& words) const {
    RunOptions options;
    options.folder = scratch_.path();
    return run_program(words, options);
  }
  std::string output(const std::vector<std::string>& words) const {
    const auto result = run(words);
    EXPECT_EQ(result.exit_code, 0) << words.front() << ": " << result.errors;
    return result.output;
  }
  /// Models of a simulated board, in models.
  void train(const std::string& device) const {
    output({"simulate", "--out", "raw_data", "--truth", "truth", "--scenario", "demo", "--networks",
            "resnet18,vgg11,googlenet,mobilenet_v2", "--cycles", "600"});
    output({"dataset", "raw_data", "--out", ".", "--device", device, "--method", "window"});
    output({"train", "training_data", "--out", "models", "--device", device});
  }
  TemporaryFolder scratch_;
};

TEST_F(PredictTable, GivesWhatItsEngineGives) {
  train("board one");
  for (const std::string network : {"resnet18", "googlenet", "mobilenet_v2"}) {
    const std::string table = "training_data/" + network + "/layers.csv";
    const std::string engine = "preprocessed_data/" + network + "/trt_engine_info.json";
    for (const std::string flag : {"--device=board one", "--compat"}) {
      const auto of_engine = output({"predict", engine, "--models", "models", "--out", "-", flag});
      EXPECT_GT(of_engine.size(), 500U);
      EXPECT_EQ(output({"predict", table, "--models", "models", "--out", "-", flag}), of_engine) << network;
    }
  }
  const auto terms = [&](const std::string& input) {
    return output({"predict", input, "--models", "models", "--terms", "-"});
  };
  const std::string of_engine = terms("preprocessed_data/resnet18/trt_engine_info.json");
  EXPECT_TRUE(of_engine.starts_with("network,layer_name,kind,active_ms,launch,")) << of_engine.substr(0, 200);
  const std::string layers = read_file(scratch_.path() / "training_data/resnet18/layers.csv");
  EXPECT_EQ(std::count(of_engine.begin(), of_engine.end(), '\n'),
            std::count(layers.begin(), layers.end(), '\n'));
  EXPECT_EQ(terms("training_data/resnet18/layers.csv"), of_engine);
  // Of another board's models the figures are that board's, and the user is told.
  output({"train", "training_data", "--out", "models"});
  const auto text = read_file(scratch_.path() / "models/model.json");
  const auto at = text.find("board one");
  ASSERT_NE(at, std::string::npos);
  scratch_.write("other.json", std::string(text).replace(at, 9, "board two"));
  const auto other = run({"predict", "training_data/resnet18/layers.csv", "--models", "other.json"});
  EXPECT_EQ(other.exit_code, 0) << other.errors;
  EXPECT_NE(other.errors.find("of the board 'board one'; the figures are for 'board two'"), std::string::npos)
      << other.errors;
  EXPECT_NE(other.output.find("The models are of the board 'board two'."), std::string::npos) << other.output;
}

TEST_F(PredictTable, MayHoldSeveralNetworksAndLackColumns) {
  train("b");
  scratch_.write("mine.csv",
                 "network,layer_name,kind,batch_size,input_channels,input_height,input_width,output_channels,"
                 "output_height,output_width,kernel_height,kernel_width,stride_height,stride_width,note\n"
                 "small,conv,convolutional,1,64,56,56,64,56,56,3,3,1,1,x\n"
                 "large,conv,convolutional,1,256,56,56,256,56,56,3,3,1,1,y\n"
                 "small,relu,elementwise,1,64,56,56,64,56,56,,,,,\n");
  output({"predict", "mine.csv", "--models", "models", "--out", "csv", "--json", "json"});
  const auto small = nlohmann::json::parse(read_file(scratch_.path() / "json/small.json"));
  const auto large = nlohmann::json::parse(read_file(scratch_.path() / "json/large.json"));
  EXPECT_EQ(small.at("device"), "b");
  ASSERT_EQ(small.at("layers").size(), 2U);
  EXPECT_EQ(small["layers"][1]["layer_name"], "relu");
  ASSERT_EQ(large.at("layers").size(), 1U);
  EXPECT_GT(large["layers"][0]["run_time_ms"]["value"], small["layers"][0]["run_time_ms"]["value"]);
  EXPECT_EQ(output({"predict", "mine.csv", "--models", "models/physical_run_time_model", "--terms",
                    "terms.csv", "--quiet"}),
            "");
  const std::string terms = read_file(scratch_.path() / "terms.csv");
  EXPECT_NE(terms.find("\nsmall,conv,convolutional,"), std::string::npos) << terms;
  EXPECT_NE(terms.find("\nlarge,conv,convolutional,"), std::string::npos) << terms;
  const auto lasso = run({"predict", "mine.csv", "--models", "models/dense_power_model", "--terms", "-"});
  EXPECT_EQ(lasso.exit_code, 4) << lasso.errors;
  EXPECT_NE(lasso.errors.find("no physical one"), std::string::npos) << lasso.errors;
  EXPECT_EQ(files_below(scratch_.path() / "csv"), (std::vector<std::string>{"large.csv", "small.csv"}));
}

TEST_F(PredictTable, OneNetworkAtFaultCostsThatNetworkAlone) {
  train("b");
  const std::string header = "network,layer_name,kind,input_channels,output_channels\n";
  scratch_.write("two.csv", header + "good,c,convolutional,8,8\nbad,c,convolutional,,\n");
  const auto result = run({"predict", "two.csv", "--models", "models", "--out", "to", "--json", "to"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.errors.find("two.csv, bad"), std::string::npos) << result.errors;
  EXPECT_EQ(files_below(scratch_.path() / "to"), (std::vector<std::string>{"good.csv", "good.json"}));
  EXPECT_EQ(run({"predict", "two.csv", "--models", "models", "--strict"}).exit_code, 4);
  for (const std::string flag : {"--out", "--json"})
    EXPECT_EQ(run({"predict", "two.csv", "--models", "models", flag, "-"}).exit_code, 2) << flag;
  scratch_.write("one.csv", header + "good,c,convolutional,8,8\n");
  EXPECT_EQ(run({"predict", "one.csv", "--models", "models", "--out", "x", "--json", "x"}).exit_code, 2);
  // A network's name becomes a file's: it must not lead elsewhere.
  for (const std::string name : {"../x", "/tmp/x", "..", "."}) {
    scratch_.write("away.csv", header + "a,c,convolutional,8,8\n" + name + ",c,convolutional,8,8\n");
    const auto away = run({"predict", "away.csv", "--models", "models", "--out", "to"});
    EXPECT_EQ(away.exit_code, 3) << name;
    EXPECT_NE(away.errors.find("away.csv:3"), std::string::npos) << away.errors;
  }
}

TEST_F(PredictTable, DoubtsColumnsThatItDoesNotKnow) {
  train("b");
  scratch_.write("typo.csv",
                 "layer_name,kind,input_channels,output_channels,kernel_widht\nc,convolutional,8,8,3\n");
  const auto typo = run({"predict", "typo.csv", "--models", "models"});
  EXPECT_EQ(typo.exit_code, 0);
  EXPECT_NE(typo.errors.find("kernel_widht"), std::string::npos) << typo.errors;
  EXPECT_NE(typo.errors.find("no kernel_height and kernel_width"), std::string::npos) << typo.errors;
  const auto known = run({"predict", "training_data/vgg11/layers.csv", "--models", "models"});
  EXPECT_EQ(known.errors.find("ignored"), std::string::npos) << known.errors;
  scratch_.write("words.csv", "layer_name,kind\nc,foo\n");
  EXPECT_NE(
      run({"predict", "words.csv", "--models", "models"}).errors.find("which takes convolutional, dense"),
      std::string::npos);
}

TEST_F(PredictTable, IsRefusedWithTheRightCode) {
  train("b");
  scratch_.write("empty.csv", "layer_name,kind\n");
  scratch_.write("other.csv", "a,b\n1,2\n");
  scratch_.write("text.csv", "layer_name,kind,input_height\nc,convolutional,tall\n");
  scratch_.write("names.csv", "layer_name,kind\nc,convolutional\n");
  scratch_.write("below.csv", "layer_name,kind,input_channels\nc,convolutional,-64\n");
  scratch_.write("part.csv", "layer_name,kind,input_channels\nc,convolutional,1.5\n");
  scratch_.write("huge.csv", "layer_name,kind,input_channels\nc,convolutional,1e300\n");
  const auto expect = [&](const std::string& file, int code, const std::string& message) {
    const auto result = run({"predict", file, "--models", "models"});
    EXPECT_EQ(result.exit_code, code) << file;
    EXPECT_NE(result.errors.find(message), std::string::npos) << result.errors;
  };
  expect("missing.csv", 3, "missing.csv");
  expect("empty.csv", 4, "the table has no row");
  expect("other.csv", 3, "other.csv:1");
  expect("text.csv", 3, "text.csv:2");
  expect("names.csv", 4, "cover none of the 1 layers");
  for (const std::string name : {"below.csv", "part.csv", "huge.csv"}) expect(name, 3, name + ":2");
}

}  // namespace
}  // namespace joulecast::test
