// Exported physical models give, from a layer's terms on, what predict gives for the layer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "cost_model/physical/terms.h"
#include "joulecast/onnx_export.h"
#include "support/onnx_interpreter.h"

namespace joulecast {
namespace {

LayerGeometry random_layer(std::mt19937_64& random) {
  constexpr std::array kKinds = {LayerKind::kConvolutional, LayerKind::kPooling, LayerKind::kDense,
                                 LayerKind::kReformat,      LayerKind::kOther,   LayerKind::kNone};
  const auto pick = [&](std::initializer_list<double> of) { return *(of.begin() + random() % of.size()); };
  LayerGeometry layer;
  layer.kind = kKinds[random() % kKinds.size()];
  layer.batch_size = pick({1, 2, 8});
  layer.input_channels = pick({3, 16, 64, 512});
  layer.output_channels = pick({10, 16, 64, 512});
  layer.input_height = layer.input_width = layer.output_height = layer.output_width =
      pick({1, 7, 14, 56, 224});
  layer.kernel_height = layer.kernel_width = pick({1, 3, 7});
  layer.stride_height = layer.stride_width = pick({1, 2});
  layer.groups = pick({1, 1, 1, 4, 16});
  layer.input_type = layer.output_type = layer.weight_type =
      random() % 2 == 0 ? DataType::kFp16 : DataType::kFp32;
  return layer;
}

PhysicalModel random_model(std::mt19937_64& random, PhysicalTarget target, bool residual) {
  std::uniform_real_distribution<double> uniform;
  PhysicalModel model;
  model.target = target;
  model.size_min.assign(kSizes, 0.0);
  model.size_max.assign(kSizes, 10.0);
  const std::size_t fits = 1 + random() % 9;
  for (std::size_t f = 0; f < fits; ++f) {
    PhysicalFit& fit = model.fits.emplace_back();
    constexpr std::array kCorners = {1.0, 2.0, 4.0, 2.5};
    fit.recipe.corner = kCorners[random() % kCorners.size()];
    fit.recipe.tiles = random() % 2 == 0;
    fit.recipe.families = random() % 2 == 0;
    fit.recipe.overlap = fit.recipe.corner > 1.0 && random() % 2 == 0;
    fit.recipe.active = target == PhysicalTarget::kEnergy && random() % 2 == 0;
    fit.weight = 1.0 / static_cast<double>(fits);
    for (std::size_t j = 0; j < kPhysicalTerms; ++j)
      if (uses(fit.recipe, target, j) && random() % 4 != 0) fit.coefficients[j] = uniform(random);
  }
  if (!residual) return model;
  const std::size_t points = 1 + random() % 40;
  PhysicalResidual& process = model.residual.emplace();
  process.length = 0.5 + uniform(random);
  std::normal_distribution<double> normal;
  for (std::size_t j = 0; j < kSizes; ++j) {
    process.center.push_back(5.0 * uniform(random));
    process.scale.push_back(0.35 + uniform(random));
    for (std::size_t i = 0; i < points; ++i) process.points.push_back(normal(random));
  }
  for (std::size_t i = 0; i < points; ++i) process.weights.push_back(normal(random));
  return model;
}

TEST(PhysicalGraph, GivesThePredictionsOfTheModel) {
  std::mt19937_64 random(7);
  const std::vector<std::string> known = physical_input_names();
  for (int round = 0; round < 200; ++round) {
    const auto target = round % 2 == 0 ? PhysicalTarget::kRunTime : PhysicalTarget::kEnergy;
    const PhysicalModel model = random_model(random, target, round % 4 >= 2);
    const auto bytes = to_onnx(model);
    ASSERT_TRUE(bytes);
    const test::OnnxInterpreter interpreter(*bytes);
    std::vector<std::vector<double>> rows;
    std::vector<double> expected;
    for (int i = 0; i < 10; ++i) {
      const LayerGeometry layer = random_layer(random);
      const double run_time_ms = layer.kind == LayerKind::kNone ? 0.0 : 0.3 * i;
      expected.push_back(predict(model, layer, run_time_ms).value);
      const auto values = physical_input_values(model.device, layer, run_time_ms);
      ASSERT_EQ(values.size(), known.size());
      auto& row = rows.emplace_back();
      for (const auto& input : interpreter.model().graph.inputs) {
        const auto place = std::find(known.begin(), known.end(), input.name);
        ASSERT_NE(place, known.end()) << input.name;
        row.push_back(values[static_cast<std::size_t>(place - known.begin())]);
      }
    }
    const auto got = interpreter.run(rows);
    for (std::size_t i = 0; i < rows.size(); ++i)
      EXPECT_NEAR(got[i], expected[i], 1e-13 * std::abs(expected[i])) << "round " << round << ", row " << i;
  }
}

TEST(PhysicalGraph, InputsAreTermsAndSizesByName) {
  std::mt19937_64 random(1);
  const auto time = onnx_inputs(random_model(random, PhysicalTarget::kRunTime, false));
  EXPECT_EQ(time.size(), kPhysicalTerms - 2);
  EXPECT_EQ(time.front(), "launch");
  const auto energy = onnx_inputs(random_model(random, PhysicalTarget::kEnergy, true));
  EXPECT_EQ(energy.size(), kPhysicalTerms - 1 + kSizes);
  EXPECT_EQ(energy.front(), "active_ms");
  EXPECT_EQ(energy[kPhysicalTerms - 1], "log_rows");
  EXPECT_EQ(energy, physical_input_names());
  EXPECT_EQ(onnx_output(PhysicalTarget::kRunTime), "run_time_ms");
  EXPECT_EQ(onnx_output(PhysicalTarget::kEnergy), "energy_mj");
}

TEST(PhysicalGraph, ALayerThatTakesNoTimeCostsNothing) {
  LayerGeometry layer;
  layer.kind = LayerKind::kNone;
  layer.input_channels = layer.output_channels = 64.0;
  const auto values = physical_input_values({}, layer, 0.0);
  EXPECT_TRUE(
      std::all_of(values.begin(), values.begin() + kPhysicalTerms - 1, [](double v) { return v == 0.0; }));
  EXPECT_TRUE(std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }));
}

}  // namespace
}  // namespace joulecast
