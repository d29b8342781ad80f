// `predict` of ONNX models: read by content, with their own flags, refused with the right exit codes.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "joulecast/cost_model.h"
#include "support/run_program.h"
#include "support/small_model.h"
#include "support/temporary_folder.h"

namespace joulecast::test {
namespace {

const std::string kModels = JOULECAST_SOURCE_DIR "/fuzz/corpus/onnx/";

class PredictOnnx : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(save_cost_model(small_cost_model(), scratch_.path() / "model.json")); }
  [[nodiscard]] ProgramResult predict(std::vector<std::string> words) const {
    words.insert(words.begin(), "predict");
    words.insert(words.end(), {"--models", "model.json"});
    RunOptions options;
    options.folder = scratch_.path();
    return run_program(words, options);
  }
  TemporaryFolder scratch_;
};

TEST_F(PredictOnnx, GivesEveryLayer) {
  const auto result = predict({kModels + "classifier.onnx", "--json", "-"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const auto prediction = nlohmann::json::parse(result.output);
  std::vector<std::string> kinds;
  for (const auto& layer : prediction.at("layers")) {
    if (layer.at("kind") != "none") kinds.push_back(layer.at("kind"));
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"reformat", "pooling", "dense", "softmax", "reformat"}));
}

TEST_F(PredictOnnx, BatchAndShapeChangeTheSizes) {
  const auto run_time = [&](std::vector<std::string> words) {
    words.insert(words.begin(), kModels + "residual_block.onnx");
    words.insert(words.end(), {"--json", "-"});
    const auto result = predict(words);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return nlohmann::json::parse(result.output)["network"]["run_time_ms"]["value"].get<double>();
  };
  EXPECT_GT(run_time({"--batch", "8"}), run_time({}));
  EXPECT_EQ(run_time({"--batch", "8"}), run_time({"--shape", "x=8x8x16x16"}));
}

TEST_F(PredictOnnx, RefusesWithTheRightCode) {
  EXPECT_EQ(predict({kModels + "classifier.onnx", "--precision", "fp12"}).exit_code, 2);
  EXPECT_EQ(predict({kModels + "classifier.onnx", "--batch", "0"}).exit_code, 2);
  EXPECT_EQ(predict({kModels + "classifier.onnx", "--shape", "z=1"}).exit_code, 2);
  EXPECT_EQ(predict({kModels + "classifier.onnx", "--shape", "x=2x15x7x7"}).exit_code, 4);
  scratch_.write("cut.onnx", read_file(kModels + "classifier.onnx").substr(0, 200));
  const auto cut = predict({"cut.onnx"});
  EXPECT_EQ(cut.exit_code, 3);
  EXPECT_NE(cut.errors.find("cut off"), std::string::npos) << cut.errors;
}

}  // namespace
}  // namespace joulecast::test
