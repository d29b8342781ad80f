// Numbers as pandas reads them from a CSV file, wrong last digits included.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/digits.h"

namespace joulecast {

/// True for the texts that pandas takes for a missing value: "", "NA", "nan", "null", "None", "N/A", ...
bool is_pandas_missing(std::string_view text);

/// The double that pandas.read_csv makes of a cell; NaN for the missing ones; nothing for what is no number.
/// Blanks around a number are allowed, infinities are read.
///
/// It is not the nearest double (a third of 16 or 17 digit numbers differ in the last bit). The rule, that of
/// precise_xstrtod() in pandas' tokenizer.c, its default since version 1.2: at most 17 digits count, leading
/// zeros among them; further digits of the fraction are dropped, further digits before the point raise the
/// exponent only; the digits are gathered in a double (number * 10 + digit, rounded each time); one
/// multiplication or division by a power of ten ends it.
std::optional<double> parse_pandas_number(std::string_view text);

/// Bytes that must be readable behind the start of a number given to parse_pandas_plain().
inline constexpr std::size_t kPandasPlainReach = 80;

/// The same for the form that measurements have, [-]digits.digits, in the middle of a text. Returns the first
/// character behind it, or nullptr if the text is of another form or too long: parse_pandas_number() then.
inline const char* parse_pandas_plain(const char* text, double& value) {
  constexpr unsigned kExactDigits = 15;  // an integer of so many digits is a double, whatever they are
  constexpr unsigned kMaxDigits = 17;
  constexpr unsigned kMostDropped = 24;
  constexpr std::array<double, kMaxDigits> kPowersOfTen = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7, 1e8,
                                                           1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};
  const bool negative = *text == '-';
  const char* at = text + (negative ? 1 : 0);
  const char* const whole = at;
  std::uint64_t exact = 0;
  for (; digits::is_digit(*at); ++at) {
    if (at - whole >= static_cast<std::ptrdiff_t>(kExactDigits)) return nullptr;
    exact = exact * 10 + digits::value(*at);
  }
  auto used = static_cast<unsigned>(at - whole);
  if (used == 0 || *at != '.') return nullptr;
  const char* const fraction = ++at;
  std::uint64_t eight = 0;
  std::memcpy(&eight, at, 8);
  unsigned count = digits::leading(eight, eight);
  if (count == 8 && used + 8 <= kExactDigits) {
    exact = exact * digits::kTens[8] + digits::join(eight);
    used += 8;
    at += 8;
    std::memcpy(&eight, at, 8);
    count = digits::leading(eight, eight);
  }
  if (const unsigned taken = std::min(count, kExactDigits - used); taken != 0) {
    exact = exact * digits::kTens[taken] + digits::join(eight << (8 * (8 - taken)));
    used += taken;
    at += taken;
  }
  auto number = static_cast<double>(exact);
  for (; used < kMaxDigits && digits::is_digit(*at); ++used, ++at) {
    number = number * 10.0 + static_cast<double>(digits::value(*at));
  }
  const auto exponent = static_cast<std::size_t>(at - fraction);
  for (const char* const kept = at; digits::is_digit(*at); ++at) {
    if (at - kept >= static_cast<std::ptrdiff_t>(kMostDropped)) return nullptr;
  }
  value = (negative ? -number : number) / kPowersOfTen[exponent];
  return at;
}

/// Passes over a number of that form whose value does not matter. Returns the first character behind it, or
/// nullptr if the text is of another form or too long.
inline const char* skip_pandas_plain(const char* text) {
  constexpr std::ptrdiff_t kMostDigits = 40;
  const char* at = text + (*text == '-' ? 1 : 0);
  const char* const whole = at;
  while (digits::is_digit(*at) && at - whole < kMostDigits) ++at;
  if (at == whole || *at != '.') return nullptr;
  const char* const fraction = ++at;
  for (unsigned count = 8; count == 8; at += count) {
    if (at - fraction > kMostDigits / 2) return nullptr;
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, 8);
    count = digits::leading(eight, eight);
  }
  return at;
}

}  // namespace joulecast
