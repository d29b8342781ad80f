// Folders and files of the golden tests.
#pragma once

#include <zlib.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace joulecast::test {

/// Material too large for the repository; not there on a user's machine.
inline std::filesystem::path shared_dir() {
  return JOULECAST_SHARED_DIR;
}
/// tests/data, which is always there.
inline std::filesystem::path data_dir() {
  return std::filesystem::path(JOULECAST_SOURCE_DIR) / "tests" / "data";
}

/// All bytes of a file, unpacked if it is gzip.
inline std::string file_text(const std::filesystem::path& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path.string());
  std::string text;
  std::array<char, 65536> chunk{};
  for (int got = 0; (got = gzread(file, chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  gzclose(file);
  return text;
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace joulecast::test
