// Names of fields: APPNOTE.TXT of PKWARE, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.16 (its
// end).
#include "cost_model/sklearn/stored_zip.h"

#include <zlib.h>

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cost_model/sklearn/values.h"

namespace joulecast::sklearn {
namespace {

constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEntrySize = 46;
constexpr std::size_t kLocalSize = 30;
constexpr std::uint64_t kEndSignature = 0x06054b50;
constexpr std::uint64_t kEntrySignature = 0x02014b50;
constexpr std::uint64_t kLocalSignature = 0x04034b50;
constexpr std::size_t kMaxMembers = 10'000;
constexpr std::uint64_t kUtf8Names = 0x0800;

std::uint64_t field(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = (value << 8U) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

class ZipReader {
 public:
  ZipReader(std::string_view bytes, std::string_view source) : bytes_(bytes), source_(source) {}

  using Members = std::map<std::string, std::string_view, std::less<>>;

  Expected<Members> read() {
    if (bytes_.size() < kEndSize) return refuse(0, "the archive is cut off");
    const std::size_t end = bytes_.size() - kEndSize;
    // Without a comment the end record is the last thing in the file.
    if (field(bytes_, end, 4) != kEndSignature)
      return refuse(end, "the archive is cut off, or has something behind its end");
    const std::uint64_t count = field(bytes_, end + 10, 2);
    const std::uint64_t size = field(bytes_, end + 12, 4);
    const std::uint64_t begin = field(bytes_, end + 16, 4);
    if (field(bytes_, end + 4, 4) != 0 || field(bytes_, end + 8, 2) != count || begin + size != end)
      return refuse(end, "the archive's directory is not where it should be");
    if (count > kMaxMembers) return refuse(end, fmt::format("more than {} members", kMaxMembers));
    std::size_t at = begin;
    for (std::uint64_t i = 0; i < count; ++i)
      if (auto ok = read_entry(at, end, begin); !ok) return tl::unexpected(ok.error());
    if (at != end) return refuse(at, "the archive's directory has a gap");
    if (auto ok = check_overlaps(); !ok) return tl::unexpected(ok.error());
    return std::move(members_);
  }

 private:
  [[nodiscard]] tl::unexpected<Error> refuse(std::size_t at, std::string message,
                                             ErrorKind kind = ErrorKind::kMalformed) const {
    return fail(kind, std::move(message), {std::string(source_), 0, at}, kFetchAgain);
  }

  /// An entry of the directory at `at`, which then stands behind it.
  Expected<void> read_entry(std::size_t& at, std::size_t end, std::size_t directory) {
    if (end - at < kEntrySize || field(bytes_, at, 4) != kEntrySignature)
      return refuse(at, "an entry of the archive's directory is damaged");
    const std::size_t name_size = field(bytes_, at + 28, 2);
    const std::size_t whole = kEntrySize + name_size + field(bytes_, at + 30, 2) + field(bytes_, at + 32, 2);
    if (end - at < whole) return refuse(at, "an entry of the archive's directory is cut off");
    const std::string name(bytes_.substr(at + kEntrySize, name_size));
    if ((field(bytes_, at + 8, 2) & ~kUtf8Names) != 0 || field(bytes_, at + 10, 2) != 0)
      return refuse(at, fmt::format("the member {} is compressed or encrypted, which is not read", name),
                    ErrorKind::kUnfit);
    const std::uint64_t size = field(bytes_, at + 24, 4);
    if (field(bytes_, at + 20, 4) != size) return refuse(at, "a stored member has two sizes");
    if (name.empty() || name.find_first_of("/\\:") != std::string::npos ||
        name.find('\0') != std::string::npos)
      return refuse(at, "a member's name is empty or leads to a folder");
    const std::size_t local = field(bytes_, at + 42, 4);
    // The local header repeats what the directory says; its extra field may have another length.
    if (local > directory || directory - local < kLocalSize + name_size ||
        field(bytes_, local, 4) != kLocalSignature || field(bytes_, local + 26, 2) != name_size ||
        bytes_.substr(local + kLocalSize, name_size) != name || field(bytes_, local + 8, 2) != 0 ||
        field(bytes_, local + 18, 4) != size || field(bytes_, local + 22, 4) != size)
      return refuse(at, fmt::format("the member {} is not where the directory says", name));
    const std::size_t content = local + kLocalSize + name_size + field(bytes_, local + 28, 2);
    if (content > directory || directory - content < size)
      return refuse(local, fmt::format("the member {} is cut off", name));
    const std::string_view bytes = bytes_.substr(content, size);
    if (crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) != field(bytes_, at + 16, 4))
      return refuse(content, fmt::format("the member {} is damaged (checksum)", name));
    if (!members_.emplace(name, bytes).second)
      return refuse(at, fmt::format("the member {} is there twice", name));
    spans_.emplace_back(local, content + size);
    at += whole;
    return {};
  }

  Expected<void> check_overlaps() {
    std::sort(spans_.begin(), spans_.end());
    for (std::size_t i = 1; i < spans_.size(); ++i)
      if (spans_[i].first < spans_[i - 1].second)
        return refuse(spans_[i].first, "members lie in one another");
    return {};
  }

  std::string_view bytes_;
  std::string_view source_;
  Members members_;
  std::vector<std::pair<std::size_t, std::size_t>> spans_;
};

}  // namespace

Expected<std::map<std::string, std::string_view, std::less<>>> read_stored_zip(std::string_view bytes,
                                                                               std::string_view source) {
  return ZipReader(bytes, source).read();
}

}  // namespace joulecast::sklearn
