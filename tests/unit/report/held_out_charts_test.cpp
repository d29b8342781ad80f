// Which charts there are, and that they hold what the models' metrics are of.
#include <gtest/gtest.h>

#include <random>

#include "joulecast/report.h"
#include "support/small_model.h"

namespace joulecast {
namespace {

ReferenceTable dense_table(const std::string& network, std::size_t rows, unsigned seed) {
  std::mt19937 random(seed);
  ReferenceTable table{network, {}};
  for (std::size_t i = 0; i < rows; ++i) {
    const auto below = [&](unsigned limit) { return static_cast<double>(random() % limit); };
    const double batch = 1.0 + below(8);
    const double in = 16.0 + below(500);
    const double out = 10.0 + below(300);
    const double noise = 1.0 + 1e-3 * below(100);
    table.rows.push_back({{batch, in, out},
                          1e6 * (1.0 + 0.3 * batch) * noise,
                          1e-6 * batch * in * out * noise,
                          "fc" + std::to_string(i)});
  }
  return table;
}

TrainingSet dense_set() {
  TrainingSet data;
  auto& tables = data.reference[static_cast<std::size_t>(ReferenceKind::kDense)];
  tables = {dense_table("alexnet", 20, 1), dense_table("lenet", 5, 2), dense_table("vgg11", 20, 3),
            dense_table("resnet18", 1, 4), dense_table("lenet", 2, 5)};
  return data;
}

TEST(HeldOutCharts, AreNamedAsTheReferencesAndJudgedAsTheModel) {
  const TrainingSet data = dense_set();
  TrainOptions options;
  options.test_networks = {"lenet"};
  options.recipes[{ReferenceKind::kDense, Target::kRunTime}] =
      reference_recipe(ReferenceKind::kDense, Target::kRunTime);
  const auto model = train_lasso(data, options);
  ASSERT_TRUE(model) << model.error().describe();
  const auto charts = held_out_charts(*model, data);
  ASSERT_EQ(charts.size(), 2U);
  EXPECT_EQ(charts[0].file_name, "lenet_dense_power_prediction.png");
  EXPECT_EQ(charts[0].model, "dense_power_model");
  EXPECT_EQ(charts[0].quantity, "power above idle (W)");
  EXPECT_EQ(charts[1].file_name, "lenet_dense_runtime_prediction.png");
  EXPECT_EQ(charts[1].title, "lenet: run time of dense layers");
  for (std::size_t i = 0; i < charts.size(); ++i) {
    ASSERT_EQ(charts[i].layers.size(), 7U);  // of both folders, in their order
    EXPECT_EQ(charts[i].layers[0].layer, "fc0");
    EXPECT_EQ(charts[i].layers[5].layer, "fc0");
    EXPECT_DOUBLE_EQ(charts[i].metrics.rmspe_percent, model->lasso[i].test_metrics->rmspe_percent);
    EXPECT_DOUBLE_EQ(charts[i].metrics.r2, model->lasso[i].test_metrics->r2);
  }
  EXPECT_DOUBLE_EQ(charts[0].layers[3].measured, data.reference[2][1].rows[3].power_uw / 1e6);
  EXPECT_NEAR(charts[1].layers[3].predicted, model->lasso[1].predict(data.reference[2][1].rows[3].features),
              1e-9);
}

TEST(HeldOutCharts, AreOfEachNetworkAndOfRelativeModelsToo) {
  TrainingSet data = dense_set();
  CostModel model;
  model.lasso = {test::small_model(ReferenceKind::kDense, Target::kPower)};
  model.lasso[0].test_networks = {"lenet", "resnet18"};
  model.relative_lasso = model.lasso;
  model.relative_lasso[0].recipe.relative = true;
  const auto charts = held_out_charts(model, data);
  ASSERT_EQ(charts.size(), 4U);
  EXPECT_EQ(charts[1].file_name, "resnet18_dense_power_prediction.png");
  EXPECT_EQ(charts[1].layers.size(), 1U);
  EXPECT_EQ(charts[2].file_name, "lenet_dense_power_relative_prediction.png");
  EXPECT_EQ(charts[2].model, "dense_power_relative_model");
}

TEST(HeldOutCharts, AreNoneWhereNothingWasHeldOut) {
  CostModel model;
  model.lasso = {test::small_model(ReferenceKind::kDense, Target::kPower)};
  model.lasso[0].test_networks.clear();
  EXPECT_TRUE(held_out_charts(model, dense_set()).empty());
  model.lasso[0].test_networks = {"elsewhere"};
  EXPECT_TRUE(held_out_charts(model, dense_set()).empty());
}

}  // namespace
}  // namespace joulecast
