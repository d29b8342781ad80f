// Where a text stops being JSON.
#pragma once

#include <string>
#include <string_view>

#include "joulecast/error.h"

namespace joulecast {

/// The kMalformed error for a text that a fast parser refused with `reason`: line and byte of the first
/// fault. Byte-order marks, truncation and invalid UTF-8 are named as such.
Error json_fault(std::string_view text, std::string_view source, std::string_view reason);

/// Line (from 1) of a byte of the text.
std::uint64_t line_of_byte(std::string_view text, std::uint64_t byte);

}  // namespace joulecast
