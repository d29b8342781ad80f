#include "tracking/runs.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace joulecast::tracking {
namespace {

constexpr std::size_t kLongestKey = 250;
constexpr std::size_t kLongestParam = 6000;
constexpr std::size_t kLongestTag = 5000;  // of runs 8000, of registered models 5000

Run run_of(const Json& run) {
  Run out{text_at(run, {"info", "run_id"}), text_at(run, {"info", "artifact_uri"}),
          text_at(run, {"info", "status"})};
  out.deleted = text_at(run, {"info", "lifecycle_stage"}) == "deleted";
  return out;
}

Json pairs(const Pairs& from, std::size_t longest) {
  Json list = Json::array();
  for (const auto& [key, value] : from)
    list.push_back({{"key", accepted_key(key)}, {"value", accepted_value(value, longest)}});
  return list;
}

/// JSON has no NaN, and a server takes null for 0: the names that it knows.
Json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

/// Whether the server has a metric's value of this step.
ApiResult<bool> has_metric(Rest& rest, const std::string& run, const RunMetric& metric) {
  Rest::Parameters parameters = {
      {"run_id", run}, {"metric_key", accepted_key(metric.key)}, {"max_results", "25000"}};
  for (;;) {
    const auto page = rest.get("metrics/get-history", parameters);
    if (!page) return tl::unexpected(page.error());
    for (const Json& one : page->value("metrics", Json::array()))
      if (one.value("step", std::int64_t{0}) == metric.step) return true;
    const std::string next = page->value("next_page_token", "");
    if (next.empty()) return false;
    parameters.resize(3);
    parameters.emplace_back("page_token", next);
  }
}

ApiResult<std::string> restored(Rest& rest, const std::string& id) {
  const auto done = rest.post("experiments/restore", {{"experiment_id", id}});
  if (!done) return tl::unexpected(done.error());
  return id;
}

}  // namespace

std::string accepted_key(std::string_view key) {
  std::string out(key.substr(0, kLongestKey));
  for (char& c : out) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && std::string_view("_/-. ").find(c) == std::string_view::npos) c = '_';
  }
  return out;
}

std::string accepted_value(std::string_view value, std::size_t longest) {
  if (value.size() <= longest) return std::string(value);
  std::size_t end = longest - 3;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;  // a whole character
  return std::string(value.substr(0, end)) + "...";
}

ApiResult<std::string> experiment_id(Rest& rest, const std::string& name) {
  // Another program may make it between our question and our call: then the second question finds it.
  for (const bool last : {false, true}) {
    const auto found = rest.get("experiments/get-by-name", {{"experiment_name", name}});
    if (found) {
      std::string id = text_at(*found, {"experiment", "experiment_id"});
      if (id.empty()) return tl::unexpected(odd_answer(rest, "experiments/get-by-name"));
      if (text_at(*found, {"experiment", "lifecycle_stage"}) == "deleted") return restored(rest, id);
      return id;
    }
    if (!found.error().is_absent() || last) return tl::unexpected(found.error());
    const auto made = rest.post("experiments/create", {{"name", name}});
    if (made) {
      std::string id = text_at(*made, {"experiment_id"});
      if (id.empty()) return tl::unexpected(odd_answer(rest, "experiments/create"));
      return id;
    }
    if (!made.error().already_exists()) return tl::unexpected(made.error());
  }
  return tl::unexpected(odd_answer(rest, "experiments/create"));
}

ApiResult<std::optional<Run>> find_run(Rest& rest, const std::string& experiment, const std::string& key) {
  const auto found = rest.post("runs/search", {{"experiment_ids", {experiment}},
                                               {"filter", fmt::format("tags.`{}` = '{}'", kRunKeyTag, key)},
                                               {"run_view_type", "ALL"},
                                               {"max_results", 2}});
  if (!found) return tl::unexpected(found.error());
  const Json runs = found->value("runs", Json::array());
  if (!runs.is_array() || runs.empty()) return std::nullopt;
  Run run = run_of(runs.front());
  if (run.id.empty()) return tl::unexpected(odd_answer(rest, "runs/search"));
  run.found = true;
  return run;
}

ApiResult<Run> run_with_key(Rest& rest, const NewRun& wanted, bool maybe_there) {
  Pairs tags = wanted.tags;
  tags.emplace_back(kRunKeyTag, wanted.key);
  const Json body = {{"experiment_id", wanted.experiment},
                     {"run_name", wanted.name},
                     {"user_id", wanted.user},
                     {"start_time", wanted.start_ms},
                     {"tags", pairs(tags, kLongestTag)}};
  for (int attempt = 0;; ++attempt) {
    auto found = maybe_there || attempt > 0 ? find_run(rest, wanted.experiment, wanted.key)
                                            : ApiResult<std::optional<Run>>(std::nullopt);
    if (!found) return tl::unexpected(found.error());
    if (*found) {
      if ((*found)->deleted) {
        const auto restored_run = rest.post("runs/restore", {{"run_id", (*found)->id}});
        if (!restored_run) return tl::unexpected(restored_run.error());
      }
      return std::move(**found);
    }
    const auto made = rest.post("runs/create", body, false);
    if (made) {
      Run run = made->contains("run") ? run_of((*made)["run"]) : Run{};
      if (run.id.empty()) return tl::unexpected(odd_answer(rest, "runs/create"));
      return run;
    }
    // After a lost answer the run may be there: it is looked for before it is made again.
    if (!made.error().uncertain || attempt >= rest.server().retries) return tl::unexpected(made.error());
  }
}

std::vector<Batch> batches_of(const Pairs& params, const std::vector<RunMetric>& metrics) {
  std::vector<Batch> batches;
  std::size_t param = 0;
  std::size_t metric = 0;
  while (param < params.size() || metric < metrics.size()) {
    Batch batch;
    while (param < params.size() && batch.params.size() < kParamsInBatch)
      batch.params.push_back(params[param++]);
    const std::size_t room = std::min(kMetricsInBatch, kEntriesInBatch - batch.params.size());
    while (metric < metrics.size() && batch.metrics.size() < room) batch.metrics.push_back(metrics[metric++]);
    batches.push_back(std::move(batch));
  }
  return batches;
}

ApiResult<void> log_batch(Rest& rest, const std::string& run, const Batch& batch, std::int64_t time_ms,
                          const ModelMetrics& of_model, bool maybe_there) {
  Json metrics = Json::array();
  for (const RunMetric& metric : batch.metrics) {
    metrics.push_back({{"key", accepted_key(metric.key)},
                       {"value", number(metric.value)},
                       {"timestamp", time_ms},
                       {"step", metric.step}});
    if (!of_model.model.empty() && of_model.keys.contains(metric.key))
      metrics.back()["model_id"] = of_model.model;
  }
  const Json body = {{"run_id", run}, {"metrics", metrics}, {"params", pairs(batch.params, kLongestParam)}};
  // Params and tags may be sent twice; a metric sent twice would be two points of its curve. A batch is
  // stored in order, so that its last metric tells.
  if (batch.metrics.empty()) {
    const auto done = rest.post("runs/log-batch", body);
    if (!done) return tl::unexpected(done.error());
    return {};
  }
  return post_once(rest, "runs/log-batch", body, maybe_there,
                   [&] { return has_metric(rest, run, batch.metrics.back()); });
}

ApiResult<void> finish_run(Rest& rest, const std::string& run, std::int64_t end_ms) {
  const auto done = rest.post("runs/update", {{"run_id", run}, {"status", "FINISHED"}, {"end_time", end_ms}});
  if (!done) return tl::unexpected(done.error());
  return {};
}

}  // namespace joulecast::tracking
