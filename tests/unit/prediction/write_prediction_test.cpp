#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "joulecast/prediction.h"

namespace joulecast {
namespace {

NetworkPrediction sample() {
  NetworkPrediction prediction;
  prediction.network = "net";
  LayerPrediction fitted;
  fitted.layer_name = "conv, fused";
  fitted.layer_type = "CaskConvolution";
  fitted.kind = LayerKind::kConvolutional;
  fitted.basis = Basis::kFitted;
  fitted.power_w = Figure{2.5, 2.0, 3.0};
  fitted.run_time_ms = Figure{0.1, 0.05, 0.2};
  fitted.energy_mj = Figure{0.25, {}, {}};
  LayerPrediction uncovered;
  uncovered.layer_name = "s\"m\"";
  uncovered.layer_type = "SoftMax";
  uncovered.kind = LayerKind::kSoftmax;
  prediction.layers = {fitted, uncovered};
  prediction.run_time_ms = Figure{0.1, {}, {}};
  prediction.power_w = Figure{2.5, {}, {}};
  prediction.energy_mj = Figure{0.25, {}, {}};
  prediction.uncovered_layers = 1;
  prediction.warnings = {{"doubt", {"e.json", 3}, 2}};
  return prediction;
}

TEST(PredictionCsv, HasTheReferencesColumnsThenOurs) {
  EXPECT_EQ(to_csv(sample(), false),
            "power_prediction,runtime_prediction,layer_name,layer_type,kind,run_time_low_ms,run_time_high_ms,"
            "power_low_w,power_high_w,energy_mj,energy_low_mj,energy_high_mj,basis\n"
            "2.5,0.1,\"conv, fused\",CaskConvolution,convolutional,0.05,0.2,2.0,3.0,0.25,,,fitted\n"
            ",,\"s\"\"m\"\"\",SoftMax,softmax,,,,,,,,none\n");
}

TEST(PredictionCsv, OfCompatHasFourColumns) {
  NetworkPrediction prediction = sample();
  prediction.layers.pop_back();
  EXPECT_EQ(to_csv(prediction, true),
            "power_prediction,runtime_prediction,layer_name,layer_type\n"
            "2.5,0.1,\"conv, fused\",CaskConvolution\n");
}

TEST(PredictionJson, HoldsNetworkLayersAndWarnings) {
  const auto json = nlohmann::json::parse(to_json(sample(), "e.json", "models/"));
  EXPECT_EQ(json["engine"], "e.json");
  EXPECT_EQ(json["models"], "models/");
  EXPECT_EQ(json["network"]["run_time_ms"]["value"], 0.1);
  EXPECT_TRUE(json["network"]["run_time_ms"]["low"].is_null());
  EXPECT_TRUE(json["network"]["board_energy_mj"].is_null());
  EXPECT_EQ(json["network"]["uncovered_layers"], 1);
  EXPECT_EQ(json["layers"][0]["power_w"]["high"], 3.0);
  EXPECT_EQ(json["layers"][0]["basis"], "fitted");
  EXPECT_EQ(json["layers"][1]["layer_name"], "s\"m\"");
  EXPECT_TRUE(json["layers"][1]["run_time_ms"].is_null());
  EXPECT_EQ(json["warnings"][0]["message"], "doubt");
  EXPECT_EQ(json["warnings"][0]["count"], 2);
}

TEST(CompatSummary, PrintsTheReferencesThreeLines) {
  NetworkPrediction prediction;
  prediction.run_time_ms = Figure{0.5, {}, {}};
  prediction.power_w = Figure{4.0, {}, {}};
  prediction.energy_mj = Figure{2.0, {}, {}};
  EXPECT_EQ(compat_summary(prediction),
            "Total runtime : 0.0005 seconds\n"
            "Average power consumed : 4.0 watts\n"
            "Total energy spent: 0.002 joules\n");
}

TEST(BasisNames, AreThoseOfTheFiles) {
  EXPECT_EQ(to_string(Basis::kFitted), "fitted");
  EXPECT_EQ(to_string(Basis::kExtrapolated), "extrapolated");
  EXPECT_EQ(to_string(Basis::kBytesOnly), "bytes-only");
  EXPECT_EQ(to_string(Basis::kNone), "none");
}

}  // namespace
}  // namespace joulecast
