// A small MLflow server inside the test: what it was told it keeps, with the rules that matter to a client
// (parameters never change, a metric sent twice is two points, a version a call). It can fail at any request.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/stub_server.h"

namespace joulecast::test {

class FakeMlflow {
 public:
  using Json = nlohmann::json;
  struct Run {
    std::string id, name, experiment, status = "RUNNING";
    std::int64_t start = 0, end = 0;
    bool deleted = false;
    std::map<std::string, std::string> params, tags;
    std::map<std::string, std::vector<std::pair<std::int64_t, Json>>> metrics;  ///< step, value
  };
  struct Version {
    std::string name, version, run, source, description;
    std::map<std::string, std::string> tags;
  };
  /// A model of MLflow 3.
  struct LoggedModel {
    std::string id, name, run, experiment, status = "LOGGED_MODEL_PENDING";
    bool output = false;  ///< the run says that it is its own
    std::map<std::string, std::string> tags;
    std::map<std::string, std::size_t> metrics;  ///< how many values
  };
  /// What happens to one request.
  enum class Fault { kErrorBefore, kErrorAfter, kLostAnswer, kDropped };

  FakeMlflow();
  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] std::size_t requests() const { return server_.requests().size(); }
  [[nodiscard]] const StubServer& stub() const { return server_; }
  void fail_at(std::size_t request, Fault fault);
  void break_uploads_after(std::size_t bytes) { server_.break_uploads_after(bytes); }
  void gather(std::string ending, std::size_t count) { server_.gather(std::move(ending), count); }
  /// All that it holds, ids replaced by names: equal for equal content.
  [[nodiscard]] std::string content() const;

  // State, for tests to look at and change while no request is under way.
  std::map<std::string, std::string> experiments;  ///< name -> id
  std::vector<std::string> deleted_experiments;    ///< ids
  std::vector<Run> runs;
  std::map<std::string, std::string> files;  ///< path of the artifact interface -> bytes
  std::vector<std::string> models;
  std::vector<Version> versions;
  std::map<std::string, std::map<std::string, std::string>> aliases, model_tags;
  bool knows_aliases = true;
  bool knows_logged_models = false;  ///< as a server of MLflow 3
  std::vector<LoggedModel> logged_models;
  std::string refused_call;                          ///< always answered with status 500
  std::string artifact_root = "mlflow-artifacts:/";  ///< of the runs' files
  /// The run or the version of this name, the only one.
  [[nodiscard]] const Run& run_named(const std::string& name) const;
  [[nodiscard]] const Version& version_of(const std::string& name) const;

 private:
  StubAnswer answer(const StubRequest& request);
  StubAnswer carry_out(const StubRequest& request);
  StubAnswer tracking(const std::string& call, const std::map<std::string, std::string>& query,
                      const Json& body);
  StubAnswer registry(const std::string& call, const std::string& method,
                      const std::map<std::string, std::string>& query, const Json& body);
  StubAnswer logged(const std::string& call, const std::string& method, const Json& body);
  StubAnswer artifacts(const StubRequest& request, const std::map<std::string, std::string>& query);
  Run* find(const std::string& id);
  LoggedModel* find_logged(const std::string& id);
  [[nodiscard]] std::string without_ids(std::string text) const;
  [[nodiscard]] Json json_of(const Run& run) const;

  std::size_t seen_ = 0;
  std::optional<std::pair<std::size_t, Fault>> fault_;
  StubServer server_;  // last: its thread uses the rest
};

}  // namespace joulecast::test
