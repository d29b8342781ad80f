// A file as memory, of which only the pages that are looked at are read.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "joulecast/error.h"

namespace joulecast::onnx {

/// Regular files are mapped, so that gigabytes of weights are never read; compressed files and pipes are read
/// as a whole. Errors: kUnreadable; kUnfit for a compressed file or pipe that is too large to hold.
class MappedFile {
 public:
  static Expected<MappedFile> open(const std::filesystem::path& path);

  [[nodiscard]] std::string_view bytes() const {
    return mapping_ == nullptr ? std::string_view(copy_) : std::string_view(mapping_, size_);
  }

  [[nodiscard]] bool is_mapped() const { return mapping_ != nullptr; }

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

 private:
  MappedFile() = default;
  void release();

  const char* mapping_ = nullptr;
  std::size_t size_ = 0;
  std::string copy_;
};

}  // namespace joulecast::onnx
