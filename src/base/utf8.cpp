#include "base/utf8.h"

namespace joulecast {

Utf8Character first_utf8_character(std::string_view text) {
  const auto byte = [text](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {Utf8Status::kFound, 1};
  if (first < 0xc2 || first > 0xf4) return {Utf8Status::kWrong};
  std::size_t length = 2;
  unsigned least_second = 0x80;
  unsigned most_second = 0xbf;
  if (first >= 0xf0) {
    length = 4;
    if (first == 0xf0) least_second = 0x90;
    if (first == 0xf4) most_second = 0x8f;
  } else if (first >= 0xe0) {
    length = 3;
    if (first == 0xe0) least_second = 0xa0;
    if (first == 0xed) most_second = 0x9f;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {Utf8Status::kNeedsMore};
    if (byte(i) < least_second || byte(i) > most_second) return {Utf8Status::kWrong};
    least_second = 0x80;
    most_second = 0xbf;
  }
  return {Utf8Status::kFound, length};
}

bool is_utf8(std::string_view text) {
  for (;;) {
    std::size_t plain = 0;
    while (plain < text.size() && static_cast<unsigned char>(text[plain]) < 0x80) ++plain;
    text.remove_prefix(plain);
    if (text.empty()) return true;
    const Utf8Character character = first_utf8_character(text);
    if (character.status != Utf8Status::kFound) return false;
    text.remove_prefix(character.bytes);
  }
}

}  // namespace joulecast
