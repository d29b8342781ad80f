// The words TensorRT uses for element types and layouts.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "joulecast/networks.h"

namespace joulecast {

/// Element type named in a "Format/Datatype" or "Weights"."Type" value; kUnknown where none is, as in
/// "N/A due to dynamic shapes".
DataType type_of_format(std::string_view format);

/// Bytes of one element; of a type that the source does not name two, for half precision is what boards run.
inline double assumed_bytes_per_element(DataType type) {
  const double bytes = bytes_per_element(type);
  return bytes > 0.0 ? bytes : 2.0;
}

/// How many channels a "Format/Datatype" value stores together: 8 of "channel % 8 == 0", 32 of "Thirty-two
/// wide channel vectorized", 1 of a linear tensor. Nothing if it does not say.
std::optional<double> channel_alignment(std::string_view format);

/// Sets the tile that a kernel's name tells ("..._tilesize128x64x64_..."); nothing if it tells none.
void take_tile(std::string_view tactic, LayerGeometry& row);

/// The eight characters of a word with ASCII's capital letters in lower case.
inline std::uint64_t in_lower_case(std::uint64_t characters) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t low = characters & (0x7f * kOnes);
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes;  // top bit: 'A' or behind it
  const std::uint64_t beyond_z = low + (0x7f - 'Z') * kOnes;
  return characters | ((from_a ^ beyond_z) & ~characters & (0x80 * kOnes)) >> 2U;  // 0x20 of 0x80
}

/// ASCII comparison; `lower` is in lower case already. Eight characters at a time, the last eight overlap.
inline bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  if (text.size() < 8) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (folded != lower[i]) return false;
    }
    return true;
  }
  const auto differs = [&](std::size_t offset) {
    std::uint64_t ours = 0;
    std::uint64_t theirs = 0;
    std::memcpy(&ours, text.data() + offset, 8);
    std::memcpy(&theirs, lower.data() + offset, 8);
    return in_lower_case(ours) != theirs;
  };
  for (std::size_t i = 0; i + 8 < text.size(); i += 8) {
    if (differs(i)) return false;
  }
  return !differs(text.size() - 8);
}

}  // namespace joulecast
