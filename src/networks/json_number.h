// Whole numbers as the reference's validator takes them.
#pragma once

#include <cstdint>
#include <string>

#include <simdjson.h>
#include <tl/expected.hpp>

namespace joulecast {

/// 3, 3.0, "3", " 3.0 " and true are whole numbers; 8.5, null and words are not. Those beyond 64 bits become
/// the nearest of 64 bits, so that whoever checks a range refuses them too. The error says what the value is,
/// to follow a key: "holds 8.5, not a whole number".
tl::expected<std::int64_t, std::string> whole_number(const simdjson::dom::element& value);

}  // namespace joulecast
