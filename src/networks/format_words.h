// The words TensorRT uses for element types.
#pragma once

#include <string_view>

#include "joulecast/networks.h"

namespace joulecast {

/// Element type named in a "Format/Datatype" or "Weights"."Type" value; kUnknown where none is, as in
/// "N/A due to dynamic shapes".
DataType type_of_format(std::string_view format);

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
