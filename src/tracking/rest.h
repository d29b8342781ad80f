// Calls of MLflow's REST interface: JSON in, JSON out, faults told apart.
#pragma once

#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "http/client_pool.h"
#include "joulecast/tracking.h"

namespace joulecast::tracking {

using Json = nlohmann::json;

/// A call that failed.
struct ApiFault {
  Error error;
  int status = 0;          ///< of HTTP; 0: no answer
  std::string code;        ///< MLflow's error_code; empty if the body was not its JSON
  bool uncertain = false;  ///< the server may have carried the call out

  [[nodiscard]] bool is_absent() const { return code == "RESOURCE_DOES_NOT_EXIST"; }
  [[nodiscard]] bool already_exists() const { return code == "RESOURCE_ALREADY_EXISTS"; }
  /// The server does not know the call: of another version, or only in part an MLflow server.
  [[nodiscard]] bool is_unknown_call() const {
    return code == "ENDPOINT_NOT_FOUND" ||
           (code.empty() && (status == 404 || status == 405 || status == 501));
  }
};
template <class T>
using ApiResult = tl::expected<T, ApiFault>;
/// A fault that no answer of MLflow tells of.
inline ApiFault of_error(Error error, int status = 0) {
  return {std::move(error), status, {}, false};
}

template <class T>
Expected<T> plain(ApiResult<T> result) {
  if (!result) return tl::unexpected(std::move(result.error().error));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*result);
  }
}

/// Text at a path of keys of objects; empty if there is none.
std::string text_at(const Json& json, std::initializer_list<const char*> path);

/// For any number of threads: the hooks are called on theirs.
class Rest {
 public:
  Rest(TrackingServer server, const TrackingHooks& hooks);

  using Parameters = std::vector<std::pair<std::string, std::string>>;
  /// GET /api/2.0/mlflow/<call>?<parameters>
  ApiResult<Json> get(std::string_view call, const Parameters& parameters = {});
  /// A call with a JSON body. Where `repeatable` is false it is not repeated once the server may have carried
  /// it out; the fault is `uncertain` then.
  ApiResult<Json> post(std::string_view call, const Json& body, bool repeatable = true);
  ApiResult<Json> send(std::string method, std::string_view call, const Json& body, bool repeatable = true);
  /// Any request; credentials are added where the URL is of the tracking server. The answer is 2xx.
  ApiResult<http::Response> exchange(http::Request request);

  [[nodiscard]] const TrackingServer& server() const { return server_; }
  /// How requests are made and repeated.
  [[nodiscard]] const http::ClientOptions& options() const { return options_; }
  /// Bodies that a server shows may hold what it was sent: secrets are blotted out.
  [[nodiscard]] std::string without_secrets(std::string text) const;

 private:
  ApiResult<Json> json_of(ApiResult<http::Response> answer, std::string_view call) const;
  [[nodiscard]] ApiFault fault_of(const http::Response& response, const std::string& what) const;
  [[nodiscard]] Error denied(const http::Response& response, std::string_view message) const;
  /// The user's name, asked of DagsHub if only its token is known.
  ApiResult<std::string> user();
  ApiResult<std::string> ask_dagshub_for_the_user();

  const TrackingServer server_;
  const http::ClientOptions options_;
  http::ClientPool clients_;
  std::mutex user_mutex_;
  std::string dagshub_user_;  ///< what DagsHub has answered
};

/// A call that must not be carried out twice, as each makes an entry of its own. `is_there` asks the server
/// whether it was carried out: before the first call if it `maybe_there`, and after each lost answer.
ApiResult<void> post_once(Rest& rest, std::string_view call, const Json& body, bool maybe_there,
                          const std::function<ApiResult<bool>()>& is_there);

/// The fault of an answer that lacks what it should hold.
ApiFault odd_answer(const Rest& rest, std::string_view call);

}  // namespace joulecast::tracking
