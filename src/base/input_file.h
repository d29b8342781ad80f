// Input files as a stream of bytes, plain, gzip or zstd.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "joulecast/error.h"

namespace joulecast {

/// The kUnreadable error for a file that the system refuses with `code` (an errno), and what to do about it.
Error unreadable_file(const std::filesystem::path& path, int code);

/// A sequential reader. What the first bytes say decides about decompression, not the name.
class InputFile {
 public:
  /// Errors: kUnreadable (missing, a directory, no permission), with a hint.
  static Expected<InputFile> open(const std::filesystem::path& path);

  /// The bytes [begin, end) of a plain file, or as many as there are, as they stand. Errors as open().
  static Expected<InputFile> open_part(const std::filesystem::path& path, std::uint64_t begin,
                                       std::uint64_t end);

  /// Fills `buffer` as far as the file goes; 0 at the end. Errors: kUnreadable (disk), kMalformed (broken or
  /// truncated compressed data).
  Expected<std::size_t> read(std::span<char> buffer);

  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] bool is_plain() const;                  ///< not compressed
  [[nodiscard]] std::uint64_t size_on_disk() const;     ///< 0 if unknown (a pipe)
  [[nodiscard]] std::uint64_t taken_from_disk() const;  ///< for progress

  InputFile(InputFile&&) noexcept;
  InputFile& operator=(InputFile&&) noexcept;
  ~InputFile();

 private:
  struct State;
  explicit InputFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A whole file in memory, decompressed; a plain file's text has a capacity of 64 bytes more, for parsers
/// that read ahead. Error kUnfit beyond `limit` bytes: small files only.
Expected<std::string> read_whole_file(const std::filesystem::path& path, std::uint64_t limit = 256U << 20U);

}  // namespace joulecast
