// What lies in a dataset's folder on this machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "datasets/ignore_rules.h"
#include "datasets/md5.h"
#include "datasets/sync_state.h"
#include "joulecast/error.h"

namespace joulecast::datasets {

struct LocalFile {
  std::string path;         ///< below the folder; empty: the dataset is one file
  Fingerprint fingerprint;  ///< of the content that was hashed
  std::string md5;
  bool executable = false;
  bool settled = false;  ///< the fingerprint tells of every later write
};
struct LocalFiles {
  bool there = false;  ///< the folder, or the file
  bool is_folder = true;
  std::vector<LocalFile> files;          ///< by path
  std::vector<std::string> notes;        ///< what was passed over, and why
  std::vector<std::string> passed_over;  ///< its paths, sorted
  std::vector<std::string> ignored;      ///< what a .dvcignore keeps out: files, and folders as such; sorted
  std::uint64_t hashed_files = 0;        ///< read, as no earlier hash could be used
};

/// Is this path, or a folder that it is in, among `sorted` ones?
bool is_among(const std::vector<std::string>& sorted, const std::string& path);
/// The rules that hold in a dataset's folder, and that folder's own path below the repository's root.
struct Ignoring {
  IgnoreRules rules;
  std::string folder;
};
/// Where a file of a dataset is: the folder, with the path below it if there is one.
std::filesystem::path place_of(const std::filesystem::path& data, const std::string& path);
/// Since 1970.
std::int64_t now_in_ns();
/// What the system says of a file, links followed; nothing if it is none.
std::optional<Fingerprint> fingerprint_of(const std::filesystem::path& file);

/// Every file below `data` with its MD5. Hashes of `known` serve where size, time and inode are the same,
/// unless `hash_all`. Links to files count as files, links to folders are passed over; so are .git, .hg and
/// .dvc, and inside a DVC repository what `ignoring` names, and folders that are repositories of their own.
/// Errors: kUnreadable; kUnfit for a .dvcignore in the dataset itself, which DVC does not take.
Expected<LocalFiles> scan(const std::filesystem::path& data, const SyncState& known, HashKind hash,
                          std::size_t jobs, bool hash_all = false, const Ignoring* ignoring = nullptr);

}  // namespace joulecast::datasets
