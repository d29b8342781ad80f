// Eight decimal digits at a time in one 64-bit word.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace joulecast::digits {

static_assert(std::endian::native == std::endian::little, "the first character in the lowest byte");

inline constexpr std::array<std::uint64_t, 9> kTens = {1,      10,      100,      1000,     10000,
                                                       100000, 1000000, 10000000, 100000000};

/// 0 to 9 for a digit, more for any other character.
inline unsigned value(char c) {
  return static_cast<unsigned>(static_cast<unsigned char>(c)) - '0';
}
inline bool is_digit(char c) {
  return value(c) <= 9;
}

/// The top bit of each byte that is no digit, right up to the first byte that is no ASCII character; `values`
/// gets the digits' values.
inline std::uint64_t others(std::uint64_t characters, std::uint64_t& values) {
  values = characters ^ 0x3030303030303030;
  // A byte over 9 gets its top bit by the sum or has it already; only from bytes of 0x8a on is there a carry,
  // which spoils those behind.
  return (values | (values + 0x7676767676767676)) & 0x8080808080808080;
}

/// How many of the eight characters, from the lowest byte on, are digits; `values` gets their values.
inline unsigned leading(std::uint64_t characters, std::uint64_t& values) {
  return static_cast<unsigned>(std::countr_zero(others(characters, values))) / 8;
}

/// The number that eight digit values make, the lowest byte first (D. Lemire's three multiplications).
inline std::uint64_t join(std::uint64_t values) {
  constexpr std::uint64_t kMask = 0x000000ff000000ff;
  constexpr std::uint64_t kHigh = 100 + (1000000ULL << 32U);
  constexpr std::uint64_t kLow = 1 + (10000ULL << 32U);
  values = values * 10 + (values >> 8U);
  return ((values & kMask) * kHigh + ((values >> 16U) & kMask) * kLow) >> 32U;
}

}  // namespace joulecast::digits
