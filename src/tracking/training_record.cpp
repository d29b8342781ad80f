// What a training looks like on a server: the reference's names of runs, metrics and parameters, and ours.
#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json_text.h"
#include "joulecast/mlflow_model.h"
#include "joulecast/tracking.h"
#include "tracking/git_commit.h"
#include "tracking/lasso_run.h"

namespace joulecast {
namespace {

using tracking::lasso_metrics;
using tracking::lasso_params;
using tracking::python_truth;

std::string new_key() {
  std::random_device random;
  std::string key;
  for (int word = 0; word < 4; ++word) key += fmt::format("{:08x}", random());
  return key;
}

/// Names in a registry may hold neither '/' nor ':'.
std::string registry_name(std::string name) {
  for (char& c : name)
    if (c == '/' || c == ':') c = '_';
  return name;
}

void write_metrics(JsonWriter& json, std::string_view name, const std::optional<Metrics>& metrics) {
  json.key(name);
  if (!metrics) {
    json.null();
    return;
  }
  json.begin_object(JsonWriter::kInline).member("rmspe_percent", metrics->rmspe_percent);
  json.member("rmse", metrics->rmse).member("mse", metrics->mse).member("r2", metrics->r2);
  json.member("mae", metrics->mae).member("mape", metrics->mape).end_object();
}

void write_evaluation(JsonWriter& json, const LassoModel& model) {
  json.begin_object()
      .member("model", mlflow_model_name(model))
      .member("train_networks", model.train_networks);
  json.member("test_networks", model.test_networks).member("train_rows", std::uint64_t{model.train_rows});
  json.member("test_rows", std::uint64_t{model.test_rows});
  write_metrics(json, "train_metrics", model.train_metrics);
  write_metrics(json, "test_metrics", model.test_metrics);
  json.end_object();
}

std::string evaluation_json(const CostModel& model) {
  JsonWriter json;
  json.begin_object().key("models").begin_array();
  for (const LassoModel& one : model.lasso) write_evaluation(json, one);
  for (const LassoModel& one : model.relative_lasso) write_evaluation(json, one);
  json.end_array().key("leaderboard").begin_array();
  for (const LeaderboardEntry& entry : model.leaderboard) {
    json.begin_object(JsonWriter::kInline).member("target", entry.target).member("kind", entry.kind);
    json.member("estimator", entry.estimator).member("layers", std::uint64_t{entry.layers});
    json.member("rmspe_percent", entry.rmspe_percent).member("chosen", entry.chosen).end_object();
  }
  json.end_array().end_object();
  return json.take();
}

/// The files of a run: everything a run carries is listed here. `part` holds the models that the run is of;
/// what lies below model/ is what the registry's version is made of.
std::vector<RunArtifact> artifacts_of(const CostModel& part, std::string evaluation) {
  std::vector<RunArtifact> artifacts;
  if (auto files = mlflow_model_files(part)) {
    for (ModelFile& file : *files)
      artifacts.push_back({"model/" + std::move(file.name), std::move(file.content)});
  } else if (auto text = to_json(part)) {  // of several models
    artifacts.push_back({"model/model.json", std::move(*text)});
  }
  artifacts.push_back({"evaluation.json", std::move(evaluation)});
  return artifacts;
}

std::string held_out_words(const Metrics& metrics) {
  return fmt::format("RMSPE {:.2f} %, MAPE {:.2f} %, R2 {:.3f}", metrics.rmspe_percent, 100.0 * metrics.mape,
                     metrics.r2);
}

RunRecord run_of(const LassoModel& model, const CostModel& all) {
  RunRecord run;
  run.name = mlflow_model_name(model);
  run.params = lasso_params(model);
  run.metrics = lasso_metrics(model);
  run.tags = {{"estimator_name", "lasso"}};
  JsonWriter json;
  write_evaluation(json, model);
  run.artifacts = artifacts_of(alone(model, all), json.take());
  ModelRegistration registration;
  registration.name = run.name;
  registration.description =
      fmt::format("Trained on {} rows of {} networks.", model.train_rows, model.train_networks.size());
  if (model.test_metrics) {
    const std::string networks = fmt::format("{}", fmt::join(model.test_networks, ", "));
    registration.score = model.test_metrics->rmspe_percent;
    registration.score_basis = fmt::format("{} rows of {}", model.test_rows, networks);
    registration.description +=
        fmt::format(" On {}, held out: {}.", networks, held_out_words(*model.test_metrics));
  }
  run.registration = std::move(registration);
  return run;
}

RunRecord run_of(const PhysicalModel& model, const CostModel& all) {
  RunRecord run;
  run.name = mlflow_model_name(model);
  run.tags = {{"estimator_name", "physical"}};
  run.params = {{"train_num_cnn_models", std::to_string(model.networks.size())},
                {"model_type", std::string(to_string(model.target))},
                {"recipes", std::to_string(model.fits.size())},
                {"residual", python_truth(model.residual.has_value())},
                {"train_networks", fmt::format("{}", fmt::join(model.networks, ", "))}};
  run.metrics = {{"training_rows", static_cast<double>(model.layers), 0}};
  const std::optional<double> best = best_held_out_rmspe_percent(model);
  if (best) run.metrics.push_back({"held_out_root_mean_squared_percentage_error", *best, 0});
  JsonWriter json;
  json.begin_object().member("model", run.name).member("train_networks", model.networks);
  json.member("layers", std::uint64_t{model.layers}).member("held_out_rmspe_percent", best).end_object();
  run.artifacts = artifacts_of(alone(model, all), json.take());
  ModelRegistration registration;
  registration.name = run.name;
  registration.score = best;
  registration.score_basis =
      fmt::format("validation on {} layers of {}", model.layers, fmt::join(model.networks, ", "));
  registration.description =
      fmt::format("Physical model from {} layers of {} networks. {}", model.layers, model.networks.size(),
                  best ? fmt::format("RMSPE {:.2f} % on layers held out.", *best)
                       : std::string("Nothing could be held out to judge it by."));
  run.registration = std::move(registration);
  return run;
}

/// What a whole program is judged by: its lassos' mean error on held-out networks, or what validation says of
/// run times.
void judge(const CostModel& model, ModelRegistration& registration) {
  for (const LeaderboardEntry& entry : model.leaderboard) {
    if (!entry.chosen || entry.target != "run_time" || entry.kind != "all") continue;
    registration.score = entry.rmspe_percent;
    registration.score_basis = fmt::format("run times of {} layers, validation", entry.layers);
    return;
  }
  double sum = 0.0;
  std::size_t count = 0;
  std::size_t rows = 0;
  for (const LassoModel& one : model.lasso) {
    if (!one.test_metrics) continue;
    sum += one.test_metrics->rmspe_percent;
    rows += one.test_rows;
    ++count;
  }
  if (count == 0) return;
  registration.score = sum / static_cast<double>(count);
  registration.score_basis = fmt::format("mean of {} lassos on {} held-out rows", count, rows);
}

RunRecord parent_of(const CostModel& model, const TrainingContext& context) {
  RunRecord run;
  const std::string name = model.device.empty() ? context.experiment : model.device;
  run.name = "training of " + name;
  run.params = {{"estimator", context.estimator},
                {"test_networks", fmt::format("{}", fmt::join(context.test_networks, ", "))},
                {"device", model.device},
                {"lasso_models", std::to_string(model.lasso.size() + model.relative_lasso.size())},
                {"physical_models", std::to_string(model.physical.size())}};
  for (const LeaderboardEntry& entry : model.leaderboard)
    run.metrics.push_back(
        {fmt::format("held_out_rmspe_percent/{}/{}/{}", entry.target, entry.kind, entry.estimator),
         entry.rmspe_percent, 0});
  for (const LassoModel& one : model.lasso)
    if (one.test_metrics)
      run.metrics.push_back(
          {fmt::format("testing_root_mean_squared_percentage_error/{}", mlflow_model_name(one)),
           one.test_metrics->rmspe_percent, 0});
  run.artifacts = artifacts_of(model, evaluation_json(model));
  ModelRegistration registration;
  registration.name = registry_name("joulecast-" + name);
  judge(model, registration);
  registration.description =
      fmt::format("All {} models of one training.",
                  model.lasso.size() + model.relative_lasso.size() + model.physical.size());
  if (registration.score)
    registration.description +=
        fmt::format(" RMSPE {:.2f} % ({}).", *registration.score, registration.score_basis);
  run.registration = std::move(registration);
  return run;
}

void add_common_tags(const CostModel& model, const TrainingContext& context, const std::string& commit,
                     RunRecord& run) {
  const auto tag = [&](const char* key, const std::string& value) {
    if (!value.empty()) run.tags.emplace_back(key, value);
  };
  tag("mlflow.user", context.user);
  tag("mlflow.source.name", "joulecast");
  tag("mlflow.source.type", "LOCAL");
  tag("mlflow.source.git.commit", commit);
  tag("joulecast.version", model.library_version);
  tag("joulecast.data_hash", model.data_hash);
  tag("joulecast.device", model.device);
  if (run.registration) tag("mlflow.note.content", run.registration->description);
}

constexpr std::array<std::pair<Promotion, std::string_view>, 3> kPromotions = {
    {{Promotion::kAuto, "auto"}, {Promotion::kAlways, "always"}, {Promotion::kNever, "never"}}};

}  // namespace

std::string_view to_string(Promotion promotion) {
  return kPromotions[static_cast<std::size_t>(promotion)].second;
}

std::optional<Promotion> promotion_from(std::string_view name) {
  for (const auto& [promotion, word] : kPromotions)
    if (word == name) return promotion;
  return std::nullopt;
}

TrainingRecord describe_training(const CostModel& model, const TrainingContext& context) {
  TrainingRecord record;
  record.key = new_key();
  record.uri = context.uri;
  record.experiment = context.experiment;
  record.promotion = context.promotion;
  record.start_ms = context.start_ms;
  record.end_ms = context.end_ms;
  record.parent = parent_of(model, context);
  for (const LassoModel& one : model.lasso) record.models.push_back(run_of(one, model));
  for (const LassoModel& one : model.relative_lasso) record.models.push_back(run_of(one, model));
  for (const PhysicalModel& one : model.physical) record.models.push_back(run_of(one, model));
  const std::string commit = tracking::git_commit_around(context.source);
  add_common_tags(model, context, commit, record.parent);
  for (RunRecord& run : record.models) {
    add_common_tags(model, context, commit, run);
    const auto figures = context.figures.find(run.name);
    if (figures == context.figures.end()) continue;
    run.artifacts.insert(run.artifacts.end(), figures->second.begin(), figures->second.end());
  }
  return record;
}

}  // namespace joulecast
