#include "base/display_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace joulecast {

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string shorten_middle(std::string_view text, std::size_t width) {
  constexpr std::size_t kEllipsis = 3;
  const std::size_t length = display_width(text);
  if (length <= width) return std::string(text);
  if (width <= kEllipsis) return std::string(width, '.');
  const std::size_t kept = width - kEllipsis;
  const std::size_t tail = kept / 2;
  const std::size_t head = kept - tail;
  // Byte offsets of the character after the head and of the first character of the tail.
  std::size_t character = 0;
  std::size_t head_end = text.size();
  std::size_t tail_begin = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) continue;
    if (character == head) head_end = i;
    if (character == length - tail) tail_begin = i;
    ++character;
  }
  return fmt::format("{}...{}", text.substr(0, head_end), text.substr(tail_begin));
}

}  // namespace joulecast
