#include "tracking/run_model.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "tracking/model_flavors.h"
#include "tracking/yaml_text.h"

namespace joulecast::tracking {
namespace {

/// 2026-11-23 19:30:29.490000, in UTC.
std::string utc_text(std::int64_t time_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(time_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}000", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

ApiResult<Json> run_with_id(Rest& rest, const std::string& run) {
  const auto found = rest.get("runs/get", {{"run_id", run}});
  if (!found) return tl::unexpected(found.error());
  return found->value("run", Json::object());
}

/// Whether a model was logged to the run: MLflow 2 keeps a list of them in a tag.
ApiResult<bool> has_model_tag(Rest& rest, const std::string& run) {
  const auto found = run_with_id(rest, run);
  if (!found) return tl::unexpected(found.error());
  const Json data = found->value("data", Json::object());
  const Json tags = data.value("tags", Json::array());
  return std::any_of(tags.begin(), tags.end(),
                     [](const Json& tag) { return text_at(tag, {"key"}) == kLoggedModelsTag; });
}

/// Whether the run says that a logged model is its own. Another call would be refused.
ApiResult<bool> has_output(Rest& rest, const std::string& run, const std::string& model) {
  const auto found = run_with_id(rest, run);
  if (!found) return tl::unexpected(found.error());
  const Json outputs = found->value("outputs", Json::object());
  const Json models = outputs.value("model_outputs", Json::array());
  return std::any_of(models.begin(), models.end(),
                     [&](const Json& one) { return text_at(one, {"model_id"}) == model; });
}

LoggedModel logged_model_of(const Json& model) {
  return {text_at(model, {"info", "model_id"}), text_at(model, {"info", "artifact_uri"}),
          text_at(model, {"info", "status"})};
}

ApiResult<Json> search_logged_models(Rest& rest, const std::string& experiment, const std::string& filter) {
  auto found = rest.post("logged-models/search",
                         {{"experiment_ids", {experiment}}, {"filter", filter}, {"max_results", 1}});
  if (!found) return tl::unexpected(found.error());
  return found->value("models", Json::array());
}

}  // namespace

ApiResult<bool> knows_logged_models(Rest& rest, const std::string& experiment) {
  const auto found = search_logged_models(rest, experiment, "");
  if (found) return true;
  if (found.error().is_unknown_call()) return false;
  return tl::unexpected(found.error());
}

ApiResult<LoggedModel> logged_model_with_key(Rest& rest, const NewLoggedModel& wanted, bool maybe_there) {
  const Json body = {{"experiment_id", wanted.experiment},
                     {"name", wanted.name},
                     {"source_run_id", wanted.run},
                     {"tags", {{{"key", kModelKeyTag}, {"value", wanted.key}}}}};
  const std::string filter = fmt::format("tags.`{}` = '{}'", kModelKeyTag, wanted.key);
  for (int attempt = 0;; ++attempt) {
    if (maybe_there || attempt > 0) {
      const auto found = search_logged_models(rest, wanted.experiment, filter);
      if (!found) return tl::unexpected(found.error());
      if (!found->empty()) return logged_model_of(found->front());
    }
    const auto made = rest.post("logged-models", body, false);
    if (made) {
      LoggedModel model = logged_model_of(made->value("model", Json::object()));
      if (model.id.empty() || model.artifact_uri.empty())
        return tl::unexpected(odd_answer(rest, "logged-models"));
      return model;
    }
    if (!made.error().uncertain || attempt >= rest.server().retries) return tl::unexpected(made.error());
  }
}

ApiResult<void> finish_logged_model(Rest& rest, const std::string& run, const LoggedModel& model,
                                    bool maybe_there) {
  if (model.ready()) return {};  // the last of the two calls was carried out
  const Json output = {{"run_id", run}, {"models", {{{"model_id", model.id}, {"step", 0}}}}};
  if (auto told = post_once(rest, "runs/outputs", output, maybe_there,
                            [&] { return has_output(rest, run, model.id); });
      !told)
    return told;
  const auto ready = rest.send("PATCH", "logged-models/" + model.id,
                               {{"model_id", model.id}, {"status", "LOGGED_MODEL_READY"}});
  if (!ready) return tl::unexpected(ready.error());
  return {};
}

ApiResult<void> log_model(Rest& rest, const std::string& run, std::int64_t time_ms, bool maybe_there) {
  const Json flavors = {{"onnx", {{"data", kOnnxFile}, {"onnx_version", kOnnxVersion}}},
                        {"python_function", {{"data", kOnnxFile}, {"loader_module", kLoader}}}};
  const Json model = {{"artifact_path", "model"},
                      {"run_id", run},
                      {"utc_time_created", utc_text(time_ms)},
                      {"flavors", flavors}};
  const Json body = {{"run_id", run}, {"model_json", model.dump()}};
  return post_once(rest, "runs/log-model", body, maybe_there, [&] { return has_model_tag(rest, run); });
}

std::string filled_ml_model(std::string text, const std::string& run, std::int64_t time_ms,
                            const std::optional<LoggedModel>& logged) {
  const auto add = [&](std::string_view key, std::string_view value) {
    text += fmt::format("{}: ", key);
    append_yaml_string(text, value);
    text += '\n';
  };
  add("artifact_path", logged ? logged->artifact_uri : "model");
  add("run_id", run);
  if (logged) add("model_id", logged->id);
  add("utc_time_created", utc_text(time_ms));
  return text;
}

}  // namespace joulecast::tracking
