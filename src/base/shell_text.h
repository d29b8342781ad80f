// Commands that a message suggests are there to be copied into a shell.
#pragma once

#include <string>
#include <string_view>

namespace joulecast {

/// The text as one word of a POSIX shell: as it stands if it holds nothing but letters, digits and _ . / -,
/// else in single quotes.
std::string shell_quoted(std::string_view text);

}  // namespace joulecast
