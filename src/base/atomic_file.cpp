#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/input_file.h"

namespace joulecast {
namespace {

constexpr std::size_t kWriteBufferBytes = 256 * 1024;
constexpr int kMostLinks = 40;         // the system's own limit
constexpr mode_t kNewFileMode = 0666;  // the umask takes its share

tl::unexpected<Error> not_writable(const std::filesystem::path& path, int code) {
  std::string hint = "Choose another place, or check the disk";
  if (code == ENOTDIR)
    hint = "What stands before a '/' in the path is a file, not a folder: choose another path";
  if (code == EISDIR) hint = "A folder of that name is there: name a file";
  if (code == ENOSPC || code == EDQUOT) hint = "Free some space, or choose another folder";
  if (code == EACCES || code == EROFS || code == EPERM) hint = "Choose a folder that you may write to";
  return fail(ErrorKind::kNotWritable, fmt::format("cannot write: {}", std::strerror(code)), {path.string()},
              hint);
}

// The one piece of global state of the library: an interrupted program can only remove what it knows of.
struct OpenFiles {
  std::mutex mutex;
  std::set<std::filesystem::path> names;
};
OpenFiles& open_files() {
  static auto* files = new OpenFiles;  // never destroyed: threads may still write while the program ends
  return *files;
}

void forget(const std::filesystem::path& temporary) {
  auto& files = open_files();
  const std::scoped_lock lock(files.mutex);
  files.names.erase(temporary);
}

}  // namespace

AtomicFile::AtomicFile(int descriptor, std::filesystem::path temporary, std::filesystem::path destination)
    : descriptor_(descriptor), temporary_(std::move(temporary)), destination_(std::move(destination)) {
  buffer_.reserve(kWriteBufferBytes);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : pending_(std::exchange(other.pending_, false)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      errno_(other.errno_),
      temporary_(std::move(other.temporary_)),
      destination_(std::move(other.destination_)),
      buffer_(std::move(other.buffer_)) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this != &other) {
    discard();
    pending_ = std::exchange(other.pending_, false);
    descriptor_ = std::exchange(other.descriptor_, -1);
    errno_ = other.errno_;
    temporary_ = std::move(other.temporary_);
    destination_ = std::move(other.destination_);
    buffer_ = std::move(other.buffer_);
  }
  return *this;
}

AtomicFile::~AtomicFile() {
  discard();
}

Expected<AtomicFile> AtomicFile::create(const std::filesystem::path& name) {
  static std::atomic<unsigned> serial{0};
  std::error_code code;
  // A link stays a link: what it points to is written, even where that is not there yet.
  auto destination = name;
  for (int links = 0; std::filesystem::is_symlink(destination, code); ++links) {
    if (links == kMostLinks) return not_writable(name, ELOOP);
    // An absolute target replaces the folder before it.
    destination = destination.parent_path() / std::filesystem::read_symlink(destination, code);
    if (code) return not_writable(name, code.value());
  }
  if (destination.has_parent_path()) {
    std::filesystem::create_directories(destination.parent_path(), code);
    if (code) return not_writable(destination.parent_path(), code.value());
  }
  struct stat old{};
  const bool there = ::stat(destination.c_str(), &old) == 0;
  if (there && S_ISDIR(old.st_mode)) return not_writable(destination, EISDIR);
  if (there && !S_ISREG(old.st_mode)) {
    // A device, a pipe: renaming would put a file in its place, so bytes go straight through.
    const int through = ::open(destination.c_str(), O_WRONLY | O_CLOEXEC);
    if (through < 0) return not_writable(destination, errno);
    return AtomicFile(through, {}, destination);
  }
  // Process and serial number: two runs, or two threads, never share a temporary file. A run that was killed
  // may have left one whose process had the same number, as in containers: it is passed over, never taken.
  std::filesystem::path temporary;
  int descriptor = -1;
  auto& files = open_files();
  const std::scoped_lock lock(files.mutex);
  do {
    temporary = destination;
    temporary += fmt::format(".tmp-{}-{}", ::getpid(), serial++);
    descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kNewFileMode);
  } while (descriptor < 0 && errno == EEXIST);
  if (descriptor < 0) return not_writable(destination, errno);
  files.names.insert(temporary);
  if (there) ::fchmod(descriptor, old.st_mode & 07777);  // best effort: the new content keeps the old mode
  return AtomicFile(descriptor, std::move(temporary), destination);
}

void AtomicFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kWriteBufferBytes) flush();
  if (bytes.size() >= kWriteBufferBytes) {
    write_through(bytes);
  } else {
    buffer_.append(bytes);
  }
}

void AtomicFile::flush() {
  write_through(buffer_);
  buffer_.clear();
}

void AtomicFile::write_through(std::string_view rest) {
  while (!rest.empty() && errno_ == 0) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0) {
      if (errno != EINTR) errno_ = errno;
      continue;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

Expected<void> AtomicFile::finish_writing() {
  if (descriptor_ >= 0) {
    flush();
    if (::close(std::exchange(descriptor_, -1)) != 0 && errno_ == 0) errno_ = errno;
  }
  if (errno_ == 0) return {};
  return not_writable(destination_, errno_);
}

Expected<void> AtomicFile::commit(Durability durability) {
  // Without fsync the file may be old or new or empty on some file systems after a power cut, but never half
  // of both; after a killed run it is old or new.
  if (durability == Durability::kPowerCut && descriptor_ >= 0 && !temporary_.empty()) {
    flush();
    if (errno_ == 0 && ::fdatasync(descriptor_) != 0) errno_ = errno;
  }
  static_cast<void>(finish_writing());  // a fault stays in errno_
  pending_ = false;
  if (!temporary_.empty()) {
    if (errno_ == 0 && ::rename(temporary_.c_str(), destination_.c_str()) != 0) errno_ = errno;
    if (errno_ != 0) ::unlink(temporary_.c_str());
    forget(temporary_);
  }
  if (errno_ != 0) {
    return not_writable(destination_, errno_);
  }
  return {};
}

void AtomicFile::discard() {
  if (!std::exchange(pending_, false)) return;
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  forget(temporary_);
}

std::unique_lock<std::mutex> remove_temporary_files() {
  auto& files = open_files();
  std::unique_lock lock(files.mutex);
  for (const auto& name : files.names) ::unlink(name.c_str());
  files.names.clear();
  return lock;
}

Expected<void> write_file_atomically(const std::filesystem::path& destination, std::string_view content,
                                     Durability durability) {
  auto file = AtomicFile::create(destination);
  if (!file) return tl::unexpected(file.error());
  file->write(content);
  return file->commit(durability);
}

Expected<void> copy_file_atomically(const std::filesystem::path& from, const std::filesystem::path& to,
                                    Durability durability) {
  const int source = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return tl::unexpected(unreadable_file(from, errno));
  auto file = AtomicFile::create(to);
  if (!file) {
    ::close(source);
    return tl::unexpected(file.error());
  }
  std::array<char, 65536> chunk{};
  ssize_t got = 0;
  while ((got = ::read(source, chunk.data(), chunk.size())) > 0) {
    file->write({chunk.data(), static_cast<std::size_t>(got)});
  }
  const int code = errno;
  ::close(source);
  if (got < 0) return tl::unexpected(unreadable_file(from, code));
  return file->commit(durability);
}

}  // namespace joulecast
