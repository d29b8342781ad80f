#include "datasets/md5.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include <fmt/format.h>
#include <openssl/sha.h>

#include "base/input_file.h"

namespace joulecast::datasets {
namespace {

constexpr std::size_t kHashChunkBytes = 1U << 20U;  // DVC replaces line ends within pieces of this size
constexpr std::size_t kTextProbeBytes = 512;

template <std::size_t kBytes>
std::string hex_of(const unsigned char (&digest)[kBytes]) {
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

/// Calls take(piece) for a file's bytes in pieces of one mebibyte; the last one is shorter.
template <class Take>
Expected<void> for_each_chunk(const std::filesystem::path& path, Take&& take) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return tl::unexpected(unreadable_file(path, errno));
  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  const auto buffer = std::make_unique_for_overwrite<char[]>(kHashChunkBytes);
  std::size_t filled = 0;
  int code = 0;
  for (;;) {
    const ssize_t got = ::read(descriptor, buffer.get() + filled, kHashChunkBytes - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) code = errno;
    if (got > 0) filled += static_cast<std::size_t>(got);
    if (got > 0 && filled < kHashChunkBytes) continue;
    if (filled != 0) take(std::string_view(buffer.get(), filled));
    filled = 0;
    if (got <= 0) break;
  }
  ::close(descriptor);
  if (code != 0) return tl::unexpected(unreadable_file(path, code));
  return {};
}

/// DVC's question, asked of the first bytes: no NUL, and at most 30 % that a text seldom has.
bool is_text(std::string_view bytes) {
  const std::string_view probe = bytes.substr(0, kTextProbeBytes);
  if (probe.find('\0') != std::string_view::npos) return false;
  const auto odd = std::count_if(probe.begin(), probe.end(), [](char c) {
    const bool usual = (c >= 32 && c <= 126) || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\b';
    return !usual;
  });
  return static_cast<double>(odd) <= 0.30 * static_cast<double>(probe.size());
}

void add_with_unix_ends(Md5& md5, std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t end = text.find("\r\n"); end != std::string_view::npos; end = text.find("\r\n")) {
    out.append(text.substr(0, end));
    out += '\n';
    text.remove_prefix(end + 2);
  }
  out.append(text);
  md5.add(out);
}

}  // namespace

std::string hex_of_md5(MD5_CTX context) {
  unsigned char digest[MD5_DIGEST_LENGTH];
  MD5_Final(digest, &context);
  return hex_of(digest);
}

std::string md5_of(std::string_view bytes) {
  Md5 md5;
  md5.add(bytes);
  return md5.hex();
}

Expected<std::string> md5_of_file(const std::filesystem::path& path, HashKind kind) {
  Md5 md5;
  bool first = true;
  bool text = false;
  const auto read = for_each_chunk(path, [&](std::string_view bytes) {
    if (first) text = kind == HashKind::kMd5Dos2Unix && is_text(bytes);
    first = false;
    if (text) {
      add_with_unix_ends(md5, bytes);
    } else {
      md5.add(bytes);
    }
  });
  if (!read) return tl::unexpected(read.error());
  return md5.hex();
}

Expected<std::string> git_blob_of_file(const std::filesystem::path& path) {
  std::error_code code;
  const std::uint64_t bytes = std::filesystem::file_size(path, code);
  if (code) return tl::unexpected(unreadable_file(path, code.value()));
  SHA_CTX context;
  SHA1_Init(&context);
  const std::string head = fmt::format("blob {}", bytes);
  SHA1_Update(&context, head.c_str(), head.size() + 1);
  const auto read = for_each_chunk(
      path, [&](std::string_view piece) { SHA1_Update(&context, piece.data(), piece.size()); });
  if (!read) return tl::unexpected(read.error());
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1_Final(digest, &context);
  return hex_of(digest);
}

bool is_md5(std::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace joulecast::datasets
