// Texts that must fit where they are shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace joulecast {

/// Characters of UTF-8 text.
std::size_t display_width(std::string_view text);
/// At most `width` characters; a longer text loses its middle: "[CONV]-[aten_...relu_1]". Counts UTF-8
/// characters.
std::string shorten_middle(std::string_view text, std::size_t width);

}  // namespace joulecast
