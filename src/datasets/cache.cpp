#include "datasets/cache.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/input_file.h"
#include "datasets/object_store.h"
#include "datasets/partial_file.h"

namespace joulecast::datasets {
namespace {

namespace fs = std::filesystem;
constexpr unsigned kObjectMode = 0444;

/// Calls make(path), which says -1 and errno if it fails, for a name in the scratch folder until there is
/// nothing of that name: a killed run, whose process may have had our number, can have left some. `name` is
/// the last one.
template <class Make>
int make_new(const fs::path& scratch, fs::path& name, Make&& make) {
  static std::atomic<unsigned> serial{0};
  int made = -1;
  do {
    name = scratch / fmt::format("new-{}-{}", ::getpid(), serial++);
    made = make(name);
  } while (made < 0 && errno == EEXIST);
  return made;
}

tl::unexpected<Error> cannot_copy(const fs::path& path, int code) {
  return fail(ErrorKind::kNotWritable, fmt::format("cannot write: {}", std::strerror(code)), {path.string()},
              code == ENOSPC || code == EDQUOT ? "Free some space, and run the command again"
                                               : "Choose a folder that you may write to");
}

/// The bytes of one open file into another: shared by the file system, or copied by the kernel, or by hand.
int copy_bytes(int from, int to) {
  if (::ioctl(to, FICLONE, from) == 0) return 0;
  constexpr std::size_t kAtOnce = 16U << 20U;
  for (;;) {
    const ssize_t moved = ::copy_file_range(from, nullptr, to, nullptr, kAtOnce, 0);
    if (moved == 0) return 0;
    if (moved > 0 || errno == EINTR) continue;
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return errno;
    break;
  }
  constexpr std::size_t kBufferBytes = 256U << 10U;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferBytes);
  for (;;) {
    const ssize_t got = ::read(from, buffer.get(), kBufferBytes);
    if (got == 0) return 0;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    for (ssize_t done = 0; done < got;) {
      const ssize_t written = ::write(to, buffer.get() + done, static_cast<std::size_t>(got - done));
      if (written < 0 && errno != EINTR) return errno;
      if (written > 0) done += written;
    }
  }
}

/// A copy in the scratch folder, on the disk; its name.
Expected<fs::path> copy_to_scratch(const fs::path& from, const fs::path& scratch,
                                   std::optional<unsigned> mode) {
  std::error_code code;
  fs::create_directories(scratch, code);
  fs::path copy;
  const int source = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return tl::unexpected(unreadable_file(from, errno));
  const int target = make_new(scratch, copy, [](const fs::path& name) {
    return ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  });
  int fault = target < 0 ? errno : copy_bytes(source, target);
  if (fault == 0 && (::fdatasync(target) != 0 || (mode && ::fchmod(target, *mode) != 0))) fault = errno;
  ::close(source);
  if (target >= 0) ::close(target);
  if (fault != 0) {
    fs::remove(copy, code);
    return cannot_copy(copy, fault);
  }
  stamp(copy);
  return copy;
}

}  // namespace

Expected<void> copy_verified(const fs::path& from, const fs::path& to, const std::string& md5,
                             const fs::path& scratch, std::optional<unsigned> mode, bool executable) {
  const auto copy = copy_to_scratch(from, scratch, mode);
  if (!copy) return tl::unexpected(copy.error());
  std::error_code code;
  const auto found = md5.empty() ? Expected<std::string>(md5) : md5_of_file(*copy);
  if (!found || *found != md5) {
    fs::remove(*copy, code);
    if (!found) return tl::unexpected(found.error());
    return fail(ErrorKind::kUnfit, "the file was changed while it was read", {from.string()},
                "Run the command again when nothing writes there");
  }
  if (!mode) take_mode(*copy, to, executable);
  return move_into_place(*copy, to);
}

fs::path Cache::place(const std::string& md5, bool is_folder, HashKind hash) const {
  return repository_.cache / object_key(md5, is_folder, hash);
}

bool Cache::has(const std::string& md5, HashKind hash) const {
  std::error_code code;
  return fs::is_regular_file(place(md5, false, hash), code);
}

std::optional<fs::path> Cache::verified(const std::string& md5, bool is_folder, HashKind hash) const {
  fs::path object = place(md5, is_folder, hash);
  std::error_code code;
  if (!fs::is_regular_file(object, code)) return std::nullopt;
  const auto found = md5_of_file(object, is_folder ? HashKind::kMd5 : hash);
  if (!found || *found != md5) return std::nullopt;
  fs::permissions(object, fs::perms(kObjectMode), code);
  return object;
}

/// Does the file system share bytes between the cache and our folder? Tried with files that have no name.
bool Cache::can_reflink() const {
  std::error_code code;
  fs::create_directories(repository_.cache, code);
  fs::create_directories(scratch_, code);
  const int source = ::open(repository_.cache.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  const int target = ::open(scratch_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  const bool shared = source >= 0 && target >= 0 && ::ioctl(target, FICLONE, source) == 0;
  if (source >= 0) ::close(source);
  if (target >= 0) ::close(target);
  return shared;
}

bool Cache::copies() const {
  for (const LinkKind kind : repository_.links) {
    if (kind == LinkKind::kCopy) break;
    if (kind != LinkKind::kReflink || can_reflink()) return false;
  }
  return true;
}

Expected<void> Cache::link_out(const fs::path& object, const fs::path& to, bool executable) const {
  std::error_code code;
  fs::create_directories(scratch_, code);
  for (const LinkKind kind : repository_.links) {
    if (kind == LinkKind::kCopy || executable) break;
    if (kind == LinkKind::kReflink && can_reflink()) break;  // the copy below is one
    if (kind == LinkKind::kReflink) continue;
    fs::path link;
    const int made = make_new(scratch_, link, [&](const fs::path& name) {
      return kind == LinkKind::kHardlink ? ::link(object.c_str(), name.c_str())
                                         : ::symlink(fs::absolute(object, code).c_str(), name.c_str());
    });
    if (made == 0) return move_into_place(link, to);
  }
  return copy_verified(object, to, {}, scratch_, {}, executable);
}

}  // namespace joulecast::datasets
