// Measured boards: listed, evaluated in several ways, trained on.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expect_words.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace joulecast::test {
namespace {

namespace fs = std::filesystem;

const fs::path kBoards = JOULECAST_SOURCE_DIR "/examples/boards";

class Boards : public ::testing::Test {
 protected:
  /// Of one board, which is quick.
  void SetUp() override {
    fs::create_directories(scratch_.path() / "boards");
    fs::copy(kBoards / "rtx-3060-laptop", scratch_.path() / "boards/laptop", fs::copy_options::recursive);
  }
  [[nodiscard]] ProgramResult run(const std::vector<std::string>& words) const {
    RunOptions options;
    options.folder = scratch_.path();
    return run_program(words, options);
  }
  TemporaryFolder scratch_;
};

TEST_F(Boards, AreListedWithTheirAccuracy) {
  const auto result = run({"boards", "boards"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.output, {"laptop", "alexnet", "resnet18", "run_time"});
  EXPECT_EQ(run({"boards", "boards/laptop/alexnet"}).exit_code, 4);  // no board in it
}

const std::string kHeader = "network,layer_name,kind,batch_size,input_channels,output_channels,run_time_ms\n";
std::string dense_rows(int count) {
  std::string text = kHeader;
  for (int i = 1; i <= count; ++i)
    text += "n,l" + std::to_string(i) + ",dense,1," + std::to_string(64 * i) + ",100," +
            std::to_string(0.01 + 0.001 * i) + "\n";
  return text;
}

TEST_F(Boards, ThatCannotBeReadAreNotTakenForNone) {
  const auto missing = run({"boards", "nowhere"});
  EXPECT_EQ(missing.exit_code, 3);
  expect_words(missing.errors, {"nowhere", "no such folder"});
  const auto file = run({"boards", "boards/laptop/alexnet/layers.csv"});
  EXPECT_EQ(file.exit_code, 3);
  expect_words(file.errors, {"not a folder"});
}

TEST_F(Boards, StrayAndFaultyFoldersDoNotEndTheList) {
  scratch_.write("boards/.git/HEAD", "x");
  scratch_.write("boards/laptop/.git/HEAD", "x");
  const auto hidden = run({"boards", "boards", "--strict"});
  EXPECT_EQ(hidden.exit_code, 0) << hidden.errors;
  EXPECT_EQ(hidden.errors.find(".git"), std::string::npos) << hidden.errors;

  scratch_.write("boards/broken/net/layers.csv", "layer_name,kind,run_time_ms\na,dense,fast\n");
  scratch_.write("boards/laptop/notes/readme.txt", "x");
  fs::create_directories(scratch_.path() / "boards/vacant");
  const auto result = run({"boards", "boards"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.output, {"alexnet", "resnet18"});
  expect_words(result.errors, {"broken/net skipped", "layers.csv:2", "laptop/notes skipped",
                               "no training row", "vacant skipped", "holds no network"});
  EXPECT_EQ(run({"boards", "boards", "--strict"}).exit_code, 3);  // the first fault's
  fs::remove_all(scratch_.path() / "boards/laptop");
  const auto none = run({"boards", "boards"});
  EXPECT_EQ(none.exit_code, 3);
  expect_words(none.errors, {"no board could be listed"});
}

TEST_F(Boards, WithoutAccuracySayWhyAndDoubtsAreShown) {
  scratch_.write("few/board/one/layers.csv", dense_rows(1));
  const auto one = run({"boards", "few"});
  EXPECT_EQ(one.exit_code, 0) << one.errors;
  expect_words(one.output, {"board", "one", "-"});
  expect_words(one.errors, {"board/one listed without accuracy"});
  EXPECT_EQ(run({"boards", "few", "--strict"}).exit_code, 4);
  std::string cut = dense_rows(12);
  cut.pop_back();
  scratch_.write("doubts/board/cut/layers.csv", cut);
  const auto doubted = run({"boards", "doubts"});
  EXPECT_EQ(doubted.exit_code, 0) << doubted.errors;
  expect_words(doubted.errors, {"cut/layers.csv:13"});
}

TEST_F(Boards, FiguresWithIdleInsideAreCalledSo) {
  ASSERT_EQ(run({"train", (kBoards / "jetson-tx2").string(), "--out", "models", "--estimator", "physical"})
                .exit_code,
            0);
  scratch_.write(
      "one.csv",
      "layer_name,kind,batch_size,input_channels,input_height,input_width,output_channels,output_height,"
      "output_width,kernel_height,kernel_width,stride_height,stride_width\n"
      "c,convolutional,1,64,28,28,64,28,28,1,1,1,1\n");
  const auto result =
      run({"predict", "one.csv", "--models", "models", "--json", "one.json", "--rate-hz", "10"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.output, {"the whole board's, its idle power included"});
  expect_words(result.errors, {"hold no idle power"});
  const auto network = nlohmann::json::parse(read_file(scratch_.path() / "one.json")).at("network");
  EXPECT_EQ(network.at("power_basis"), "board");
  EXPECT_EQ(network.at("board_energy_mj"), network.at("energy_mj"));
  EXPECT_TRUE(network.at("board_power_at_rate_w").is_null());
}

TEST_F(Boards, ATestNetworkThatIsNotThereIsDoubted) {
  const auto result =
      run({"train", "boards/laptop", "--out", "m", "--estimator", "physical", "--test-networks", "vgg1"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"the test network vgg1 is not in the training set"});
}

TEST_F(Boards, AreEvaluatedWithoutAPartOfTheModelAndForTheLassoAlone) {
  const auto rmspe = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"evaluate", "boards/laptop/resnet18", "--group", "shape", "--json", "-"});
    const auto result = run(more);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return nlohmann::json::parse(result.output)["targets"]["run_time"]["by_kind"]["convolutional"];
  };
  const auto whole = rmspe({"--estimator", "physical"});
  EXPECT_TRUE(whole.at("lasso_rmspe_percent").is_null());
  EXPECT_NE(rmspe({"--estimator", "physical", "--without", "average,tiles"}).at("rmspe_percent"),
            whole.at("rmspe_percent"));
  const auto lasso = rmspe({"--estimator", "lasso"});
  const auto beside = rmspe({"--estimator", "auto"});
  EXPECT_EQ(lasso.at("layers"), beside.at("lasso_layers"));
  EXPECT_LE(lasso.at("rmspe_percent"), beside.at("lasso_rmspe_percent"));  // less where figures below 0 are 0
  EXPECT_EQ(
      run({"evaluate", "boards/laptop/resnet18", "--estimator", "lasso", "--without", "tiles"}).exit_code, 2);
  const auto wrong = run({"evaluate", "boards/laptop/resnet18", "--without", "magic"});
  EXPECT_EQ(wrong.exit_code, 2);
  expect_words(wrong.errors, {"no part 'magic'", "residual"});
}

}  // namespace
}  // namespace joulecast::test
