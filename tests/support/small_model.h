// A small, hand-made model of dense layers, and one of each kind.
#pragma once

#include "joulecast/cost_model.h"

namespace joulecast::test {

/// power = 2 + 0.5 (batch - 1) / 2 + 3 (batch * input - 10) / 4 W; run time has the same form in ms.
inline LassoModel small_model(ReferenceKind kind, Target target) {
  LassoModel model;
  model.kind = kind;
  model.target = target;
  for (const std::string_view name : reference_feature_names(kind)) model.features.emplace_back(name);
  model.feature_min.assign(model.features.size(), 1.0);
  model.feature_max.assign(model.features.size(), 100.0);
  model.recipe = reference_recipe(kind, target);
  model.recipe.log_scale = false;
  const auto batch_times_input = static_cast<std::uint32_t>(model.features.size() + 2);
  model.terms = {{1, 0.5, 1.0, 2.0}, {batch_times_input, 3.0, 10.0, 4.0}};
  model.intercept = 2.0;
  model.alpha = 0.25;
  model.alpha_index = 1;
  model.iterations = 17;
  model.duality_gap = 1e-12;
  model.alphas = {0.5, 0.25};
  model.mean_mse = {2.0, 1.0};
  model.train_networks = {"alexnet", "vgg11"};
  model.test_networks = {"lenet"};
  model.train_rows = 12;
  model.test_rows = 2;
  model.train_metrics = {1.5, 0.1, 0.01, 0.9, 0.05, 0.02};
  model.test_metrics = Metrics{2.5, 0.2, 0.04, 0.8, 0.15, 0.03};
  return model;
}

inline CostModel small_cost_model() {
  CostModel model;
  model.library_version = "0.1.0";
  model.device = "orin nano \"8 GB\"";
  model.data_hash = "00ff";
  model.idle_power_w = 4.25;
  for (const ReferenceKind kind : kReferenceKinds)
    for (const Target target : kTargets) model.lasso.push_back(small_model(kind, target));
  return model;
}

}  // namespace joulecast::test
