// The board's time stamps as text: `20241121-05:20:04.261448`, local time without a zone.
//
// Accepted is what Python's datetime.strptime(text, "%Y%m%d-%H:%M:%S.%f") accepts: a fraction of 1 to 6
// digits, one-digit parts ("2024112-5:2:4.5"), a day with a blank ("202411 2-..."). Refused: anything before
// or after, no fraction, seven digits, dates and times that do not exist (31 February, 25:61, second 60).
// One difference: digits are ASCII only.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "joulecast/error.h"
#include "joulecast/units.h"

namespace joulecast {

/// Length of the fixed-width form with six digits of fraction.
inline constexpr std::size_t kTimeStampLength = 24;

/// Error kMalformed, with the reason in words and no location (the caller knows the place).
Expected<TimeStamp> parse_time_stamp(std::string_view text);

/// The fixed-width form, six digits of fraction.
std::string format_time_stamp(TimeStamp time);

/// Parses many stamps. The fixed-width form takes about 20 instructions, because consecutive stamps share
/// their date: its microseconds are kept. Not for several threads at once.
class TimeStampParser {
 public:
  /// As parse_time_stamp.
  Expected<TimeStamp> parse(std::string_view text);

  /// The stamp in the 24 bytes at `text`. False if they are not a valid stamp in the fixed-width form: ask
  /// parse() then, which knows the other forms and the reason.
  [[nodiscard]] bool parse_fixed(const char* text, TimeStamp& time);

 private:
  [[nodiscard]] bool take_date(std::uint64_t date);

  // The eight characters of the last date, and its midnight. At first a date that exists, "19700101": any
  // other value (0, say) could stand in a damaged file and would be taken for a date.
  std::uint64_t date_ = 0x3130313030373931;
  std::int64_t date_microseconds_ = 0;
};

// Eight characters at a time in one 64-bit word (SWAR): after XOR with the wanted separators and '0', each
// byte is a digit's value, or 0 at a separator. A byte above its limit (9, or 0) carries into its top bit
// when (0x7f - limit) is added.
inline bool TimeStampParser::parse_fixed(const char* text, TimeStamp& time) {
  static_assert(std::endian::native == std::endian::little, "first character in the lowest byte");
  constexpr std::uint64_t kTopBits = 0x8080808080808080;
  std::uint64_t date = 0;
  std::uint64_t clock = 0;     // "-HH:MM:S"
  std::uint64_t fraction = 0;  // "S.ffffff"
  std::memcpy(&date, text, 8);
  std::memcpy(&clock, text + 8, 8);
  std::memcpy(&fraction, text + 16, 8);
  clock ^= 0x303a30303a30302d;
  fraction ^= 0x3030303030302e30;
  const std::uint64_t excess =
      clock | (clock + 0x767f76767f76767f) | fraction | (fraction + 0x7676767676767f76);
  if ((excess & kTopBits) != 0) return false;

  // 10 * byte + next byte, in each byte at once; no byte exceeds 99.
  const std::uint64_t clock_pairs = clock * 10 + (clock >> 8U);
  const std::uint64_t hour = (clock_pairs >> 8U) & 0xffU;
  const std::uint64_t minute = (clock_pairs >> 32U) & 0xffU;
  const std::uint64_t second = (clock >> 56U) * 10 + (fraction & 0xffU);
  if (hour > 23 || minute > 59 || second > 59) return false;
  const std::uint64_t pairs = (fraction & ~0xffffULL) * 10 + (fraction >> 8U);
  const std::uint64_t microsecond =
      ((pairs >> 16U) & 0xffU) * 10000 + ((pairs >> 32U) & 0xffU) * 100 + ((pairs >> 48U) & 0xffU);

  if (date != date_ && !take_date(date)) return false;
  const std::uint64_t of_day = ((hour * 60 + minute) * 60 + second) * 1000000 + microsecond;
  time.microseconds = date_microseconds_ + static_cast<std::int64_t>(of_day);
  return true;
}

}  // namespace joulecast
