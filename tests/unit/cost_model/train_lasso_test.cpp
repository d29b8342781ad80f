#include <algorithm>

#include <gtest/gtest.h>

#include <cmath>

#include "joulecast/cost_model.h"

namespace joulecast {
namespace {

/// A network whose dense layers take 1 + in / 100 W and in / 1000 ms.
ReferenceTable dense_network(const std::string& name, std::size_t rows, double first_input) {
  ReferenceTable table{name, {}};
  for (std::size_t i = 0; i < rows; ++i) {
    const double in = first_input + 10.0 * static_cast<double>(i);
    table.rows.push_back({{1.0, in, 5.0}, 1e6 * (1.0 + in / 100.0), in / 1000.0, "fc"});
  }
  return table;
}

constexpr auto kDense = static_cast<std::size_t>(ReferenceKind::kDense);

TrainingSet two_networks() {
  TrainingSet data;
  data.reference[kDense] = {dense_network("alexnet", 20, 10), dense_network("lenet", 4, 15)};
  return data;
}

TrainOptions hold_out(std::vector<std::string> networks) {
  TrainOptions options;
  options.test_networks = std::move(networks);
  options.jobs = 1;
  return options;
}

bool warned(const CostModel& model, const std::string& part) {
  return std::any_of(model.warnings.begin(), model.warnings.end(),
                     [&](const Warning& warning) { return warning.message.find(part) != std::string::npos; });
}

TEST(TrainLasso, LearnsALinearLawAndJudgesItOnTheHeldOutNetwork) {
  const CostModel model = train_lasso(two_networks(), hold_out({"lenet"})).value();
  ASSERT_EQ(model.lasso.size(), 2U);
  const LassoModel* power = model.find(ReferenceKind::kDense, Target::kPower);
  ASSERT_NE(power, nullptr);
  EXPECT_NEAR(power->predict(std::vector<double>{1, 55, 5}), 1.55, 0.01);
  EXPECT_EQ(power->train_networks, std::vector<std::string>{"alexnet"});
  EXPECT_EQ(power->test_networks, std::vector<std::string>{"lenet"});
  EXPECT_EQ(power->train_rows, 20U);
  EXPECT_EQ(power->test_rows, 4U);
  ASSERT_TRUE(power->test_metrics);
  EXPECT_LT(power->test_metrics->rmspe_percent, 2.0);
  EXPECT_EQ(power->feature_min, (std::vector<double>{1, 10, 5}));
  EXPECT_EQ(power->feature_max, (std::vector<double>{1, 200, 5}));
  EXPECT_EQ(model.find(ReferenceKind::kPooling, Target::kPower), nullptr);
}

TEST(TrainLasso, DoesNotDependOnTheOrderOfNetworksNorOnThreads) {
  TrainingSet data = two_networks();
  data.reference[kDense].push_back(dense_network("vgg11", 13, 12));
  const std::string forward = to_json(train_lasso(data, hold_out({"lenet"})).value()).value();
  std::reverse(data.reference[kDense].begin(), data.reference[kDense].end());
  TrainOptions options = hold_out({"lenet"});
  options.jobs = 3;
  EXPECT_EQ(to_json(train_lasso(data, options).value()).value(), forward);
}

TEST(TrainLasso, WithoutTestRowsOfAKindHasNoTestMetricsAndSaysSo) {
  const CostModel model = train_lasso(two_networks(), hold_out({"vgg16"})).value();
  EXPECT_FALSE(model.lasso.at(0).test_metrics);
  EXPECT_TRUE(warned(model, "dense power: no test network has rows of this kind"));
  EXPECT_TRUE(warned(model, "the test network vgg16 is not in the training set"));
}

TEST(TrainLasso, LeavesOutAKindWithFewerRowsThanFolds) {
  TrainingSet data = two_networks();
  ReferenceTable few{"alexnet", {}};
  few.rows.assign(9, {std::vector<double>(11, 2.0), 1e6, 1.0, "pool"});
  data.reference[static_cast<std::size_t>(ReferenceKind::kPooling)] = {few};
  const CostModel model = train_lasso(data, hold_out({"lenet"})).value();
  EXPECT_EQ(model.lasso.size(), 2U);
  EXPECT_TRUE(warned(model, "no model pooling power: 9 training rows, 10 folds need at least as many"));
}

TEST(TrainLasso, OfHeldOutNetworksAloneIsUnfit) {
  const auto result = train_lasso(two_networks(), hold_out({"lenet", "alexnet"}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnfit);
  EXPECT_NE(result.error().message.find("dense power: 0 training rows"), std::string::npos);
}

TEST(TrainLasso, OfNothingIsUnfit) {
  EXPECT_EQ(train_lasso({}, hold_out({})).error().kind, ErrorKind::kUnfit);
}

TEST(TrainLasso, OnOneNetworkAloneWarns) {
  EXPECT_TRUE(warned(train_lasso(two_networks(), hold_out({"lenet"})).value(),
                     "dense runtime: trained on one network (alexnet) alone"));
}

TEST(TrainLasso, OfEqualTargetsIsThatValueAndWarns) {
  for (const LassoMode mode : {LassoMode::kCompat, LassoMode::kConverged}) {
    TrainingSet data = two_networks();
    for (ReferenceRow& row : data.reference[kDense][0].rows) row.power_uw = 3e6;
    TrainOptions options = hold_out({"lenet"});
    options.mode = mode;
    const CostModel model = train_lasso(data, options).value();
    const LassoModel* power = model.find(ReferenceKind::kDense, Target::kPower);
    ASSERT_NE(power, nullptr);
    EXPECT_NEAR(power->predict(std::vector<double>{1, 70, 5}), 3.0, 1e-12);
    EXPECT_TRUE(warned(model, "dense power: all 20 training rows have the same value"));
    EXPECT_TRUE(to_json(model));
  }
}

TEST(TrainLasso, RefusesARecipeWithAnUnknownFeature) {
  TrainOptions options = hold_out({"lenet"});
  LassoRecipe recipe = reference_recipe(ReferenceKind::kDense, Target::kPower);
  recipe.special_terms = {{"kernel_0"}};
  options.recipes[{ReferenceKind::kDense, Target::kPower}] = recipe;
  const auto result = train_lasso(two_networks(), options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(result.error().message, "dense power: special term names no feature: kernel_0");
}

TEST(TrainLasso, StoresWhatItWasToldAndTheHashOfItsData) {
  TrainOptions options = hold_out({"lenet"});
  options.idle_power_w = 4.2;
  options.device = "orin";
  const CostModel model = train_lasso(two_networks(), options).value();
  EXPECT_EQ(model.idle_power_w, 4.2);
  EXPECT_EQ(model.device, "orin");
  EXPECT_EQ(model.data_hash.size(), 64U);
  TrainingSet other = two_networks();
  other.reference[kDense][1].rows[0].run_time_ms += 1e-9;
  EXPECT_NE(train_lasso(other, options).value().data_hash, model.data_hash);
  TrainingSet with_layers = two_networks();
  with_layers.layers.resize(1);
  const std::string of_layers = train_lasso(with_layers, options).value().data_hash;
  EXPECT_NE(of_layers, model.data_hash);
  with_layers.layers[0].run_time_ms = 0.0;  // not the same as absent
  EXPECT_NE(train_lasso(with_layers, options).value().data_hash, of_layers);
}

TEST(TrainLasso, OfRelativeErrorsFitsSmallValuesAsWellAsLargeOnes) {
  // Powers over three decades, each off by 20 % up or down: least squares see the large ones alone.
  TrainingSet data = two_networks();
  const auto& tables = data.reference[kDense];
  TrainOptions options = hold_out({tables[1].network});
  auto& rows = data.reference[kDense][0].rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double size = std::pow(10.0, 3.0 * static_cast<double>(i) / static_cast<double>(rows.size()));
    rows[i].features = {1.0, size, 10.0};
    rows[i].power_uw = 1e6 * (0.05 + 0.01 * size) * (i % 2 == 0 ? 1.2 : 0.8);
  }
  const auto error_of = [&](bool relative) {
    LassoRecipe recipe = reference_recipe(ReferenceKind::kDense, Target::kPower);
    recipe.degree = 1;
    recipe.special_terms.clear();
    recipe.relative = relative;
    options.recipes[{ReferenceKind::kDense, Target::kPower}] = recipe;
    const CostModel model = train_lasso(data, options).value();
    const LassoModel* power = model.find(ReferenceKind::kDense, Target::kPower, relative);
    EXPECT_EQ(model.find(ReferenceKind::kDense, Target::kPower, !relative), nullptr);
    EXPECT_EQ(*to_json(parse_cost_model(*to_json(model), "model.json").value()), *to_json(model));
    return power->train_metrics->rmspe_percent;
  };
  EXPECT_LT(error_of(true), 25.0);
  EXPECT_LT(error_of(true), error_of(false));
}

TEST(TrainLasso, OfRelativeErrorsNeedsValuesAboveZero) {
  TrainingSet data = two_networks();
  TrainOptions options = hold_out({data.reference[kDense][1].network});
  LassoRecipe recipe = reference_recipe(ReferenceKind::kDense, Target::kPower);
  recipe.relative = true;
  options.recipes[{ReferenceKind::kDense, Target::kPower}] = recipe;
  data.reference[kDense][0].rows[0].power_uw = 0.0;
  const CostModel model = train_lasso(data, options).value();
  EXPECT_EQ(model.find(ReferenceKind::kDense, Target::kPower, true), nullptr);
  EXPECT_TRUE(warned(model, "no relative errors"));
}

}  // namespace
}  // namespace joulecast
