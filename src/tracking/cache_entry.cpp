#include "tracking/cache_entry.h"

#include <map>
#include <system_error>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "cost_model/data_hash.h"
#include "http/url.h"

namespace joulecast::tracking {
namespace {

namespace fs = std::filesystem;

constexpr int kManifestVersion = 1;
constexpr const char* kManifestFile = "manifest.json";

/// A text as one name of a file, whatever it holds.
std::string file_name_for(std::string_view text) {
  constexpr std::size_t kLongest = 120;
  std::string name = http::percent_encoded(text);
  if (name.starts_with('.')) name = "%2E" + name.substr(1);
  if (name.size() > kLongest) name = name.substr(0, kLongest - 33) + "-" + sha256_of(text).substr(0, 32);
  return name;
}

/// Files below a folder, by path below it.
std::map<std::string, fs::path> files_of(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    if (!it->is_directory(code)) files[it->path().lexically_relative(folder).string()] = it->path();
  return files;
}

/// What is wrong with a version's files; empty: nothing. Throws where the manifest is none.
std::string damage_of(const Json& manifest, std::map<std::string, fs::path> files) {
  if (manifest.at("format_version") != kManifestVersion) return "it is of another version of joulecast";
  for (const Json& file : manifest.at("files")) {
    const std::string name = file.at("path");
    const auto found = files.find(name);
    if (found == files.end()) return fmt::format("{} is missing", name);
    const auto hash = sha256_of_file(found->second);
    if (!hash || *hash != file.at("sha256").get<std::string>()) return fmt::format("{} was changed", name);
    files.erase(found);
  }
  return files.empty() ? "" : fmt::format("{} does not belong to it", files.begin()->first);
}

}  // namespace

CachePlace::CachePlace(const fs::path& cache, const TrackingServer& server, ModelUri wanted)
    : folder(cache / file_name_for(server.uri) / file_name_for(wanted.name)), uri(std::move(wanted)) {}

fs::path CachePlace::version(std::string_view number) const {
  return folder / "versions" / file_name_for(number);
}

fs::path CachePlace::known() const {
  return folder / "known" / file_name_for((uri.is_alias ? "@" : "/") + uri.which);
}

CacheState state_of(const fs::path& entry) {
  std::error_code code;
  if (!fs::exists(entry, code)) return {};
  const auto text = read_whole_file(entry / kManifestFile);
  if (!text) return {true, text.error().message};
  try {
    return {true, damage_of(Json::parse(*text), files_of(entry / kCachedFiles))};
  } catch (const Json::exception&) {
    return {true, fmt::format("{} is no manifest", kManifestFile)};
  }
}

Expected<void> write_manifest(const TrackingServer& server, const ResolvedModel& model,
                              const fs::path& entry) {
  Json files = Json::array();
  for (const auto& [name, path] : files_of(entry / kCachedFiles)) {
    const auto hash = sha256_of_file(path);
    if (!hash) return tl::unexpected(hash.error());
    files.push_back({{"path", name}, {"sha256", *hash}});
  }
  const Json manifest = {{"format_version", kManifestVersion}, {"server", server.uri},   {"name", model.name},
                         {"version", model.version},           {"source", model.source}, {"files", files}};
  return write_file_atomically(entry / kManifestFile,
                               manifest.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace joulecast::tracking
