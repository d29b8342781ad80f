#include "tracking/lasso_run.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/float_text.h"

namespace joulecast::tracking {
namespace {

using ParamPairs = std::vector<std::pair<std::string, std::string>>;

/// Where the polynomial stands in the reference's pipeline of this recipe.
std::string polynomial_step(const LassoRecipe& recipe) {
  std::string step = "transformer";
  if (!recipe.special_terms.empty()) step += "__regular_polynomial";
  if (recipe.log_scale) step += "__polynomial_features";
  return step;
}

/// What scikit-learn's autolog writes of the reference's pipeline, with the names of its steps.
ParamPairs autolog_params(const LassoRecipe& recipe) {
  const LassoOptions& lasso = recipe.lasso;
  ParamPairs params = {{"memory", "None"}, {"verbose", "False"}};
  const std::string polynomial = polynomial_step(recipe);
  params.emplace_back(polynomial + "__degree", std::to_string(recipe.degree));
  params.emplace_back(polynomial + "__include_bias", python_truth(recipe.bias));
  params.emplace_back(polynomial + "__interaction_only", python_truth(recipe.interaction_only));
  params.emplace_back(polynomial + "__order", "C");
  if (recipe.scaler == Scaler::kStandard) {
    params.emplace_back("scaler__with_mean", "True");
    params.emplace_back("scaler__with_std", "True");
  } else if (recipe.scaler == Scaler::kRobust) {
    params.emplace_back("scaler__with_centering", "True");
    params.emplace_back("scaler__with_scaling", "True");
    params.emplace_back("scaler__quantile_range", "(25.0, 75.0)");
  } else if (recipe.scaler == Scaler::kMinMax) {
    params.emplace_back("scaler__feature_range", "(0, 1)");
  }
  params.emplace_back("lasso__alphas", "None");
  params.emplace_back("lasso__copy_X", "True");
  params.emplace_back("lasso__cv", std::to_string(recipe.folds));
  params.emplace_back("lasso__eps", float_text(lasso.eps));
  params.emplace_back("lasso__fit_intercept", python_truth(lasso.fit_intercept));
  params.emplace_back("lasso__max_iter", std::to_string(lasso.max_iterations));
  params.emplace_back("lasso__n_alphas", std::to_string(lasso.alphas));
  params.emplace_back("lasso__n_jobs", "None");
  params.emplace_back("lasso__positive", python_truth(lasso.positive));
  params.emplace_back("lasso__precompute", "auto");
  params.emplace_back("lasso__random_state", "42");
  params.emplace_back("lasso__selection", "cyclic");
  params.emplace_back("lasso__tol", float_text(lasso.tolerance));
  params.emplace_back("lasso__verbose", "False");
  return params;
}

void add_metrics(std::string_view prefix, const Metrics& metrics, std::vector<RunMetric>& to) {
  const auto add = [&](std::string_view name, double value) {
    to.push_back({fmt::format("{}_{}", prefix, name), value, 0});
  };
  add("root_mean_squared_percentage_error", metrics.rmspe_percent);
  add("root_mean_squared_error", metrics.rmse);
  add("mean_squared_error", metrics.mse);
  add("r2_score", metrics.r2);
  add("mean_absolute_error", metrics.mae);
  add("mean_absolute_percentage_error", metrics.mape);
}

}  // namespace

std::string python_truth(bool value) {
  return value ? "True" : "False";
}

ParamPairs lasso_params(const LassoModel& model) {
  ParamPairs params = autolog_params(model.recipe);
  params.emplace_back("train_num_cnn_models", std::to_string(model.train_networks.size()));
  params.emplace_back("test_num_cnn_models", std::to_string(model.test_networks.size()));
  std::vector<std::string> terms;
  for (const auto& factors : model.recipe.special_terms)
    terms.push_back(fmt::format("{}", fmt::join(factors, "*")));
  params.emplace_back("layer_type", to_string(model.kind));
  params.emplace_back("model_type", to_string(model.target));
  params.emplace_back("mode", model.recipe.lasso.mode == LassoMode::kCompat ? "compat" : "converged");
  params.emplace_back("log_scale", python_truth(model.recipe.log_scale));
  params.emplace_back("relative_errors", python_truth(model.recipe.relative));
  params.emplace_back("scaler", to_string(model.recipe.scaler));
  params.emplace_back("special_terms", terms.empty() ? "None" : fmt::format("{}", fmt::join(terms, ", ")));
  params.emplace_back("features", fmt::format("{}", fmt::join(model.features, ", ")));
  params.emplace_back("train_networks", fmt::format("{}", fmt::join(model.train_networks, ", ")));
  params.emplace_back("test_networks", fmt::format("{}", fmt::join(model.test_networks, ", ")));
  return params;
}

std::vector<RunMetric> lasso_metrics(const LassoModel& model) {
  std::vector<RunMetric> metrics;
  if (model.train_metrics) {
    add_metrics("training", *model.train_metrics, metrics);
    metrics.push_back({"training_score", model.train_metrics->r2, 0});  // a regressor's score is its R2
  }
  if (model.test_metrics) add_metrics("testing", *model.test_metrics, metrics);
  metrics.push_back({"alpha", model.alpha, 0});
  metrics.push_back({"alpha_index", static_cast<double>(model.alpha_index), 0});
  metrics.push_back({"n_iter", static_cast<double>(model.iterations), 0});
  metrics.push_back({"duality_gap", model.duality_gap, 0});
  metrics.push_back({"nonzero_coefficients", static_cast<double>(model.terms.size()), 0});
  metrics.push_back({"training_rows", static_cast<double>(model.train_rows), 0});
  metrics.push_back({"testing_rows", static_cast<double>(model.test_rows), 0});
  // The path of cross-validation: a step an alpha, from the largest down.
  for (std::size_t i = 0; i < std::min(model.alphas.size(), model.mean_mse.size()); ++i) {
    const auto step = static_cast<std::int64_t>(i);
    metrics.push_back({"cross_validation_alpha", model.alphas[i], step});
    metrics.push_back({"cross_validation_mean_squared_error", model.mean_mse[i], step});
  }
  return metrics;
}

}  // namespace joulecast::tracking
