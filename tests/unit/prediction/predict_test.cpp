#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <gtest/gtest.h>

#include "joulecast/prediction.h"
#include "support/small_model.h"
#include "support/small_network.h"

namespace joulecast {
namespace {

using namespace test;

// Of small_model for batch 2 and 5 channels (640 inputs of a dense layer: 2 * 5 * 8 * 8).
constexpr double kSmall = 2.0 + 0.5 * (2.0 - 1.0) / 2.0 + 3.0 * (2.0 * 5.0 - 10.0) / 4.0;
constexpr double kDense = 2.0 + 0.5 * (2.0 - 1.0) / 2.0 + 3.0 * (2.0 * 640.0 - 10.0) / 4.0;

bool warned(const NetworkPrediction& prediction, const std::string& part) {
  return std::any_of(prediction.warnings.begin(), prediction.warnings.end(),
                     [&](const Warning& warning) { return warning.message.find(part) != std::string::npos; });
}

CostModel wide_model() {
  CostModel model = small_cost_model();
  for (LassoModel& one : model.lasso) {
    one.feature_min.assign(one.features.size(), 0.0);
    one.feature_max.assign(one.features.size(), 1e6);
  }
  return model;
}

TEST(Predict, GivesPowerRunTimeAndEnergyOfEachLayerAndTheNetwork) {
  const auto network = network_of({convolution("c"), pooling("p"), dense("d")});
  const NetworkPrediction prediction = predict(network, wide_model()).value();
  ASSERT_EQ(prediction.layers.size(), 3U);
  const LayerPrediction& first = prediction.layers[0];
  EXPECT_EQ(first.layer_name, "c");
  EXPECT_EQ(first.layer_type, "CaskConvolution");
  EXPECT_EQ(first.kind, LayerKind::kConvolutional);
  EXPECT_EQ(first.basis, Basis::kFitted);
  EXPECT_DOUBLE_EQ(first.power_w->value, kSmall);
  EXPECT_DOUBLE_EQ(first.run_time_ms->value, kSmall);
  EXPECT_DOUBLE_EQ(first.energy_mj->value, kSmall * kSmall);
  EXPECT_DOUBLE_EQ(prediction.layers[2].power_w->value, kDense);
  EXPECT_DOUBLE_EQ(prediction.run_time_ms->value, 2 * kSmall + kDense);
  EXPECT_DOUBLE_EQ(prediction.energy_mj->value, 2 * kSmall * kSmall + kDense * kDense);
  EXPECT_DOUBLE_EQ(prediction.power_w->value, prediction.energy_mj->value / prediction.run_time_ms->value);
  EXPECT_DOUBLE_EQ(prediction.board_energy_mj->value,
                   prediction.energy_mj->value + 4.25 * prediction.run_time_ms->value);
  EXPECT_EQ(prediction.uncovered_layers, 0U);
  EXPECT_TRUE(prediction.warnings.empty());
}

TEST(Predict, TakesTheLassoWhereValidationHasChosenItAndTheLayerIsInItsRange) {
  CostModel model = wide_model();
  PhysicalModel times;
  PhysicalFit fit;
  fit.coefficients[static_cast<std::size_t>(PhysicalTerm::kLaunch)] = 7.0;
  times.fits = {fit};
  times.size_min.assign(8, -100.0);
  times.size_max.assign(8, 100.0);
  model.physical = {times};
  const auto network = network_of({convolution("c"), dense("d")});
  EXPECT_DOUBLE_EQ(predict(network, model)->layers[0].run_time_ms->value, 7.0);
  model.leaderboard = {{"lasso", "run_time", "convolutional", 5, 10.0, true},
                       {"physical", "run_time", "convolutional", 5, 20.0, false},
                       {"physical", "run_time", "dense", 5, 20.0, true}};
  EXPECT_DOUBLE_EQ(predict(network, model)->layers[0].run_time_ms->value, kSmall);
  EXPECT_DOUBLE_EQ(predict(network, model)->layers[1].run_time_ms->value, 7.0);
  for (LassoModel& one : model.lasso) one.feature_max.assign(one.features.size(), 1e-3);
  EXPECT_DOUBLE_EQ(predict(network, model)->layers[0].run_time_ms->value, 7.0);
}

TEST(Predict, GivesRepeatedLayersTheFiguresThatEachHasAlone) {
  CostModel model = wide_model();
  PhysicalModel times;
  PhysicalFit fit;
  fit.coefficients[static_cast<std::size_t>(PhysicalTerm::kLaunch)] = 7.0;
  fit.coefficients[static_cast<std::size_t>(PhysicalTerm::kMatrix)] = 0.25;
  times.fits = {fit};
  times.size_min.assign(8, -100.0);
  times.size_max.assign(8, 100.0);
  model.physical = {times};
  std::vector<Layer> layers;
  for (int i = 0; i < 60; ++i) {  // three kinds, some with other sizes
    layers.push_back(i % 3 == 0 ? convolution("c") : i % 3 == 1 ? pooling("p") : dense("d"));
    for (Tensor& output : layers.back().outputs) output.dimensions[1] += i % 7 == 0 ? i : 0;
  }
  const NetworkPrediction together = predict(network_of(layers), model).value();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const NetworkPrediction alone = predict(network_of({layers[i]}), model).value();
    EXPECT_EQ(together.layers[i].run_time_ms->value, alone.layers[0].run_time_ms->value) << i;
    EXPECT_EQ(together.layers[i].basis, alone.layers[0].basis) << i;
  }
  EXPECT_NE(together.layers[0].run_time_ms->value, together.layers[21].run_time_ms->value);
}

TEST(Predict, RefusesFiguresThatAreNoNumbers) {
  const auto network = network_of({convolution("c"), pooling("p")});
  CostModel model = wide_model();
  for (LassoModel& one : model.lasso) one.intercept = std::numeric_limits<double>::max();
  const auto overflown = predict(network, model);  // power times run time
  ASSERT_FALSE(overflown);
  EXPECT_EQ(overflown.error().kind, ErrorKind::kUnfit);
  EXPECT_EQ(overflown.error().message, "a figure of layer c comes out as infinite or no number");
  EXPECT_FALSE(overflown.error().hint.empty());
  PredictOptions absurd;
  absurd.rate_hz = 1e308;
  for (LassoModel& one : model.lasso)
    one.intercept = one.target == Target::kRunTime ? 1e-308 : std::numeric_limits<double>::max() / 1e3;
  for (LassoModel& one : model.lasso) one.terms.clear();
  model.idle_power_w = std::numeric_limits<double>::max();
  const auto at_rate = predict(network, model, absurd);
  ASSERT_FALSE(at_rate);
  EXPECT_EQ(at_rate.error().message, "the board's power at this rate comes out as infinite or no number");
}

TEST(Predict, KeepsLayersNoModelCoversAndCountsThem) {
  const auto network = network_of({dense("d"), layer_of("s", "SoftMax", LayerKind::kSoftmax),
                                   layer_of("r", "Reformat", LayerKind::kReformat)});
  const NetworkPrediction prediction = predict(network, wide_model()).value();
  ASSERT_EQ(prediction.layers.size(), 3U);
  EXPECT_EQ(prediction.layers[1].basis, Basis::kNone);
  EXPECT_FALSE(prediction.layers[1].run_time_ms);
  EXPECT_EQ(prediction.uncovered_layers, 2U);
  EXPECT_DOUBLE_EQ(prediction.run_time_ms->value, kDense);
  EXPECT_TRUE(warned(prediction, "totals leave it out (first: s, SoftMax)"));
}

TEST(Predict, GivesLayersThatTakeNoTimeZeroAndDoesNotCountThem) {
  const auto network = network_of({dense("d"), layer_of("n", "NoOp", LayerKind::kNone)});
  const NetworkPrediction prediction = predict(network, wide_model()).value();
  EXPECT_EQ(prediction.layers[1].run_time_ms->value, 0.0);
  EXPECT_EQ(prediction.layers[1].energy_mj->value, 0.0);
  EXPECT_EQ(prediction.layers[1].basis, Basis::kNone);
  EXPECT_EQ(prediction.uncovered_layers, 0U);
}

TEST(Predict, TakesOtherTypesOfAKindForExtrapolated) {
  Layer other = convolution("c");
  other.type = "CudnnConvolution";
  const NetworkPrediction prediction = predict(network_of({other}), wide_model()).value();
  EXPECT_EQ(prediction.layers[0].basis, Basis::kExtrapolated);
  EXPECT_EQ(prediction.layers[0].layer_type, "CudnnConvolution");
  EXPECT_DOUBLE_EQ(prediction.layers[0].power_w->value, kSmall);
  EXPECT_EQ(prediction.extrapolated_layers, 1U);
}

TEST(Predict, MarksLayersOutsideTheTrainingRange) {
  // The small model saw features of 1 to 100; the dense layer has 640 inputs.
  const NetworkPrediction prediction = predict(network_of({dense("d")}), small_cost_model()).value();
  EXPECT_EQ(prediction.layers[0].basis, Basis::kExtrapolated);
  EXPECT_TRUE(warned(prediction, "outside what the models were trained on"));
}

TEST(Predict, SetsNegativeFiguresToZeroAndCountsThem) {
  CostModel model = wide_model();
  for (LassoModel& one : model.lasso) one.intercept = -1e6;
  const NetworkPrediction prediction = predict(network_of({dense("d")}), model).value();
  EXPECT_EQ(prediction.layers[0].power_w->value, 0.0);
  EXPECT_EQ(prediction.clamped_values, 2U);
  EXPECT_TRUE(warned(prediction, "below 0"));
}

TEST(Predict, WithOneTargetAloneHasNoEnergy) {
  CostModel model = wide_model();
  std::erase_if(model.lasso, [](const LassoModel& one) { return one.target == Target::kPower; });
  const NetworkPrediction prediction = predict(network_of({dense("d")}), model).value();
  EXPECT_FALSE(prediction.layers[0].power_w);
  EXPECT_FALSE(prediction.layers[0].energy_mj);
  EXPECT_DOUBLE_EQ(prediction.run_time_ms->value, kDense);
  EXPECT_FALSE(prediction.power_w);
  EXPECT_TRUE(warned(prediction, "power or run time alone"));
}

TEST(Predict, KeepsALayerWhoseShapesDoNotGiveFeatures) {
  Layer broken = convolution("c");
  broken.kernel.reset();
  const NetworkPrediction prediction = predict(network_of({broken, dense("d")}), wide_model()).value();
  EXPECT_EQ(prediction.layers[0].basis, Basis::kNone);
  EXPECT_EQ(prediction.uncovered_layers, 1U);
  EXPECT_TRUE(warned(prediction, "shapes do not give"));
}

TEST(Predict, OfANetworkNoModelCoversIsUnfit) {
  const auto result = predict(network_of({layer_of("s", "SoftMax", LayerKind::kSoftmax)}), wide_model());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnfit);
  EXPECT_EQ(result.error().message, "the models cover none of the 1 layers");
  EXPECT_EQ(result.error().location.file, "small.json");
}

TEST(Predict, TellsWhatACallTakesWhereTheModelsKnowIt) {
  CostModel model = wide_model();
  const auto network = network_of(
      {dense("d"), layer_of("n", "NoOp", LayerKind::kNone), layer_of("s", "SoftMax", LayerKind::kNone)});
  EXPECT_FALSE(predict(network, model).value().end_to_end_ms);
  model.end_to_end = EndToEndModel{0.2, -0.01, 3, 2.0, 0.05, 10.0};
  const NetworkPrediction prediction = predict(network, model).value();
  ASSERT_TRUE(prediction.end_to_end_ms);
  EXPECT_DOUBLE_EQ(prediction.end_to_end_ms->value, kDense + 0.2 - 0.01);  // of the one layer that takes time
  EXPECT_FALSE(prediction.end_to_end_ms->low);                             // the sum has no interval
  // The sum lacks a layer.
  const auto partly = network_of({dense("d"), layer_of("s", "SoftMax", LayerKind::kSoftmax)});
  EXPECT_FALSE(predict(partly, model).value().end_to_end_ms);
  // More events than time: nothing sensible can be told.
  model.end_to_end->layer_ms = -2.0 * kDense;
  EXPECT_FALSE(predict(network, model).value().end_to_end_ms);
}

TEST(Predict, GivesTheBoardsPowerAtARate) {
  PredictOptions options;
  options.rate_hz = 0.5;
  const NetworkPrediction prediction = predict(network_of({dense("d")}), wide_model(), options).value();
  EXPECT_DOUBLE_EQ(prediction.board_power_at_rate_w->value, 4.25 + kDense * kDense / 1e3 * 0.5);
  options.rate_hz = 1e4;
  EXPECT_TRUE(warned(predict(network_of({dense("d")}), wide_model(), options).value(), "do not fit"));
  options.rate_hz = 0.0;
  EXPECT_EQ(predict(network_of({dense("d")}), wide_model(), options).error().kind, ErrorKind::kUsage);
}

TEST(Predict, RefusesARateThatIsNone) {
  PredictOptions options;
  for (const double rate : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    options.rate_hz = rate;
    const auto result = predict(network_of({dense("d")}), wide_model(), options);
    ASSERT_FALSE(result) << rate;
    EXPECT_EQ(result.error().kind, ErrorKind::kUsage);
    EXPECT_FALSE(result.error().hint.empty());
  }
}

TEST(Predict, DoubtsARateWithoutIdlePower) {
  CostModel model = wide_model();
  const std::optional<double> idle_w = std::exchange(model.idle_power_w, std::nullopt);
  PredictOptions options;
  EXPECT_TRUE(predict(network_of({dense("d")}), model, options).value().warnings.empty());
  options.rate_hz = 0.5;
  const NetworkPrediction slow = predict(network_of({dense("d")}), model, options).value();
  EXPECT_TRUE(warned(slow, "no idle power"));
  EXPECT_FALSE(warned(slow, "do not fit"));
  EXPECT_FALSE(slow.board_power_at_rate_w);
  model.idle_power_w = idle_w;
  EXPECT_TRUE(predict(network_of({dense("d")}), model, options).value().board_power_at_rate_w);
  options.rate_hz = 1e4;
  const NetworkPrediction fast = predict(network_of({dense("d")}), model, options).value();
  EXPECT_TRUE(warned(fast, "do not fit"));
  EXPECT_FALSE(fast.board_power_at_rate_w);
}

PredictOptions compat() {
  PredictOptions options;
  options.compat = true;
  return options;
}

TEST(Predict, AReusedPredictionIsTheSameAsAFreshOne) {
  const Predictor predictor(wide_model());
  NetworkPrediction reused;
  for (const auto& network :
       {network_of({convolution("a long name that lies on the heap, as an engine's does"), pooling("p"),
                    dense("d")}),
        network_of({dense("e")}),
        network_of({pooling("q"), dense("f"), convolution("c"), convolution("d")})}) {
    for (const bool compat : {false, true}) {
      PredictOptions options;
      options.compat = compat && network.layers.size() == 1;
      ASSERT_TRUE(predictor.predict(network, options, reused));
      const NetworkPrediction fresh = predictor.predict(network, options).value();
      EXPECT_EQ(to_json(reused, "e", "m"), to_json(fresh, "e", "m"));
    }
  }
}

TEST(PredictCompat, HasTheReferencesRowsAlone) {
  Layer other = convolution("other");
  other.type = "CudnnConvolution";
  const auto network = network_of(
      {other, dense("d"), layer_of("n", "NoOp", LayerKind::kNone), pooling("p"), convolution("c")});
  const NetworkPrediction prediction = predict(network, wide_model(), compat()).value();
  ASSERT_EQ(prediction.layers.size(), 3U);
  EXPECT_EQ(prediction.layers[0].layer_name, "d");
  EXPECT_EQ(prediction.layers[1].layer_name, "p");
  EXPECT_EQ(prediction.layers[2].layer_name, "c");
}

TEST(PredictCompat, TakesTheLastOfARepeatedNameInTheFirstsPlace) {
  Layer again = dense("d");
  again.inputs[0].dimensions = {2, 1, 8, 8};
  const NetworkPrediction prediction =
      predict(network_of({dense("d"), pooling("p"), again}), wide_model(), compat()).value();
  ASSERT_EQ(prediction.layers.size(), 2U);
  EXPECT_EQ(prediction.layers[0].layer_name, "d");
  EXPECT_DOUBLE_EQ(prediction.layers[0].power_w->value, 2.0 + 0.25 + 3.0 * (2.0 * 128.0 - 10.0) / 4.0);
}

TEST(PredictCompat, ReportsNegativeFiguresAsTheyAre) {
  CostModel model = wide_model();
  for (LassoModel& one : model.lasso) one.intercept = -1e6;
  const NetworkPrediction prediction = predict(network_of({dense("d")}), model, compat()).value();
  EXPECT_DOUBLE_EQ(prediction.layers[0].power_w->value, kDense - 2.0 - 1e6);
  EXPECT_TRUE(warned(prediction, "below 0"));
}

TEST(PredictCompat, RefusesALayerTheReferenceChokesOn) {
  Layer broken = convolution("c");
  broken.kernel.reset();
  const auto result = predict(network_of({broken, dense("d")}), wide_model(), compat());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnfit);
  EXPECT_EQ(result.error().message.rfind("layer c: ", 0), 0U);
}

TEST(PredictCompat, NeedsTheModelsOfTheKindsItMeets) {
  CostModel model = wide_model();
  std::erase_if(model.lasso, [](const LassoModel& one) { return one.kind == ReferenceKind::kPooling; });
  EXPECT_TRUE(predict(network_of({dense("d")}), model, compat()));
  const auto result = predict(network_of({dense("d"), pooling("p")}), model, compat());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "the models lack power or run time of pooling layers");
}

}  // namespace
}  // namespace joulecast
