#include "datasets/credentials.h"

#include <ctime>
#include <filesystem>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/input_file.h"
#include "datasets/ini.h"
#include "http/url.h"

namespace joulecast::datasets {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kLargestSecretFile = 1U << 20U;

std::string variable(const Environment& environment, const char* name) {
  return environment(name).value_or("");
}

fs::path token_cache(const Environment& environment) {
  if (const std::string given = variable(environment, "DAGSHUB_CLIENT_TOKENS_CACHE"); !given.empty())
    return given;
  const fs::path cache = variable(environment, "XDG_CACHE_HOME");
  const fs::path home = variable(environment, "HOME");
  return (cache.is_absolute() ? cache : home / ".cache") / "dagshub" / "tokens";
}

/// "2026-01-31T12:00:00.000000Z", or "never".
bool has_expired(const std::string& expiry) {
  if (expiry == "never" || expiry.empty()) return false;
  std::tm date{};
  if (::strptime(expiry.c_str(), "%Y-%m-%dT%H:%M:%S", &date) == nullptr)
    return false;                               // the server will tell
  return ::timegm(&date) < std::time(nullptr);  // in seconds: the year 2999 is beyond nanoseconds of 64 bits
}

/// App tokens go before others, as DagsHub's program has it.
std::string cached_token(const fs::path& file, const std::string& host) {
  const auto text = read_whole_file(file, kLargestSecretFile);
  if (!text) return {};
  std::string other;
  try {
    const YAML::Node tokens = YAML::Load(*text)[host];
    if (!tokens || !tokens.IsSequence()) return {};
    for (const YAML::Node& one : tokens) {
      if (!one.IsMap() || !one["access_token"]) continue;
      if (one["expiry"] && has_expired(one["expiry"].as<std::string>(""))) continue;
      const auto token = one["access_token"].as<std::string>("");
      if (one["token_type"].as<std::string>("") == "app-token") return token;
      if (other.empty()) other = token;
    }
  } catch (const YAML::Exception&) {
    return {};  // a damaged cache is none
  }
  return other;
}

}  // namespace

Expected<DagshubAccount> dagshub_account(const Environment& environment) {
  std::string host = variable(environment, "DAGSHUB_CLIENT_HOST");
  if (host.empty()) host = "https://dagshub.com";
  const auto url = http::parse_url(host);
  if (!url || (url->scheme != "http" && url->scheme != "https"))
    return fail(ErrorKind::kUsage, "DAGSHUB_CLIENT_HOST is no address of a server", {},
                "Set one such as https://dagshub.com");
  DagshubAccount account;
  account.host = url->text();
  while (account.host.ends_with('/')) account.host.pop_back();
  account.token = variable(environment, "DAGSHUB_USER_TOKEN");
  if (account.token.empty()) account.token = cached_token(token_cache(environment), account.host);
  return account;
}

void take_aws_profile(const std::string& profile, const Environment& environment, http::SigningKeys& keys) {
  std::string name = profile.empty() ? variable(environment, "AWS_PROFILE") : profile;
  if (name.empty()) name = "default";
  const fs::path home = variable(environment, "HOME");
  const auto file = [&](const char* setting, const char* usual) {
    const std::string given = variable(environment, setting);
    return given.empty() ? home / ".aws" / usual : fs::path(given);
  };
  bool region_given =
      !variable(environment, "AWS_REGION").empty() || !variable(environment, "AWS_DEFAULT_REGION").empty();
  const auto take = [&](const fs::path& path, const std::string& section) {
    const auto text = read_whole_file(path, kLargestSecretFile);
    if (!text) return;
    const Ini ini = parse_ini(*text);
    const auto found = ini.find(section);
    if (found == ini.end()) return;
    const auto value = [&](const char* key) {
      const auto at = found->second.find(key);
      return at == found->second.end() ? std::string() : at->second;
    };
    if (keys.empty()) {
      keys.access_key = value("aws_access_key_id");
      keys.secret_key = value("aws_secret_access_key");
      keys.session_token = value("aws_session_token");
    }
    if (!region_given && !value("region").empty()) {
      keys.region = value("region");
      region_given = true;
    }
  };
  take(file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), name);
  take(file("AWS_CONFIG_FILE", "config"), name == "default" ? name : "profile " + name);
}

}  // namespace joulecast::datasets
