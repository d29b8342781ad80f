#include "datasets/partial_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"

namespace joulecast::datasets {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> not_written(const fs::path& path, int code) {
  return fail(ErrorKind::kNotWritable, fmt::format("cannot write: {}", std::strerror(code)), {path.string()},
              code == ENOSPC || code == EDQUOT
                  ? "Free some space; what is there already is kept and gone on with"
                  : "Choose a folder that you may write to");
}

/// ETag that names the very bytes, else the date; empty if there is neither.
std::string validator_of(const http::Response& response) {
  const std::string* etag = response.header("etag");
  if (etag != nullptr && etag->starts_with('"')) return *etag;  // weak ones may not be used for parts
  const std::string* date = response.header("last-modified");
  return date != nullptr && etag == nullptr ? *date : std::string();
}

fs::path validator_file(const fs::path& part) {
  fs::path file = part;
  return file += ".of";
}

}  // namespace

namespace {

/// A copy beside the destination takes its name then. A link that stands there is replaced, not written
/// through.
Expected<void> move_to_another_disk(const fs::path& from, const fs::path& to) {
  static std::atomic<unsigned> count{0};
  fs::path copy = to;
  std::error_code code;
  do {  // what a killed run has left under such a name is passed over
    copy.replace_filename(fmt::format(".{}.tmp-{}-{}", to.filename().string(), ::getpid(), ++count));
    fs::copy_file(from, copy, code);  // with its mode; only where nothing stands yet
  } while (code == std::errc::file_exists);
  int fault = code.value();
  if (fault == 0) {
    const int written = ::open(copy.c_str(), O_RDONLY | O_CLOEXEC);
    if (written < 0 || ::fdatasync(written) != 0) fault = errno;
    if (written >= 0) ::close(written);
  }
  if (fault == 0) {
    stamp(copy);
    if (::rename(copy.c_str(), to.c_str()) != 0) fault = errno;
  }
  if (fault != 0) {
    fs::remove(copy, code);
    return not_written(to, fault);
  }
  fs::remove(from, code);
  return {};
}

}  // namespace

Expected<std::unique_ptr<PartialFile>> PartialFile::open(const fs::path& parts, const std::string& name) {
  std::error_code code;
  fs::create_directories(parts, code);
  std::unique_ptr<PartialFile> file(new PartialFile(parts / name));
  if (const int fault = file->file_.open(file->path_); fault != 0) return not_written(file->path_, fault);
  if (file->kept() != 0) file->validator_ = read_whole_file(validator_file(file->path_), 4096).value_or("");
  return file;
}

PartialFile::~PartialFile() {
  if (copy_.is_open()) ::unlink(copy_path().c_str());
}

Expected<void> PartialFile::start_again() {
  if (const int fault = file_.truncate(); fault != 0) return not_written(path_, fault);
  if (copy_.is_open())
    if (const int fault = copy_.truncate(); fault != 0) return not_written(copy_path(), fault);
  hashed_ = 0;
  md5_ = Md5();
  validator_.clear();
  return {};
}

Expected<void> PartialFile::begin(const http::Response& response, std::uint64_t from) {
  if (from != 0) return {};  // kept() was asked for, and what is there is of the same content
  if (auto emptied = start_again(); !emptied) return emptied;
  validator_ = validator_of(response);
  const fs::path note = validator_file(path_);
  std::error_code code;
  // A small answer is there at once; only what takes a while needs to be remembered.
  constexpr std::uint64_t kWorthKeeping = 1U << 20U;
  if (validator_.empty() || http::content_length(response).value_or(kWorthKeeping) < kWorthKeeping) {
    fs::remove(note, code);
    return {};
  }
  return write_file_atomically(note, validator_);
}

Expected<void> PartialFile::take(std::string_view bytes) {
  if (hashed_ == kept()) {
    md5_.add(bytes);
    hashed_ += bytes.size();
  }
  if (const int fault = file_.append(bytes); fault != 0) return not_written(path_, fault);
  if (copy_.is_open())
    if (const int fault = copy_.append(bytes); fault != 0) return not_written(copy_path(), fault);
  return {};
}

fs::path PartialFile::copy_path() const {
  fs::path file = path_;
  return file += ".copy";
}

Expected<void> PartialFile::start_copy() {
  if (kept() != 0) return {};
  int fault = copy_.open(copy_path());
  if (fault == 0) fault = copy_.truncate();  // a killed run may have left one
  if (fault != 0) return not_written(copy_path(), fault);
  return {};
}

Expected<std::optional<fs::path>> PartialFile::take_copy() {
  if (!copy_.is_open()) return std::nullopt;
  if (const int fault = copy_.sync(0); fault != 0) return not_written(copy_path(), fault);
  copy_.close();
  stamp(copy_path());
  return copy_path();
}

Expected<std::string> PartialFile::md5(HashKind kind) {
  if (const int fault = file_.flush(); fault != 0) return not_written(path_, fault);
  if (kind == HashKind::kMd5 && hashed_ == kept()) return md5_.hex();
  return md5_of_file(path_, kind);
}

Expected<void> PartialFile::finish(const fs::path& destination, std::optional<unsigned> mode) {
  if (const int fault = file_.sync(mode.value_or(0)); fault != 0) return not_written(path_, fault);
  file_.close();
  stamp(path_);
  std::error_code code;
  fs::remove(validator_file(path_), code);
  return move_into_place(path_, destination);
}

void take_mode(const fs::path& fresh, const fs::path& to, bool executable) {
  constexpr mode_t kPermissions = 0777;
  constexpr mode_t kRead = 0444;
  struct stat own{};
  struct stat old{};
  if (::lstat(fresh.c_str(), &own) != 0) return;
  const bool replaces = ::lstat(to.c_str(), &old) == 0 && S_ISREG(old.st_mode) && old.st_nlink == 1;
  mode_t mode = (replaces ? old.st_mode : own.st_mode) & kPermissions;
  if (executable) mode |= (mode & kRead) >> 2U;
  if (mode != (own.st_mode & kPermissions)) ::chmod(fresh.c_str(), mode);
}

void stamp(const fs::path& file) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::array<timespec, 2> times = {now, now};
  ::utimensat(AT_FDCWD, file.c_str(), times.data(), 0);
}

Expected<void> move_into_place(const fs::path& from, const fs::path& to) {
  std::error_code code;
  if (to.has_parent_path()) fs::create_directories(to.parent_path(), code);
  if (code) return not_written(to.parent_path(), code.value());
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  if (errno != EXDEV) return not_written(to, errno);
  return move_to_another_disk(from, to);
}

}  // namespace joulecast::datasets
