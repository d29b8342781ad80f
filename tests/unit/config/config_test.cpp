#include "config/config.h"

#include <gtest/gtest.h>

namespace joulecast {
namespace {

using enum ReferenceKind;

Config good(std::string_view text) {
  auto config = parse_config(text, "config.yaml");
  EXPECT_TRUE(config) << (config ? "" : config.error().describe());
  return config.value_or(Config{});
}

void expect_fault(std::string_view text, const std::string& message, std::uint64_t line) {
  const auto config = parse_config(text, "config.yaml");
  ASSERT_FALSE(config) << text;
  EXPECT_EQ(config.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(config.error().message, message);
  EXPECT_EQ(config.error().location.file, "config.yaml");
  EXPECT_EQ(config.error().location.line, line) << text;
}

TEST(Config, ReadsTheReferencesKeys) {
  const Config config = good(R"(data:
  data_dir: "training_data"
  test_models: ["lenet", "vgg16"]
model:
  cross_validation: 5
mlflow:
  enable_tracking: True
  mlflow_experiment_name: "first"
  dagshub_repo_owner: "owner"
  dagshub_repo_name: "repository"
)");
  EXPECT_EQ(config.data_dir, "training_data");
  EXPECT_EQ(config.test_networks, (std::vector<std::string>{"lenet", "vgg16"}));
  EXPECT_EQ(config.cross_validation, 5U);
  ASSERT_TRUE(config.tracking);
  EXPECT_TRUE(config.tracking->enable_tracking);
  EXPECT_EQ(config.tracking->experiment_name, "first");
  EXPECT_EQ(config.tracking->dagshub_repo_owner, "owner");
  EXPECT_EQ(config.tracking->dagshub_repo_name, "repository");
  EXPECT_TRUE(config.warnings.empty());
}

TEST(Config, OfAnEmptyFileSaysNothing) {
  for (const char* text : {"", "# only a comment\n", "data:\nmodels:\n"}) {
    const Config config = good(text);
    EXPECT_FALSE(config.data_dir);
    EXPECT_FALSE(config.test_networks);
    EXPECT_FALSE(config.tracking);
    EXPECT_TRUE(config.recipes.empty());
  }
}

TEST(Config, ReadsARecipeOverTheReferencesOne) {
  const Config config = good(R"(models:
  pooling:
    power:
      degree: 2
      log_scale: true
      special_terms: [total_pooling_no_ops, [batch_size, stride_0]]
      scaler: minmax
      lasso: {positive: false, n_alphas: 100, eps: 1e-2, max_iter: 2000, tol: 1e-5, fit_intercept: false, cv: 7}
)");
  const LassoRecipe& recipe = config.recipes.at({kPooling, Target::kPower});
  EXPECT_EQ(recipe.degree, 2);
  EXPECT_TRUE(recipe.log_scale);
  ASSERT_EQ(recipe.special_terms.size(), 2U);
  EXPECT_EQ(recipe.special_terms[0].size(), 6U);
  EXPECT_EQ(recipe.special_terms[1], (std::vector<std::string>{"batch_size", "stride_0"}));
  EXPECT_EQ(recipe.scaler, Scaler::kMinMax);
  EXPECT_FALSE(recipe.lasso.positive);
  EXPECT_EQ(recipe.lasso.alphas, 100U);
  EXPECT_EQ(recipe.lasso.eps, 1e-2);
  EXPECT_EQ(recipe.lasso.max_iterations, 2000U);
  EXPECT_EQ(recipe.lasso.tolerance, 1e-5);
  EXPECT_FALSE(recipe.lasso.fit_intercept);
  EXPECT_EQ(recipe.folds, 7U);
}

TEST(Config, LeavesWhatARecipeDoesNotSayAsTheReferenceHasIt) {
  const Config config = good("models: {convolutional: {power: {degree: 2}}}");
  const LassoRecipe& recipe = config.recipes.at({kConvolutional, Target::kPower});
  EXPECT_EQ(recipe.degree, 2);
  EXPECT_TRUE(recipe.log_scale);
  EXPECT_EQ(recipe.special_terms.size(), 2U);
  EXPECT_EQ(config.recipes.size(), 1U);
}

TEST(Config, AppliesFoldsToEveryModelButThoseWithTheirOwn) {
  const Config config = good(R"(models: {dense: {power: {lasso: {cv: 4}}, runtime: {degree: 2}}}
model: {cross_validation: 6}
data: {test_models: [a]}
)");
  TrainOptions options;
  config.apply_to(options);
  EXPECT_EQ(options.test_networks, std::vector<std::string>{"a"});
  EXPECT_EQ(options.recipes.size(), 6U);
  EXPECT_EQ((options.recipes.at({kDense, Target::kPower}).folds), 4U);
  EXPECT_EQ((options.recipes.at({kDense, Target::kRunTime}).folds), 6U);
  EXPECT_EQ((options.recipes.at({kPooling, Target::kRunTime}).folds), 6U);
}

TEST(Config, WarnsOfUnknownKeysWithTheirLines) {
  const Config config = good("data:\n  data_dir: x\n  cross_validation: 3\nextra: 1\n");
  ASSERT_EQ(config.warnings.size(), 2U);
  EXPECT_EQ(config.warnings[0].message, "unknown key data.cross_validation");
  EXPECT_EQ(config.warnings[0].location.line, 3U);
  EXPECT_EQ(config.warnings[1].message, "unknown key extra");
  EXPECT_EQ(config.warnings[1].location.line, 4U);
}

TEST(Config, RefusesWrongTypesWithTheirLines) {
  expect_fault("data: 7\n", "data is no mapping of keys to values", 1);
  expect_fault("- a\n- b\n", "the file is no mapping of keys to values", 1);
  expect_fault("data:\n  test_models: lenet\n", "data.test_models is no list", 2);
  expect_fault("data:\n  test_models:\n    - [a]\n", "data.test_models[0] is no text", 3);
  expect_fault("model:\n  cross_validation: many\n", "model.cross_validation is no whole number", 2);
  expect_fault("model:\n  cross_validation: 2.5\n", "model.cross_validation is no whole number", 2);
  expect_fault("mlflow:\n  enable_tracking: perhaps\n", "mlflow.enable_tracking is no true or false", 2);
  expect_fault("models:\n  dense:\n    power:\n      scaler: 3\n",
               "models.dense.power.scaler is none of standard, robust, minmax", 4);
}

TEST(Config, RefusesValuesOutOfRange) {
  expect_fault("model: {cross_validation: 1}", "model.cross_validation is not 2 to 1000000000", 1);
  expect_fault("models: {dense: {power: {degree: 9}}}", "models.dense.power.degree is not 1 to 6", 1);
  expect_fault("models: {dense: {power: {lasso: {eps: 0}}}}", "models.dense.power.lasso.eps is not above 0",
               1);
  expect_fault("models: {dense: {power: {lasso: {tol: .nan}}}}",
               "models.dense.power.lasso.tol is not above 0", 1);
}

TEST(Config, RefusesSpecialTermsThatDoNotExist) {
  expect_fault("models: {dense: {power: {special_terms: [total_pooling_no_ops]}}}",
               "models.dense.power.special_terms[0] is no special term of dense layers: total_pooling_no_ops",
               1);
  expect_fault("models: {dense: {power: {special_terms: [[batch_size, kernel_0]]}}}",
               "models.dense.power.special_terms[0] names no feature: kernel_0", 1);
}

TEST(Config, RefusesWhatIsNoYamlWithItsLine) {
  const auto config = parse_config("data:\n  data_dir: [a, b\nmodel: }\n", "config.yaml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(config.error().location.line, 3U);
}

TEST(Config, OfAMissingFileIsUnreadable) {
  EXPECT_EQ(read_config("/nonexistent/config.yaml").error().kind, ErrorKind::kUnreadable);
}

}  // namespace
}  // namespace joulecast
