#include "datasets/session.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "datasets/safe_path.h"
#include "http/url.h"

namespace joulecast {
namespace datasets {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kUsualJobs = 8;

/// The folder beside the data, or in DVC's own folder for what is not kept in git.
fs::path control_folder(const fs::path& data, const std::optional<DvcRepository>& repository) {
  std::error_code code;
  const fs::path whole = fs::absolute(data, code).lexically_normal();
  if (repository)
    return repository->root / ".dvc" / "tmp" / "joulecast" /
           http::percent_encoded(whole.lexically_relative(repository->root).string());
  return whole.parent_path() / ("." + whole.filename().string() + ".joulecast");
}

http::ClientOptions client_options(const DataRequest& request) {
  http::ClientOptions options;
  options.on_retry = request.hooks.on_retry;
  options.ca_bundle = request.environment("SSL_CERT_FILE").value_or("");
  return options;
}

Expected<int> lock_file(const fs::path& file, const char* hint) {
  std::error_code code;
  fs::create_directories(file.parent_path(), code);
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor < 0)
    return fail(ErrorKind::kNotWritable, fmt::format("cannot write: {}", std::strerror(errno)),
                {file.string()}, "Choose a folder that you may write to");
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  ::close(descriptor);
  return fail(ErrorKind::kUnfit, "another process is at this dataset", {file.string()}, hint);
}

void take_scan(SyncState& state, const LocalFiles& here) {
  SyncWriter writer(state);
  for (const LocalFile& file : here.files) {
    SyncEntry& entry = writer.at(file.path);
    entry.md5 = file.md5;
    entry.fingerprint = file.fingerprint;
    if (!file.settled) entry.fingerprint.changed_ns = 0;
  }
}

void report_comparison(Session& session) {
  const std::string own_name = session.place.data.filename().string();
  for (const Compared& one : session.compared) {
    const std::uint64_t bytes =
        one.here != nullptr ? one.here->fingerprint.bytes : one.there->bytes.value_or(0);
    session.report.files.push_back({one.path.empty() ? own_name : one.path, one.state, bytes});
  }
  for (const std::string& note : session.here.notes) session.report.warnings.push_back({note});
  for (const std::string& doubt : session.there.doubts) session.report.warnings.push_back({doubt});
  if (!session.there.absent_revision.empty())
    session.report.warnings.push_back(
        {fmt::format("there is no branch '{}': compared with the one that a push would start it from",
                     session.there.absent_revision)});
  for (const auto& [first, second] : case_clashes(session.there.tree))
    session.report.warnings.push_back({fmt::format(
        "'{}' and '{}' are one file on systems that do not tell capital letters apart", first, second)});
}

/// What DVC would leave out of the dataset. Error kUnfit where that is all of it. `is_folder`: the dataset is
/// one, be it that it is not here yet.
Expected<std::optional<Ignoring>> ignoring_in(const DvcRepository& repository, const fs::path& data,
                                              bool is_folder) {
  auto rules = IgnoreRules::read(repository.root, data);
  if (!rules) return tl::unexpected(rules.error());
  std::error_code code;
  std::string folder =
      fs::absolute(data, code).lexically_normal().lexically_relative(repository.root).generic_string();
  if (rules->ignores(folder, is_folder))
    return fail(ErrorKind::kUnfit, "the dataset is ignored by a .dvcignore", {data.string()},
                "Take the line that names it out of there");
  return Ignoring{std::move(*rules), std::move(folder)};
}

/// What is ignored stays as it is on both sides: also what is not here, of which only the rules can tell.
void leave_out_ignored(Session& session, const Ignoring& ignoring) {
  std::size_t not_here = 0;
  std::string folder;  // the last path's, asked once for all files in a row
  bool folder_ignored = false;
  const auto is_ignored = [&](const std::string& below) {
    const std::string path = fmt::format("{}/{}", ignoring.folder, below);
    const std::string_view parent = std::string_view(path).substr(0, path.rfind('/'));
    if (parent != folder) {
      folder = parent;
      folder_ignored = ignoring.rules.ignores(folder, true);
    }
    return folder_ignored || ignoring.rules.match(path, false);
  };
  std::erase_if(session.compared, [&](const Compared& one) {
    if (one.here != nullptr || one.path.empty()) return false;
    if (is_among(session.here.ignored, one.path)) return true;
    if (!is_ignored(one.path)) return false;
    ++not_here;
    return true;
  });
  if (not_here != 0)
    session.here.notes.push_back(fmt::format("{} of the dataset {} not here and left out, by .dvcignore",
                                             not_here == 1 ? "1 file" : fmt::format("{} files", not_here),
                                             not_here == 1 ? "is" : "are"));
}

/// Files that are on neither side are forgotten.
void forget_gone(SyncState& state, const std::vector<Compared>& compared) {
  auto one = compared.begin();
  std::erase_if(state.entries, [&](const auto& entry) {
    while (one != compared.end() && one->path < entry.first) ++one;
    return one == compared.end() || one->path != entry.first;
  });
}

/// What both sides have alike is their common past from now on.
void agree_on_same(Session& session) {
  bool all = true;
  SyncWriter writer(session.state);
  for (const Compared& one : session.compared) {
    if (one.state == DataState::kSame)
      remember_common(writer.at(one.path), *one.there, one.here->md5);
    else
      all = false;
  }
  session.state.revision = all ? session.there.revision : std::string();
}

}  // namespace

Expected<DatasetLock> DatasetLock::take(const fs::path& control, const DvcRepository* repository) {
  DatasetLock lock;
  const auto own = lock_file(control / "lock", "Wait until it is done");
  if (!own) return tl::unexpected(own.error());
  lock.descriptors_.push_back(*own);
  if (repository == nullptr) return lock;
  const auto theirs = lock_file(repository->root / ".dvc" / "tmp" / "lock",
                                "DVC is at work in this repository: wait until it is done");
  if (!theirs) return tl::unexpected(theirs.error());
  lock.descriptors_.push_back(*theirs);
  const std::string pid = fmt::format(" {}\n", ::getpid());
  if (::ftruncate(*theirs, 0) == 0) {
    [[maybe_unused]] const auto written = ::pwrite(*theirs, pid.data(), pid.size(), 0);
  }
  return lock;
}

DatasetLock::~DatasetLock() {
  for (const int descriptor : descriptors_) ::close(descriptor);
}

Expected<void> require_there(const Session& session) {
  if (!session.there.absent_revision.empty())
    return fail(ErrorKind::kUnfit,
                fmt::format("{} has no branch and no commit '{}'", session.report.remote,
                            session.there.absent_revision),
                {}, "Check its name; a push would make the branch");
  if (!session.there.there)
    return fail(ErrorKind::kUnreadable, fmt::format("{} has nothing for it", session.report.remote),
                {session.place.data.string()},
                "There must be a .dvc file beside the data, or the folder in the DagsHub repository: check "
                "both names");
  return {};
}

void remember_common(SyncEntry& entry, const TreeFile& there, const std::string& md5) {
  entry.md5 = md5;
  entry.base = md5;
  entry.base_tag = there.md5.empty() ? there.tag : std::string();
}

Expected<std::unique_ptr<Session>> open_session(const DataRequest& request, Access access, bool hash_all) {
  auto session = std::make_unique<Session>();
  session->place.data = request.path.has_filename() ? request.path : request.path.parent_path();
  if (session->place.data.empty() || session->place.data == "." || session->place.data == "..")
    return fail(ErrorKind::kUsage, "the dataset needs a folder of its own", {request.path.string()},
                "Name it: --path training_data");
  session->place.jobs = request.jobs == 0 ? kUsualJobs : request.jobs;
  auto repository = find_dvc_repository(
      session->place.data.parent_path().empty() ? fs::path(".") : session->place.data.parent_path(),
      request.environment);
  if (!repository) return tl::unexpected(repository.error());
  const bool dagshub = request.remote.starts_with("dagshub://");
  session->place.control = control_folder(session->place.data, *repository);
  if (dagshub)
    repository->reset();  // its interface has nothing to do with DVC's cache, lock and ignored files
  auto remote = dagshub ? open_dagshub_remote(request, session->place, client_options(request))
                        : open_dvc_remote(request, session->place, *repository, client_options(request));
  if (!remote) return tl::unexpected(remote.error());
  session->remote = std::move(*remote);
  session->report.remote = session->remote->name();
  if (access == Access::kWrite) {
    auto lock = DatasetLock::take(session->place.control, *repository ? &**repository : nullptr);
    if (!lock) return tl::unexpected(lock.error());
    session->lock.emplace(std::move(*lock));
  }
  session->loaded = load_sync_state(session->state_file());
  session->state = session->loaded;
  if (session->state.remote != session->remote->identity()) {
    session->state = {};
    session->state.remote = session->remote->identity();
  }
  // Who asks for every hash wants to see what is there now, not what is remembered of it.
  auto there = session->remote->list(hash_all ? SyncState{} : session->state);
  if (!there) return tl::unexpected(there.error());
  session->there = std::move(*there);
  session->report.revision = session->there.revision;
  std::error_code code;
  const bool is_folder = fs::exists(session->place.data, code)
                             ? fs::is_directory(session->place.data, code)
                             : session->there.there && session->there.is_folder;
  const auto ignoring = *repository ? ignoring_in(**repository, session->place.data, is_folder)
                                    : Expected<std::optional<Ignoring>>(std::nullopt);
  if (!ignoring) return tl::unexpected(ignoring.error());
  auto here = scan(session->place.data, session->state, session->there.hash, request.jobs, hash_all,
                   *ignoring ? &**ignoring : nullptr);
  if (!here) return tl::unexpected(here.error());
  session->here = std::move(*here);
  if (session->here.there && session->there.there && session->here.is_folder != session->there.is_folder)
    return fail(ErrorKind::kUnfit,
                session->here.is_folder ? "this is a folder here, and a file on the remote"
                                        : "this is a file here, and a folder on the remote",
                {session->place.data.string()}, "Name another path");
  CompareHooks hooks = session->remote->hooks(session->there);
  hooks.passed_over = [&here = session->here](const std::string& path) {
    return is_among(here.passed_over, path);
  };
  session->compared = compare(session->here.files, session->there.tree, session->state, hooks);
  if (*ignoring) leave_out_ignored(*session, **ignoring);
  session->state.hash = session->there.hash;
  if (!hash_all) take_scan(session->state, session->here);
  forget_gone(session->state, session->compared);
  report_comparison(*session);
  agree_on_same(*session);
  return session;
}

}  // namespace datasets

std::string without_secrets(std::string_view remote) {
  const auto url = http::parse_url(remote);
  if (!url || (url->user.empty() && url->password.empty())) return std::string(remote);
  return url->text();
}

std::string_view to_string(DataState state) {
  switch (state) {
    case DataState::kSame:
      return "same";
    case DataState::kNewHere:
      return "new here";
    case DataState::kChangedHere:
      return "changed here";
    case DataState::kDeletedHere:
      return "deleted here";
    case DataState::kMissing:
      return "missing";
    case DataState::kChangedThere:
      return "changed there";
    case DataState::kDeletedThere:
      return "deleted there";
    case DataState::kConflict:
      return "conflict";
    case DataState::kCorrupt:
      return "corrupt";
  }
  return "";
}

std::size_t DataReport::count(DataState state) const {
  std::size_t found = 0;
  for (const DataFile& file : files) found += file.state == state ? 1 : 0;
  return found;
}

}  // namespace joulecast
