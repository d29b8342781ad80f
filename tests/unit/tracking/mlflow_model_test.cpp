// MLflow model folders: what stands in their files, and which folders a models folder has.
#include "joulecast/mlflow_model.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "joulecast/onnx_export.h"
#include "support/expect_words.h"
#include "support/run_program.h"
#include "support/small_model.h"
#include "support/temporary_folder.h"
#include "tracking/yaml_text.h"

namespace joulecast {
namespace {

std::string yaml(std::string_view text) {
  std::string out;
  tracking::append_yaml_string(out, text);
  return out;
}

TEST(YamlString, IsInSingleQuotesOrEscaped) {
  EXPECT_EQ(yaml(""), "''");
  EXPECT_EQ(yaml("it's: [a] #1 - \"x\" \\n"), "'it''s: [a] #1 - \"x\" \\n'");
  EXPECT_EQ(yaml("Platine Süd 板"), "'Platine Süd 板'");
  EXPECT_EQ(yaml("a\nb\t\"c\"\\"), "\"a\\u000ab\\u0009\\\"c\\\"\\\\\"");
  EXPECT_EQ(yaml("\x7f"), "\"\\u007f\"");
  EXPECT_EQ(yaml("\xc2\x85"), "\"\\u0085\"");      // next line
  EXPECT_EQ(yaml("\xe2\x80\xa8"), "\"\\u2028\"");  // line separator
  EXPECT_EQ(yaml("a\xff"), "\"a\\ufffd\"");        // no UTF-8
  EXPECT_EQ(yaml("\xf0\x9f\x98\x80"), "'\xf0\x9f\x98\x80'");
  EXPECT_EQ(yaml("\xf0\x9f\xbf\xbf"), "\"\\U0001ffff\"");
}

std::string content_of(const std::vector<ModelFile>& files, std::string_view name) {
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.name == name; });
  return found == files.end() ? "" : found->content;
}

TEST(MlflowModel, TheFolderSaysWhatMlflowNeeds) {
  const CostModel training = test::small_cost_model();
  const LassoModel& model = *training.find(ReferenceKind::kDense, Target::kPower);
  const auto files = mlflow_model_files(alone(model, training));
  ASSERT_TRUE(files) << files.error().describe();
  EXPECT_EQ(content_of(*files, "model.onnx"), *to_onnx(model));
  const auto own = parse_cost_model(content_of(*files, "model.json"), "model.json");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->lasso.size(), 1U);
  EXPECT_EQ(own->device, training.device);
  test::expect_words(
      content_of(*files, "MLmodel"),
      {"flavors:\n  onnx:\n", "    data: model.onnx\n", "    loader_module: mlflow.onnx\n",
       "  device: 'orin nano \"8 GB\"'\n", "  data_hash: '00ff'\n", "  unit: 'W above idle'\n",
       "  model: 'dense_power_model'\n",
       "  inputs: '[{\"name\": \"batch_size\", \"type\": \"tensor\", \"tensor-spec\": {\"dtype\": "
       "\"float64\", "
       "\"shape\": [-1, 1]}}, {\"name\": ",
       "  outputs: '[{\"name\": \"power_w\", \"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"float64\", "
       "\"shape\": [-1]}}]'\n"});
  const auto example = nlohmann::json::parse(content_of(*files, "input_example.json"));
  EXPECT_EQ(example.at("columns"), nlohmann::json(model.features));
  EXPECT_EQ(example.at("data"), nlohmann::json({model.feature_min, model.feature_max}));
  EXPECT_EQ(nlohmann::json::parse(content_of(*files, "serving_input_example.json")).at("dataframe_split"),
            example);
  test::expect_words(content_of(*files, "requirements.txt"), {"mlflow", "onnxruntime>="});
  // Equal models are equal files.
  const auto again = mlflow_model_files(alone(model, training));
  for (std::size_t i = 0; i < files->size(); ++i) EXPECT_EQ((*files)[i].content, (*again)[i].content);
}

TEST(MlflowModel, AFolderHoldsOneModel) {
  const auto files = mlflow_model_files(test::small_cost_model());
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().kind, ErrorKind::kUsage);
}

TEST(SaveMlflowModels, WhatALaterTrainingDoesNotHaveGoes) {
  const test::TemporaryFolder scratch;
  CostModel model = test::small_cost_model();
  ASSERT_TRUE(save_mlflow_models(model, scratch.path()));
  EXPECT_EQ(test::files_below(scratch.path()).size(), 6U * 8U);
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "pooling_runtime_model" / "MLmodel"));
  scratch.write("pooling_runtime_model/notes.txt", "mine");
  scratch.write("dense_power_relative_model/MLmodel", "flavors: {}");  // of somebody else
  model.lasso.resize(2);
  ASSERT_TRUE(save_mlflow_models(model, scratch.path()));
  const auto files = test::files_below(scratch.path());
  EXPECT_EQ(files.size(), 2U * 8U + 2U);
  EXPECT_EQ(std::count(files.begin(), files.end(), "pooling_runtime_model/notes.txt"), 1);
  EXPECT_EQ(std::count(files.begin(), files.end(), "dense_power_relative_model/MLmodel"), 1);
}

TEST(SaveMlflowModels, SaysWhereItCannotWrite) {
  const test::TemporaryFolder scratch;
  scratch.write("dense_power_model", "a file where a folder should be");
  const auto saved = save_mlflow_models(test::small_cost_model(), scratch.path());
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().kind, ErrorKind::kNotWritable);
  test::expect_words(saved.error().location.file, {"dense_power_model"});
}

}  // namespace
}  // namespace joulecast
