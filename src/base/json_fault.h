// Where a text stops being JSON.
#pragma once

#include <string>
#include <string_view>

#include "joulecast/error.h"

namespace joulecast {

/// The kMalformed error for a text that a fast parser refused with `reason`: line and byte of the first
/// fault, found by a second, slower parse. Byte-order marks, truncation and invalid UTF-8 are named as such.
/// `remedy`: what to do about a damaged file, a sentence without its point.
Error json_fault(std::string_view text, std::string_view source, std::string_view reason,
                 std::string_view remedy);

}  // namespace joulecast
