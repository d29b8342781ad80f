#include "base/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fmt/format.h>

namespace joulecast {
namespace {

enum class Compression { kNone, kGzip, kZstd };
constexpr std::size_t kCompressedBufferBytes = 256 * 1024;
constexpr std::size_t kMagicBytes = 4;

tl::unexpected<Error> unreadable(const std::string& name, int code) {
  return tl::unexpected(unreadable_file(name, code));
}

}  // namespace

Error unreadable_file(const std::filesystem::path& path, int code) {
  std::string hint = "Check the path, and that its disk can be read";
  if (code == ENOENT || code == ENAMETOOLONG || code == ELOOP) hint = "Check the path";
  if (code == ENOTDIR) hint = "Check the path: what stands before a '/' in it is a file, not a folder";
  if (code == EISDIR) hint = "Name a file in it, not the folder";
  if (code == EACCES || code == EPERM) hint = "You may not read it: check its permissions";
  if (code == EMFILE || code == ENFILE)
    hint = "Too many files are open: use fewer --jobs, or raise ulimit -n";
  return {ErrorKind::kUnreadable, fmt::format("cannot read: {}", std::strerror(code)), {path.string()}, hint};
}

struct InputFile::State {
  std::string name;
  int descriptor = -1;
  std::uint64_t size = 0;
  std::uint64_t taken = 0;
  std::uint64_t limit = UINT64_MAX;  // of what is taken
  Compression compression = Compression::kNone;
  std::vector<char> raw;  // compressed bytes, or the first bytes of a plain file
  std::size_t raw_begin = 0;
  std::size_t raw_end = 0;
  bool raw_over = false;
  bool frame_open = false;  // inside a compressed frame: the end of the file would be a truncation
  z_stream gzip{};
  ZSTD_DStream* zstd = nullptr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (compression == Compression::kGzip) inflateEnd(&gzip);
    if (zstd != nullptr) ZSTD_freeDStream(zstd);
    if (descriptor >= 0) ::close(descriptor);
  }

  Expected<void> open_plain(const std::filesystem::path& path);

  Expected<std::size_t> read_disk(std::span<char> buffer) {
    const std::uint64_t wanted = std::min<std::uint64_t>(buffer.size(), limit - taken);
    for (;;) {
      const ssize_t got = ::read(descriptor, buffer.data(), wanted);
      if (got >= 0) {
        taken += static_cast<std::uint64_t>(got);
        return static_cast<std::size_t>(got);
      }
      if (errno != EINTR) return unreadable(name, errno);
    }
  }

  Expected<void> refill() {
    if (raw_begin < raw_end || raw_over) return {};
    raw.resize(kCompressedBufferBytes);
    auto got = read_disk(raw);
    if (!got) return tl::unexpected(got.error());
    raw_begin = 0;
    raw_end = *got;
    raw_over = *got == 0;
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> broken(const char* what) const {
    return fail(ErrorKind::kMalformed, what, {name, 0, taken - (raw_end - raw_begin)},
                "The compressed file is damaged or was cut off: copy it again");
  }

  Expected<std::size_t> read_gzip(std::span<char> buffer) {
    gzip.next_out = reinterpret_cast<Bytef*>(buffer.data());
    gzip.avail_out = static_cast<uInt>(std::min<std::size_t>(buffer.size(), 1U << 30U));
    const uInt wanted = gzip.avail_out;
    while (gzip.avail_out == wanted) {
      if (auto ok = refill(); !ok) return tl::unexpected(ok.error());
      if (raw_begin == raw_end) {
        if (frame_open) return broken("gzip data ends early");
        return 0;
      }
      frame_open = true;
      gzip.next_in = reinterpret_cast<Bytef*>(raw.data() + raw_begin);
      gzip.avail_in = static_cast<uInt>(raw_end - raw_begin);
      const int status = inflate(&gzip, Z_NO_FLUSH);
      raw_begin = raw_end - gzip.avail_in;
      if (status == Z_STREAM_END) {  // another member may follow
        frame_open = false;
        inflateReset(&gzip);
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return broken("gzip data is damaged");
      }
    }
    return wanted - gzip.avail_out;
  }

  Expected<std::size_t> read_zstd(std::span<char> buffer) {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    while (out.pos == 0) {
      if (auto ok = refill(); !ok) return tl::unexpected(ok.error());
      if (raw_begin == raw_end && raw_over) {
        if (frame_open) return broken("zstd data ends early");
        return 0;
      }
      ZSTD_inBuffer in{raw.data() + raw_begin, raw_end - raw_begin, 0};
      const std::size_t status = ZSTD_decompressStream(zstd, &out, &in);
      raw_begin += in.pos;
      if (ZSTD_isError(status) != 0) return broken("zstd data is damaged");
      frame_open = status != 0;
    }
    return out.pos;
  }

  Expected<void> detect() {
    raw.resize(kMagicBytes);
    while (raw_end < kMagicBytes) {
      auto got = read_disk(std::span(raw).subspan(raw_end));
      if (!got) return tl::unexpected(got.error());
      if (*got == 0) break;
      raw_end += *got;
    }
    const auto starts = [&](std::initializer_list<int> magic) {
      return raw_end >= magic.size() && std::equal(magic.begin(), magic.end(), raw.begin(),
                                                   [](int a, char b) { return static_cast<char>(a) == b; });
    };
    // A frame of user data may come first (RFC 8878, 3.1.2): 0x184D2A50 to 0x184D2A5F.
    const auto starts_skippable = [&] {
      return raw_end >= 4 && (static_cast<unsigned char>(raw[0]) & 0xf0U) == 0x50U &&
             std::string_view(raw.data() + 1, 3) == "\x2a\x4d\x18";
    };
    if (starts({0x1f, 0x8b})) {
      // 16 + 15: gzip framing with the largest window.
      if (inflateInit2(&gzip, 16 + 15) != Z_OK)
        return fail(ErrorKind::kInternal, "zlib cannot start", {name}, "Free some memory");
      compression = Compression::kGzip;
    } else if (starts({0x28, 0xb5, 0x2f, 0xfd}) || starts_skippable()) {
      zstd = ZSTD_createDStream();
      if (zstd == nullptr) return fail(ErrorKind::kInternal, "zstd cannot start", {name}, "Free some memory");
      compression = Compression::kZstd;
    }
    return {};
  }
};

InputFile::InputFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
InputFile::InputFile(InputFile&&) noexcept = default;
InputFile& InputFile::operator=(InputFile&&) noexcept = default;
InputFile::~InputFile() = default;

Expected<void> InputFile::State::open_plain(const std::filesystem::path& path) {
  name = path.string();
  descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return unreadable(name, errno);
  struct stat info{};
  if (::fstat(descriptor, &info) != 0) return unreadable(name, errno);
  if (S_ISDIR(info.st_mode)) return unreadable(name, EISDIR);
  if (S_ISREG(info.st_mode)) size = static_cast<std::uint64_t>(info.st_size);
  return {};
}

Expected<InputFile> InputFile::open(const std::filesystem::path& path) {
  auto state = std::make_unique<State>();
  if (auto ok = state->open_plain(path); !ok) return tl::unexpected(ok.error());
  if (auto ok = state->detect(); !ok) return tl::unexpected(ok.error());
  return InputFile(std::move(state));
}

Expected<InputFile> InputFile::open_part(const std::filesystem::path& path, std::uint64_t begin,
                                         std::uint64_t end) {
  auto state = std::make_unique<State>();
  if (auto ok = state->open_plain(path); !ok) return tl::unexpected(ok.error());
  if (::lseek(state->descriptor, static_cast<off_t>(begin), SEEK_SET) < 0)
    return unreadable(state->name, errno);
  state->limit = end - begin;
  return InputFile(std::move(state));
}

Expected<std::size_t> InputFile::read(std::span<char> buffer) {
  switch (state_->compression) {
    case Compression::kGzip:
      return state_->read_gzip(buffer);
    case Compression::kZstd:
      return state_->read_zstd(buffer);
    case Compression::kNone:
      break;
  }
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const std::size_t waiting = state_->raw_end - state_->raw_begin;
    if (waiting != 0) {
      const std::size_t count = std::min(waiting, buffer.size() - filled);
      std::memcpy(buffer.data() + filled, state_->raw.data() + state_->raw_begin, count);
      state_->raw_begin += count;
      filled += count;
      continue;
    }
    auto got = state_->read_disk(buffer.subspan(filled));
    if (!got) return got;
    if (*got == 0) break;
    filled += *got;
  }
  return filled;
}

const std::string& InputFile::name() const {
  return state_->name;
}
bool InputFile::is_plain() const {
  return state_->compression == Compression::kNone;
}
std::uint64_t InputFile::size_on_disk() const {
  return state_->size;
}
std::uint64_t InputFile::taken_from_disk() const {
  return state_->taken;
}

Expected<std::string> read_whole_file(const std::filesystem::path& path, std::uint64_t limit) {
  auto file = InputFile::open(path);
  if (!file) return tl::unexpected(file.error());
  std::string text;
  std::size_t used = 0;
  // One byte more than the size says, so that a plain file's end is seen without growing.
  const std::size_t expected = std::min(file->size_on_disk(), limit) + 1;
  constexpr std::size_t kPadding = 64;
  text.reserve(expected + kPadding);
  text.resize(expected);
  for (;;) {
    if (used == text.size()) text.resize(used + std::max<std::size_t>(64 * 1024, used));
    auto got = file->read(std::span(text).subspan(used));
    if (!got) return tl::unexpected(got.error());
    used += *got;
    if (*got == 0) break;
    if (used > limit) {
      return fail(ErrorKind::kUnfit, fmt::format("larger than {} MiB", limit >> 20U), {path.string()},
                  "A file of this kind is small: check that it is the right one");
    }
  }
  text.resize(used);
  return text;
}

}  // namespace joulecast
