// A training recorded on a server inside the test, as a user sees it.
#include <gtest/gtest.h>

#include "support/expect_words.h"
#include "support/fake_mlflow.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

namespace fs = std::filesystem;

class Track : public ::testing::Test {
 protected:
  Track() { write_training_data(scratch_); }
  [[nodiscard]] ProgramResult run(std::vector<std::string> arguments,
                                  std::vector<std::string> environment = {}) const {
    RunOptions options;
    options.folder = scratch_.path();
    options.environment = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES=0", "HOME=" + scratch_.path().string()};
    options.environment.insert(options.environment.end(), environment.begin(), environment.end());
    return run_program(arguments, options);
  }
  [[nodiscard]] ProgramResult train(std::vector<std::string> more,
                                    std::vector<std::string> environment = {}) const {
    std::vector<std::string> words = {"train",       "training_data", "--out",           "models",
                                      "--estimator", "lasso",         "--test-networks", "net00"};
    words.insert(words.end(), more.begin(), more.end());
    return run(std::move(words), std::move(environment));
  }
  [[nodiscard]] bool spooled() const { return fs::exists(scratch_.path() / "models" / ".tracking-spool"); }

  TemporaryFolder scratch_;
};

TEST_F(Track, ATrainingIsRecorded) {
  const FakeMlflow mlflow;
  const auto result = train({"--track", mlflow.url(), "--experiment", "boards"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"7 runs", mlflow.url() + "/#/experiments/1/runs/run0"});
  EXPECT_EQ(mlflow.runs.size(), 7U);
  EXPECT_TRUE(mlflow.experiments.contains("boards"));
  EXPECT_EQ(mlflow.files.at("1/run0/artifacts/model/model.json"),
            read_file(scratch_.path() / "models" / "model.json"));
  EXPECT_FALSE(spooled());
}

TEST_F(Track, TheServerIsThatOfTheEnvironmentOrTheConfiguration) {
  const FakeMlflow mlflow;
  EXPECT_EQ(train({}, {"MLFLOW_TRACKING_URI=" + mlflow.url()}).exit_code, 0);
  EXPECT_EQ(mlflow.runs.size(), 7U);
  EXPECT_TRUE(mlflow.experiments.contains("joulecast"));
  scratch_.write("on.yaml", "mlflow:\n  enable_tracking: true\n  mlflow_experiment_name: named\n");
  EXPECT_EQ(train({"--config", "on.yaml"}, {"MLFLOW_TRACKING_URI=" + mlflow.url()}).exit_code, 0);
  EXPECT_TRUE(mlflow.experiments.contains("named"));
  scratch_.write("off.yaml", "mlflow:\n  enable_tracking: false\n");
  EXPECT_EQ(train({"--config", "off.yaml"}, {"MLFLOW_TRACKING_URI=" + mlflow.url()}).exit_code, 0);
  EXPECT_EQ(train({"--track", "none"}, {"MLFLOW_TRACKING_URI=" + mlflow.url()}).exit_code, 0);
  EXPECT_EQ(mlflow.runs.size(), 14U);
}

TEST_F(Track, AServerThatIsDownCostsNothingAndIsResumed) {
  FakeMlflow mlflow;
  mlflow.fail_at(0, FakeMlflow::Fault::kDropped);
  const auto result = train({"--track", mlflow.url()});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"warning: tracking put off", "hint:", "joulecast track resume models"});
  EXPECT_TRUE(fs::exists(scratch_.path() / "models" / "model.json"));
  EXPECT_TRUE(spooled());
  const auto resumed = run({"track", "resume", "models"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.errors;
  EXPECT_EQ(mlflow.runs.size(), 7U);
  EXPECT_FALSE(spooled());
  expect_words(run({"track", "resume", "models"}).errors, {"nothing waits"});
  EXPECT_EQ(mlflow.runs.size(), 7U);
}

TEST_F(Track, FaultsHaveTheirExitCodes) {
  std::string gone;
  {
    const FakeMlflow mlflow;
    gone = mlflow.url();
  }
  EXPECT_EQ(train({"--track", gone, "--strict"}).exit_code, 5);
  EXPECT_EQ(run({"track", "resume", "models"}).exit_code, 5);
  const StubServer locked(
      [](const StubRequest&) { return StubAnswer{401, "You are not authenticated.", {}}; });
  const auto denied = run({"track", "resume", "models", "--track", locked.url()});
  EXPECT_EQ(denied.exit_code, 6);
  expect_words(denied.errors, {"Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"});
  const auto wrong = run({"track", "resume", "models", "--track", locked.url()},
                         {"MLFLOW_TRACKING_USERNAME=me", "MLFLOW_TRACKING_PASSWORD=sesame"});
  EXPECT_EQ(wrong.exit_code, 6);
  EXPECT_EQ(wrong.errors.find("sesame"), std::string::npos);
  EXPECT_EQ(train({"--track", "./mlruns"}).exit_code, 2);
  EXPECT_EQ(run({"track", "resume", "nowhere"}).exit_code, 3);
  EXPECT_EQ(run({"track", "send", "models"}).exit_code, 2);
}

TEST_F(Track, WhatIsRegisteredIsPulled) {
  const FakeMlflow mlflow;
  ASSERT_EQ(train({"--track", mlflow.url()}).exit_code, 0);
  const auto one =
      run({"models", "pull", "models:/dense_power_model@champion", "--out", "one", "--track", mlflow.url()});
  EXPECT_EQ(one.exit_code, 0) << one.errors;
  expect_words(one.errors, {"dense_power_model version 1"});
  EXPECT_EQ(run({"models", "show", "one"}).exit_code, 0);
  const auto six = run({"models", "pull", "--out", "six"}, {"MLFLOW_TRACKING_URI=" + mlflow.url()});
  EXPECT_EQ(six.exit_code, 0) << six.errors;
  expect_words(six.errors, {"8 files in six/pooling/runtime"});
  EXPECT_EQ(files_below(scratch_.path() / "six").size(), 6U * 8U);
  EXPECT_TRUE(fs::exists(scratch_.path() / "six" / "pooling" / "runtime" / "model.json"));
  EXPECT_EQ(read_file(scratch_.path() / "one" / "model.onnx"),
            read_file(scratch_.path() / "models" / "dense_power_model" / "model.onnx"));
  const auto shown = run({"models", "show", "six"});
  EXPECT_EQ(shown.exit_code, 0) << shown.errors;
  expect_words(shown.output, {"convolutional", "pooling", "dense"});
  EXPECT_EQ(run({"models", "pull", "models:/nothing/1", "--out", "none", "--track", mlflow.url()}).exit_code,
            5);
  EXPECT_EQ(run({"models", "pull", "--out", "none"}).exit_code, 2);
}

TEST_F(Track, ModelsArePushedWithoutATraining) {
  FakeMlflow mlflow;
  ASSERT_EQ(train({"--track", "none"}).exit_code, 0);
  const auto pushed = run({"models", "push", "models", "--track", mlflow.url(), "--experiment", "late"});
  EXPECT_EQ(pushed.exit_code, 0) << pushed.errors;
  expect_words(pushed.errors, {"7 runs", "7 model versions"});
  EXPECT_EQ(mlflow.runs.size(), 7U);
  EXPECT_TRUE(mlflow.experiments.contains("late"));
  EXPECT_EQ(mlflow.runs[0].params.at("test_networks"), "net00");
  EXPECT_TRUE(mlflow.files.contains("1/run1/artifacts/model/MLmodel"));
  EXPECT_FALSE(spooled());
  // A single model from its own folder.
  EXPECT_EQ(run({"models", "push", "models/dense_power_model", "--promote", "always"},
                {"MLFLOW_TRACKING_URI=" + mlflow.url()})
                .exit_code,
            0);
  EXPECT_EQ(mlflow.aliases.at("dense_power_model").at("champion"), "2");
}

TEST_F(Track, APushThatFailsSaysSoAndIsResumed) {
  FakeMlflow mlflow;
  ASSERT_EQ(train({"--track", "none"}).exit_code, 0);
  mlflow.fail_at(9, FakeMlflow::Fault::kErrorBefore);
  const auto pushed = run({"models", "push", "models", "--track", mlflow.url()});
  EXPECT_EQ(pushed.exit_code, 5) << pushed.errors;
  expect_words(pushed.errors, {"joulecast track resume models", "hint:"});
  EXPECT_TRUE(spooled());
  EXPECT_EQ(run({"track", "resume", "models"}).exit_code, 0);
  EXPECT_EQ(mlflow.runs.size(), 7U);
  EXPECT_FALSE(spooled());
  for (const auto& [words, code] : std::vector<std::pair<std::vector<std::string>, int>>{
           {{"models", "push", "models"}, 2},
           {{"models", "push"}, 2},
           {{"models", "push", "nowhere", "--track", mlflow.url()}, 3},
           {{"models", "push", "models", "--track", "./mlruns"}, 2},
           {{"models", "push", "models", "--track", mlflow.url(), "--promote", "maybe"}, 2},
           {{"models", "push", "models", "--track", mlflow.url(), "--out", "x"}, 2}}) {
    const auto result = run(words);
    EXPECT_EQ(result.exit_code, code) << result.errors;
    expect_words(result.errors, {"hint:"});
  }
}

TEST_F(Track, EachModelHasAFolderThatPredictTakes) {
  ASSERT_EQ(train({}).exit_code, 0);
  for (const char* name : {"convolutional_power_model", "dense_runtime_model", "pooling_power_model"})
    EXPECT_EQ(run({"models", "show", std::string("models/") + name}).exit_code, 0) << name;
  const auto all = run({"models", "list", "."});
  expect_words(all.output, {"models"});
  EXPECT_EQ(run({"doctor", "models"}).exit_code, 0);
}

TEST_F(Track, AnAddressInTheEnvironmentThatIsNoneIsAWarning) {
  const auto result = train({}, {"MLFLOW_TRACKING_URI=file:///tmp/mlruns"});
  EXPECT_EQ(result.exit_code, 0);
  expect_words(result.errors, {"MLFLOW_TRACKING_URI", "no runs are recorded", "hint:"});
}

}  // namespace
}  // namespace joulecast::test
