#include "networks/onnx/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/input_file.h"

namespace joulecast::onnx {
namespace {

bool is_compressed(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5\x2f\xfd");
}

}  // namespace

Expected<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  MappedFile file;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status{};
  const bool regular = descriptor >= 0 && ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  if (regular && status.st_size > 0) {
    void* memory =
        ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (memory != MAP_FAILED) {
      file.mapping_ = static_cast<const char*>(memory);
      file.size_ = static_cast<std::size_t>(status.st_size);
    }
  }
  if (descriptor >= 0) ::close(descriptor);
  if (file.mapping_ != nullptr && !is_compressed(file.bytes())) return file;
  file.release();
  auto text = read_whole_file(path);  // also has the words for what cannot be read
  if (!text) return tl::unexpected(text.error());
  file.copy_ = std::move(*text);
  return file;
}

void MappedFile::release() {
  if (mapping_ != nullptr) ::munmap(const_cast<char*>(mapping_), size_);
  mapping_ = nullptr;
}

MappedFile::MappedFile(MappedFile&& other) noexcept {
  *this = std::move(other);
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  if (this == &other) return *this;
  release();
  mapping_ = std::exchange(other.mapping_, nullptr);
  size_ = std::exchange(other.size_, 0);
  copy_ = std::move(other.copy_);
  return *this;
}

MappedFile::~MappedFile() {
  release();
}

}  // namespace joulecast::onnx
