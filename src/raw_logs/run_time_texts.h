// Run times by their text. A profiler's clock counts in steps (32 ns on Jetsons), so that a layer of 0.1 ms
// has a few hundred different run times, and their text repeats: looking one up costs less than converting
// it.
//
// Direct-mapped, 512 places (24 KB). Where texts do not repeat the table is left alone for most of the time:
// a lookup in vain costs a branch that was foretold wrong.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "raw_logs/decimal.h"

namespace joulecast {

class RunTimeTexts {
 public:
  /// As decimal::parse_plain(), with the same value.
  inline const char* parse(const char* text, double& value);

 private:
  struct Place {
    std::array<std::uint64_t, 3> text{};  // characters behind `length` are zero
    std::uint64_t last = 0;               // which bits of text[2] lie before `length`
    double value = 0.0;
    std::uint32_t length = 0;  // kLeast to kMost; 0 = empty
  };
  static constexpr std::size_t kPlaces = 512;
  static constexpr std::uint32_t kLeast = 17;  // reaches into text[2]; shorter ones are converted quickly
  static constexpr std::uint32_t kMost = 24;
  static constexpr std::uint64_t kTrial = 256;   // lookups, of which a quarter must have found something,
  static constexpr std::uint64_t kRest = 16384;  // or so many conversions follow without one

  static bool ends_number(char c) { return !digits::is_digit(c) && (c | 0x20) != 'e'; }
  inline void keep(const char* text, const char* behind, double value, Place& place);

  std::array<Place, kPlaces> places_{};
  std::uint64_t lookups_ = 0;
  std::uint64_t found_ = 0;
  std::uint64_t rest_ = 0;
};

inline const char* RunTimeTexts::parse(const char* text, double& value) {
  if (rest_ != 0) {
    --rest_;
    return decimal::parse_plain(text, value);
  }
  std::array<std::uint64_t, 3> characters{};
  std::memcpy(characters.data(), text, sizeof characters);
  // The last digits of a float's text differ most.
  const std::uint64_t mixed = (characters[0] ^ characters[1]) * 0x9e3779b97f4a7c15;
  Place& place = places_[mixed >> (64 - std::countr_zero(kPlaces))];
  ++lookups_;
  const std::uint64_t differences = (place.text[0] ^ characters[0]) | (place.text[1] ^ characters[1]) |
                                    (place.text[2] ^ (characters[2] & place.last));
  if (differences == 0 && place.length != 0 && ends_number(text[place.length])) {
    ++found_;
    value = place.value;
    return text + place.length;
  }
  const char* const behind = decimal::parse_plain(text, value);
  if (behind != nullptr) keep(text, behind, value, place);
  if (lookups_ >= kTrial) {
    if (found_ * 4 < lookups_) rest_ = kRest;
    lookups_ = found_ = 0;
  }
  return behind;
}

inline void RunTimeTexts::keep(const char* text, const char* behind, double value, Place& place) {
  const auto length = static_cast<std::uint32_t>(behind - text);
  if (length < kLeast || length > kMost) return;
  place = {{}, ~std::uint64_t{0} >> (8 * (kMost - length)), value, length};
  std::memcpy(place.text.data(), text, length);
}

}  // namespace joulecast
