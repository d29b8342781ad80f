#include "cli/words.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/display_text.h"

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

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte < 0x20U || byte == 0x7fU) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xc2U && next >= 0x80U && next < 0xa0U) {  // U+0080 to U+009F
      out += fmt::format("\\x{:02x}", next);
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string shorten_names(std::string_view text, std::size_t longest) {
  std::string out;
  while (!text.empty()) {
    const char first = text.front();
    const std::size_t closing = first == '\'' || first == '"' ? text.find(first, 1) : std::string_view::npos;
    if (closing != std::string_view::npos) {
      out += first + shorten_middle(text.substr(1, closing - 1), longest) + first;
      text.remove_prefix(closing + 1);
      continue;
    }
    // A path is never shortened: it is there to be copied.
    const std::size_t end = std::min(text.find(' ', 1), text.size());
    const std::string_view word = text.substr(0, end);
    const bool path = word.find('/') != std::string_view::npos && word.find('[') == std::string_view::npos;
    out += path ? std::string(word) : shorten_middle(word, longest);
    text.remove_prefix(end);
    while (!text.empty() && text.front() == ' ') {
      out += ' ';
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace joulecast::cli
