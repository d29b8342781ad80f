#include "datasets/bulk_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

namespace joulecast::datasets {
namespace {

constexpr std::size_t kBlockBytes = 4096;  // of every disk that is met; another one refuses, and is heard
constexpr std::size_t kPieceBytes = 1U << 20U;
constexpr std::size_t kWorthDirectBytes = 64U << 10U;
constexpr mode_t kNewMode = 0666;

struct Free {
  void operator()(char* buffer) const { std::free(buffer); }  // NOLINT: from aligned_alloc
};

/// Buffers that were used before: their pages need not be made again for every small file.
struct Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<char, Free>> idle;

  char* take() {
    {
      const std::scoped_lock lock(mutex);
      if (!idle.empty()) {
        char* buffer = idle.back().release();
        idle.pop_back();
        return buffer;
      }
    }
    auto* buffer = static_cast<char*>(std::aligned_alloc(kBlockBytes, kPieceBytes));
    if (buffer == nullptr) throw std::bad_alloc();
    return buffer;
  }
  void give_back(char* buffer) {
    const std::scoped_lock lock(mutex);
    idle.emplace_back(buffer);
  }
};

Pool& pool() {
  static Pool buffers;
  return buffers;
}

}  // namespace

void BulkWriter::GiveBack::operator()(char* buffer) const {
  pool().give_back(buffer);
}

BulkWriter::~BulkWriter() {
  close();
}

int BulkWriter::open(const std::filesystem::path& path) {
  close();
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kNewMode);
  struct stat status{};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) return errno;
  offset_ = static_cast<std::uint64_t>(status.st_size);
  return 0;
}

int BulkWriter::append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!buffer_) buffer_.reset(pool().take());
    // Short of a whole piece once, so that the next ones begin at a block.
    const std::size_t limit = kPieceBytes - static_cast<std::size_t>(offset_ % kBlockBytes);
    const std::size_t taken = std::min(limit - filled_, bytes.size());
    std::memcpy(buffer_.get() + filled_, bytes.data(), taken);
    filled_ += taken;
    bytes.remove_prefix(taken);
    if (filled_ < limit) continue;
    if (const int code = flush(); code != 0) return code;
  }
  return 0;
}

bool BulkWriter::set_direct(bool direct) {
  if (direct == is_direct_) return true;
  const int flags = ::fcntl(descriptor_, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor_, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) != 0)
    return false;
  is_direct_ = direct;
  return true;
}

int BulkWriter::flush() {
  std::size_t done = 0;
  int fault = 0;
  while (done < filled_ && fault == 0) {
    const std::size_t left = filled_ - done;
    const bool at_block = offset_ % kBlockBytes == 0 && done % kBlockBytes == 0;
    bool direct = can_direct_ && at_block && left >= kWorthDirectBytes;
    if (!set_direct(direct)) direct = can_direct_ = false;
    const std::size_t now = direct ? left / kBlockBytes * kBlockBytes : left;
    const ssize_t written = ::pwrite(descriptor_, buffer_.get() + done, now, static_cast<off_t>(offset_));
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
      offset_ += static_cast<std::uint64_t>(written);
    } else if (direct && errno == EINVAL) {
      can_direct_ = false;
    } else if (errno != EINTR) {
      fault = errno;
    }
  }
  // What could not be written stays, so that the file is never told to be longer than it is.
  if (done != 0 && done < filled_) std::memmove(buffer_.get(), buffer_.get() + done, filled_ - done);
  filled_ -= done;
  return fault;
}

int BulkWriter::truncate() {
  offset_ = filled_ = 0;
  return ::ftruncate(descriptor_, 0) == 0 ? 0 : errno;
}

int BulkWriter::sync(unsigned mode) {
  if (const int code = flush(); code != 0) return code;
  if (mode != 0 && ::fchmod(descriptor_, mode) != 0) return errno;
  return ::fdatasync(descriptor_) == 0 ? 0 : errno;
}

void BulkWriter::close() {
  if (descriptor_ >= 0) {
    flush();  // a part that broke off is gone on with; sync() has told of faults that matter
    ::close(descriptor_);
  }
  descriptor_ = -1;
  is_direct_ = false;
  can_direct_ = true;
  offset_ = filled_ = 0;
  buffer_.reset();
}

}  // namespace joulecast::datasets
