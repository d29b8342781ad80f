// What is UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF) and what is not.
#pragma once

#include <cstddef>
#include <string_view>

namespace joulecast {

/// What some programs begin a UTF-8 file with.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// What stands at a text's begin: a character, the begin of one that the text ends within, or no UTF-8.
enum class Utf8Status : unsigned char { kFound, kNeedsMore, kWrong };

/// The answer of first_utf8_character.
struct Utf8Character {
  Utf8Status status = Utf8Status::kNeedsMore;
  std::size_t bytes = 0;  ///< of the character, if it was found
};

/// The character at the text's begin; the text is not empty. kNeedsMore: it ends within what may still become
/// a character.
Utf8Character first_utf8_character(std::string_view text);

/// Is all of it UTF-8?
bool is_utf8(std::string_view text);

}  // namespace joulecast
