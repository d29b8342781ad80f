#include <cmath>
#include <fstream>

#include <gtest/gtest.h>

#include "joulecast/cost_model.h"
#include "support/small_model.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

using test::small_cost_model;
namespace fs = std::filesystem;

std::string good_text() {
  return to_json(small_cost_model()).value();
}

/// The error for the small model with the first `from` replaced.
Error error_after(const std::string& from, const std::string& to) {
  std::string text = good_text();
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const auto result = parse_cost_model(text, "model.json");
  EXPECT_FALSE(result) << "accepted: " << to;
  return result ? Error{} : result.error();
}

std::string message_after(const std::string& from, const std::string& to) {
  const Error error = error_after(from, to);
  EXPECT_EQ(error.kind, ErrorKind::kMalformed);
  EXPECT_EQ(error.location.file, "model.json");
  EXPECT_FALSE(error.hint.empty());
  return error.message;
}

TEST(ModelFile, KeepsEverythingThroughSavingAndLoading) {
  const CostModel loaded = parse_cost_model(good_text(), "x").value();
  const CostModel saved = small_cost_model();
  EXPECT_EQ(loaded.library_version, saved.library_version);
  EXPECT_EQ(loaded.device, saved.device);
  EXPECT_EQ(loaded.data_hash, saved.data_hash);
  EXPECT_EQ(loaded.idle_power_w, saved.idle_power_w);
  ASSERT_EQ(loaded.lasso.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const LassoModel& a = loaded.lasso[i];
    const LassoModel& b = saved.lasso[i];
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.target, b.target);
    EXPECT_EQ(a.features, b.features);
    EXPECT_EQ(a.feature_min, b.feature_min);
    EXPECT_EQ(a.feature_max, b.feature_max);
    EXPECT_EQ(a.terms, b.terms);
    EXPECT_EQ(a.intercept, b.intercept);
    EXPECT_EQ(a.recipe.special_terms, b.recipe.special_terms);
    EXPECT_EQ(a.recipe.scaler, b.recipe.scaler);
    EXPECT_EQ(a.recipe.lasso.positive, b.recipe.lasso.positive);
    EXPECT_EQ(a.alphas, b.alphas);
    EXPECT_EQ(a.mean_mse, b.mean_mse);
    EXPECT_EQ(a.train_networks, b.train_networks);
    EXPECT_EQ(a.test_rows, b.test_rows);
    EXPECT_EQ(a.test_metrics->mape, b.test_metrics->mape);
  }
}

TEST(ModelFile, IsTheSameBytesAfterLoadingAndSavingAgain) {
  const std::string text = good_text();
  EXPECT_EQ(to_json(parse_cost_model(text, "x").value()).value(), text);
}

TEST(ModelFile, KeepsDoublesToTheLastBit) {
  CostModel model = small_cost_model();
  model.lasso[0].intercept = std::nextafter(0.1, 1.0);
  model.lasso[0].terms[0].coefficient = 4.9e-324;
  model.lasso[0].terms[1].center = 1.7976931348623157e308;
  const CostModel loaded = parse_cost_model(to_json(model).value(), "x").value();
  EXPECT_EQ(loaded.lasso[0].intercept, std::nextafter(0.1, 1.0));
  EXPECT_EQ(loaded.lasso[0].terms, model.lasso[0].terms);
}

TEST(ModelFile, KeepsAbsentFiguresAbsent) {
  CostModel model = small_cost_model();
  model.idle_power_w.reset();
  model.lasso[0].test_metrics.reset();
  model.lasso[1].test_metrics->r2 = std::nan("");  // one test row
  const CostModel loaded = parse_cost_model(to_json(model).value(), "x").value();
  EXPECT_FALSE(loaded.idle_power_w);
  EXPECT_FALSE(loaded.lasso[0].test_metrics);
  EXPECT_TRUE(std::isnan(loaded.lasso[1].test_metrics->r2));
}

TEST(ModelFile, IsNotWrittenWithANumberThatIsNotFinite) {
  CostModel model = small_cost_model();
  model.lasso[3].terms[1].center = std::nan("");
  const auto result = to_json(model);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnfit);
  EXPECT_EQ(result.error().message, "the model holds a number that is not finite: models[3].terms[1].center");
}

TEST(ModelFile, OfANewerVersionIsRefusedWithARemedy) {
  const Error error = error_after("\"format_version\": 1", "\"format_version\": 7");
  EXPECT_EQ(error.message, "format_version: 7 is not known; this program reads versions up to 6");
  EXPECT_EQ(error.hint, "Use a newer joulecast, or train the models again with this one");
}

TEST(ModelFile, OfAnotherFormatIsRefused) {
  EXPECT_EQ(message_after("joulecast-model", "onnx"),
            "format: is not joulecast-model: this is no model file");
}

TEST(ModelFile, WithAMissingMemberIsRefusedWithItsPath) {
  EXPECT_EQ(message_after("\"intercept\": 2.0,", ""), "models[0].intercept: is missing");
  EXPECT_EQ(message_after("\"duality_gap\": 1e-12,", ""), "models[0].fit.duality_gap: is missing");
  EXPECT_EQ(message_after("\"scaler\": \"standard\",", ""), "models[0].recipe.scaler: is missing");
}

TEST(ModelFile, WithAnUnknownOrRepeatedMemberIsRefused) {
  EXPECT_EQ(message_after("\"intercept\": 2.0,", "\"intercept\": 2.0, \"bias\": 1.0,"),
            "models[0].bias: is a member this version does not know");
  EXPECT_EQ(message_after("\"intercept\": 2.0,", "\"intercept\": 2.0, \"intercept\": 1.0,"),
            "models[0].intercept: stands twice");
}

TEST(ModelFile, WithAWrongTypeIsRefusedWithItsPath) {
  EXPECT_EQ(message_after("\"intercept\": 2.0", "\"intercept\": \"2.0\""),
            "models[0].intercept: is no number");
  EXPECT_EQ(message_after("\"intercept\": 2.0", "\"intercept\": true"), "models[0].intercept: is no number");
  EXPECT_EQ(message_after("\"intercept\": 2.0", "\"intercept\": null"), "models[0].intercept: is no number");
  EXPECT_EQ(message_after("\"coefficient\": 3.0", "\"coefficient\": []"),
            "models[0].terms[1].coefficient: is no number");
  EXPECT_EQ(message_after("\"alphas\": [0.5, 0.25]", "\"alphas\": [0.5, \"x\"]"),
            "models[0].fit.alphas[1]: is no number, where the list holds numbers");
  EXPECT_EQ(message_after("\"log_scale\": false", "\"log_scale\": 0"),
            "models[0].recipe.log_scale: is neither true nor false");
  EXPECT_EQ(message_after("\"train_rows\": 12", "\"train_rows\": -12"),
            "models[0].fit.train_rows: is no whole number from 0 upwards");
  EXPECT_EQ(message_after("\"device\": \"", "\"device\": 7, \"x\": \""), "device: is no text");
}

TEST(ModelFile, WithNanOrInfinityIsRefusedWithLine) {
  for (const char* word : {"NaN", "Infinity", "-Infinity", "nan"}) {
    const Error error = error_after("\"intercept\": 2.0", std::string("\"intercept\": ") + word);
    EXPECT_EQ(error.kind, ErrorKind::kMalformed);
    EXPECT_GT(error.location.line, 10U) << word;
    EXPECT_TRUE(error.location.byte.has_value());
  }
  EXPECT_EQ(error_after("\"intercept\": 2.0", "\"intercept\": 1e999").kind, ErrorKind::kMalformed);
}

TEST(ModelFile, WithListsOfWrongLengthIsRefused) {
  EXPECT_EQ(message_after("\"mean_mse\": [2.0, 1.0]", "\"mean_mse\": [2.0]"),
            "models[0].fit.mean_mse: has 1 numbers for 2 alphas");
  EXPECT_EQ(message_after("\"feature_min\": [1.0, ", "\"feature_min\": ["),
            "models[0].feature_min: has 12 numbers for 13 features");
}

TEST(ModelFile, WithATermThatIsNotItsColumnsIsRefused) {
  EXPECT_EQ(message_after("\"column\": 15, \"term\": \"batch_size*input_size_0\"",
                          "\"column\": 16, \"term\": \"batch_size*input_size_0\""),
            "models[0].terms[1].term: is not batch_size*input_size_1, the name of its column");
  EXPECT_EQ(message_after("\"column\": 15", "\"column\": 562"),
            "models[0].terms[1].column: 562 is not below 562");
  EXPECT_EQ(message_after("\"column\": 15", "\"column\": 1"), "models[0].terms[1].column: does not ascend");
}

TEST(ModelFile, WithUnknownWordsIsRefused) {
  EXPECT_EQ(message_after("\"kind\": \"convolutional\"", "\"kind\": \"recurrent\""),
            "models[0].kind: is none of convolutional, pooling, dense");
  EXPECT_EQ(message_after("\"target\": \"power\"", "\"target\": \"heat\""),
            "models[0].target: is neither power nor runtime");
  EXPECT_EQ(message_after("\"estimator\": \"lasso\"", "\"estimator\": \"oracle\""),
            "models[0].estimator: is one this version does not know (it knows: lasso)");
  EXPECT_EQ(message_after("\"unit\": \"W above idle\"", "\"unit\": \"mW\""),
            "models[0].unit: is not W above idle");
  EXPECT_EQ(message_after("\"mode\": \"converged\"", "\"mode\": \"fast\""),
            "models[0].recipe.lasso.mode: is neither converged nor compat");
  EXPECT_EQ(message_after("\"features\": [\"batch_size\"", "\"features\": [\"batch\""),
            "models[0].features: are not those of this kind of layer");
}

TEST(ModelFile, WithTwoModelsOfOneKindAndTargetIsRefused) {
  EXPECT_EQ(message_after("\"target\": \"runtime\",\n      \"unit\": \"ms\"",
                          "\"target\": \"power\",\n      \"unit\": \"W above idle\""),
            "models[1]: is a second model of the same kind and target");
}

TEST(ModelFile, WithoutAnyModelIsRefused) {
  CostModel model;
  const auto result = parse_cost_model(to_json(model).value(), "x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "models: is empty");
}

TEST(ModelFile, CutOffAnywhereIsRefused) {
  const std::string text = good_text();
  for (std::size_t length = 0; length + 2 < text.size(); length += 97) {
    const auto result = parse_cost_model(std::string_view(text).substr(0, length), "x");
    ASSERT_FALSE(result) << length;
    EXPECT_EQ(result.error().kind, ErrorKind::kMalformed);
  }
}

TEST(ModelFile, ThatIsAnotherJsonValueIsRefused) {
  for (const char* text : {"[]", "7", "\"model\"", "null", "{}"})
    EXPECT_FALSE(parse_cost_model(text, "x")) << text;
}

class ModelFolder : public ::testing::Test {
 protected:
  test::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

TEST_F(ModelFolder, IsLoadedByFolderOrByFile) {
  ASSERT_TRUE(save_cost_model(small_cost_model(), folder_ / "models"));
  EXPECT_EQ(load_cost_model(folder_ / "models").value().lasso.size(), 6U);
  EXPECT_EQ(load_cost_model(folder_ / "models" / "model.json").value().lasso.size(), 6U);
}

TEST_F(ModelFolder, WithoutModelSaysWhatItShouldBe) {
  const auto result = load_cost_model(folder_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnreadable);
  EXPECT_EQ(result.error().message, "the folder has no model.json");
}

TEST_F(ModelFolder, ThatIsMissingIsUnreadable) {
  EXPECT_EQ(load_cost_model(folder_ / "none").error().kind, ErrorKind::kUnreadable);
}

TEST_F(ModelFolder, BelowAFileCannotBeWritten) {
  std::ofstream(folder_ / "file") << "x";
  const auto result = save_cost_model(small_cost_model(), folder_ / "file" / "models");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kNotWritable);
}

TEST(ModelFile, WithANegativeIdlePowerIsRefused) {
  const std::string text = good_text();
  const std::size_t at = text.find("\"idle_power_w\": ");
  ASSERT_NE(at, std::string::npos);
  const std::string member = text.substr(at, text.find(',', at) - at);
  EXPECT_EQ(message_after(member, "\"idle_power_w\": -4.2"), "idle_power_w: is below 0");
  EXPECT_EQ(message_after(member, "\"idle_power_w\": -5e-324"), "idle_power_w: is below 0");
}

TEST(ModelFile, WithAScaleThatCannotDivideIsRefused) {
  const std::string text = good_text();
  const std::size_t at = text.find("\"scale\": ");
  ASSERT_NE(at, std::string::npos);
  const std::string member = text.substr(at, text.find('}', at) - at);
  for (const char* scale : {"0", "0.0", "-1.0", "5e-324", "2.3e-308", "9e-151"})
    EXPECT_EQ(message_after(member, std::string("\"scale\": ") + scale),
              "models[0].terms[0].scale: is no scale: it must be a number of at least 1e-150");
}

}  // namespace
}  // namespace joulecast
