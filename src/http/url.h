// Parts of URLs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulecast::http {

/// scheme://user:password@host:port/rest. `host` keeps the brackets of an IPv6 address; absent parts are
/// empty.
struct Url {
  std::string scheme, user, password, host, port, rest;

  /// Without user and password.
  [[nodiscard]] std::string text() const;
  /// Same scheme, host and port, those that schemes imply included.
  [[nodiscard]] bool same_origin(const Url& other) const;
  /// The host is this machine.
  [[nodiscard]] bool is_local() const;
};
/// Nothing if there is no "scheme://" or no host. User and password are percent-decoded, scheme and host in
/// small letters.
std::optional<Url> parse_url(std::string_view text);

/// Everything but letters, digits and - . _ ~ as %XX; with `keep_slashes` a path stays one.
std::string percent_encoded(std::string_view text, bool keep_slashes = false);
std::string percent_decoded(std::string_view text);

/// "?a=1&b=2", percent-encoded; empty for no parameters.
std::string query_of(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace joulecast::http
