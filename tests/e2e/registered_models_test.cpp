// Models of a registry used where they are named, as a user does it.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <optional>

#include "support/expect_words.h"
#include "support/fake_mlflow.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

namespace fs = std::filesystem;

const std::string kRegisteredEngine =
    std::string(JOULECAST_SOURCE_DIR) + "/examples/orin_resnet18/trt_engine_info.json";

class RegisteredModels : public ::testing::Test {
 protected:
  RegisteredModels() : mlflow_(std::in_place) {
    write_training_data(scratch_);
    const auto trained = run({"train", "training_data", "--out", "models", "--estimator", "lasso",
                              "--test-networks", "net00", "--track", mlflow_->url()});
    EXPECT_EQ(trained.exit_code, 0) << trained.errors;
    uri_ = mlflow_->url();
  }
  [[nodiscard]] ProgramResult run(const std::vector<std::string>& arguments,
                                  std::vector<std::string> environment = {}) const {
    RunOptions options;
    options.folder = scratch_.path();
    options.environment = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES=0", "HOME=" + scratch_.path().string(),
                           "XDG_CACHE_HOME="};
    options.environment.insert(options.environment.end(), environment.begin(), environment.end());
    return run_program(arguments, options);
  }
  [[nodiscard]] ProgramResult predict(const std::string& models, const std::string& out) const {
    return run({"predict", kRegisteredEngine, "--models", models, "--json", out},
               {"MLFLOW_TRACKING_URI=" + uri_});
  }
  [[nodiscard]] nlohmann::json read_json(const std::string& name) const {
    return nlohmann::json::parse(read_file(scratch_.path() / name));
  }

  TemporaryFolder scratch_;
  std::optional<FakeMlflow> mlflow_;
  std::string uri_;
};

TEST_F(RegisteredModels, PredictAsTheModelsThatWereTrained) {
  ASSERT_EQ(run({"predict", kRegisteredEngine, "--models", "models", "--json", "trained.json"}).exit_code, 0);
  const auto result = predict("models:/joulecast-joulecast@champion", "registered.json");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"models:/joulecast-joulecast@champion is version 1"});
  auto trained = read_json("trained.json");
  auto registered = read_json("registered.json");
  EXPECT_EQ(registered.at("models"), "models:/joulecast-joulecast/1");
  EXPECT_FALSE(trained.at("layers").empty());
  trained.erase("models");
  registered.erase("models");
  EXPECT_EQ(trained, registered);
  EXPECT_TRUE(fs::exists(scratch_.path() / ".cache" / "joulecast" / "models"));
}

TEST_F(RegisteredModels, WorkWithoutTheServerOnceTheyAreThere) {
  ASSERT_EQ(predict("models:/joulecast-joulecast/1", "online.json").exit_code, 0);
  ASSERT_EQ(predict("models:/joulecast-joulecast/latest", "latest.json").exit_code, 0);
  mlflow_.reset();
  const auto version = predict("models:/joulecast-joulecast/1", "offline.json");
  EXPECT_EQ(version.exit_code, 0) << version.errors;
  EXPECT_EQ(version.errors.find("does not answer"), std::string::npos);
  EXPECT_EQ(read_json("offline.json"), read_json("online.json"));
  const auto latest = predict("models:/joulecast-joulecast/latest", "latest_offline.json");
  EXPECT_EQ(latest.exit_code, 0) << latest.errors;
  expect_words(latest.errors, {"warning:", "does not answer", "is version 1"});
  const auto shown = run({"models", "show", "models:/joulecast-joulecast/1", "--track", uri_});
  EXPECT_EQ(shown.exit_code, 0) << shown.errors;
  expect_words(shown.output, {"dense", "pooling"});
  for (const auto& file : files_below(scratch_.path() / ".cache"))
    if (file.ends_with("model.json")) scratch_.write(".cache/" + file, "{}");
  const auto damaged = predict("models:/joulecast-joulecast/1", "damaged.json");
  EXPECT_EQ(damaged.exit_code, 5);
  expect_words(damaged.errors, {"does not answer", "is damaged: model.json was changed", "hint:"});
}

TEST_F(RegisteredModels, NeedAServerAndAName) {
  const auto nobody = run({"predict", kRegisteredEngine, "--models", "models:/joulecast-joulecast/1"});
  EXPECT_EQ(nobody.exit_code, 2);
  expect_words(nobody.errors, {"needs an MLflow server", "--track URI"});
  EXPECT_EQ(run({"predict", kRegisteredEngine, "--models", "models:/", "--track", uri_}).exit_code, 2);
  EXPECT_EQ(run({"predict", kRegisteredEngine, "--models", "models", "--track", uri_}).exit_code, 2);
  const auto nothing = predict("models:/nothing@champion", "none.json");
  EXPECT_EQ(nothing.exit_code, 5);
  expect_words(nothing.errors, {"has no model 'nothing'", "It has: ", "joulecast-joulecast"});
  const auto seventh = predict("models:/joulecast-joulecast/7", "none.json");
  EXPECT_EQ(seventh.exit_code, 5);
  expect_words(seventh.errors, {"has no version 7", "It has: version 1, @champion"});
}

}  // namespace
}  // namespace joulecast::test
