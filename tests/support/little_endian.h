// Numbers as bytes of a file, lowest first.
#pragma once

#include <cstdint>
#include <string>

namespace joulecast::test {

inline std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xffU);
  return out;
}

}  // namespace joulecast::test
