// The tokens of JSON, as Python's json module takes them, over text that may end anywhere.
//
// Each scanner is a pure function of the bytes given: found (and where the token ends), needs more bytes, or
// wrong (and at which byte). Python's dialect is RFC 8259 plus NaN, Infinity and -Infinity. Refused, as
// there: trailing commas, comments, control characters in strings, invalid UTF-8. A lone surrogate escape
// ("\ud800") is refused at once: Python reads it, but cannot write it to the CSV afterwards.
#pragma once

#include <string>
#include <string_view>

namespace joulecast::json {

enum class Status : unsigned char { kFound, kNeedsMore, kWrong };

struct Scan {
  Status status = Status::kNeedsMore;
  const char* at = nullptr;  ///< found: behind the token; wrong: the byte that is wrong
  std::string_view message;  ///< wrong: why
};

struct Number {
  double value = 0.0;
  bool is_integer = false;  ///< written without point and exponent (Python's int)
};

constexpr bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// A string whose opening quote stands before `begin`; `text` gets its value in UTF-8.
Scan scan_string(const char* begin, const char* end, std::string& text);

/// A number, NaN, Infinity or -Infinity at `begin`, rounded correctly; too large numbers become infinite.
/// `last`: nothing follows behind `end`, so that a number may end there (one like "0." still needs more).
Scan scan_number(const char* begin, const char* end, bool last, Number& number);

/// Could a number begin with this character?
constexpr bool starts_number(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == 'N' || c == 'I';
}

/// Decimal text `[-]digits[.digits][e[+-]digits]` to the nearest double; too large becomes infinite, too
/// small 0. The form is the caller's to check.
double nearest_double(std::string_view text);

}  // namespace joulecast::json
