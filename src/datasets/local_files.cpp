#include "datasets/local_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <fmt/format.h>

#include "base/input_file.h"
#include "datasets/md5_lanes.h"
#include "datasets/safe_path.h"

namespace joulecast::datasets {
namespace {

namespace fs = std::filesystem;

Fingerprint fingerprint_from(const struct stat& status) {
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  return {static_cast<std::uint64_t>(status.st_size),
          static_cast<std::int64_t>(status.st_mtim.tv_sec) * kNanosecondsPerSecond + status.st_mtim.tv_nsec,
          static_cast<std::uint64_t>(status.st_ino)};
}

/// What is remembered of a dataset that lies in this one.
bool is_control_folder(const std::string& name) {
  return name.starts_with('.') && name.ends_with(".joulecast");
}

/// Collects the files of a folder and those below it.
class Walk {
 public:
  Walk(const fs::path& root, const Ignoring* ignoring, LocalFiles& found)
      : root_(root), ignoring_(ignoring), found_(found) {}

  Expected<void> folder(const std::string& below) {
    const fs::path here = place_of(root_, below);
    DIR* stream = ::opendir(here.c_str());
    if (stream == nullptr) return tl::unexpected(unreadable_file(here, errno));
    std::vector<std::string> folders;
    Expected<void> taken;
    int code = 0;
    while (taken) {
      errno = 0;
      const dirent* entry = ::readdir(stream);
      if (entry == nullptr) {
        code = errno;
        break;
      }
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string path = below.empty() ? name : fmt::format("{}/{}", below, name);
      if (!fault_of_path(name).empty() || is_control_folder(name)) continue;  // .git, .hg, .dvc
      taken = add(::dirfd(stream), path, here / name, folders);
    }
    ::closedir(stream);
    if (!taken) return taken;
    if (code != 0) return tl::unexpected(unreadable_file(here, code));
    for (const std::string& path : folders)
      if (auto ok = folder(path); !ok) return ok;
    return {};
  }

 private:
  /// A file, or one of the folders that are to be walked too. What cannot be looked at is no deleted file.
  Expected<void> add(int parent, const std::string& path, const fs::path& place,
                     std::vector<std::string>& folders) {
    struct stat status{};
    if (::fstatat(parent, place.filename().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return {};  // gone meanwhile
      return tl::unexpected(unreadable_file(place, errno));
    }
    if (ignoring_ != nullptr) {
      if (is_ignored(path, place, S_ISDIR(status.st_mode))) {
        found_.ignored.push_back(path);
        return {};
      }
      if (place.filename() == ".dvcignore")
        return fail(ErrorKind::kUnfit, "DVC takes no .dvcignore inside a dataset", {place.string()},
                    "Write its lines into the .dvcignore of a folder above");
    }
    if (S_ISDIR(status.st_mode)) {
      folders.push_back(path);
      return {};
    }
    const bool link = S_ISLNK(status.st_mode);
    if (link && ::stat(place.c_str(), &status) != 0) {
      pass_over(path, "is a link to nothing");
    } else if (S_ISDIR(status.st_mode)) {
      pass_over(path, "is a link to a folder");
    } else if (!S_ISREG(status.st_mode)) {
      pass_over(path, "is no regular file");
    } else {
      found_.files.push_back({path, fingerprint_from(status), {}, (status.st_mode & S_IXUSR) != 0});
    }
    return {};
  }
  [[nodiscard]] bool is_ignored(const std::string& path, const fs::path& place, bool is_folder) const {
    std::error_code code;
    if (is_folder && fs::is_directory(place / ".dvc", code)) return true;  // a repository of its own
    return ignoring_->rules.match(fmt::format("{}/{}", ignoring_->folder, path), is_folder);
  }
  void pass_over(const std::string& path, const char* why) {
    found_.notes.push_back(fmt::format("{} {}, and passed over", path, why));
    found_.passed_over.push_back(path);
  }

  const fs::path& root_;
  const Ignoring* ignoring_;
  LocalFiles& found_;
};

Expected<void> hash_files(LocalFiles& found, const fs::path& data, const SyncState& known, HashKind hash,
                          std::size_t jobs, bool hash_all) {
  std::vector<LocalFile*> unknown;
  SyncCursor cursor(known);
  for (LocalFile& file : found.files) {
    const SyncEntry* entry = hash_all ? nullptr : cursor.find(file.path);
    if (entry != nullptr && entry->fingerprint == file.fingerprint && !entry->md5.empty() &&
        known.hash == hash)
      file.md5 = entry->md5;
    else
      unknown.push_back(&file);
  }
  found.hashed_files = unknown.size();
  // Long ones first: files of about a length go side by side, and none is begun when all else is done. One
  // thread may take all long ones, which costs no time (md5_of_files() tells why).
  std::stable_sort(unknown.begin(), unknown.end(), [](const LocalFile* a, const LocalFile* b) {
    return a->fingerprint.bytes > b->fingerprint.bytes;
  });
  std::vector<fs::path> files;
  files.reserve(unknown.size());
  for (const LocalFile* file : unknown) files.push_back(place_of(data, file->path));
  auto found_md5s = md5_of_files(files, hash, jobs);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!found_md5s[i]) return tl::unexpected(found_md5s[i].error());
    unknown[i]->md5 = std::move(*found_md5s[i]);
  }
  return {};
}

}  // namespace

fs::path place_of(const fs::path& data, const std::string& path) {
  return path.empty() ? data : data / path;
}

bool is_among(const std::vector<std::string>& sorted, const std::string& path) {
  for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
    if (std::binary_search(sorted.begin(), sorted.end(), path.substr(0, end))) return true;
    if (end == std::string::npos) return false;
  }
}

std::int64_t now_in_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  return static_cast<std::int64_t>(now.tv_sec) * kNanosecondsPerSecond + now.tv_nsec;
}

std::optional<Fingerprint> fingerprint_of(const fs::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return fingerprint_from(status);
}

Expected<LocalFiles> scan(const fs::path& data, const SyncState& known, HashKind hash, std::size_t jobs,
                          bool hash_all, const Ignoring* ignoring) {
  LocalFiles found;
  const std::int64_t now_ns = now_in_ns();
  struct stat status{};
  if (::stat(data.c_str(), &status) != 0) {
    if (errno == ENOENT) return found;
    return tl::unexpected(unreadable_file(data, errno));
  }
  found.there = true;
  found.is_folder = S_ISDIR(status.st_mode);
  if (found.is_folder) {
    if (auto walked = Walk(data, ignoring, found).folder({}); !walked) return tl::unexpected(walked.error());
  } else {
    found.files.push_back({{}, fingerprint_from(status), {}, (status.st_mode & S_IXUSR) != 0});
  }
  std::sort(found.files.begin(), found.files.end(),
            [](const LocalFile& a, const LocalFile& b) { return a.path < b.path; });
  std::sort(found.notes.begin(), found.notes.end());
  std::sort(found.passed_over.begin(), found.passed_over.end());
  std::sort(found.ignored.begin(), found.ignored.end());
  if (!found.ignored.empty())
    found.notes.push_back(fmt::format(
        "{} {}, by .dvcignore", found.ignored.size(),
        found.ignored.size() == 1 ? "file or folder is left out" : "files and folders are left out"));
  for (LocalFile& file : found.files) file.settled = file.fingerprint.settled(now_ns);
  if (auto hashed = hash_files(found, data, known, hash, jobs, hash_all); !hashed)
    return tl::unexpected(hashed.error());
  return found;
}

}  // namespace joulecast::datasets
