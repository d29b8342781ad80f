#include "cli/words.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace joulecast::cli {

std::vector<std::string> split_at_commas(const std::vector<std::string>& words) {
  std::vector<std::string> parts;
  for (std::string_view word : words) {
    while (!word.empty()) {
      const std::size_t comma = std::min(word.find(','), word.size());
      if (comma != 0) parts.emplace_back(word.substr(0, comma));
      word.remove_prefix(std::min(comma + 1, word.size()));
    }
  }
  return parts;
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

}  // namespace joulecast::cli
