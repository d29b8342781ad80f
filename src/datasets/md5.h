// MD5 as DVC uses it: the name of a content, not a protection.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

// The general interface (EVP) brings every algorithm's tables into the program; these functions bring none.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>

#include "joulecast/error.h"

namespace joulecast::datasets {

/// What a content's name is the MD5 of: its bytes (DVC 3), or, for a text, its bytes with CR LF as LF (DVC
/// 2).
enum class HashKind { kMd5, kMd5Dos2Unix };

/// 32 hexadecimal digits of what a context has seen.
std::string hex_of_md5(MD5_CTX context);

/// MD5 of bytes that come one after the other.
class Md5 {
 public:
  Md5() { MD5_Init(&context_); }
  void add(std::string_view bytes) { MD5_Update(&context_, bytes.data(), bytes.size()); }
  [[nodiscard]] std::string hex() const { return hex_of_md5(context_); }

 private:
  MD5_CTX context_{};
};

std::string md5_of(std::string_view bytes);
/// Of a file's bytes. Error kUnreadable.
Expected<std::string> md5_of_file(const std::filesystem::path& path, HashKind kind = HashKind::kMd5);
/// The name that git gives the content: SHA-1 of "blob <bytes>\0" and the bytes. Error kUnreadable.
Expected<std::string> git_blob_of_file(const std::filesystem::path& path);

/// 32 small hexadecimal digits.
bool is_md5(std::string_view text);

}  // namespace joulecast::datasets
