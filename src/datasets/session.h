// One operation on a dataset: its places, its remote, what is remembered of it, and both sides compared.
#pragma once

#include <memory>
#include <vector>

#include "datasets/remote.h"

namespace joulecast::datasets {

/// Keeps other processes off a dataset while it lives.
class DatasetLock {
 public:
  /// Of the dataset's control folder and, inside a DVC repository, DVC's own. Errors: kUnfit (taken),
  /// kNotWritable.
  static Expected<DatasetLock> take(const std::filesystem::path& control, const DvcRepository* repository);
  DatasetLock(DatasetLock&& other) noexcept : descriptors_(std::move(other.descriptors_)) {
    other.descriptors_.clear();
  }
  DatasetLock& operator=(DatasetLock&&) = delete;
  DatasetLock(const DatasetLock&) = delete;
  DatasetLock& operator=(const DatasetLock&) = delete;
  ~DatasetLock();

 private:
  DatasetLock() = default;
  std::vector<int> descriptors_;
};

struct Session {
  RemotePlace place;
  std::optional<DatasetLock> lock;  ///< none for what only reads
  std::unique_ptr<Remote> remote;
  SyncState loaded, state;  ///< what was remembered, and what is by now
  Listing there;
  LocalFiles here;
  std::vector<Compared> compared;
  DataReport report;

  /// One for each remote: what a dataset has in common with one says nothing of another.
  [[nodiscard]] std::filesystem::path state_file() const {
    return place.control / ("state-" + md5_of(remote->identity()));
  }
};

enum class Access { kRead, kWrite };
/// Opens, lists, scans and compares; the state knows all hashes then. With `hash_all` no remembered hash is
/// used. The session must not be moved afterwards but as a whole (its comparison points into it).
Expected<std::unique_ptr<Session>> open_session(const DataRequest& request, Access access,
                                                bool hash_all = false);

/// Is there something to take? Error kUnfit: no such revision; kUnreadable: no such dataset.
Expected<void> require_there(const Session& session);

/// Notes in a file's entry what both sides have in common now.
void remember_common(SyncEntry& entry, const TreeFile& there, const std::string& md5);

}  // namespace joulecast::datasets
