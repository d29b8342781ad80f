// Where user, password and token come from.
#include <charconv>

#include <fmt/format.h>

#include "base/input_file.h"
#include "http/url.h"
#include "joulecast/tracking.h"

namespace joulecast {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// A key of the section [mlflow] of an INI file (key = value or key: value).
std::string ini_value(std::string_view text, std::string_view key) {
  bool in_section = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('[')) {
      in_section = line == "[mlflow]";
    } else if (in_section) {
      const std::size_t split = line.find_first_of("=:");
      if (split != std::string_view::npos && trimmed(line.substr(0, split)) == key)
        return std::string(trimmed(line.substr(split + 1)));
    }
  }
  return {};
}

bool is_true(const std::optional<std::string>& value) {
  return value && (*value == "true" || *value == "True" || *value == "TRUE" || *value == "1");
}

template <class Number>
void take_number(const std::optional<std::string>& text, Number& to) {
  if (!text) return;
  Number value{};
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (code == std::errc() && end == text->data() + text->size() && value >= Number{}) to = value;
}

bool is_dagshub(const http::Url& url) {
  return url.host == "dagshub.com" || url.host.ends_with(".dagshub.com");
}

void take_credentials(const http::Url& url, const Environment& environment, TrackingServer& server) {
  const auto variable = [&](const char* name) { return environment(name).value_or(""); };
  server.user = variable("MLFLOW_TRACKING_USERNAME");
  server.password = variable("MLFLOW_TRACKING_PASSWORD");
  server.token = variable("MLFLOW_TRACKING_TOKEN");
  if (server.user.empty() && server.password.empty()) {
    server.user = url.user;
    server.password = url.password;
  }
  if (server.user.empty() || server.password.empty()) {
    const std::string home = variable("HOME");
    const auto text =
        home.empty() ? tl::unexpected(Error{})
                     : read_whole_file(std::filesystem::path(home) / ".mlflow" / "credentials", 1U << 20U);
    if (text) {
      if (server.user.empty()) server.user = ini_value(*text, "mlflow_tracking_username");
      if (server.password.empty()) server.password = ini_value(*text, "mlflow_tracking_password");
    }
  }
  const bool complete = !server.user.empty() && !server.password.empty();
  if (complete || !server.token.empty() || !is_dagshub(url) || !server.password.empty()) return;
  server.password = variable("DAGSHUB_USER_TOKEN");
  server.dagshub_token = !server.password.empty();
}

}  // namespace

Expected<TrackingServer> tracking_server(std::string_view uri, const Environment& environment) {
  const auto url = http::parse_url(uri);
  if (!url || (url->scheme != "http" && url->scheme != "https"))
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' is no address of an MLflow server",
                            url ? url->text() : std::string(uri.substr(uri.rfind('@') + 1))),
                {}, "Give one such as http://localhost:5000; stores in files are not written");
  TrackingServer server;
  server.uri = url->text();
  while (server.uri.ends_with('/')) server.uri.pop_back();
  take_credentials(*url, environment, server);
  server.verify_tls = !is_true(environment("MLFLOW_TRACKING_INSECURE_TLS"));
  server.client_certificate = environment("MLFLOW_TRACKING_CLIENT_CERT_PATH").value_or("");
  for (const char* name : {"MLFLOW_TRACKING_SERVER_CERT_PATH", "SSL_CERT_FILE"})
    if (server.ca_bundle.empty()) server.ca_bundle = environment(name).value_or("");
  take_number(environment("MLFLOW_HTTP_REQUEST_MAX_RETRIES"), server.retries);
  take_number(environment("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR"), server.back_off_seconds);
  take_number(environment("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER"), server.jitter);
  take_number(environment("MLFLOW_HTTP_REQUEST_TIMEOUT"), server.timeout_seconds);
  return server;
}

std::string dagshub_tracking_uri(std::string_view owner, std::string_view name) {
  return fmt::format("https://dagshub.com/{}/{}.mlflow", owner, name);
}

}  // namespace joulecast
