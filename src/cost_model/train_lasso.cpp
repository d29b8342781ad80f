// Training of the six lasso models: split by network, expand, scale, cross-validate, judge.
#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/parallel.h"
#include "cost_model/columns.h"
#include "cost_model/data_hash.h"
#include "joulecast/cost_model.h"

namespace joulecast {
namespace {

/// Rows of one kind on one side of the split.
struct Rows {
  Matrix features;
  std::vector<double> power_w, run_time_ms;
  std::vector<std::string> networks;  ///< that have rows, in row order, each once

  [[nodiscard]] std::size_t size() const { return power_w.size(); }
  [[nodiscard]] const std::vector<double>& values(Target target) const {
    return target == Target::kPower ? power_w : run_time_ms;
  }
};

Rows gather(const std::vector<const ReferenceTable*>& tables, std::size_t features) {
  Rows rows;
  std::size_t count = 0;
  for (const ReferenceTable* table : tables) count += table->rows.size();
  rows.features = Matrix(count, features);
  std::size_t i = 0;
  for (const ReferenceTable* table : tables) {
    const bool known = !rows.networks.empty() && rows.networks.back() == table->network;
    if (!table->rows.empty() && !known) rows.networks.push_back(table->network);
    for (const ReferenceRow& row : table->rows) {
      for (std::size_t j = 0; j < features; ++j) rows.features(i, j) = row.features[j];
      rows.power_w.push_back(row.power_uw / kMicrowattsPerWatt);
      rows.run_time_ms.push_back(row.run_time_ms);
      ++i;
    }
  }
  return rows;
}

struct Split {
  Rows train, test;
};

/// Networks in the order of their names: contiguous folds, and with them the chosen alpha, depend on it.
Split split_by_network(const std::vector<ReferenceTable>& tables, const std::set<std::string>& test_networks,
                       std::size_t features) {
  std::vector<const ReferenceTable*> train;
  std::vector<const ReferenceTable*> test;
  for (const ReferenceTable& table : tables)
    (test_networks.contains(table.network) ? test : train).push_back(&table);
  const auto by_name = [](const ReferenceTable* a, const ReferenceTable* b) {
    return a->network < b->network;
  };
  std::stable_sort(train.begin(), train.end(), by_name);
  std::stable_sort(test.begin(), test.end(), by_name);
  return {gather(train, features), gather(test, features)};
}

std::vector<double> predict_all(const LassoModel& model, const Rows& rows) {
  std::vector<double> predicted(rows.size());
  CompiledLasso(model).predict(rows.features.view(), predicted);
  return predicted;
}

/// Rows divided by their measured values, which are then all 1. The intercept, if there is one, becomes the
/// last column, so long that the penalty weighs on it a hundredth of what it weighs on the strongest other
/// (of a positive recipe it is positive too); the grid of alphas, which begins where the first column enters,
/// reaches a hundred times further down to make up for it. Returns the last column's factor.
double make_relative(Matrix& matrix, std::vector<double>& measured, LassoOptions& options) {
  constexpr double kLength = 100.0;
  Matrix out(matrix.rows, matrix.columns + (options.fit_intercept ? 1 : 0));
  double strongest = 0.0;
  for (std::size_t j = 0; j < matrix.columns; ++j) {
    double sum = 0.0;
    for (std::size_t i = 0; i < matrix.rows; ++i) sum += out(i, j) = matrix(i, j) / measured[i];
    strongest = std::max(strongest, std::abs(sum));
  }
  double factor = 1.0;
  if (options.fit_intercept) {
    double inverses = 0.0;
    for (const double y : measured) inverses += 1.0 / y;
    if (strongest > 0.0) factor = kLength * strongest / inverses;
    for (std::size_t i = 0; i < matrix.rows; ++i) out(i, matrix.columns) = factor / measured[i];
    options.fit_intercept = false;
    options.eps /= kLength;
  }
  matrix = std::move(out);
  measured.assign(measured.size(), 1.0);
  return factor;
}

/// The fitted pipeline, without its figures of accuracy; `unconverged` counts fits that stopped early.
Expected<LassoModel> fit_pipeline(const Rows& train, LassoModel model, std::size_t& unconverged) {
  auto matrix = expand_features(train.features.view(), model.features, model.recipe);
  if (!matrix) return tl::unexpected(matrix.error());
  const FittedScaler scaler = fit_scaler(matrix->view(), model.recipe.scaler);
  apply_scaler(*matrix, scaler);
  const auto folds = contiguous_folds(train.size(), model.recipe.folds);
  if (!folds) return tl::unexpected(folds.error());
  std::vector<double> measured = train.values(model.target);
  LassoOptions options = model.recipe.lasso;
  double intercept_factor = 1.0;
  if (model.recipe.relative) {
    if (std::any_of(measured.begin(), measured.end(), [](double y) { return !(y > 0.0); }))
      return fail(ErrorKind::kUnfit, "a measured value is not above 0, so there are no relative errors", {},
                  "Leave the row out, or train without relative errors");
    intercept_factor = make_relative(*matrix, measured, options);
  }
  auto fitted = lasso_cv(matrix->view(), measured, *folds, options);
  if (!fitted) return tl::unexpected(fitted.error());
  if (model.recipe.relative && model.recipe.lasso.fit_intercept) {
    fitted->fit.intercept = intercept_factor * fitted->fit.coefficients.back();
    fitted->fit.coefficients.pop_back();
  }

  for (std::size_t j = 0; j < fitted->fit.coefficients.size(); ++j) {
    const double coefficient = fitted->fit.coefficients[j];
    if (coefficient != 0.0)
      model.terms.push_back({static_cast<std::uint32_t>(j), coefficient, scaler.center[j], scaler.scale[j]});
  }
  unconverged = fitted->unconverged_fits + (fitted->fit.converged ? 0 : 1);
  model.intercept = fitted->fit.intercept;
  model.alpha = fitted->fit.alpha;
  model.alpha_index = fitted->alpha_index;
  model.iterations = fitted->fit.iterations;
  model.duality_gap = fitted->fit.duality_gap;
  model.alphas = std::move(fitted->alphas);
  model.mean_mse = std::move(fitted->mean_mse);
  for (std::size_t j = 0; j < train.features.columns; ++j) {
    const auto [low, high] =
        std::minmax_element(train.features.column(j).begin(), train.features.column(j).end());
    model.feature_min.push_back(*low);
    model.feature_max.push_back(*high);
  }
  return model;
}

/// One of the six: its model, or why there is none; either way what is doubtful about it.
struct Attempt {
  std::optional<LassoModel> model;
  std::optional<Error> error;
  std::vector<Warning> warnings;
};

void judge(const Split& split, const std::string& name, bool tests_wanted, Attempt& attempt) {
  LassoModel& model = *attempt.model;
  const auto& measured = split.train.values(model.target);
  model.train_metrics = *evaluate_metrics(measured, predict_all(model, split.train));
  if (split.test.size() != 0) {
    model.test_metrics = *evaluate_metrics(split.test.values(model.target), predict_all(model, split.test));
  } else if (tests_wanted) {
    attempt.warnings.push_back(
        {fmt::format("{}: no test network has rows of this kind, so there are no test metrics", name)});
  }
  if (std::all_of(measured.begin(), measured.end(), [&](double y) { return y == measured.front(); }))
    attempt.warnings.push_back(
        {fmt::format("{}: all {} training rows have the same value", name, measured.size())});
  if (split.train.networks.size() == 1)
    attempt.warnings.push_back(
        {fmt::format("{}: trained on one network ({}) alone", name, split.train.networks[0])});
}

Attempt attempt_model(ReferenceKind kind, Target target, const Split& split, const TrainOptions& options) {
  const std::string name = fmt::format("{} {}", to_string(kind), to_string(target));
  LassoModel model;
  model.kind = kind;
  model.target = target;
  for (const std::string_view feature : reference_feature_names(kind)) model.features.emplace_back(feature);
  model.recipe = recipe_for(options.recipes, kind, target);
  model.recipe.lasso.mode = options.mode;
  // The models share the threads; what is left over goes to each one's folds.
  model.recipe.lasso.jobs =
      std::max<std::size_t>(1, thread_count(options.jobs) / (kReferenceKinds.size() * kTargets.size()));
  model.train_networks = split.train.networks;
  model.test_networks = split.test.networks;
  model.train_rows = split.train.size();
  model.test_rows = split.test.size();

  Attempt attempt;
  if (split.train.size() < model.recipe.folds) {
    attempt.warnings.push_back({fmt::format("no model {}: {} training rows, {} folds need at least as many",
                                            name, split.train.size(), model.recipe.folds)});
    return attempt;
  }
  std::size_t unconverged = 0;
  auto fitted = fit_pipeline(split.train, std::move(model), unconverged);
  if (!fitted) {
    attempt.error = fitted.error();
    attempt.error->message = fmt::format("{}: {}", name, attempt.error->message);
    return attempt;
  }
  attempt.model = std::move(*fitted);
  judge(split, name, !options.test_networks.empty(), attempt);
  if (unconverged != 0)
    attempt.warnings.push_back({fmt::format("{}: a fit stopped before it converged", name), {}, unconverged});
  return attempt;
}

void warn_of_absent_test_networks(const TrainingSet& data, const TrainOptions& options, CostModel& out) {
  std::set<std::string_view> present;
  for (const auto& tables : data.reference)
    for (const ReferenceTable& table : tables) present.insert(table.network);
  for (const std::string& name : options.test_networks)
    if (!present.contains(name))
      out.warnings.push_back({fmt::format("the test network {} is not in the training set", name)});
}

}  // namespace

Expected<CostModel> train_lasso(const TrainingSet& data, const TrainOptions& options) {
  const std::set<std::string> test_networks(options.test_networks.begin(), options.test_networks.end());
  std::array<Split, kReferenceKinds.size()> splits;
  for (std::size_t k = 0; k < splits.size(); ++k)
    splits[k] = split_by_network(data.reference[k], test_networks,
                                 reference_feature_names(kReferenceKinds[k]).size());

  // Most work first, so that the last to finish is a small one. Folds of a model run in parallel too: the
  // longest model alone takes a good part of the whole time.
  constexpr std::array<std::pair<ReferenceKind, Target>, 6> kOrder = {{
      {ReferenceKind::kPooling, Target::kRunTime},
      {ReferenceKind::kConvolutional, Target::kPower},
      {ReferenceKind::kConvolutional, Target::kRunTime},
      {ReferenceKind::kPooling, Target::kPower},
      {ReferenceKind::kDense, Target::kPower},
      {ReferenceKind::kDense, Target::kRunTime},
  }};
  std::array<Attempt, kOrder.size()> attempts;
  std::atomic<std::size_t> finished = 0;
  parallel_for(kOrder.size(), options.jobs, [&](std::size_t i) {
    const auto [kind, target] = kOrder[i];
    const bool wanted = options.only.empty() ||
                        std::find(options.only.begin(), options.only.end(), kOrder[i]) != options.only.end();
    if (!wanted) return;
    attempts[i] = attempt_model(kind, target, splits[static_cast<std::size_t>(kind)], options);
    if (options.progress) options.progress("lasso models", ++finished, kOrder.size());
  });

  CostModel out;
  out.library_version = JOULECAST_VERSION;
  out.device = options.device;
  out.idle_power_w = options.idle_power_w;
  out.data_hash = hash_of(data);
  warn_of_absent_test_networks(data, options, out);
  for (const ReferenceKind kind : kReferenceKinds) {
    for (const Target target : kTargets) {
      const auto at = std::find(kOrder.begin(), kOrder.end(), std::pair(kind, target)) - kOrder.begin();
      Attempt& attempt = attempts[static_cast<std::size_t>(at)];
      if (attempt.error && attempt.error->kind != ErrorKind::kUnfit) return tl::unexpected(*attempt.error);
      if (attempt.error) attempt.warnings.push_back({"no model " + attempt.error->message});
      out.warnings.insert(out.warnings.end(), attempt.warnings.begin(), attempt.warnings.end());
      if (!attempt.model) continue;
      (attempt.model->recipe.relative ? out.relative_lasso : out.lasso).push_back(std::move(*attempt.model));
    }
  }
  if (out.lasso.empty() && out.relative_lasso.empty()) {
    std::string reasons;
    for (const Warning& warning : out.warnings) reasons += "; " + warning.message;
    return fail(ErrorKind::kUnfit, "no model can be trained" + reasons, {},
                "Measure more networks, or hold out fewer for the test (data.test_models in config.yaml)");
  }
  return out;
}

}  // namespace joulecast
