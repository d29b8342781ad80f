// Exported lassos: what the file holds, and that running it gives the pipeline's own figures.
#include "joulecast/onnx_export.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "cost_model/onnx/graph_builder.h"
#include "support/onnx_interpreter.h"
#include "support/small_model.h"

namespace joulecast {
namespace {

using FeatureRows = std::vector<std::vector<double>>;

/// The sum of the terms' sizes: what rounding is relative to where terms cancel.
double magnitude(const LassoModel& model, const std::vector<double>& row) {
  LassoModel sizes = model;
  double sum = std::abs(model.intercept);
  for (const LassoTerm& term : model.terms) {
    sizes.terms = {term};
    sizes.intercept = 0.0;
    sum += std::abs(sizes.predict(row));
  }
  return sum;
}

void expect_same(const LassoModel& model, const FeatureRows& rows) {
  const auto bytes = to_onnx(model);
  ASSERT_TRUE(bytes) << bytes.error().describe();
  const auto got = test::OnnxInterpreter(*bytes).run(rows);
  ASSERT_EQ(got.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_NEAR(got[i], model.predict(rows[i]), 1e-14 * magnitude(model, rows[i])) << "row " << i;
}

TEST(ToOnnx, GivesTheFiguresOfAModelWorkedByHand) {
  const LassoModel model = test::small_model(ReferenceKind::kDense, Target::kPower);
  const auto bytes = to_onnx(model);
  ASSERT_TRUE(bytes);
  // power = 2 + 0.5 (batch - 1) / 2 + 3 (batch * input - 10) / 4
  const auto got = test::OnnxInterpreter(*bytes).run({{1.0, 10.0, 7.0}, {3.0, 6.0, 0.0}, {0.0, 0.0, 0.0}});
  EXPECT_EQ(got, (std::vector<double>{2.0, 2.0 + 0.5 + 6.0, 2.0 - 0.25 - 7.5}));
}

TEST(ToOnnx, AFileHasInputsAndOutputByNameAndShape) {
  const LassoModel model = test::small_model(ReferenceKind::kPooling, Target::kRunTime);
  const auto bytes = to_onnx(model);
  ASSERT_TRUE(bytes);
  const test::OnnxInterpreter interpreter(*bytes);
  EXPECT_EQ(interpreter.model().ir_version, 8);
  EXPECT_EQ(interpreter.model().opset, 17);
  const auto& graph = interpreter.model().graph;
  EXPECT_EQ(graph.name, "pooling_runtime");
  ASSERT_EQ(graph.inputs.size(), model.features.size());
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    EXPECT_EQ(graph.inputs[i].name, model.features[i]);
    EXPECT_EQ(graph.inputs[i].type, onnx::ElementType::kDouble);
    ASSERT_EQ(graph.inputs[i].dimensions.size(), 2U);
    EXPECT_EQ(graph.inputs[i].dimensions[0].name, "N");
    EXPECT_EQ(graph.inputs[i].dimensions[1].value, 1);
  }
  ASSERT_EQ(graph.outputs.size(), 1U);
  EXPECT_EQ(graph.outputs[0].name, "run_time_ms");
  EXPECT_EQ(graph.outputs[0].dimensions.size(), 1U);
}

TEST(ToOnnx, OnlyColumnsThatATermNeedsAreMade) {
  LassoModel model = test::small_model(ReferenceKind::kConvolutional, Target::kPower);
  model.terms = {{3, 1.0, 0.0, 1.0}};  // one feature: no products
  const auto one = to_onnx(model);
  ASSERT_TRUE(one);
  const auto operators = test::OnnxInterpreter(*one).operators();
  EXPECT_FALSE(operators.contains("Mul"));
  EXPECT_FALSE(operators.contains("Log"));
  expect_same(model, {std::vector<double>(model.features.size(), 2.5)});
}

TEST(ToOnnx, OfAModelWithoutTermsTheInterceptIsLeftForEachRow) {
  LassoModel model = test::small_model(ReferenceKind::kDense, Target::kPower);
  model.terms.clear();
  const auto bytes = to_onnx(model);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(test::OnnxInterpreter(*bytes).run({{1, 2, 3}, {NAN, INFINITY, 0}}),
            (std::vector<double>{2.0, 2.0}));
  model.terms = {{0, 4.0, 0.25, 0.5}};  // the column of ones alone
  const auto ones = to_onnx(model);
  ASSERT_TRUE(ones);
  EXPECT_EQ(test::OnnxInterpreter(*ones).run({{1, 2, 3}}), std::vector<double>{8.0});
}

TEST(ToOnnx, TheLogarithmIsExactForSmallValues) {
  LassoModel model = test::small_model(ReferenceKind::kDense, Target::kPower);
  model.recipe.log_scale = true;
  model.recipe.special_terms.clear();
  model.terms = {{2, 1.0, 0.0, 1.0}};
  model.intercept = 0.0;
  const auto bytes = to_onnx(model);
  ASSERT_TRUE(bytes);
  const test::OnnxInterpreter interpreter(*bytes);
  for (const double x : {0.0, 1e-300, 1e-17, 1e-16, 2e-16, 1e-12, 1e-9, 3e-8, 1e-3, 0.5, 1.0, 2048.0, 1e9,
                         1e300, -1e-17, -1e-9, -0.5}) {
    const double got = interpreter.run({{1.0, x, 1.0}}).at(0);
    EXPECT_NEAR(got, std::log1p(x), 5e-16 * std::abs(std::log1p(x))) << x;
  }
}

TEST(ToOnnx, GivesThePipelinesFiguresForAnyRecipe) {
  std::mt19937_64 random(20261128);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::normal_distribution<double> normal;
  for (int round = 0; round < 300; ++round) {
    LassoModel model;
    const std::size_t features = 1 + below(6);
    for (std::size_t i = 0; i < features; ++i) model.features.push_back("f" + std::to_string(i));
    model.recipe.degree = static_cast<int>(1 + below(4));
    model.recipe.least_degree = static_cast<int>(1 + below(static_cast<std::size_t>(model.recipe.degree)));
    model.recipe.log_scale = below(2) == 0;
    model.recipe.interaction_only = below(3) == 0;
    model.recipe.bias = below(2) == 0;
    for (std::size_t k = below(4); k > 0; --k) {
      auto& term = model.recipe.special_terms.emplace_back();
      for (std::size_t f = 1 + below(4); f > 0; --f) term.push_back(model.features[below(features)]);
    }
    const std::size_t columns = column_names(model.features, model.recipe).size();
    for (std::uint32_t c = 0; c < columns; ++c)
      if (below(3) == 0)
        model.terms.push_back({c, normal(random), normal(random), 0.1 + std::abs(normal(random))});
    model.intercept = normal(random);
    FeatureRows rows(1 + below(5), std::vector<double>(features));
    for (auto& row : rows)
      for (double& value : row) value = below(8) == 0 ? 0.0 : std::exp(3.0 * normal(random));
    expect_same(model, rows);
  }
}

TEST(ToOnnx, NamesInsideGiveWayToThoseOfInputs) {
  LassoModel model = test::small_model(ReferenceKind::kDense, Target::kPower);
  model.features = {"value_0", "value_2", "value_5"};
  model.recipe.special_terms.clear();
  expect_same(model, {{1.0, 2.0, 3.0}});
}

TEST(ToOnnx, RefusesARecipeThatCannotBe) {
  LassoModel model = test::small_model(ReferenceKind::kDense, Target::kPower);
  model.recipe.degree = 0;
  ASSERT_FALSE(to_onnx(model));
  EXPECT_EQ(to_onnx(model).error().kind, ErrorKind::kUsage);
  model.recipe.degree = 1;
  model.terms = {{1000, 1.0, 0.0, 1.0}};
  EXPECT_EQ(to_onnx(model).error().kind, ErrorKind::kInternal);
}

TEST(GraphBuilder, WritesAGraphWorkedByHand) {
  onnx_export::GraphBuilder graph;
  const std::vector<std::string> names = {"x"};
  const auto x = graph.inputs(names);
  const std::string bytes = graph.model("g", graph.node("Neg", {x}), "y", {{"k", "v"}});
  // Neg node: input "x", output and name "value_0", operator.
  const std::string neg = std::string("\x0a\x1a\x0a\x01x\x12\x07value_0\x1a\x07value_0\x22\x03Neg");
  EXPECT_NE(bytes.find(neg), std::string::npos);
  // Input: name, type { tensor { double, shape { dim "N", dim 1 } } }.
  const std::string input(
      "\x5a\x14\x0a\x01x\x12\x0f\x0a\x0d\x08\x0b\x12\x09\x0a\x03\x12\x01N\x0a\x02\x08\x01", 22);
  EXPECT_NE(bytes.find(input), std::string::npos);
  // The shape that Reshape takes: dims 1, int64, name, raw -1.
  const std::string shape =
      std::string("\x2a\x17\x08\x01\x10\x07\x42\x07value_1\x4a\x08") + std::string(8, '\xff');
  EXPECT_NE(bytes.find(shape), std::string::npos);
  EXPECT_TRUE(bytes.starts_with("\x08\x08\x12\x09joulecast\x1a"));
  // Operator set {"", 17}, then the metadata.
  EXPECT_TRUE(bytes.ends_with(std::string("\x42\x04\x0a\x00\x10\x11\x72\x06\x0a\x01k\x12\x01v", 14)));
}

}  // namespace
}  // namespace joulecast
