// Figures of a training, as a user finds them.
#include <gtest/gtest.h>

#include "support/expect_words.h"
#include "support/fake_mlflow.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

namespace fs = std::filesystem;

class Figures : public ::testing::Test {
 protected:
  Figures() { write_training_data(scratch_); }
  [[nodiscard]] ProgramResult train(std::vector<std::string> more,
                                    std::vector<std::string> environment = {}) const {
    RunOptions options;
    options.folder = scratch_.path();
    options.environment = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES=0", "HOME=" + scratch_.path().string()};
    options.environment.insert(options.environment.end(), environment.begin(), environment.end());
    std::vector<std::string> words = {"train", "training_data", "--out", "models", "--estimator", "lasso"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words, options);
  }
  [[nodiscard]] std::vector<std::string> figures() const {
    const fs::path folder = scratch_.path() / "models" / "figures";
    return fs::exists(folder) ? files_below(folder) : std::vector<std::string>();
  }
  /// A folder for LD_LIBRARY_PATH in which libcairo is a file of another kind.
  [[nodiscard]] std::string without_cairo() const {
    scratch_.write("broken/libcairo.so.2", std::string(4096, 'x'));
    return "LD_LIBRARY_PATH=" + (scratch_.path() / "broken").string();
  }

  TemporaryFolder scratch_;
};

TEST_F(Figures, LieBesideTheModels) {
  const auto result = train({"--figures", "--test-networks", "net00,net01"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"12 figures written to models/figures"});
  ASSERT_EQ(figures().size(), 12U);
  EXPECT_EQ(figures().front(), "net00_convolutional_power_prediction.png");
  EXPECT_TRUE(read_file(scratch_.path() / "models" / "figures" / figures().front()).starts_with("\x89PNG"));
}

TEST_F(Figures, OfAnEarlierTrainingGoAway) {
  ASSERT_EQ(train({"--figures", "--test-networks", "net00,net01"}).exit_code, 0);
  scratch_.write("models/figures/mine.png", "");
  ASSERT_EQ(train({"--figures", "--test-networks", "net01"}).exit_code, 0);
  ASSERT_EQ(figures().size(), 7U);
  EXPECT_EQ(figures().front(), "mine.png");
  EXPECT_EQ(figures().back(), "net01_pooling_runtime_prediction.png");
}

TEST_F(Figures, GoToTheServerWithTheirModelsRuns) {
  const FakeMlflow mlflow;
  const auto result = train({"--track", mlflow.url(), "--test-networks", "net00"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  std::size_t found = 0;
  for (const auto& run : mlflow.runs) {
    if (!run.name.ends_with("_model")) continue;
    const std::string name = "net00_" + run.name.substr(0, run.name.size() - 6) + "_prediction.png";
    const auto file = mlflow.files.find("1/" + run.id + "/artifacts/" + name);
    ASSERT_NE(file, mlflow.files.end()) << name;
    EXPECT_EQ(file->second, read_file(scratch_.path() / "models" / "figures" / name));
    ++found;
  }
  EXPECT_EQ(found, 6U);
}

TEST_F(Figures, WaitInTheSpoolForAServerThatIsDown) {
  FakeMlflow mlflow;
  mlflow.fail_at(0, FakeMlflow::Fault::kDropped);
  ASSERT_EQ(train({"--track", mlflow.url(), "--test-networks", "net00"}).exit_code, 0);
  std::size_t spooled = 0;
  for (const auto& file : files_below(scratch_.path() / "models" / ".tracking-spool"))
    if (file.ends_with("_prediction.png")) ++spooled;
  EXPECT_EQ(spooled, 6U);
  EXPECT_EQ(figures().size(), 6U);
}

TEST_F(Figures, WithoutTheLibraryAreAWarning) {
  const auto result = train({"--figures", "--test-networks", "net00", "--strict"}, {without_cairo()});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"warning: 6 of 6 figures not drawn", "libcairo cannot be loaded",
                               "apt-get install libcairo2"});
  EXPECT_TRUE(figures().empty());
  EXPECT_TRUE(fs::exists(scratch_.path() / "models" / "model.json"));
  const FakeMlflow mlflow;
  const auto tracked = train({"--track", mlflow.url(), "--test-networks", "net00"}, {without_cairo()});
  EXPECT_EQ(tracked.exit_code, 0) << tracked.errors;
  EXPECT_EQ(mlflow.runs.size(), 7U);
}

TEST_F(Figures, OfPhysicalModelsShowNetworksThatWereHeldOut) {
  RunOptions options;
  options.folder = scratch_.path();
  const auto result = run_program({"train", std::string(JOULECAST_SOURCE_DIR) + "/examples/boards/rtx-3090",
                                   "--out", "models", "--figures", "--test-networks", "resnet50_fp32"},
                                  options);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(figures(), std::vector<std::string>{"resnet50_fp32_physical_run_time_prediction.png"});
}

TEST_F(Figures, OnADiskThatTakesThemNotAreAWarning) {
  fs::create_directories(scratch_.path() / "models");
  scratch_.write("models/figures", "a file");
  const auto result = train({"--figures", "--test-networks", "net00"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"6 of 6 figures not drawn", "hint:"});
}

}  // namespace
}  // namespace joulecast::test
