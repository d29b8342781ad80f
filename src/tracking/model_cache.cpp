// Registered models kept on this machine: taken from there, or pulled into it.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "http/retry.h"
#include "tracking/cache_entry.h"
#include "tracking/download_model.h"

namespace joulecast {
namespace tracking {
namespace {

namespace fs = std::filesystem;

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
  return {place.version(version) / kCachedFiles, place.uri.name, version, {}};
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
  const auto pulled = download_model(rest, model, partial / kCachedFiles, hooks);
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
