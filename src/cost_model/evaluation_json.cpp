// The evaluation as JSON (docs/interface.md).
#include <algorithm>
#include <cmath>

#include "base/json_text.h"
#include "joulecast/evaluation.h"

namespace joulecast {
namespace {

std::optional<double> unless_nan(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

void write_members(JsonWriter& json, const Accuracy& a) {
  json.member("layers", std::uint64_t{a.layers}).member("rmspe_percent", unless_nan(a.rmspe_percent));
  json.member("mape_percent", unless_nan(a.mape_percent));
  json.member("median_ape_percent", unless_nan(a.median_ape_percent));
  json.member("weighted_rmspe_percent", unless_nan(a.time_weighted_rmspe_percent));
  json.member("within_5_percent", unless_nan(a.within_5_percent));
  json.member("within_10_percent", unless_nan(a.within_10_percent));
  json.member("median_log_ratio_percent", unless_nan(a.log_ratio_percent));
  json.member("spearman", unless_nan(a.spearman))
      .member("sum_error_percent", unless_nan(a.sum_error_percent));
  json.member("coverage_90_percent", unless_nan(a.coverage_percent));
  json.member("naive_rmspe_percent", unless_nan(a.naive_rmspe_percent));
  json.member("lasso_rmspe_percent", unless_nan(a.lasso_rmspe_percent));
  json.member("relative_lasso_rmspe_percent", unless_nan(a.relative_lasso_rmspe_percent));
  json.member("lasso_layers", std::uint64_t{a.lasso_layers});
}

void write_totals(JsonWriter& json, const std::vector<NetworkTotal>& totals) {
  json.key("network_sum_error_percent");
  std::vector<double> errors;
  for (const NetworkTotal& total : totals)
    errors.push_back(100.0 * std::abs(total.predicted / total.measured - 1.0));
  if (errors.empty()) {
    json.null();
    return;
  }
  std::sort(errors.begin(), errors.end());
  const std::size_t n = errors.size();
  const double median = n % 2 == 1 ? errors[n / 2] : (errors[n / 2 - 1] + errors[n / 2]) / 2.0;
  json.begin_object(JsonWriter::kInline).member("median", median).member("max", errors.back()).end_object();
}

void write_worst(JsonWriter& json, const std::vector<HeldOutLayer>& layers) {
  constexpr std::size_t kWorst = 10;
  std::vector<const HeldOutLayer*> order;
  for (const HeldOutLayer& layer : layers) order.push_back(&layer);
  const auto size = [](const HeldOutLayer* l) { return std::abs(std::log(l->predicted / l->measured)); };
  std::stable_sort(order.begin(), order.end(),
                   [&](const auto* a, const auto* b) { return size(a) > size(b); });
  if (order.size() > kWorst) order.resize(kWorst);
  json.key("worst_layers").begin_array();
  for (const HeldOutLayer* layer : order) {
    json.begin_object(JsonWriter::kInline)
        .member("network", layer->network)
        .member("layer_name", layer->layer_name);
    json.member("kind", to_string(layer->kind)).member("measured", layer->measured);
    json.member("predicted", layer->predicted).member("distance", layer->distance).end_object();
  }
  json.end_array();
}

void write_group(JsonWriter& json, std::string_view name, const std::map<std::string, Accuracy>& groups) {
  json.key(name).begin_object();
  for (const auto& [key, accuracy] : groups) {
    json.key(key).begin_object(JsonWriter::kInline);
    write_members(json, accuracy);
    json.end_object();
  }
  json.end_object();
}

}  // namespace

std::string to_json(const Evaluation& evaluation) {
  JsonWriter json;
  json.begin_object().member("groups", to_string(evaluation.groups));
  json.member("group_count", std::uint64_t{evaluation.group_count});
  json.key("targets").begin_object();
  for (const TargetEvaluation& target : evaluation.targets) {
    json.key(target.target).begin_object();
    write_members(json, target.all);
    write_totals(json, target.totals);
    write_group(json, "by_kind", target.by_kind);
    write_worst(json, target.layers);
    json.end_object();
  }
  json.end_object();
  json.key("by_network").begin_array();
  for (const TargetEvaluation& target : evaluation.targets) {
    for (const auto& [network, accuracy] : target.by_network) {
      json.begin_object(JsonWriter::kInline).member("network", network).member("target", target.target);
      write_members(json, accuracy);
      json.end_object();
    }
  }
  json.end_array();
  json.key("leaderboard").begin_array();
  for (const LeaderboardEntry& entry : evaluation.leaderboard) {
    json.begin_object(JsonWriter::kInline)
        .member("target", entry.target)
        .member("kind", entry.kind)
        .member("estimator", entry.estimator);
    json.member("layers", std::uint64_t{entry.layers});
    json.member("rmspe_percent", unless_nan(entry.rmspe_percent)).member("chosen", entry.chosen).end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace joulecast
