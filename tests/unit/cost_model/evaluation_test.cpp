// Accuracy by definition, families, and evaluation of small training sets.
#include "joulecast/evaluation.h"
#include "cost_model/leaderboard.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>

#include "support/temporary_folder.h"

namespace joulecast {
namespace {

HeldOutLayer held_out(double measured, double predicted) {
  HeldOutLayer layer;
  layer.measured = measured;
  layer.predicted = predicted;
  return layer;
}

TEST(Accuracy, HasTheUsualDefinitions) {
  std::vector<HeldOutLayer> layers = {held_out(1.0, 1.1), held_out(2.0, 1.6), held_out(4.0, 4.0)};
  layers[0].low = 0.9;
  layers[0].high = 1.2;
  layers[1].low = 1.0;
  layers[1].high = 1.9;
  layers[0].naive = 2.0;
  const Accuracy a = accuracy_of(layers);
  EXPECT_NEAR(a.rmspe_percent, 100.0 * std::sqrt((0.01 + 0.04) / 3.0), 1e-9);
  EXPECT_NEAR(a.mape_percent, 10.0, 1e-9);
  EXPECT_NEAR(a.median_ape_percent, 10.0, 1e-9);
  EXPECT_NEAR(a.within_5_percent, 100.0 / 3.0, 1e-9);
  EXPECT_NEAR(a.sum_error_percent, 100.0 * (6.7 / 7.0 - 1.0), 1e-9);
  EXPECT_NEAR(a.coverage_percent, 50.0, 1e-9);
  EXPECT_NEAR(a.naive_rmspe_percent, 100.0, 1e-9);
  EXPECT_TRUE(std::isnan(a.lasso_rmspe_percent));
  EXPECT_NEAR(a.spearman, 1.0, 1e-12);
  EXPECT_NEAR(a.time_weighted_rmspe_percent, 100.0 * std::sqrt((0.01 * 1 + 0.04 * 2) / 7.0), 1e-9);
}

TEST(Accuracy, EqualValuesShareTheirRank) {
  const std::vector<HeldOutLayer> layers = {held_out(1.0, 1.0), held_out(1.0, 2.0), held_out(2.0, 3.0)};
  EXPECT_NEAR(accuracy_of(layers).spearman, std::sqrt(3.0) / 2.0, 1e-12);
}

TEST(Families, AreToldByTheNames) {
  EXPECT_EQ(family_of("resnet18"), "resnet");
  EXPECT_EQ(family_of("wide_resnet50_2"), "resnet");
  EXPECT_EQ(family_of("VGG11_bn"), "vgg");
  EXPECT_EQ(family_of("mobilenet_v2"), "mobilenet");
  EXPECT_EQ(family_of("googlenet"), "inception");
  EXPECT_EQ(family_of("custom7b"), "custom");
  EXPECT_EQ(family_of("7b"), "7b");
}

TEST(Families, OfAFileComeWithLinesForTheirFaults) {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "families.csv";
  std::ofstream(path) << "network,family\na,x\nb,x\n";
  const auto families = read_families(path);
  ASSERT_TRUE(families) << families.error().describe();
  EXPECT_EQ(families->at("b"), "x");
  std::vector<Warning> doubts;
  ASSERT_TRUE(read_families(path, &doubts));
  EXPECT_TRUE(doubts.empty());
  std::ofstream(path) << "network,family\na,x\nb,resn";
  ASSERT_TRUE(read_families(path, &doubts));
  ASSERT_EQ(doubts.size(), 1U);
  EXPECT_EQ(doubts[0].location.line, 3U);
  std::ofstream(path) << "network,family\na,x\na,y\n";
  EXPECT_EQ(read_families(path).error().location.line, 3U);
  std::ofstream(path) << "net,family\n";
  EXPECT_EQ(read_families(path).error().kind, ErrorKind::kMalformed);
}

TrainingSet small_set(int networks) {
  TrainingSet set;
  for (int n = 0; n < networks; ++n) {
    for (int i = 1; i <= 12; ++i) {
      LayerRow row;
      row.network = std::string(1, static_cast<char>('a' + n));
      row.layer_name = "layer" + std::to_string(i);
      row.kind = LayerKind::kDense;
      row.batch_size = 1.0;
      row.input_channels = 64.0 * i;
      row.output_channels = 1000.0 + 8.0 * n;
      row.run_time_ms = 0.01 + 1e-7 * 64.0 * i * *row.output_channels;
      row.power_w = 3.0;
      row.power_basis = "above_idle";
      set.layers.push_back(row);
    }
  }
  return set;
}

TEST(Evaluation, PredictsWhatFollowsTheFormula) {
  EvaluationOptions options;
  options.jobs = 1;
  const auto evaluation = evaluate(small_set(5), options);
  ASSERT_TRUE(evaluation) << evaluation.error().describe();
  EXPECT_EQ(evaluation->group_count, 5U);
  ASSERT_NE(evaluation->find("run_time"), nullptr);
  EXPECT_EQ(evaluation->find("run_time")->all.layers, 60U);
  EXPECT_LT(evaluation->find("run_time")->all.rmspe_percent, 1.0);
  EXPECT_LT(evaluation->find("power")->all.rmspe_percent, 2.0);
  EXPECT_EQ(evaluation->find("energy")->totals.size(), 5U);
  EXPECT_GT(evaluation->find("run_time")->all.lasso_layers, 0U);
}

TEST(Evaluation, LeaderboardComparesOnTheLayersThatAllPredict) {
  TargetEvaluation target;
  target.target = "run_time";
  const auto add = [&](LayerKind kind, double predicted, std::optional<double> lasso, double naive) {
    HeldOutLayer layer;
    layer.kind = kind;
    layer.measured = 1.0;
    layer.predicted = 0.0;  // of whoever is judged
    layer.physical = predicted;
    layer.lasso = lasso;
    layer.naive = naive;
    target.layers.push_back(layer);
  };
  add(LayerKind::kDense, 1.2, 1.1, 1.0);
  add(LayerKind::kDense, 9.0, std::nullopt, 1.0);  // the lasso does not know it
  add(LayerKind::kPooling, 1.1, 1.4, 3.0);
  std::vector<LeaderboardEntry> board;
  rank(target, board);
  const auto entry = [&](std::string_view kind, std::string_view estimator) {
    return *std::find_if(board.begin(), board.end(),
                         [&](const auto& e) { return e.kind == kind && e.estimator == estimator; });
  };
  EXPECT_EQ(entry("dense", "physical").layers, 1U);
  EXPECT_NEAR(entry("dense", "physical").rmspe_percent, 20.0, 1e-9);
  EXPECT_TRUE(entry("dense", "lasso").chosen);
  EXPECT_FALSE(entry("dense", "mean of the kind").chosen);  // it is never chosen, be it as good as here
  EXPECT_TRUE(entry("pooling", "physical").chosen);
  EXPECT_TRUE(entry("all", "physical").chosen);
  CostModel model;
  model.leaderboard = board;
  EXPECT_EQ(model.chosen(ReferenceKind::kDense, Target::kRunTime), "lasso");
  EXPECT_EQ(model.chosen(ReferenceKind::kPooling, Target::kRunTime), "physical");
  EXPECT_EQ(model.chosen(ReferenceKind::kPooling, Target::kPower), "");
}

TEST(Evaluation, OfTheLassoHasItsFiguresAlone) {
  EvaluationOptions options;
  const auto beside = evaluate(small_set(5), options);
  options.judge_lasso = true;
  const auto alone = evaluate(small_set(5), options);
  ASSERT_TRUE(beside && alone);
  const auto physical_of = [](const Evaluation& evaluation) {
    return *std::find_if(evaluation.leaderboard.begin(), evaluation.leaderboard.end(),
                         [](const auto& e) { return e.estimator == "physical" && e.kind == "all"; });
  };
  EXPECT_EQ(physical_of(*alone).rmspe_percent, physical_of(*beside).rmspe_percent);
  EXPECT_NE(physical_of(*alone).rmspe_percent, alone->find("run_time")->all.lasso_rmspe_percent);
  for (const std::string_view target : {"run_time", "power", "energy"}) {
    // All layers that the recipe has a figure for, those below 0 too, which count as 0.
    EXPECT_EQ(alone->find(target)->all.layers, beside->find(target)->all.lasso_layers) << target;
    EXPECT_GT(alone->find(target)->all.layers, 0U);
    double sum = 0.0;
    for (const HeldOutLayer& layer : beside->find(target)->layers) {
      if (!layer.lasso) continue;
      const double error = std::max(*layer.lasso, 0.0) / layer.measured - 1.0;
      sum += error * error;
    }
    const auto& all = alone->find(target)->all;
    EXPECT_NEAR(all.rmspe_percent, 100.0 * std::sqrt(sum / static_cast<double>(all.layers)), 1e-9) << target;
  }
}

TEST(Evaluation, IsTheSameWithManyThreads) {
  EvaluationOptions one;
  one.jobs = 1;
  EvaluationOptions many;
  many.jobs = 4;
  EXPECT_EQ(to_json(*evaluate(small_set(4), one)), to_json(*evaluate(small_set(4), many)));
}

TEST(Evaluation, OneNetworkCannotBeHeldOutButItsShapesCan) {
  EvaluationOptions options;
  options.groups = HeldOutGroups::kNetwork;
  EXPECT_EQ(evaluate(small_set(1), options).error().kind, ErrorKind::kUnfit);
  options.groups = HeldOutGroups::kShape;
  EXPECT_TRUE(evaluate(small_set(1), options));
}

TEST(Evaluation, FamiliesThatAreGivenAreHeldOutTogether) {
  EvaluationOptions options;
  options.families = {{"a", "x"}, {"b", "x"}, {"c", "y"}};
  const auto evaluation = evaluate(small_set(4), options);
  ASSERT_TRUE(evaluation);
  EXPECT_EQ(evaluation->group_count, 3U);
}

TEST(Evaluation, OfTwoLayersHasFiguresWithoutIntervals) {
  TrainingSet set = small_set(2);
  std::vector<LayerRow> two;
  for (const LayerRow& row : set.layers)
    if (two.empty() || (two.size() == 1 && row.network != two.front().network)) two.push_back(row);
  set.layers = two;
  for (const HeldOutGroups groups : {HeldOutGroups::kNetwork, HeldOutGroups::kShape}) {
    EvaluationOptions options;
    options.groups = groups;
    const auto evaluation = evaluate(set, options);
    ASSERT_TRUE(evaluation) << to_string(groups) << ": " << evaluation.error().describe();
    EXPECT_EQ(evaluation->group_count, 2U);
    const TargetEvaluation* time = evaluation->find("run_time");
    ASSERT_NE(time, nullptr);
    ASSERT_EQ(time->layers.size(), 2U);
    for (const HeldOutLayer& layer : time->layers) {
      EXPECT_GT(layer.predicted, 0.0);
      EXPECT_FALSE(layer.low) << to_string(groups);
    }
  }
}

TEST(Evaluation, JsonHasTheMembersOfTheInterface) {
  const auto evaluation = evaluate(small_set(4), {});
  ASSERT_TRUE(evaluation);
  const auto json = nlohmann::json::parse(to_json(*evaluation));
  EXPECT_EQ(json.at("groups"), "family");
  const auto& time = json.at("targets").at("run_time");
  for (const char* name :
       {"layers", "rmspe_percent", "mape_percent", "median_ape_percent", "within_10_percent",
        "network_sum_error_percent", "coverage_90_percent", "naive_rmspe_percent"})
    EXPECT_TRUE(time.contains(name)) << name;
  EXPECT_TRUE(time.at("network_sum_error_percent").contains("median"));
  EXPECT_FALSE(json.at("by_network").empty());
  EXPECT_FALSE(json.at("leaderboard").empty());
}

}  // namespace
}  // namespace joulecast
