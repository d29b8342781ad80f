// Writes a file from its front to its end in large pieces, past the page cache where the file system can.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

namespace joulecast::datasets {

/// Results are 0 or the system's error number. Whole blocks go to the disk by DMA (O_DIRECT): that takes a
/// fraction of the CPU time of the page cache, and they have to be on the disk before the file takes its name
/// anyhow. The rest, and file systems without it, use the page cache. Not for several threads.
class BulkWriter {
 public:
  BulkWriter() = default;
  BulkWriter(const BulkWriter&) = delete;
  BulkWriter& operator=(const BulkWriter&) = delete;
  ~BulkWriter();

  /// Goes on at the end of a file, which is made if it is not there.
  int open(const std::filesystem::path& path);
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  /// Bytes taken, those that the file had included.
  [[nodiscard]] std::uint64_t bytes() const { return offset_ + filled_; }
  int append(std::string_view bytes);
  /// What was taken is in the file, for whoever reads it.
  int flush();
  /// An empty file again.
  int truncate();
  /// Flushes; all is on the disk then. The mode too, if it is not 0.
  int sync(unsigned mode);
  void close();

 private:
  struct GiveBack {
    void operator()(char* buffer) const;
  };
  bool set_direct(bool direct);

  int descriptor_ = -1;
  bool can_direct_ = true, is_direct_ = false;
  std::uint64_t offset_ = 0;  ///< bytes in the file
  std::size_t filled_ = 0;    ///< bytes in the buffer
  std::unique_ptr<char, GiveBack> buffer_;
};

}  // namespace joulecast::datasets
