// Records that wait to be sent: MODELS/.tracking-spool/<key>/record.json, and the files of run 0 (the
// parent), 1, 2, ... below a folder with the run's number.
#pragma once

#include <filesystem>
#include <string>

#include "joulecast/tracking.h"

namespace joulecast::tracking {

inline constexpr const char* kSpoolFolder = ".tracking-spool";

/// A record as it lies in a spool: its artifacts have no content here, but files.
Expected<TrainingRecord> read_spooled(const std::filesystem::path& folder);
/// Where an artifact of a run lies.
std::filesystem::path artifact_file(const std::filesystem::path& folder, std::size_t run,
                                    const std::string& path);
/// Notes that the record is being sent, and tells whether that was so before. Error kNotWritable.
Expected<bool> begin_attempt(const std::filesystem::path& folder);
/// Takes a record away, and the spool with it if it was the last.
Expected<void> remove_spooled(const std::filesystem::path& folder);

/// Keeps other processes from sending from the same spool while it lives.
class SpoolLock {
 public:
  /// Error kUnfit: another process has it.
  static Expected<SpoolLock> take(const std::filesystem::path& folder);
  SpoolLock(SpoolLock&& other) noexcept;
  SpoolLock& operator=(SpoolLock&&) = delete;
  SpoolLock(const SpoolLock&) = delete;
  SpoolLock& operator=(const SpoolLock&) = delete;
  ~SpoolLock();

 private:
  explicit SpoolLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace joulecast::tracking
