// Decimal text to the nearest double, for the one form that logs are full of: `0.009151999838650227`.
//
// Method: all digits make an integer w < 2^64, so that the value is w / 10^k = (w / 5^k) / 2^k. Both w and
// 5^k (k <= 27) are exact in 64 bits. Shifted so that their top bits are set, (w << 63) / 5^k is one
// 128-by-64-bit division with a quotient of 63 or 64 bits. A remainder other than 0 sets the lowest bit of
// the quotient ("sticky"), far below the 53 bits of a double, so that the conversion to double rounds as it
// would round the exact value; the power of two that is left is exact. The division itself is two
// multiplications by the divisor's reciprocal (N. Moeller, T. Granlund, "Improved division by invariant
// integers", IEEE Trans. Comput. 60, 2011, algorithm 4), which is exact too. Hence the result is correctly
// rounded by construction, with neither tables of 128-bit powers nor fall-back cases (Clinger's fast path
// alone does not serve: run times come from floats and have 16 or 17 digits, more than 2^53 holds).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/digits.h"

namespace joulecast::decimal {

__extension__ using Uint128 = unsigned __int128;

/// Most digits behind the point that scale() takes.
inline constexpr unsigned kMostFractionDigits = 27;

struct PowerOfFive {
  std::uint64_t normalised = 0;  // top bit set
  std::uint64_t reciprocal = 0;  // (2^128 - 1) / normalised - 2^64
  int shift = 0;                 // 5^k << shift == normalised
};

inline constexpr auto kPowersOfFive = [] {
  std::array<PowerOfFive, kMostFractionDigits + 1> powers{};
  std::uint64_t power = 1;
  for (auto& entry : powers) {
    entry.shift = std::countl_zero(power);
    entry.normalised = power << entry.shift;
    entry.reciprocal = static_cast<std::uint64_t>(~Uint128{0} / entry.normalised);
    power *= 5;
  }
  return powers;
}();

struct Division {
  std::uint64_t quotient = 0;
  std::uint64_t remainder = 0;
};

/// numerator / divisor.normalised, for a numerator whose high half is below the divisor.
inline Division divide(Uint128 numerator, const PowerOfFive& divisor) {
  const auto high = static_cast<std::uint64_t>(numerator >> 64U);
  const auto low = static_cast<std::uint64_t>(numerator);
  const Uint128 estimate = static_cast<Uint128>(divisor.reciprocal) * high + numerator;
  Division result{static_cast<std::uint64_t>(estimate >> 64U) + 1, 0};
  result.remainder = low - result.quotient * divisor.normalised;
  // One too many about as often as not: no branch, it could not be foretold.
  const std::uint64_t too_many =
      std::uint64_t{0} - static_cast<std::uint64_t>(result.remainder > static_cast<std::uint64_t>(estimate));
  result.quotient += too_many;
  result.remainder += too_many & divisor.normalised;
  if (result.remainder >= divisor.normalised) [[unlikely]] {
    ++result.quotient;
    result.remainder -= divisor.normalised;
  }
  return result;
}

/// w / 10^k, correctly rounded. k <= kMostFractionDigits.
inline double scale(std::uint64_t w, unsigned k) {
  if (w == 0) return 0.0;
  const int shift = std::countl_zero(w);
  const PowerOfFive& divisor = kPowersOfFive[k];
  const auto [quotient, remainder] = divide(static_cast<Uint128>(w << shift) << 63U, divisor);
  const int exponent = divisor.shift - shift - 63 - static_cast<int>(k);
  const auto power_of_two = std::bit_cast<double>(static_cast<std::uint64_t>(1023 + exponent) << 52U);
  return static_cast<double>(quotient | static_cast<std::uint64_t>(remainder != 0)) * power_of_two;
}

/// Bytes that must be readable behind the start of a number given to parse_plain().
inline constexpr std::size_t kPlainReach = 48;

/// Reads `digits.digits` (no sign, no exponent, JSON's rule about leading zeros) at `text`. Returns the first
/// character behind it, or nullptr if the text is of another form or too long: then ask the general scanner.
inline const char* parse_plain(const char* text, double& value) {
  using digits::kTens;
  std::uint64_t w = digits::value(*text);
  if (w > 9) return nullptr;
  const char* at = text + 1;
  if (w != 0) {
    for (; digits::is_digit(*at); ++at) {
      if (at - text >= 10) return nullptr;
      w = w * 10 + digits::value(*at);
    }
  }
  if (*at != '.') return nullptr;
  const char* const fraction = ++at;
  for (unsigned count = 8; count == 8; at += count) {
    if (at - fraction > 16) return nullptr;
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, 8);
    count = digits::leading(eight, eight);
    if (count == 0) break;
    // w * 10^count + (10^count - 1) must stay below 2^64.
    if (w >= UINT64_MAX / kTens[8] && w >= UINT64_MAX / kTens[count]) return nullptr;
    w = w * kTens[count] + digits::join(eight << (8 * (8 - count)));
  }
  const auto fraction_digits = static_cast<unsigned>(at - fraction);
  if (fraction_digits == 0 || (*at | 0x20) == 'e') return nullptr;
  value = scale(w, fraction_digits);
  return at;
}

/// As parse_plain(), for what power logs hold: `5024.0`. Where number and the character behind it fit into
/// eight characters they are taken as one word, and w / 10^k is one rounding of two exact values (Clinger's
/// fast path); any other text goes to parse_plain().
inline const char* parse_short(const char* text, double& value) {
  std::uint64_t characters = 0;
  std::memcpy(&characters, text, 8);
  std::uint64_t values = 0;
  std::uint64_t others = digits::others(characters, values);
  const auto point = static_cast<unsigned>(std::countr_zero(others)) / 8;
  others &= others - 1;
  const auto length = static_cast<unsigned>(std::countr_zero(others)) / 8;
  const bool leading_zero = text[0] == '0' && point != 1;
  if (length > 7 || point == 0 || length == point + 1 || text[point] != '.' || leading_zero ||
      (text[length] | 0x20) == 'e')
    return parse_plain(text, value);
  const std::uint64_t whole = (std::uint64_t{1} << (8 * point)) - 1;
  const std::uint64_t together = (values & whole) | ((values >> 8U) & ~whole);
  value = static_cast<double>(digits::join(together << (8 * (9 - length)))) /
          static_cast<double>(digits::kTens[length - point - 1]);
  return text + length;
}

}  // namespace joulecast::decimal
