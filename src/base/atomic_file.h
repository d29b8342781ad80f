// Output files that are either whole or not there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "joulecast/error.h"

namespace joulecast {

/// What a committed file outlives: the end of the process, or a power cut too (then its bytes are on the disk
/// before it takes its name, which costs milliseconds a file).
enum class Durability { kProcess, kPowerCut };

/// A file that takes its name only on commit(): it is written beside its destination under a temporary name,
/// and removed when the object dies uncommitted. A symbolic link stays one (its target is replaced), and so
/// do devices and pipes (bytes go straight into them); a file that is replaced hands on its mode. Small
/// writes are buffered (256 KiB). Not for several threads.
class AtomicFile {
 public:
  /// Creates missing parent folders. Error kNotWritable.
  static Expected<AtomicFile> create(const std::filesystem::path& name);

  /// Takes bytes. A fault of the disk is kept and reported by commit(); `ok()` tells early.
  void write(std::string_view bytes);
  [[nodiscard]] bool ok() const { return errno_ == 0; }
  /// Writes what is left and closes, so that of several files that belong together none takes its name before
  /// all are on the disk. Only commit() may follow. Error kNotWritable.
  Expected<void> finish_writing();
  /// Flushes and renames. Error kNotWritable with the system's reason.
  Expected<void> commit(Durability durability = Durability::kProcess);

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

 private:
  AtomicFile(int descriptor, std::filesystem::path temporary, std::filesystem::path destination);
  void flush();
  void write_through(std::string_view rest);
  void discard();

  bool pending_ = true;  ///< neither committed nor discarded nor moved from
  int descriptor_ = -1;
  int errno_ = 0;
  std::filesystem::path temporary_;
  std::filesystem::path destination_;
  std::string buffer_;
};

/// Removes every temporary file that is open now, for a program that is about to end before its time. While
/// the lock that it returns is held no new one appears. Not for signal handlers: it locks and allocates.
[[nodiscard]] std::unique_lock<std::mutex> remove_temporary_files();

/// The whole content at once. Error kNotWritable.
Expected<void> write_file_atomically(const std::filesystem::path& destination, std::string_view content,
                                     Durability durability = Durability::kProcess);

/// A copy, byte for byte, that appears whole or not at all. Errors: kUnreadable, kNotWritable.
Expected<void> copy_file_atomically(const std::filesystem::path& from, const std::filesystem::path& to,
                                    Durability durability = Durability::kProcess);

}  // namespace joulecast
