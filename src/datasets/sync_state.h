// What we know of a dataset from last time: hashes of its files, and what the remote had.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "datasets/md5.h"
#include "joulecast/error.h"

namespace joulecast::datasets {

/// By this we tell that a file was not written since: what the system keeps of it.
struct Fingerprint {
  std::uint64_t bytes = 0;
  std::int64_t changed_ns = 0;  ///< time of the last change, since 1970
  std::uint64_t inode = 0;

  /// Another write at the same tick of the clock would not be seen: of such a file nothing is remembered.
  [[nodiscard]] bool settled(std::int64_t now_ns) const {
    constexpr std::int64_t kTickNs = 20'000'000;  // several of the kernel's
    return now_ns - changed_ns > kTickNs;
  }
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

struct SyncEntry {
  Fingerprint fingerprint;  ///< of the local file when it was hashed
  std::string md5;          ///< of it; empty: not hashed
  std::string base;         ///< MD5 of the content that here and there had in common last; empty: never
  std::string base_tag;     ///< the remote's own name of that content
  friend bool operator==(const SyncEntry&, const SyncEntry&) = default;
};

/// By path, for one remote.
struct SyncState {
  std::string remote;    ///< which one
  std::string revision;  ///< of it, when everything was last listed
  HashKind hash = HashKind::kMd5;
  std::map<std::string, SyncEntry, std::less<>> entries;

  [[nodiscard]] const SyncEntry* find(std::string_view path) const {
    const auto found = entries.find(path);
    return found == entries.end() ? nullptr : &found->second;
  }
  friend bool operator==(const SyncState&, const SyncState&) = default;
};

/// Finds entries by paths that ascend, each in passing.
class SyncCursor {
 public:
  explicit SyncCursor(const SyncState& state) : next_(state.entries.begin()), end_(state.entries.end()) {}

  const SyncEntry* find(std::string_view path) {
    while (next_ != end_ && next_->first < path) ++next_;
    return next_ != end_ && next_->first == path ? &next_->second : nullptr;
  }

 private:
  std::map<std::string, SyncEntry, std::less<>>::const_iterator next_, end_;
};

/// Entries of paths that ascend, made where there is none yet; each in passing.
class SyncWriter {
 public:
  explicit SyncWriter(SyncState& state) : entries_(state.entries), next_(entries_.begin()) {}

  SyncEntry& at(const std::string& path) {
    while (next_ != entries_.end() && next_->first < path) ++next_;
    next_ = entries_.try_emplace(next_, path);
    return next_->second;
  }

 private:
  std::map<std::string, SyncEntry, std::less<>>& entries_;
  std::map<std::string, SyncEntry, std::less<>>::iterator next_;
};

/// The state in a file; an empty one if there is none, or if it cannot be read: then everything is hashed
/// again.
SyncState load_sync_state(const std::filesystem::path& file);
/// Error kNotWritable.
Expected<void> save_sync_state(const SyncState& state, const std::filesystem::path& file);

}  // namespace joulecast::datasets
