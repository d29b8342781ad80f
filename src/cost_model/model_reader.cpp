// model.json, the reading side: strict, since a model that is quietly misread predicts nonsense.
#include <algorithm>

#include <fmt/format.h>

#include "base/input_file.h"
#include "base/json_fault.h"
#include "cost_model/columns.h"
#include "cost_model/json_reader.h"
#include "cost_model/model_file.h"
#include "cost_model/physical/model_json.h"
#include "joulecast/sklearn_import.h"

namespace joulecast {
namespace {

constexpr const char* kRemedy = "Train again, or fetch the file again";
constexpr std::uint64_t kLargestCount = 1U << 30U;

std::size_t bounded_count(ObjectReader& reader, std::string_view key, std::uint64_t least) {
  const std::uint64_t value = reader.count(key);
  if (value < least || value > kLargestCount) reader.fault(key, fmt::format("{} is out of range", value));
  return static_cast<std::size_t>(std::min(value, kLargestCount));
}

LassoRecipe read_recipe(ObjectReader reader) {
  LassoRecipe recipe;
  recipe.degree = static_cast<int>(bounded_count(reader, "degree", 1));
  recipe.log_scale = reader.truth("log_scale");
  if (reader.has("relative")) recipe.relative = reader.truth("relative");
  if (reader.has("bias")) {
    recipe.bias = reader.truth("bias");
    recipe.interaction_only = reader.truth("interaction_only");
    recipe.least_degree = static_cast<int>(bounded_count(reader, "least_degree", 1));
  }
  recipe.special_terms = reader.text_lists("special_terms");
  const auto scaler = scaler_from(reader.text("scaler"));
  if (!scaler) reader.fault("scaler", "is none of standard, robust, minmax, none");
  recipe.scaler = scaler.value_or(Scaler::kStandard);
  recipe.folds = bounded_count(reader, "folds", 2);
  ObjectReader lasso = reader.object("lasso");
  const std::string mode = lasso.text("mode");
  recipe.lasso.mode = mode == to_string(LassoMode::kCompat) ? LassoMode::kCompat : LassoMode::kConverged;
  if (mode != to_string(recipe.lasso.mode)) lasso.fault("mode", "is neither converged nor compat");
  recipe.lasso.positive = lasso.truth("positive");
  recipe.lasso.fit_intercept = lasso.truth("fit_intercept");
  recipe.lasso.alphas = bounded_count(lasso, "n_alphas", 1);
  recipe.lasso.eps = lasso.number("eps");
  recipe.lasso.max_iterations = bounded_count(lasso, "max_iter", 1);
  recipe.lasso.tolerance = lasso.number("tol");
  recipe.lasso.gap_tolerance = lasso.number("gap_tol");
  lasso.finish();
  reader.finish();
  return recipe;
}

std::optional<Metrics> read_metrics(ObjectReader& fit, std::string_view key) {
  if (fit.is_null(key)) return std::nullopt;
  ObjectReader reader = fit.object(key);
  Metrics metrics;
  metrics.rmspe_percent = reader.number("rmspe_percent");
  metrics.rmse = reader.number("rmse");
  metrics.mse = reader.number("mse");
  metrics.r2 = reader.optional_number("r2").value_or(std::numeric_limits<double>::quiet_NaN());
  metrics.mae = reader.number("mae");
  metrics.mape = reader.number("mape");
  reader.finish();
  return metrics;
}

void read_fit(ObjectReader reader, LassoModel& model) {
  model.alpha = reader.number("alpha");
  model.alpha_index = reader.count("alpha_index");
  model.iterations = reader.count("iterations");
  model.duality_gap = reader.number("duality_gap");
  model.train_networks = reader.texts("train_networks");
  model.test_networks = reader.texts("test_networks");
  model.train_rows = reader.count("train_rows");
  model.test_rows = reader.count("test_rows");
  const auto train = read_metrics(reader, "train_metrics");
  if (!train && !model.origin) reader.fault("train_metrics", "is missing");
  model.train_metrics = train;
  model.test_metrics = read_metrics(reader, "test_metrics");
  model.alphas = reader.numbers("alphas");
  model.mean_mse = reader.numbers("mean_mse");
  if (model.alphas.size() != model.mean_mse.size())
    reader.fault("mean_mse",
                 fmt::format("has {} numbers for {} alphas", model.mean_mse.size(), model.alphas.size()));
  reader.finish();
}

void read_identity(ObjectReader& reader, LassoModel& model) {
  if (reader.text("estimator") != "lasso")
    reader.fault("estimator", "is one this version does not know (it knows: lasso)");
  const auto kind = reference_kind_from(reader.text("kind"));
  if (!kind) return reader.fault("kind", "is none of convolutional, pooling, dense");
  model.kind = *kind;
  const auto target = target_from(reader.text("target"));
  if (!target) return reader.fault("target", "is neither power nor runtime");
  model.target = *target;
  if (reader.text("unit") != unit_of(model.target))
    reader.fault("unit", fmt::format("is not {}", unit_of(model.target)));
}

void read_features(ObjectReader& reader, LassoModel& model) {
  model.features = reader.texts("features");
  if (reader.has("origin")) {
    ObjectReader origin = reader.object("origin");
    model.origin = {origin.text("file"), origin.text("library"), origin.text("sha256"),
                    origin.text("run_id")};
    origin.finish();
  }
  const auto names = reference_feature_names(model.kind);
  if (!std::equal(names.begin(), names.end(), model.features.begin(), model.features.end()))
    reader.fault("features", "are not those of this kind of layer");
  const auto numbers = [&](const char* key) {
    if (model.origin && reader.is_null(key)) return std::vector<double>();
    std::vector<double> values = reader.numbers(key);
    if (values.size() != names.size())
      reader.fault(key, fmt::format("has {} numbers for {} features", values.size(), names.size()));
    return values;
  };
  model.feature_min = numbers("feature_min");
  model.feature_max = numbers("feature_max");
}

void read_terms(ObjectReader& reader, LassoModel& model, JsonFaults& faults) {
  if (faults.error()) return;
  const auto columns = pipeline_columns(model.features, model.recipe);
  if (!columns) return reader.fault("recipe", columns.error().message);
  reader.for_each("terms", [&](const simdjson::dom::element& element, const std::string& place) {
    ObjectReader one(element, reader.path_of(place), faults);
    const std::uint64_t column = one.count("column");
    if (column >= columns->size())
      return one.fault("column", fmt::format("{} is not below {}", column, columns->size()));
    if (!model.terms.empty() && column <= model.terms.back().column)
      return one.fault("column", "does not ascend");
    const std::string name = column_name((*columns)[column], model.features);
    if (one.text("term") != name) one.fault("term", fmt::format("is not {}, the name of its column", name));
    model.terms.push_back({static_cast<std::uint32_t>(column), one.number("coefficient"),
                           one.number("center"), one.number("scale")});
    if (!is_scale(model.terms.back().scale)) one.fault("scale", kNoScale);
    one.finish();
  });
}

void read_physical_models(ObjectReader& document, CostModel& model, JsonFaults& faults) {
  document.for_each("physical", [&](const simdjson::dom::element& element, const std::string& place) {
    PhysicalModel one = read_physical(ObjectReader(element, place, faults), faults);
    if (model.find(one.target) != nullptr) return faults.add(place, "is a second model of the same target");
    model.physical.push_back(std::move(one));
  });
}

void read_leaderboard(ObjectReader& document, CostModel& model, JsonFaults& faults) {
  document.for_each("leaderboard", [&](const simdjson::dom::element& element, const std::string& place) {
    ObjectReader reader(element, place, faults);
    LeaderboardEntry entry;
    entry.target = reader.text("target");
    entry.kind = reader.text("kind");
    entry.estimator = reader.text("estimator");
    entry.layers = reader.count("layers");
    entry.rmspe_percent = reader.number("rmspe_percent");
    entry.chosen = reader.truth("chosen");
    reader.finish();
    model.leaderboard.push_back(std::move(entry));
  });
}

std::optional<EndToEndModel> read_end_to_end_model(ObjectReader reader) {
  EndToEndModel model;
  const auto at_least_0 = [&](std::string_view key) {
    const double value = reader.number(key);
    if (value < 0.0) reader.fault(key, "is below 0");
    return value;
  };
  model.call_ms = at_least_0("call_ms");
  model.layer_ms = reader.number("layer_ms");
  model.networks = reader.count("networks");
  model.held_out_mape_percent = at_least_0("held_out_mape_percent");
  model.held_out_log_ratio = at_least_0("held_out_log_ratio");
  model.sum_mape_percent = at_least_0("sum_mape_percent");
  reader.finish();
  return model;
}

void read_models(ObjectReader& document, CostModel& model, JsonFaults& faults) {
  document.for_each("models", [&](const simdjson::dom::element& element, const std::string& place) {
    ObjectReader reader(element, place, faults);
    LassoModel one;
    read_identity(reader, one);
    if (faults.error()) return;
    read_features(reader, one);
    one.recipe = read_recipe(reader.object("recipe"));
    if (faults.error()) return;
    if (model.find(one.kind, one.target, one.recipe.relative) != nullptr)
      return faults.add(place, "is a second model of the same kind and target");
    one.intercept = reader.number("intercept");
    read_terms(reader, one, faults);
    read_fit(reader.object("fit"), one);
    reader.finish();
    (one.recipe.relative ? model.relative_lasso : model.lasso).push_back(std::move(one));
  });
  if (!faults.error() && model.lasso.empty() && model.relative_lasso.empty() && model.physical.empty())
    faults.add("models", "is empty", kRemedy);
}

}  // namespace

Expected<CostModel> parse_cost_model(std::string_view text, std::string_view source) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (const auto code = parser.parse(simdjson::padded_string(text)).get(root); code != simdjson::SUCCESS)
    return tl::unexpected(json_fault(text, source, simdjson::error_message(code), kRemedy));

  JsonFaults faults(source);
  ObjectReader document(root, "", faults);
  CostModel model;
  if (document.text("format") != kModelFormat)
    document.fault("format", fmt::format("is not {}: this is no model file", kModelFormat));
  const std::uint64_t version = document.count("format_version");
  if (version == 0 || version > CostModel::kFormatVersion)
    faults.add("format_version",
               fmt::format("{} is not known; this program reads versions up to {}", version,
                           CostModel::kFormatVersion),
               "Use a newer joulecast, or train the models again with this one");
  model.library_version = document.text("library_version");
  model.device = document.text("device");
  model.data_hash = document.text("data_hash");
  model.idle_power_w = document.optional_number("idle_power_w");
  if (model.idle_power_w && *model.idle_power_w < 0.0) document.fault("idle_power_w", "is below 0");
  if (version >= 3) {
    read_physical_models(document, model, faults);
    read_leaderboard(document, model, faults);
  }
  // Their terms had another meaning, and no release has written them.
  if (version == 2 || version == 5 || (version < 6 && !model.physical.empty()))
    faults.add("format_version", fmt::format("{} is of a development version", version), kRemedy);
  if (version >= 6 && document.has("end_to_end"))
    model.end_to_end = read_end_to_end_model(document.object("end_to_end"));
  read_models(document, model, faults);
  document.finish();
  if (faults.error()) {
    Error error = *faults.error();
    if (error.hint.empty()) error.hint = kRemedy;
    return tl::unexpected(std::move(error));
  }
  return model;
}

Expected<CostModel> load_cost_model(const std::filesystem::path& path) {
  std::error_code code;
  const bool is_folder = std::filesystem::is_directory(path, code);
  const std::filesystem::path file = is_folder ? path / kModelFileName : path;
  if (!(is_folder && std::filesystem::exists(file, code)) && is_sklearn_model(path))
    return import_sklearn_models(path);
  if (is_folder && !std::filesystem::exists(file, code))
    return fail(ErrorKind::kUnreadable, fmt::format("the folder has no {}", kModelFileName), {path.string()},
                "Name the folder that `joulecast train --out` or `joulecast models import --out` wrote");
  const auto text = read_whole_file(file);
  if (!text) return tl::unexpected(text.error());
  return parse_cost_model(*text, file.string());
}

}  // namespace joulecast
