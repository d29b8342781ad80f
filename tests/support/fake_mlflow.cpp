#include "support/fake_mlflow.h"

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>

#include "base/utf8.h"
#include "http/url.h"

namespace joulecast::test {
namespace {

using Json = FakeMlflow::Json;

StubAnswer json(const Json& body) {
  return {200, body.dump()};
}
StubAnswer error(int status, const std::string& code, const std::string& message) {
  return {status, Json{{"error_code", code}, {"message", message}}.dump()};
}
StubAnswer absent(const std::string& what) {
  return error(404, "RESOURCE_DOES_NOT_EXIST", what + " does not exist");
}

std::map<std::string, std::string> query_of(const std::string& target) {
  std::map<std::string, std::string> query;
  std::size_t at = target.find('?');
  while (at != std::string::npos) {
    const std::size_t end = std::min(target.find('&', at + 1), target.size());
    const std::string pair = target.substr(at + 1, end - at - 1);
    const std::size_t split = std::min(pair.find('='), pair.size());
    query[http::percent_decoded(pair.substr(0, split))] =
        http::percent_decoded(pair.substr(std::min(split + 1, pair.size())));
    at = end == target.size() ? std::string::npos : end;
  }
  return query;
}

Json pairs(const std::map<std::string, std::string>& from) {
  Json list = Json::array();
  for (const auto& [key, value] : from) list.push_back({{"key", key}, {"value", value}});
  return list;
}

/// The text between the last two single quotes of a filter.
std::string quoted_in(const std::string& filter) {
  const std::size_t last = filter.size() - 1;
  const std::size_t first = filter.rfind(filter[last], last - 1);
  return filter.substr(first + 1, last - first - 1);
}

constexpr const char* kModelsTag = "mlflow.log-model.history";
constexpr const char* kApi = "/api/2.0/mlflow/";
constexpr const char* kFiles = "/api/2.0/mlflow-artifacts/artifacts";

}  // namespace

FakeMlflow::FakeMlflow() : server_([this](const StubRequest& request) { return answer(request); }) {}

void FakeMlflow::fail_at(std::size_t request, Fault fault) {
  fault_ = {request, fault};
}

StubAnswer FakeMlflow::answer(const StubRequest& request) {
  const std::size_t number = seen_++;
  if (!fault_ || fault_->first != number) return carry_out(request);
  switch (fault_->second) {
    case Fault::kErrorBefore:
      return error(500, "INTERNAL_ERROR", "not now");
    case Fault::kErrorAfter:
      carry_out(request);
      return {502, "<html>Bad gateway</html>", {{"Content-Type", "text/html"}}};
    case Fault::kLostAnswer:
    case Fault::kDropped: {
      if (fault_->second == Fault::kLostAnswer) carry_out(request);
      StubAnswer nothing;
      nothing.silent = true;
      return nothing;
    }
  }
  return {};
}

StubAnswer FakeMlflow::carry_out(const StubRequest& request) {
  const auto query = query_of(request.target);
  const std::string path = request.path();
  if (path.starts_with(kFiles)) return artifacts(request, query);
  if (!path.starts_with(kApi)) return {404, "<html>Not found</html>", {{"Content-Type", "text/html"}}};
  const std::string call = path.substr(std::string(kApi).size());
  if (call == refused_call) return error(500, "INTERNAL_ERROR", "never");
  Json body;
  if (!request.body.empty()) {
    if (request.header("content-type") != "application/json")
      return error(400, "BAD_REQUEST", "Content-Type must be application/json");
    body = Json::parse(request.body);
  }
  if (call.starts_with("logged-models") || call == "runs/outputs") return logged(call, request.method, body);
  if (call.starts_with("registered-models") || call.starts_with("model-versions"))
    return registry(call, request.method, query, body);
  return tracking(call, query, body);
}

FakeMlflow::Run* FakeMlflow::find(const std::string& id) {
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const Run& run) { return run.id == id; });
  return found == runs.end() ? nullptr : &*found;
}

FakeMlflow::LoggedModel* FakeMlflow::find_logged(const std::string& id) {
  const auto found = std::find_if(logged_models.begin(), logged_models.end(),
                                  [&](const LoggedModel& model) { return model.id == id; });
  return found == logged_models.end() ? nullptr : &*found;
}

const FakeMlflow::Run& FakeMlflow::run_named(const std::string& name) const {
  const auto is_it = [&](const Run& run) { return run.name == name; };
  if (std::count_if(runs.begin(), runs.end(), is_it) != 1) throw std::runtime_error("not one run " + name);
  return *std::find_if(runs.begin(), runs.end(), is_it);
}

const FakeMlflow::Version& FakeMlflow::version_of(const std::string& name) const {
  const auto is_it = [&](const Version& version) { return version.name == name; };
  if (std::count_if(versions.begin(), versions.end(), is_it) != 1)
    throw std::runtime_error("not one version of " + name);
  return *std::find_if(versions.begin(), versions.end(), is_it);
}

Json FakeMlflow::json_of(const Run& run) const {
  Json outputs = Json::array();
  for (const LoggedModel& model : logged_models)
    if (model.output && model.run == run.id) outputs.push_back({{"model_id", model.id}, {"step", 0}});
  return {{"outputs", {{"model_outputs", outputs}}},
          {"info",
           {{"run_id", run.id},
            {"run_name", run.name},
            {"experiment_id", run.experiment},
            {"status", run.status},
            {"lifecycle_stage", run.deleted ? "deleted" : "active"},
            {"artifact_uri", artifact_root + run.experiment + "/" + run.id + "/artifacts"}}},
          {"data", {{"tags", pairs(run.tags)}, {"params", pairs(run.params)}}}};
}

StubAnswer FakeMlflow::tracking(const std::string& call, const std::map<std::string, std::string>& query,
                                const Json& body) {
  const auto is_deleted = [&](const std::string& id) {
    return std::count(deleted_experiments.begin(), deleted_experiments.end(), id) != 0;
  };
  if (call == "experiments/get-by-name") {
    const auto found = experiments.find(query.at("experiment_name"));
    if (found == experiments.end()) return absent("the experiment");
    return json({{"experiment",
                  {{"experiment_id", found->second},
                   {"lifecycle_stage", is_deleted(found->second) ? "deleted" : "active"}}}});
  }
  if (call == "experiments/create") {
    if (experiments.contains(body.at("name"))) return error(400, "RESOURCE_ALREADY_EXISTS", "it exists");
    const std::string id = std::to_string(experiments.size() + 1);
    experiments[body.at("name")] = id;
    return json({{"experiment_id", id}});
  }
  if (call == "experiments/restore") {
    std::erase(deleted_experiments, body.at("experiment_id").get<std::string>());
    return json(Json::object());
  }
  if (call == "runs/search") {
    Json list = Json::array();
    for (const Run& run : runs) {
      const auto tag = run.tags.find("joulecast.run_key");
      if (tag != run.tags.end() && tag->second == quoted_in(body.at("filter"))) list.push_back(json_of(run));
    }
    return json(list.empty() ? Json::object() : Json{{"runs", list}});
  }
  if (call == "runs/create") {
    const std::string experiment = body.at("experiment_id");
    if (is_deleted(experiment)) return error(400, "INVALID_PARAMETER_VALUE", "must be in the 'active' state");
    Run run;
    run.id = "run" + std::to_string(runs.size());
    run.name = body.at("run_name");
    run.experiment = experiment;
    run.start = body.at("start_time");
    for (const Json& tag : body.at("tags")) run.tags[tag.at("key")] = tag.at("value");
    runs.push_back(run);
    return json({{"run", json_of(run)}});
  }
  const std::string id = body.is_object() ? body.value("run_id", "") : query.at("run_id");
  Run* run = find(id);
  if (run == nullptr) return absent("the run");
  if (call == "runs/restore") {
    run->deleted = false;
    return json(Json::object());
  }
  if (call == "metrics/get-history") {
    Json list = Json::array();
    for (const auto& [step, value] : run->metrics[query.at("metric_key")])
      list.push_back({{"key", query.at("metric_key")}, {"value", value}, {"step", step}});
    return json(list.empty() ? Json::object() : Json{{"metrics", list}});
  }
  if (run->deleted) return error(400, "INVALID_PARAMETER_VALUE", "The run must be in the 'active' state");
  if (call == "runs/log-batch") {
    const std::size_t metrics = body.at("metrics").size();
    const std::size_t params = body.at("params").size();
    if (metrics > 1000 || params > 100 || metrics + params > 1000)
      return error(400, "INVALID_PARAMETER_VALUE", "the batch is too large");
    for (const Json& param : body.at("params")) {
      const auto known = run->params.find(param.at("key"));
      if (known != run->params.end() && known->second != param.at("value"))
        return error(400, "INVALID_PARAMETER_VALUE", "a parameter changed");
    }
    for (const Json& param : body.at("params")) run->params[param.at("key")] = param.at("value");
    for (const Json& metric : body.at("metrics")) {
      run->metrics[metric.at("key")].emplace_back(metric.at("step"), metric.at("value"));
      if (LoggedModel* model = find_logged(metric.value("model_id", ""))) ++model->metrics[metric.at("key")];
    }
    return json(Json::object());
  }
  if (call == "runs/log-model") {
    Json model = Json::parse(body.at("model_json").get<std::string>());
    for (const char* key : {"artifact_path", "run_id", "utc_time_created", "flavors"})
      if (!model.contains(key)) return error(400, "INVALID_PARAMETER_VALUE", "the model lacks a key");
    std::string& tag = run->tags[kModelsTag];
    Json list = tag.empty() ? Json::array() : Json::parse(tag);
    list.push_back(std::move(model));
    tag = list.dump();
    return json(Json::object());
  }
  if (call == "runs/update") {
    run->status = body.at("status");
    run->end = body.at("end_time");
    return json(Json::object());
  }
  if (call == "runs/get") return json({{"run", json_of(*run)}});
  return {404, "<html>Not found</html>", {{"Content-Type", "text/html"}}};
}

StubAnswer FakeMlflow::logged(const std::string& call, const std::string& method, const Json& body) {
  if (!knows_logged_models) return {404, "<html>Not found</html>", {{"Content-Type", "text/html"}}};
  const auto json_of_model = [](const LoggedModel& model) {
    return Json{
        {"info",
         {{"model_id", model.id},
          {"name", model.name},
          {"status", model.status},
          {"artifact_uri", "mlflow-artifacts:/" + model.experiment + "/models/" + model.id + "/artifacts"}}}};
  };
  if (call == "runs/outputs") {
    for (const Json& one : body.at("models")) {
      LoggedModel* model = find_logged(one.at("model_id"));
      if (model == nullptr) return absent("the model");
      if (model->output) return error(400, "BAD_REQUEST", "UNIQUE constraint failed");
      model->output = true;
    }
    return json(Json::object());
  }
  if (call == "logged-models/search") {
    const std::string filter = body.value("filter", "");
    Json list = Json::array();
    for (const LoggedModel& model : logged_models)
      if (filter.empty() || model.tags.at("joulecast.run_key") == quoted_in(filter))
        list.push_back(json_of_model(model));
    return json(list.empty() ? Json::object() : Json{{"models", list}});
  }
  if (method == "PATCH") {
    LoggedModel* model = find_logged(body.at("model_id"));
    if (model == nullptr || call != "logged-models/" + model->id) return absent("the model");
    model->status = body.at("status");
    return json({{"model", json_of_model(*model)}});
  }
  LoggedModel model;
  model.id = "m-id" + std::to_string(logged_models.size());
  model.name = body.at("name");
  model.run = body.at("source_run_id");
  model.experiment = body.at("experiment_id");
  for (const Json& tag : body.at("tags")) model.tags[tag.at("key")] = tag.at("value");
  logged_models.push_back(model);
  return json({{"model", json_of_model(model)}});
}

StubAnswer FakeMlflow::registry(const std::string& call, const std::string& method,
                                const std::map<std::string, std::string>& query, const Json& body) {
  const auto of_name = [&](const std::string& name) {
    return std::count(models.begin(), models.end(), name);
  };
  const auto json_of_version = [&](const Version& version) {
    return Json{{"name", version.name},     {"version", version.version}, {"run_id", version.run},
                {"source", version.source}, {"status", "READY"},          {"tags", pairs(version.tags)}};
  };
  const auto version_at = [&](const std::string& name, const std::string& number) {
    return std::find_if(versions.begin(), versions.end(),
                        [&](const Version& v) { return v.name == name && v.version == number; });
  };
  if (call == "registered-models/create") {
    if (of_name(body.at("name")) != 0) return error(400, "RESOURCE_ALREADY_EXISTS", "it exists");
    models.push_back(body.at("name"));
    return json({{"registered_model", {{"name", body.at("name")}}}});
  }
  if (call == "registered-models/get") {
    const std::string& name = query.at("name");
    const bool has_versions =
        std::any_of(versions.begin(), versions.end(), [&](const Version& v) { return v.name == name; });
    if (of_name(name) == 0 && !has_versions) return absent("the model");
    Json known = Json::array();
    for (const auto& [alias, version] : aliases[name])
      known.push_back({{"alias", alias}, {"version", version}});
    return json({{"registered_model", {{"tags", pairs(model_tags[name])}, {"aliases", known}}}});
  }
  if (call == "registered-models/search") {
    Json list = Json::array();
    for (const std::string& name : models) list.push_back({{"name", name}});
    return json(list.empty() ? Json::object() : Json{{"registered_models", list}});
  }
  if (call == "registered-models/set-tag") {
    model_tags[body.at("name")][body.at("key")] = body.at("value");
    return json(Json::object());
  }
  if (call == "registered-models/alias") {
    if (!knows_aliases) return {404, "<html>Not found</html>", {{"Content-Type", "text/html"}}};
    if (method == "POST") {
      aliases[body.at("name")][body.at("alias")] = body.at("version");
      return json(Json::object());
    }
    const auto& known = aliases[query.at("name")];
    const auto found = known.find(query.at("alias"));
    if (found == known.end())
      return error(400, "INVALID_PARAMETER_VALUE", "Registered model alias not found.");
    return json({{"model_version", json_of_version(*version_at(query.at("name"), found->second))}});
  }
  if (call == "model-versions/create") {
    Version version{body.at("name"), "", body.at("run_id"), body.at("source"), body.at("description"), {}};
    if (of_name(version.name) == 0) return absent("the model");
    constexpr std::string_view kLogged = "models:/";
    if (version.source.starts_with(kLogged)) {
      const LoggedModel* model = find_logged(body.value("model_id", ""));
      if (model == nullptr || version.source != std::string(kLogged) + model->id)
        return error(400, "INVALID_PARAMETER_VALUE", "the model_id is not that of the source");
    }
    version.version =
        std::to_string(1 + std::count_if(versions.begin(), versions.end(),
                                         [&](const Version& v) { return v.name == version.name; }));
    for (const Json& tag : body.at("tags")) version.tags[tag.at("key")] = tag.at("value");
    versions.push_back(version);
    return json({{"model_version", json_of_version(version)}});
  }
  if (call == "model-versions/search") {
    const std::string& filter = query.at("filter");
    Json list = Json::array();
    for (const Version& version : versions)
      if ((filter.starts_with("run_id") ? version.run : version.name) == quoted_in(filter))
        list.push_back(json_of_version(version));
    return json(list.empty() ? Json::object() : Json{{"model_versions", list}});
  }
  const auto found = version_at(query.at("name"), query.at("version"));
  if (found == versions.end()) return absent("the version");
  if (call == "model-versions/get") return json({{"model_version", json_of_version(*found)}});
  constexpr std::size_t kScheme = 8;  // models:/
  if (const LoggedModel* model = find_logged(found->source.substr(std::min(kScheme, found->source.size()))))
    return json(
        {{"artifact_uri", "mlflow-artifacts:/" + model->experiment + "/models/" + model->id + "/artifacts"}});
  return json({{"artifact_uri", found->source}});
}

StubAnswer FakeMlflow::artifacts(const StubRequest& request,
                                 const std::map<std::string, std::string>& query) {
  const std::string path = http::percent_decoded(request.path().substr(std::string(kFiles).size()));
  if (request.method == "PUT") {
    files[path.substr(1)] = request.body;
    return {200, ""};
  }
  if (!path.empty()) {
    const auto found = files.find(path.substr(1));
    return found == files.end() ? absent("the file") : StubAnswer{200, found->second, {}};
  }
  const std::string folder = query.at("path") + "/";
  std::map<std::string, Json> entries;
  for (const auto& [name, bytes] : files) {
    if (!name.starts_with(folder)) continue;
    const std::string rest = name.substr(folder.size());
    const std::size_t slash = rest.find('/');
    const std::string first = rest.substr(0, slash);
    entries[first] = {{"path", first}, {"is_dir", slash != std::string::npos}};
    if (slash == std::string::npos) entries[first]["file_size"] = bytes.size();
  }
  Json list = Json::array();
  for (const auto& [name, entry] : entries) list.push_back(entry);
  return json(list.empty() ? Json::object() : Json{{"files", list}});
}

std::string FakeMlflow::without_ids(std::string text) const {
  const auto replace_all = [&](const std::string& id, const std::string& name) {
    for (std::size_t at = text.find(id); at != std::string::npos; at = text.find(id, at + name.size()))
      text.replace(at, id.size(), name);
  };
  for (const Run& run : runs) replace_all(run.id, "<" + run.name + ">");
  for (const LoggedModel& model : logged_models) replace_all(model.id, "<model " + model.name + ">");
  return text;
}

std::string FakeMlflow::content() const {
  Json all;
  all["experiments"] = experiments;
  for (const Run& run : runs) {
    Json& one = all["runs"][run.name].emplace_back();
    auto tags = run.tags;
    tags.erase(kModelsTag);  // a fault there is no more than a warning
    if (tags.contains("mlflow.parentRunId"))
      tags["mlflow.parentRunId"] = without_ids(tags["mlflow.parentRunId"]);
    one = {{"status", run.status}, {"start", run.start}, {"end", run.end},
           {"params", run.params}, {"tags", tags},       {"metrics", run.metrics}};
  }
  for (const auto& [path, bytes] : files) {
    if (path.ends_with("MLmodel")) {
      all["files"][without_ids(path)] = without_ids(bytes);
    } else {  // JSON holds text alone
      all["files"][without_ids(path)] = is_utf8(bytes) ? bytes
                                                       : std::to_string(bytes.size()) + " bytes " +
                                                             std::to_string(std::hash<std::string>{}(bytes));
    }
  }
  for (const LoggedModel& model : logged_models)
    all["logged models"][model.name].push_back(
        {without_ids(model.run), model.status, model.output, model.tags, model.metrics});
  all["models"] = std::set<std::string>(models.begin(), models.end());
  for (const Version& version : versions)
    all["versions"][version.name].push_back({version.version, without_ids(version.source), version.tags});
  all["aliases"] = aliases;
  all["model_tags"] = model_tags;
  return all.dump(1);
}

}  // namespace joulecast::test
