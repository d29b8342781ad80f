#include "raw_logs/log_moment.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/time_stamp.h"
#include "base/time_zone.h"
#include "raw_logs/python_text.h"

namespace joulecast {
namespace {

/// Seconds: 3 March 1973. Less is no moment that a board's clock shows, but a time since the log's start.
constexpr double kLeastUnixSeconds = 1e8;
constexpr double kMostUnixSeconds = 1e11;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// A decimal number without exponent, times 10^shift, rounded half up: exact where a double would not be.
std::optional<std::int64_t> scaled_integer(std::string_view text, int shift) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  constexpr std::int64_t kLimit = INT64_MAX / 10 - 1;
  std::int64_t value = 0;
  int behind_point = -1;  // digits taken behind the point; -1 before it
  int digits = 0;
  bool round_up = false;
  for (const char c : text) {
    if (c == '.' && behind_point < 0) {
      behind_point = 0;
      continue;
    }
    if (!is_digit(c)) return std::nullopt;
    ++digits;
    if (behind_point >= 0 && behind_point++ >= shift) {
      if (behind_point == shift + 1) round_up = c >= '5';
      continue;
    }
    if (value > kLimit) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (digits == 0) return std::nullopt;
  for (int taken = std::max(behind_point, 0); taken < shift; ++taken) {
    if (value > kLimit) return std::nullopt;
    value *= 10;
  }
  value += round_up ? 1 : 0;
  return negative ? -value : value;
}

TimeUnit unit_by_magnitude(double value) {
  const double size = std::fabs(value);
  if (size < kMostUnixSeconds) return TimeUnit::kSeconds;
  if (size < kMostUnixSeconds * 1e3) return TimeUnit::kMilliseconds;
  return size < kMostUnixSeconds * 1e6 ? TimeUnit::kMicroseconds : TimeUnit::kNanoseconds;
}

std::optional<LogMoment> parse_number(std::string_view text, TimeUnit unit) {
  const auto value = python::to_float(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  if (unit == TimeUnit::kByMagnitude) unit = unit_by_magnitude(*value);
  // The enumerators count powers of ten from 1e-10 s, microseconds stand at 4.
  const int shift = static_cast<int>(unit) - static_cast<int>(TimeUnit::kMicroseconds);
  const double microseconds = *value * std::pow(10.0, shift);
  if (std::fabs(microseconds) > kMostUnixSeconds * 1e6) return std::nullopt;
  std::optional<std::int64_t> exact;
  if (shift >= 0) exact = scaled_integer(text, shift);
  LogMoment moment;
  moment.kind = microseconds >= kLeastUnixSeconds * 1e6 ? StampKind::kUnix : StampKind::kElapsed;
  moment.microseconds = exact.value_or(std::llround(microseconds));
  return moment;
}

/// "2024-11-21T05:20:04.5" to the board's form, in which the rules about dates stand once.
std::optional<LogMoment> parse_iso(std::string_view text) {
  constexpr std::size_t kToSeconds = 19;
  if (text.size() < kToSeconds) return std::nullopt;
  const char separator = text[4];
  const bool shaped = (separator == '-' || separator == '/') && text[7] == separator &&
                      (text[10] == ' ' || text[10] == 'T' || text[10] == 't') && text[13] == ':' &&
                      text[16] == ':';
  if (!shaped) return std::nullopt;
  std::string_view rest = text.substr(kToSeconds);
  std::string fraction;
  if (!rest.empty() && (rest[0] == '.' || rest[0] == ',')) {
    std::size_t end = 1;
    while (end < rest.size() && is_digit(rest[end])) ++end;
    if (end == 1) return std::nullopt;
    fraction = rest.substr(1, std::min<std::size_t>(end - 1, 6));  // digits behind microseconds are cut off
    rest.remove_prefix(end);
  }
  if (fraction.empty()) fraction = "0";
  const auto time = parse_time_stamp(fmt::format("{}{}{}-{}.{}", text.substr(0, 4), text.substr(5, 2),
                                                 text.substr(8, 2), text.substr(11, 8), fraction));
  if (!time) return std::nullopt;
  rest = python::strip(rest);
  if (rest.empty()) return LogMoment{StampKind::kLocal, time->microseconds};
  if (rest[0] != '+' && rest[0] != '-' && rest != "Z" && rest != "z") return std::nullopt;
  auto zone = TimeZone::named(rest);
  if (!zone) return std::nullopt;
  return LogMoment{StampKind::kUnix, time->microseconds - zone->local(0).microseconds};
}

}  // namespace

std::optional<LogMoment> parse_log_moment(std::string_view text, TimeUnit unit) {
  text = python::strip(text);
  if (auto iso = parse_iso(text)) return iso;
  if (const auto board = parse_time_stamp(text)) return LogMoment{StampKind::kLocal, board->microseconds};
  return parse_number(text, unit);
}

}  // namespace joulecast
