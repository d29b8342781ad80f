#include "http/url.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace joulecast::http {
namespace {

std::string small_letters(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string_view port_of(const Url& url) {
  if (!url.port.empty()) return url.port;
  return url.scheme == "https" ? "443" : "80";
}

}  // namespace

std::string Url::text() const {
  return fmt::format("{}://{}{}{}{}", scheme, host, port.empty() ? "" : ":", port, rest);
}

bool Url::same_origin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port_of(*this) == port_of(other);
}

bool Url::is_local() const {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

std::optional<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  Url url;
  url.scheme = small_letters(text.substr(0, colon));
  text.remove_prefix(colon + 3);
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  url.rest = text.substr(end);
  std::string_view authority = text.substr(0, end);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = authority.substr(0, at);
    const std::size_t split = std::min(who.find(':'), who.size());
    url.user = percent_decoded(who.substr(0, split));
    url.password = percent_decoded(who.substr(std::min(split + 1, who.size())));
    authority.remove_prefix(at + 1);
  }
  // The last colon begins the port, unless it stands inside the brackets of an IPv6 address.
  const std::size_t bracket = authority.rfind(']');
  const std::size_t split = authority.rfind(':');
  const bool has_port =
      split != std::string_view::npos && (bracket == std::string_view::npos || split > bracket);
  url.host = small_letters(authority.substr(0, has_port ? split : authority.size()));
  if (has_port) url.port = authority.substr(split + 1);
  if (url.host.empty()) return std::nullopt;
  return url;
}

std::string percent_encoded(std::string_view text, bool keep_slashes) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || (keep_slashes && c == '/')) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string query_of(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters)
    out += fmt::format("{}{}={}", out.empty() ? "?" : "&", percent_encoded(name), percent_encoded(value));
  return out;
}

}  // namespace joulecast::http
