// Text as YAML has it.
#pragma once

#include <string>
#include <string_view>

namespace joulecast::tracking {

/// Appends a string as a scalar on one line: in single quotes, or, where it holds something that may not
/// stand there, in double quotes with escapes. Any YAML reader gets the same text back; bytes that are no
/// UTF-8 become U+FFFD.
void append_yaml_string(std::string& to, std::string_view text);

}  // namespace joulecast::tracking
