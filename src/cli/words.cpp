#include "cli/words.h"

#include <algorithm>
#include <string_view>

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

}  // namespace joulecast::cli
