// model.json, the writing side. docs/model-file.md describes the file, docs/model.schema.json its shape; what
// is written here and read in model_reader.cpp must agree member by member.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/json_text.h"
#include "cost_model/columns.h"
#include "cost_model/model_file.h"
#include "cost_model/physical/model_json.h"

namespace joulecast {
namespace {

bool is_plain_polynomial(const LassoRecipe& recipe) {
  return recipe.least_degree == 1 && !recipe.interaction_only && recipe.bias;
}

/// Something that only version 4 has.
bool comes_from_elsewhere(const LassoModel& model) {
  return model.origin || !model.train_metrics || model.feature_min.empty() ||
         model.recipe.scaler == Scaler::kNone || !is_plain_polynomial(model.recipe);
}

/// Files of the reference's recipes alone stay readable to programs of version 1.
std::uint64_t version_of(const CostModel& model) {
  if (!model.physical.empty()) return 6;
  if (std::any_of(model.lasso.begin(), model.lasso.end(), comes_from_elsewhere)) return 4;
  return model.relative_lasso.empty() ? 1 : 3;
}

void write_recipe(JsonWriter& json, const LassoRecipe& recipe) {
  json.key("recipe").begin_object();
  json.member("degree", static_cast<std::uint64_t>(recipe.degree));
  json.member("log_scale", recipe.log_scale);
  if (recipe.relative) json.member("relative", true);
  if (!is_plain_polynomial(recipe)) {
    json.member("least_degree", static_cast<std::uint64_t>(recipe.least_degree));
    json.member("interaction_only", recipe.interaction_only).member("bias", recipe.bias);
  }
  json.member("special_terms", recipe.special_terms);
  json.member("scaler", to_string(recipe.scaler));
  json.member("folds", static_cast<std::uint64_t>(recipe.folds));
  json.key("lasso").begin_object(JsonWriter::kInline);
  json.member("mode", to_string(recipe.lasso.mode));
  json.member("positive", recipe.lasso.positive);
  json.member("fit_intercept", recipe.lasso.fit_intercept);
  json.member("n_alphas", static_cast<std::uint64_t>(recipe.lasso.alphas));
  json.member("eps", recipe.lasso.eps);
  json.member("max_iter", static_cast<std::uint64_t>(recipe.lasso.max_iterations));
  json.member("tol", recipe.lasso.tolerance);
  json.member("gap_tol", recipe.lasso.gap_tolerance);
  json.end_object().end_object();
}

void write_metrics(JsonWriter& json, std::string_view name, const std::optional<Metrics>& metrics) {
  json.key(name);
  if (!metrics) {
    json.null();
    return;
  }
  json.begin_object(JsonWriter::kInline);
  json.member("rmspe_percent", metrics->rmspe_percent).member("rmse", metrics->rmse);
  json.member("mse", metrics->mse);
  json.member("r2", std::isnan(metrics->r2) ? std::nullopt : std::optional(metrics->r2));
  json.member("mae", metrics->mae).member("mape", metrics->mape).end_object();
}

void write_model(JsonWriter& json, const LassoModel& model, std::span<const Column> columns) {
  json.begin_object();
  json.member("estimator", "lasso").member("kind", to_string(model.kind));
  json.member("target", to_string(model.target)).member("unit", unit_of(model.target));
  json.member("features", model.features);
  const auto write_range = [&](std::string_view name, const std::vector<double>& range) {
    json.member(name, range.empty() ? std::nullopt : std::optional(range));
  };
  write_range("feature_min", model.feature_min);
  write_range("feature_max", model.feature_max);
  if (model.origin) {
    json.key("origin").begin_object().member("file", model.origin->file);
    json.member("library", model.origin->library).member("sha256", model.origin->sha256);
    json.member("run_id", model.origin->run_id).end_object();
  }
  write_recipe(json, model.recipe);
  json.member("intercept", model.intercept);
  json.key("terms").begin_array();
  for (const LassoTerm& term : model.terms) {
    json.begin_object(JsonWriter::kInline).member("column", std::uint64_t{term.column});
    json.member("term", column_name(columns[term.column], model.features));
    json.member("coefficient", term.coefficient).member("center", term.center);
    json.member("scale", term.scale).end_object();
  }
  json.end_array();
  json.key("fit").begin_object();
  json.member("alpha", model.alpha).member("alpha_index", std::uint64_t{model.alpha_index});
  json.member("iterations", std::uint64_t{model.iterations}).member("duality_gap", model.duality_gap);
  json.member("train_networks", model.train_networks).member("test_networks", model.test_networks);
  json.member("train_rows", std::uint64_t{model.train_rows});
  json.member("test_rows", std::uint64_t{model.test_rows});
  write_metrics(json, "train_metrics", model.train_metrics);
  write_metrics(json, "test_metrics", model.test_metrics);
  json.member("alphas", model.alphas).member("mean_mse", model.mean_mse);
  json.end_object().end_object();
}

void write_leaderboard(JsonWriter& json, const std::vector<LeaderboardEntry>& board) {
  json.key("leaderboard").begin_array();
  for (const LeaderboardEntry& entry : board) {
    json.begin_object(JsonWriter::kInline).member("target", entry.target).member("kind", entry.kind);
    json.member("estimator", entry.estimator).member("layers", std::uint64_t{entry.layers});
    json.member("rmspe_percent", entry.rmspe_percent).member("chosen", entry.chosen).end_object();
  }
  json.end_array();
}

void write_end_to_end_model(JsonWriter& json, const EndToEndModel& model) {
  json.key("end_to_end").begin_object(JsonWriter::kInline);
  json.member("call_ms", model.call_ms).member("layer_ms", model.layer_ms);
  json.member("networks", std::uint64_t{model.networks});
  json.member("held_out_mape_percent", model.held_out_mape_percent);
  json.member("held_out_log_ratio", model.held_out_log_ratio);
  json.member("sum_mape_percent", model.sum_mape_percent).end_object();
}

}  // namespace

std::string_view unit_of(Target target) {
  return target == Target::kPower ? "W above idle" : "ms";
}

std::string_view to_string(LassoMode mode) {
  return mode == LassoMode::kCompat ? "compat" : "converged";
}

Expected<std::string> to_json(const CostModel& model) {
  JsonWriter json;
  json.begin_object();
  json.member("format", kModelFormat);
  const std::uint64_t version = version_of(model);
  json.member("format_version", version);
  json.member("library_version", model.library_version);
  json.member("device", model.device);
  json.member("data_hash", model.data_hash);
  json.member("idle_power_w", model.idle_power_w);
  if (version > 1) {
    json.key("physical").begin_array();
    for (const PhysicalModel& one : model.physical) write_physical(json, one);
    json.end_array();
    write_leaderboard(json, model.leaderboard);
  }
  if (version == 6 && model.end_to_end) write_end_to_end_model(json, *model.end_to_end);
  json.key("models").begin_array();
  for (const std::vector<LassoModel>* models : {&model.lasso, &model.relative_lasso}) {
    for (const LassoModel& one : *models) {
      const auto columns = pipeline_columns(one.features, one.recipe);
      if (!columns) return tl::unexpected(columns.error());
      for (const LassoTerm& term : one.terms)
        if (term.column >= columns->size())
          return fail(ErrorKind::kInternal, fmt::format("a model has no column {}", term.column), {},
                      "Please report it as a bug");
      write_model(json, one, *columns);
    }
  }
  json.end_array().end_object();
  if (json.non_finite())
    return fail(ErrorKind::kUnfit,
                fmt::format("the model holds a number that is not finite: {}", *json.non_finite()), {},
                "Check the training rows for absurd values");
  return json.take();
}

Expected<void> save_cost_model(const CostModel& model, const std::filesystem::path& folder) {
  auto text = to_json(model);
  if (!text) return tl::unexpected(text.error());
  return write_file_atomically(folder / kModelFileName, *text);
}

}  // namespace joulecast
