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
