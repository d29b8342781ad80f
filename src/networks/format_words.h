// The words TensorRT uses for element types and layouts.
#pragma once

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

/// ASCII comparison; `lower` is in lower case already.
inline bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (folded != lower[i]) return false;
  }
  return true;
}

}  // namespace joulecast
