// Registered models kept on this machine:
//   CACHE/<server>/<name>/versions/<version>/files/...      the model
//   CACHE/<server>/<name>/versions/<version>/manifest.json  its files' sizes and SHA-256
//   CACHE/<server>/<name>/known/<alias>                     the version that the server last named
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <system_error>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "cost_model/data_hash.h"
#include "http/retry.h"
#include "http/url.h"
#include "tracking/download_model.h"

namespace joulecast {
namespace tracking {
namespace {

namespace fs = std::filesystem;

constexpr int kManifestVersion = 1;
constexpr const char* kManifestFile = "manifest.json";
constexpr const char* kModelFiles = "files";

/// A text as one name of a file, whatever it holds.
std::string file_name_for(std::string_view text) {
  constexpr std::size_t kLongest = 120;
  std::string name = http::percent_encoded(text);
  if (name.starts_with('.')) name = "%2E" + name.substr(1);
  if (name.size() > kLongest) name = name.substr(0, kLongest - 33) + "-" + sha256_of(text).substr(0, 32);
  return name;
}

/// Where the cache keeps a model.
struct CachePlace {
  fs::path folder;
  ModelUri uri;

  CachePlace(const fs::path& cache, const TrackingServer& server, ModelUri wanted)
      : folder(cache / file_name_for(server.uri) / file_name_for(wanted.name)), uri(std::move(wanted)) {}
  [[nodiscard]] fs::path version(std::string_view number) const {
    return folder / "versions" / file_name_for(number);
  }
  [[nodiscard]] fs::path known() const {
    return folder / "known" / file_name_for((uri.is_alias ? "@" : "/") + uri.which);
  }
};

/// Files below a folder, by path below it.
std::map<std::string, fs::path> files_of(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    if (!it->is_directory(code)) files[it->path().lexically_relative(folder).string()] = it->path();
  return files;
}

Expected<void> write_manifest(const TrackingServer& server, const ResolvedModel& model,
                              const fs::path& entry) {
  Json files = Json::array();
  for (const auto& [name, path] : files_of(entry / kModelFiles)) {
    const auto hash = sha256_of_file(path);
    if (!hash) return tl::unexpected(hash.error());
    files.push_back({{"path", name}, {"sha256", *hash}});
  }
  const Json manifest = {{"format_version", kManifestVersion}, {"server", server.uri},   {"name", model.name},
                         {"version", model.version},           {"source", model.source}, {"files", files}};
  return write_file_atomically(entry / kManifestFile,
                               manifest.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

/// A version in the cache.
struct CacheState {
  bool there = false;
  std::string damage;  ///< what is wrong with it

  [[nodiscard]] bool whole() const { return there && damage.empty(); }
};

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

CacheState state_of(const fs::path& entry) {
  std::error_code code;
  if (!fs::exists(entry, code)) return {};
  const auto text = read_whole_file(entry / kManifestFile);
  if (!text) return {true, text.error().message};
  try {
    return {true, damage_of(Json::parse(*text), files_of(entry / kModelFiles))};
  } catch (const Json::exception&) {
    return {true, fmt::format("{} is no manifest", kManifestFile)};
  }
}

Error unwritable_cache(const fs::path& path, const std::error_code& code) {
  return {ErrorKind::kNotWritable,
          fmt::format("the cache of models cannot be written: {}", code.message()),
          {path.string()},
          "Set XDG_CACHE_HOME to a folder that can be written"};
}

/// Keeps other processes from pulling the same model while it lives.
class CacheLock {
 public:
  static Expected<CacheLock> take(const fs::path& folder) {
    std::error_code code;
    fs::create_directories(folder, code);
    const fs::path file = folder / ".lock";
    const int descriptor = code ? -1 : ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (!code && descriptor < 0) code.assign(errno, std::generic_category());
    while (!code && ::flock(descriptor, LOCK_EX) != 0)
      if (errno != EINTR) code.assign(errno, std::generic_category());
    if (code) {
      if (descriptor >= 0) ::close(descriptor);
      return tl::unexpected(unwritable_cache(folder, code));
    }
    return CacheLock(descriptor);
  }
  CacheLock(CacheLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  CacheLock& operator=(CacheLock&&) = delete;
  CacheLock(const CacheLock&) = delete;
  CacheLock& operator=(const CacheLock&) = delete;
  ~CacheLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  explicit CacheLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

CachedModel taken_from(const CachePlace& place, const std::string& version) {
  return {place.version(version) / kModelFiles, place.uri.name, version, {}};
}

/// Into the cache, in the place of a damaged copy if there is one.
Expected<CachedModel> fetch(Rest& rest, const ResolvedModel& model, const CachePlace& place,
                            const TrackingHooks& hooks) {
  const fs::path entry = place.version(model.version);
  CachedModel cached = taken_from(place, model.version);
  if (state_of(entry).whole()) return cached;
  const auto lock = CacheLock::take(place.folder);
  if (!lock) return tl::unexpected(lock.error());
  const CacheState state = state_of(entry);  // another process may have been quicker
  if (state.whole()) return cached;
  // All of it beside its place, so that a broken download leaves what was there.
  const fs::path partial = place.folder / ".partial";
  std::error_code code;
  fs::remove_all(partial, code);
  const auto pulled = download_model(rest, model, partial / kModelFiles, hooks);
  const auto written =
      pulled ? write_manifest(rest.server(), model, partial) : Expected<void>(tl::unexpected(pulled.error()));
  if (!written) {
    fs::remove_all(partial, code);
    return tl::unexpected(written.error());
  }
  fs::create_directories(entry.parent_path(), code);
  fs::remove_all(entry, code);
  fs::rename(partial, entry, code);
  if (code) return tl::unexpected(unwritable_cache(entry, code));
  if (state.there)
    cached.warnings.push_back(
        {fmt::format("the cached copy was damaged ({}), and is pulled anew", state.damage),
         {entry.string()}});
  return cached;
}

/// The fault that keeps a model from being pulled; a damaged copy is told of.
Error pull_fault(Error error, const fs::path& entry, const CacheState& state) {
  if (state.there)
    error.message += fmt::format("; and the copy in {} is damaged: {}", entry.string(), state.damage);
  return error;
}

Expected<CachedModel> fixed_version(const TrackingServer& server, std::string_view uri,
                                    const CachePlace& place, const TrackingHooks& hooks) {
  const fs::path entry = place.version(place.uri.which);
  const CacheState state = state_of(entry);
  if (state.whole()) return taken_from(place, place.uri.which);
  Rest rest(server, hooks);
  const auto model = plain(resolve_model(rest, uri));
  auto cached = model ? fetch(rest, *model, place, hooks) : tl::unexpected(model.error());
  if (!cached) return tl::unexpected(pull_fault(cached.error(), entry, state));
  return cached;
}

/// The server gave no answer, or one that it gives while it is out of order.
bool does_not_answer(const ApiFault& fault) {
  return fault.error.kind == ErrorKind::kServer &&
         (fault.status == 0 || http::is_passing_fault(fault.status));
}

Expected<CachedModel> version_named_by_server(const TrackingServer& server, std::string_view uri,
                                              const CachePlace& place, const TrackingHooks& hooks) {
  const auto known = read_whole_file(place.known());
  const fs::path entry = known ? place.version(*known) : fs::path();
  const CacheState state = known ? state_of(entry) : CacheState();
  TrackingServer asked = server;
  if (state.whole()) asked.retries = std::min(asked.retries, 1);  // there is a way without it
  const auto model = [&] {
    Rest rest(asked, hooks);
    return resolve_model(rest, uri);
  }();
  if (!model) {
    if (!does_not_answer(model.error()) || !state.whole())
      return tl::unexpected(pull_fault(model.error().error, entry, state));
    CachedModel cached = taken_from(place, *known);
    cached.warnings.push_back({fmt::format("{}; {} is version {}, as it was when the server was last asked",
                                           model.error().error.message, uri, *known)});
    return cached;
  }
  Rest rest(server, hooks);
  auto cached = fetch(rest, *model, place, hooks);
  if (!cached) return cached;
  if (!known || *known != model->version)
    if (const auto noted = write_file_atomically(place.known(), model->version); !noted)
      cached->warnings.push_back({noted.error().message, noted.error().location});
  return cached;
}

}  // namespace
}  // namespace tracking

bool is_registered_model(std::string_view text) {
  return text.starts_with(tracking::kModelScheme);
}

Expected<std::filesystem::path> model_cache_folder(const Environment& environment) {
  const std::filesystem::path given = environment("XDG_CACHE_HOME").value_or("");
  if (given.is_absolute()) return given / "joulecast" / "models";  // the standard ignores other paths
  const std::filesystem::path home = environment("HOME").value_or("");
  if (home.empty())
    return fail(ErrorKind::kUsage, "there is no place for a cache of models", {},
                "Set HOME or XDG_CACHE_HOME, or pull the model into a folder: joulecast models pull");
  return home / ".cache" / "joulecast" / "models";
}

Expected<CachedModel> cached_model(const TrackingServer& server, std::string_view model_uri,
                                   const std::filesystem::path& cache, const TrackingHooks& hooks) {
  auto wanted = tracking::parse_model_uri(model_uri);
  if (!wanted) return tl::unexpected(wanted.error());
  const tracking::CachePlace place(cache, server, std::move(*wanted));
  return place.uri.is_fixed() ? tracking::fixed_version(server, model_uri, place, hooks)
                              : tracking::version_named_by_server(server, model_uri, place, hooks);
}

}  // namespace joulecast
