// Words of logs: compared without regard to case, cut into pieces.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace joulecast {

inline char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return lower_case(c); });
  return lower;
}

inline bool same_word(std::string_view a, std::string_view b) {
  return lower_case(a) == lower_case(b);
}

}  // namespace joulecast
