#include "cost_model/physical/baselines.h"

#include <algorithm>

namespace joulecast {
namespace {

/// The reference's features from the columns of layers.csv (its definitions: reference_features). Measured
/// data of other sources than TensorRT lack columns, and can be compared all the same.
std::optional<std::vector<double>> features_of(const LayerRow& row, ReferenceKind kind) {
  const auto size = [](const std::optional<double>& value) { return value.value_or(1.0); };
  if (!row.input_channels || !row.output_channels) return std::nullopt;
  const double batch = size(row.batch_size);
  const std::vector<double> sizes = {batch,
                                     *row.input_channels,
                                     size(row.input_height),
                                     size(row.input_width),
                                     *row.output_channels,
                                     size(row.output_height),
                                     size(row.output_width)};
  if (kind == ReferenceKind::kDense)
    return std::vector<double>{batch, batch * sizes[1] * sizes[2] * sizes[3],
                               batch * sizes[4] * sizes[5] * sizes[6]};
  std::vector<double> features = sizes;
  if (kind == ReferenceKind::kPooling) {
    features.insert(features.end(), {sizes[2], sizes[3], size(row.stride_height), size(row.stride_width)});
    return features;
  }
  features.insert(features.end(),
                  {size(row.kernel_height), size(row.kernel_width), row.padding_height.value_or(0.0),
                   row.padding_width.value_or(0.0), size(row.stride_height), size(row.stride_width)});
  return features;
}

}  // namespace

LassoPredictions lasso_predictions(std::span<const LayerRow> rows, std::span<const std::size_t> train,
                                   std::span<const std::size_t> test, const LassoRecipes& recipes,
                                   bool relative) {
  LassoPredictions out;
  out.power_w.resize(test.size());
  out.run_time_ms.resize(test.size());
  for (const bool with_power : {true, false}) {
    TrainingSet set;
    for (const ReferenceKind kind : kReferenceKinds) {
      ReferenceTable table{"training", {}};
      for (const std::size_t i : train) {
        const LayerRow& row = rows[i];
        if (reference_kind(row.kind) != kind || !row.run_time_ms || (with_power && !row.power_w)) continue;
        if (auto features = features_of(row, kind))
          table.rows.push_back({std::move(*features), row.power_w.value_or(1.0) * kMicrowattsPerWatt,
                                *row.run_time_ms, row.layer_name});
      }
      set.reference[static_cast<std::size_t>(kind)].push_back(std::move(table));
    }
    TrainOptions options;
    options.test_networks.clear();
    options.jobs = 1;
    for (const ReferenceKind kind : kReferenceKinds) {
      for (const Target target : kTargets) {
        LassoRecipe& recipe = options.recipes[{kind, target}];
        recipe = recipe_for(recipes, kind, target);
        recipe.relative = relative;
      }
    }
    const auto model = train_lasso(set, options);
    if (!model) continue;
    for (std::size_t k = 0; k < test.size(); ++k) {
      const LayerRow& row = rows[test[k]];
      const auto kind = reference_kind(row.kind);
      const auto features = kind ? features_of(row, *kind) : std::nullopt;
      if (!features) continue;
      const Target target = with_power ? Target::kPower : Target::kRunTime;
      if (const LassoModel* one = model->find(*kind, target, relative))
        (with_power ? out.power_w : out.run_time_ms)[k] = CompiledLasso(*one).predict(*features);
    }
  }
  return out;
}

}  // namespace joulecast
