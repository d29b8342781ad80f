#include "tracking/rest.h"

#include <algorithm>

#include <fmt/format.h>

#include "http/url.h"

namespace joulecast::tracking {
namespace {

http::ClientOptions client_options(const TrackingServer& server, const TrackingHooks& hooks) {
  http::ClientOptions options;
  options.retry.retries = server.retries;
  options.retry.back_off_seconds = server.back_off_seconds;
  options.retry.jitter = server.jitter;
  options.silence_timeout_seconds = server.timeout_seconds;
  options.verify_tls = server.verify_tls;
  options.ca_bundle = server.ca_bundle;
  options.client_certificate = server.client_certificate;
  options.settings = {"MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_TRACKING_SERVER_CERT_PATH or SSL_CERT_FILE",
                      "MLFLOW_TRACKING_SERVER_CERT_PATH, MLFLOW_TRACKING_CLIENT_CERT_PATH and SSL_CERT_FILE"};
  options.on_retry = hooks.on_retry;
  options.sleep = hooks.sleep;
  return options;
}

/// A text's first line, 160 bytes of it at most.
std::string first_words(std::string_view text) {
  constexpr std::size_t kLongest = 160;
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  text.remove_prefix(begin);
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  std::string out(text.substr(0, std::min(end, kLongest)));
  return end > kLongest ? out + "..." : out;
}

bool is_page(const http::Response& response) {
  const std::string* type = response.header("content-type");
  return (type != nullptr && type->starts_with("text/html")) || response.body.starts_with("<");
}

}  // namespace

std::string text_at(const Json& json, std::initializer_list<const char*> path) {
  const Json* at = &json;
  for (const char* key : path) {
    if (!at->is_object() || !at->contains(key)) return {};
    at = &(*at)[key];
  }
  return at->is_string() ? at->get<std::string>() : std::string();
}

ApiFault odd_answer(const Rest& rest, std::string_view call) {
  return of_error({ErrorKind::kServer,
                   fmt::format("{}: the answer to {} lacks what it should hold", rest.server().uri, call),
                   {},
                   "Is it an MLflow server of version 2 or 3?"});
}

Rest::Rest(TrackingServer server, const TrackingHooks& hooks)
    : server_(std::move(server)), options_(client_options(server_, hooks)), clients_(options_) {}

std::string Rest::without_secrets(std::string text) const {
  for (const std::string& secret : {server_.password, server_.token}) {
    if (secret.empty()) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

Error Rest::denied(const http::Response& response, std::string_view message) const {
  const bool sent_basic = !server_.user.empty() || !server_.password.empty();
  if (response.status == 403 && response.body.find("Invalid Host header") != std::string::npos)
    return {ErrorKind::kAccessDenied,
            fmt::format("{} refuses the name that it is called by", server_.uri),
            {},
            "Start the server with --allowed-hosts, or call it by its IP address"};
  if (response.status == 403)
    return {ErrorKind::kAccessDenied,
            fmt::format("{}: not permitted: {}", server_.uri, message),
            {},
            sent_basic || !server_.token.empty()
                ? "Ask for the permission, or use another account"
                : "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"};
  std::string hint =
      "Check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or those in the address or in "
      "~/.mlflow/credentials";
  std::string what = "refuses user and password";
  if (server_.dagshub_token) {
    what = "refuses the token";
    hint = "Check DAGSHUB_USER_TOKEN";
    if (!server_.user.empty()) {
      what = "refuses user and token";
      hint += ", and the user in MLFLOW_TRACKING_USERNAME, the address or ~/.mlflow/credentials";
    }
  } else if (!sent_basic && !server_.token.empty()) {
    what = "refuses the token";
    hint = "Check MLFLOW_TRACKING_TOKEN; MLflow's own server takes a user and a password instead";
  } else if (!sent_basic) {
    what = "wants a user and a password";
    hint = "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD";
  } else if (server_.user.empty()) {
    what = "wants a user beside the password";
    hint = "Set MLFLOW_TRACKING_USERNAME";
  } else if (server_.password.empty()) {
    what = "wants a password beside the user";
    hint = "Set MLFLOW_TRACKING_PASSWORD";
  }
  return {ErrorKind::kAccessDenied, fmt::format("{} {}", server_.uri, what), {}, hint};
}

ApiFault Rest::fault_of(const http::Response& response, const std::string& what) const {
  const Json body = Json::parse(response.body, nullptr, false);
  ApiFault fault;
  fault.status = response.status;
  fault.uncertain = http::is_passing_fault(response.status) && !http::was_not_carried_out(response.status);
  std::string message;
  if (body.is_object()) {
    if (const auto code = body.find("error_code"); code != body.end() && code->is_string())
      fault.code = *code;
    for (const char* key : {"message", "detail"})
      if (const auto text = body.find(key); message.empty() && text != body.end() && text->is_string())
        message = first_words(text->get<std::string>());
  } else if (!is_page(response)) {
    message = first_words(response.body);
  }
  message = without_secrets(std::move(message));
  if (response.status == 401 || response.status == 403) {
    fault.error = denied(response, message.empty() ? what : message);
    return fault;
  }
  const std::string_view says = message.empty() ? std::string_view() : ": ";
  fault.error = {ErrorKind::kServer,
                 fmt::format("{}: {}: status {}{}{}", server_.uri, what, response.status, says, message),
                 {},
                 "The server's log tells more"};
  if (response.status == 429) fault.error.hint = "The server is asked too often: try again later";
  if (fault.is_unknown_call()) {
    fault.error.message = fmt::format("{} has no MLflow interface (status {})", server_.uri, response.status);
    fault.error.hint = "Check the address; at DagsHub it is https://dagshub.com/OWNER/NAME.mlflow";
  }
  return fault;
}

ApiResult<http::Response> Rest::exchange(http::Request request) {
  auto user_name = user();
  if (!user_name) return tl::unexpected(std::move(user_name.error()));
  const auto own = http::parse_url(server_.uri);
  const auto other = http::parse_url(request.url);
  if (own && other && own->same_origin(*other))
    request.credentials = {std::move(*user_name), server_.password, server_.token};
  const std::string what = request.method + " " + (other ? other->rest.substr(0, other->rest.find('?')) : "");
  auto answer = clients_.send(request);
  if (!answer) return tl::unexpected(ApiFault{answer.error().error, 0, {}, answer.error().carried_out});
  if (!answer->ok()) return tl::unexpected(fault_of(*answer, what));
  return std::move(*answer);
}

ApiResult<std::string> Rest::user() {
  if (!server_.dagshub_token || !server_.user.empty()) return server_.user;
  const std::scoped_lock lock(user_mutex_);  // the others wait for the one that asks
  if (dagshub_user_.empty()) {
    auto name = ask_dagshub_for_the_user();
    if (!name) return name;
    dagshub_user_ = std::move(*name);
  }
  return dagshub_user_;
}

ApiResult<std::string> Rest::ask_dagshub_for_the_user() {
  auto url = http::parse_url(server_.uri);
  url->rest = "/api/v1/user";
  http::Request request;
  request.url = url->text();
  request.credentials.token = server_.password;
  auto answer = clients_.send(request);
  if (!answer) return tl::unexpected(of_error(answer.error().error));
  if (!answer->ok()) return tl::unexpected(fault_of(*answer, "GET /api/v1/user"));
  const Json body = Json::parse(answer->body, nullptr, false);
  for (const char* key : {"username", "login"})
    if (std::string name = text_at(body, {key}); !name.empty()) return name;
  return tl::unexpected(of_error({ErrorKind::kServer,
                                  fmt::format("{} does not tell the user's name", url->text()),
                                  {},
                                  "Set MLFLOW_TRACKING_USERNAME"}));
}

ApiResult<Json> Rest::json_of(ApiResult<http::Response> answer, std::string_view call) const {
  if (!answer) return tl::unexpected(std::move(answer.error()));
  Json body = Json::parse(answer->body, nullptr, false);
  if (body.is_object()) return body;
  if (answer->body.empty()) return Json::object();
  return tl::unexpected(of_error({ErrorKind::kServer,
                                  fmt::format("{} answers {} with {} instead of JSON", server_.uri, call,
                                              is_page(*answer) ? "a page" : "something else"),
                                  {},
                                  "Is it an MLflow server? A login page or a proxy may stand before it"},
                                 answer->status));
}

ApiResult<void> post_once(Rest& rest, std::string_view call, const Json& body, bool maybe_there,
                          const std::function<ApiResult<bool>()>& is_there) {
  for (int attempt = 0;; ++attempt) {
    if (maybe_there || attempt > 0) {
      const auto there = is_there();
      if (!there) return tl::unexpected(there.error());
      if (*there) return {};
    }
    const auto done = rest.post(call, body, false);
    if (done) return {};
    if (!done.error().uncertain || attempt >= rest.server().retries) return tl::unexpected(done.error());
  }
}

ApiResult<Json> Rest::get(std::string_view call, const Parameters& parameters) {
  http::Request request;
  request.url = fmt::format("{}/api/2.0/mlflow/{}{}", server_.uri, call, http::query_of(parameters));
  return json_of(exchange(std::move(request)), call);
}

ApiResult<Json> Rest::post(std::string_view call, const Json& body, bool repeatable) {
  return send("POST", call, body, repeatable);
}

ApiResult<Json> Rest::send(std::string method, std::string_view call, const Json& body, bool repeatable) {
  http::Request request;
  request.method = std::move(method);
  request.url = fmt::format("{}/api/2.0/mlflow/{}", server_.uri, call);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  request.repeatable = repeatable;
  return json_of(exchange(std::move(request)), call);
}

}  // namespace joulecast::tracking
