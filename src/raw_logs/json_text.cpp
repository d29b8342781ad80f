#include "raw_logs/json_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "base/utf8.h"

namespace joulecast::json {
namespace {

constexpr Scan kNeedsMore{Status::kNeedsMore, nullptr, {}};

Scan wrong(const char* at, std::string_view message) {
  return {Status::kWrong, at, message};
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
unsigned byte(char c) {
  return static_cast<unsigned char>(c);
}

void append_utf8(std::string& text, unsigned code) {
  const auto put = [&](unsigned value) { text += static_cast<char>(value); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | (code >> 6U));
    put(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    put(0xe0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3fU));
    put(0x80U | (code & 0x3fU));
  } else {
    put(0xf0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3fU));
    put(0x80U | ((code >> 6U) & 0x3fU));
    put(0x80U | (code & 0x3fU));
  }
}

/// The four digits behind "\u".
Scan scan_four_hex(const char* at, const char* end, unsigned& value) {
  value = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    if (at == end) return kNeedsMore;
    const char lower = static_cast<char>(byte(*at) | 0x20U);
    if (!is_digit(*at) && (lower < 'a' || lower > 'f'))
      return wrong(at, "four hexadecimal digits must follow \\u");
    value = value * 16 + static_cast<unsigned>(is_digit(*at) ? *at - '0' : lower - 'a' + 10);
  }
  return {Status::kFound, at, {}};
}

/// The escape whose backslash stands at `at`.
Scan scan_escape(const char* at, const char* end, std::string& text) {
  if (at + 1 == end) return kNeedsMore;
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
  if (const auto known = kNames.find(at[1]); known != std::string_view::npos) {
    text += kValues[known];
    return {Status::kFound, at + 2, {}};
  }
  if (at[1] != 'u') return wrong(at, "unknown escape in a string");
  unsigned code = 0;
  Scan scan = scan_four_hex(at + 2, end, code);
  if (scan.status != Status::kFound) return scan;
  if (code >= 0xd800 && code <= 0xdfff) {
    constexpr std::string_view kLone = "half of a surrogate pair: that is no character";
    if (code >= 0xdc00) return wrong(at, kLone);
    for (int i = 0; i < 2; ++i, ++scan.at) {
      if (scan.at == end) return kNeedsMore;
      if (*scan.at != "\\u"[i]) return wrong(at, kLone);
    }
    unsigned low = 0;
    scan = scan_four_hex(scan.at, end, low);
    if (scan.status != Status::kFound) return scan;
    if (low < 0xdc00 || low > 0xdfff) return wrong(at, kLone);
    code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
  }
  append_utf8(text, code);
  return scan;
}

/// Compares with a word of which perhaps only the beginning is there.
Scan scan_word(const char* begin, const char* end, std::string_view word) {
  const std::string_view there(begin,
                               std::min<std::size_t>(static_cast<std::size_t>(end - begin), word.size()));
  if (there != word.substr(0, there.size())) return wrong(begin, "unknown word");
  if (there.size() < word.size()) return kNeedsMore;
  return {Status::kFound, begin + word.size(), {}};
}

/// One character of two to four bytes.
Scan scan_wide_character(const char* at, const char* end) {
  const auto character = first_utf8_character(std::string_view(at, static_cast<std::size_t>(end - at)));
  if (character.status == Utf8Status::kNeedsMore) return kNeedsMore;
  if (character.status == Utf8Status::kWrong) return wrong(at, "invalid UTF-8");
  return {Status::kFound, at + character.bytes, {}};
}

/// Skips digits; nullptr if there is none.
const char* skip_digits(const char* at, const char* end) {
  const char* const begin = at;
  while (at != end && is_digit(*at)) ++at;
  return at == begin ? nullptr : at;
}

}  // namespace

Scan scan_string(const char* begin, const char* end, std::string& text) {
  text.clear();
  const char* at = begin;
  for (;;) {
    const char* const run = at;
    while (at != end && byte(*at) >= 0x20 && byte(*at) < 0x80 && *at != '"' && *at != '\\') ++at;
    text.append(run, at);
    if (at == end) return kNeedsMore;
    if (*at == '"') return {Status::kFound, at + 1, {}};
    if (byte(*at) < 0x20) return wrong(at, "a control character in a string (a missing quote?)");
    const char* const special = at;
    const Scan scan = *at == '\\' ? scan_escape(at, end, text) : scan_wide_character(at, end);
    if (scan.status != Status::kFound) return scan;
    at = scan.at;
    if (*special != '\\') text.append(special, at);
  }
}

Scan scan_number(const char* begin, const char* end, bool last, Number& number) {
  constexpr std::string_view kNoNumber = "not a number";
  // Python refuses to convert longer integers.
  constexpr std::ptrdiff_t kMostIntegerDigits = 4300;
  const auto word = [&](const char* at, std::string_view text, double value) {
    const Scan scan = scan_word(at, end, text);
    number = {value, false};
    return scan;
  };
  if (begin == end) return kNeedsMore;
  if (*begin == 'N') return word(begin, "NaN", std::numeric_limits<double>::quiet_NaN());
  if (*begin == 'I') return word(begin, "Infinity", std::numeric_limits<double>::infinity());

  const char* at = begin + (*begin == '-' ? 1 : 0);
  if (at == end) return kNeedsMore;
  if (*at == 'I') return word(at, "Infinity", -std::numeric_limits<double>::infinity());
  if (!is_digit(*at)) return wrong(begin, kNoNumber);
  const char* const digits = at;
  at = skip_digits(at, end);
  if (*digits == '0' && at - digits > 1) return wrong(begin, "a number with a leading zero");
  if (at - digits > kMostIntegerDigits) return wrong(begin, "a number of more than 4300 digits");
  number.is_integer = true;
  const auto needs = [&](const char* where) { return where == end ? kNeedsMore : wrong(begin, kNoNumber); };
  if (at != end && *at == '.') {
    number.is_integer = false;
    const char* const fraction = at + 1;
    at = skip_digits(fraction, end);
    if (at == nullptr) return needs(fraction);
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    number.is_integer = false;
    const char* exponent = at + 1;
    if (exponent != end && (*exponent == '+' || *exponent == '-')) ++exponent;
    at = skip_digits(exponent, end);
    if (at == nullptr) return needs(exponent);
  }
  if (at == end && !last) return kNeedsMore;
  number.value = nearest_double(std::string_view(begin, static_cast<std::size_t>(at - begin)));
  if (number.is_integer && number.value == 0.0) number.value = 0.0;  // the integer -0 is 0
  return {Status::kFound, at, {}};
}

double nearest_double(std::string_view text) {
  double value = 0.0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc::result_out_of_range) return value;
  // from_chars does not say on which side. The first digit other than 0 counts ten to the power of its place.
  const bool negative = text.front() == '-';
  const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
  const std::string_view digits = text.substr(0, mark);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = digits.find_first_of("123456789");
  if (first == std::string_view::npos) return negative ? -0.0 : 0.0;
  long long exponent = 0;
  if (mark < text.size()) {
    std::string_view tail = text.substr(mark + 1);
    const bool below = tail.front() == '-';
    if (below || tail.front() == '+') tail.remove_prefix(1);
    if (std::from_chars(tail.data(), tail.data() + tail.size(), exponent).ec != std::errc())
      exponent = std::numeric_limits<int>::max();
    if (below) exponent = -exponent;
  }
  const auto place = static_cast<long long>(point) - static_cast<long long>(first) + exponent;
  const double magnitude = place > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  return negative ? -magnitude : magnitude;
}

}  // namespace joulecast::json
