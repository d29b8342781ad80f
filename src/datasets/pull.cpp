// Brings here what is there and differs.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "base/parallel.h"
#include "datasets/session.h"

namespace joulecast {
namespace datasets {
namespace {

namespace fs = std::filesystem;

/// Files that get the same content: it is fetched once.
struct Wanted {
  const TreeFile* content = nullptr;
  std::vector<const Compared*> files;
};

/// Does the user's data stay as it is?
bool is_kept(DataState state, bool force) {
  if (state == DataState::kDeletedThere) return !force;
  return !force && (state == DataState::kChangedHere || state == DataState::kConflict);
}

bool is_wanted(const Compared& one, bool force) {
  if (one.there == nullptr) return false;
  switch (one.state) {
    case DataState::kMissing:
    case DataState::kDeletedHere:
    case DataState::kChangedThere:
      return true;
    case DataState::kChangedHere:
    case DataState::kConflict:
      return force;
    default:
      return false;
  }
}

std::vector<Wanted> plan(const Session& session, bool force) {
  std::vector<Wanted> all;
  std::map<std::string, std::size_t> by_content;
  for (const Compared& one : session.compared) {
    if (!is_wanted(one, force)) continue;
    const std::string key = one.there->md5.empty() ? "path " + one.path : one.there->md5;
    const auto [at, is_new] = by_content.emplace(key, all.size());
    if (is_new) all.push_back({one.there, {}});
    all[at->second].files.push_back(&one);
  }
  return all;
}

/// A content on this machine, and where from it can be put in place.
struct Content {
  std::string md5;
  std::optional<fs::path> object;     ///< in the cache
  std::unique_ptr<PartialFile> part;  ///< just fetched
  std::optional<fs::path> copy;       ///< written with it, for the first file that wants it
};

class Pull {
 public:
  Pull(Session& session, const DataRequest& request)
      : session_(session),
        request_(request),
        with_copy_(session.remote->cache() != nullptr && session.remote->cache()->copies() &&
                   !session.there.executable) {}

  void run(const std::vector<Wanted>& wanted) {
    for (const Wanted& one : wanted) total_ += one.content->bytes.value_or(0);
    parallel_for(wanted.size(), session_.place.jobs, [&](std::size_t i) {
      if (auto ok = bring(wanted[i]); !ok)
        for (const Compared* file : wanted[i].files) note_fault(*file, ok.error());
    });
    std::sort(session_.report.faults.begin(), session_.report.faults.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  void remove_what_is_gone_there() {
    for (const Compared& one : session_.compared) {
      const bool gone = one.state == DataState::kDeletedThere || one.state == DataState::kConflict;
      if (one.there != nullptr || !gone || !request_.force) continue;
      const fs::path target = place_of(session_.place.data, one.path);
      if (auto free = still_as_compared(one, target); !free) {
        note_fault(one, free.error());
        continue;
      }
      std::error_code code;
      if (fs::remove(target, code); code) {
        note_fault(one, Error{ErrorKind::kNotWritable,
                              "cannot remove: " + code.message(),
                              {target.string()},
                              "Check the folder's permissions"});
        continue;
      }
      session_.state.entries.erase(one.path);
    }
  }

 private:
  [[nodiscard]] fs::path parts() const { return session_.place.control / "parts"; }

  void note_fault(const Compared& file, const Error& error) {
    const std::scoped_lock lock(mutex_);
    session_.report.faults.emplace_back(
        file.path.empty() ? session_.place.data.filename().string() : file.path, error);
  }

  void moved(std::uint64_t more) {
    const std::uint64_t done = done_ += more;
    if (request_.hooks.progress) request_.hooks.progress(done, std::max(done, total_));
  }

  /// Of one content alone, so that nothing goes on with a part of another one. Where no hash is known the
  /// commit tells the version: what a server calls the content need not change with every byte of it.
  [[nodiscard]] std::string part_name(const TreeFile& file) const {
    if (!file.md5.empty()) return file.md5;
    const Listing& there = session_.there;
    return md5_of(fmt::format("{}\n{}\n{}\n{}\n{}", session_.remote->identity(), there.revision, file.path,
                              file.tag, file.bytes.value_or(0))) +
           ".plain";
  }

  /// The content with the right hash, in a part that is complete.
  Expected<std::unique_ptr<PartialFile>> fetch(const TreeFile& file, std::string& md5) {
    const std::string name = part_name(file);
    for (int attempt = 1;; ++attempt) {
      auto part = PartialFile::open(parts(), name);
      if (!part) return part;
      if (with_copy_)
        if (auto copy = (*part)->start_copy(); !copy) return tl::unexpected(copy.error());
      // A part of an earlier run may be whole already.
      const bool maybe_whole = (*part)->kept() != 0 && !file.md5.empty();
      auto found = maybe_whole ? (*part)->md5(session_.there.hash) : Expected<std::string>(std::string());
      if (!found) return tl::unexpected(found.error());
      if (!maybe_whole || *found != file.md5) {
        std::uint64_t seen = (*part)->kept();
        const auto got = session_.remote->fetch(file, session_.there, **part, [&](std::uint64_t bytes) {
          moved(bytes > seen ? bytes - seen : 0);
          seen = bytes;
        });
        if (!got) return tl::unexpected(got.error());
        found = (*part)->md5(session_.there.hash);
        if (!found) return tl::unexpected(found.error());
      }
      auto fault = fault_of(file, **part, *found);
      if (!fault) {
        md5 = *found;
        return part;
      }
      // What another run has left, or what the way here has spoilt, is thrown away once.
      if (auto empty = (*part)->start_again(); !empty) return tl::unexpected(empty.error());
      if (attempt == 2) return tl::unexpected(*fault);
    }
  }

  /// Is this what the remote said it would be?
  [[nodiscard]] std::optional<Error> fault_of(const TreeFile& file, const PartialFile& part,
                                              const std::string& md5) const {
    const char* hint =
        "It is damaged there or on the way: try again, else push it anew from where it is whole";
    if (!file.md5.empty() && md5 != file.md5)
      return Error{ErrorKind::kServer,
                   fmt::format("what {} sends has the MD5 {}, not {}", session_.report.remote, md5, file.md5),
                   {},
                   hint};
    const bool size_counts = file.md5.empty() && file.bytes && *file.bytes != 0;
    if (size_counts && part.kept() != *file.bytes)
      return Error{
          ErrorKind::kServer,
          fmt::format("{} sends {} bytes, and lists {}", session_.report.remote, part.kept(), *file.bytes),
          {},
          hint};
    constexpr std::size_t kBlobName = 40;
    if (file.md5.empty() && file.tag.size() == kBlobName && part.kept() != 0) {
      const auto blob = git_blob_of_file(part.path());
      const std::scoped_lock lock(mutex_);
      if (!blob || *blob != file.tag) ++by_size_;
    }
    return std::nullopt;
  }

  Expected<void> bring(const Wanted& wanted) {
    const Cache* cache = session_.remote->cache();
    const TreeFile& file = *wanted.content;
    Content content{file.md5, {}, {}, {}};
    if (cache != nullptr) content.object = cache->verified(file.md5, false, session_.there.hash);
    if (!content.object)
      if (auto ok = fetch_into(content, file, cache); !ok) return ok;
    for (std::size_t i = 0; i < wanted.files.size(); ++i) {
      const bool last = i + 1 == wanted.files.size();
      if (auto ok = put_in_place(*wanted.files[i], cache, content, last); !ok)
        note_fault(*wanted.files[i], ok.error());
    }
    std::error_code code;
    if (content.copy) fs::remove(*content.copy, code);
    return {};
  }

  Expected<void> fetch_into(Content& content, const TreeFile& file, const Cache* cache) {
    auto fetched = fetch(file, content.md5);
    if (!fetched) return tl::unexpected(fetched.error());
    content.part = std::move(*fetched);
    if (cache == nullptr) return {};
    auto copy = content.part->take_copy();
    if (!copy) return tl::unexpected(copy.error());
    content.copy = *copy;
    content.object = cache->place(file.md5, false, session_.there.hash);
    return content.part->finish(*content.object, 0444);
  }

  Expected<void> put_in_place(const Compared& file, const Cache* cache, Content& content, bool last) {
    const fs::path target = place_of(session_.place.data, file.path);
    if (auto free = still_as_compared(file, target); !free) return free;
    const bool executable = session_.there.executable;
    Expected<void> placed;
    if (content.copy) {
      take_mode(*content.copy, target, executable);
      placed = move_into_place(*std::exchange(content.copy, std::nullopt), target);
    } else if (cache != nullptr) {
      placed = cache->link_out(*content.object, target, executable);
    } else if (last) {
      take_mode(content.part->path(), target, executable);
      placed = content.part->finish(target);
    } else {
      placed = copy_verified(content.part->path(), target, {}, parts(), {});
    }
    if (!placed) return placed;
    const auto fingerprint = fingerprint_of(target);
    const std::scoped_lock lock(mutex_);
    SyncEntry& entry = session_.state.entries[file.there->path];
    remember_common(entry, *file.there, content.md5);
    if (fingerprint) entry.fingerprint = *fingerprint;
    ++session_.report.moved_files;
    session_.report.moved_bytes += fingerprint ? fingerprint->bytes : 0;
    return {};
  }

  /// A file that was written since it was compared, and a way that leads through a link, stay untouched.
  [[nodiscard]] Expected<void> still_as_compared(const Compared& file, const fs::path& target) const {
    const auto now = fingerprint_of(target);
    const bool as_before = file.here != nullptr ? now && *now == file.here->fingerprint : !now;
    if (!as_before)
      return fail(ErrorKind::kUnfit, "the file was changed while the remote was asked", {target.string()},
                  "It is kept; run the command again");
    std::error_code code;
    for (fs::path folder = target.parent_path(); folder != session_.place.data && folder.has_relative_path();
         folder = folder.parent_path()) {
      if (file.path.empty()) break;
      if (fs::is_symlink(folder, code))
        return fail(ErrorKind::kUnfit, "this folder is a link, and nothing is written through it",
                    {folder.string()}, "Replace the link by a folder");
      if (fs::exists(folder, code) && !fs::is_directory(folder, code))
        return fail(ErrorKind::kUnfit, "a file stands where a folder is needed", {folder.string()},
                    "Move it away, and run the command again");
    }
    if (fs::is_directory(target, code))
      return fail(ErrorKind::kUnfit, "a folder stands where a file is needed", {target.string()},
                  "Move it away, and run the command again");
    return {};
  }

 public:
  [[nodiscard]] std::uint64_t by_size() const { return by_size_; }

 private:
  Session& session_;
  const DataRequest& request_;
  const bool with_copy_;  ///< the cache's contents are copied into the folder
  mutable std::mutex mutex_;
  std::atomic<std::uint64_t> done_{0};
  std::uint64_t total_ = 0;
  mutable std::uint64_t by_size_ = 0;  ///< files whose bytes could not be compared by a hash
};

void report_kept(Session& session, bool force) {
  for (const Compared& one : session.compared)
    if (is_kept(one.state, force)) session.report.kept.push_back(one.path);
}

/// Unfinished files of what is here now, or is not wanted any more.
void clean(const Session& session) {
  std::error_code code;
  fs::remove_all(session.place.control / "parts", code);
}

Expected<DataReport> run_pull(const DataRequest& request) {
  auto session = open_session(request, request.dry_run ? Access::kRead : Access::kWrite);
  if (!session) return tl::unexpected(session.error());
  Session& open = **session;
  if (auto there = require_there(open); !there) return tl::unexpected(there.error());
  report_kept(open, request.force);
  if (request.dry_run) return std::move(open.report);
  Pull pull(open, request);
  pull.run(plan(open, request.force));
  pull.remove_what_is_gone_there();
  if (pull.by_size() != 0)
    open.report.warnings.push_back(
        {fmt::format("{} files are not DVC's: of them the size alone was compared", pull.by_size())});
  const bool whole = open.report.faults.empty() && open.report.kept.empty();
  open.state.revision = whole ? open.there.revision : std::string();
  if (auto saved = save_sync_state(open.state, open.state_file()); !saved)
    return tl::unexpected(saved.error());
  if (open.report.faults.empty()) clean(open);
  return std::move(open.report);
}

}  // namespace
}  // namespace datasets

Expected<DataReport> pull_data(const DataRequest& request) {
  return datasets::run_pull(request);
}

}  // namespace joulecast
