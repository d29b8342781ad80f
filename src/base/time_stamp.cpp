#include "base/time_stamp.h"

#include <array>
#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace joulecast {
namespace {

constexpr std::int64_t kMicrosecondsPerDay = 86'400'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The value of `text` if it is `least` to `most` digits and nothing else.
std::optional<int> digits(std::string_view text, std::size_t least, std::size_t most) {
  if (text.size() < least || text.size() > most) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// Midnight of a date in microseconds, if there is such a date. Years 1 to 9999, as in Python.
std::optional<std::int64_t> midnight(int year, int month, int day) {
  if (year < 1 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * kMicrosecondsPerDay;
}

struct MonthAndDay {
  int month = 0;
  int day = 0;
};

/// What strptime's pattern makes of the 2 to 4 characters behind the year. Three characters are ambiguous:
/// the pattern tries a month of two digits first.
std::optional<MonthAndDay> split_month_and_day(std::string_view text) {
  for (const std::size_t month_length : {std::size_t{2}, std::size_t{1}}) {
    if (text.size() <= month_length || text.size() > month_length + 2) continue;
    const auto month = digits(text.substr(0, month_length), 1, 2);
    std::string_view day_text = text.substr(month_length);
    if (day_text.size() == 2 && day_text.front() == ' ') day_text.remove_prefix(1);
    const auto day = digits(day_text, 1, 2);
    if (month && day && *month >= 1 && *month <= 12 && *day >= 1 && *day <= 31)
      return MonthAndDay{*month, *day};
  }
  return std::nullopt;
}

tl::unexpected<Error> refuse(std::string_view text, std::string_view reason) {
  constexpr std::size_t kShown = 40;
  return fail(ErrorKind::kMalformed,
              fmt::format("\"{}{}\" is no time stamp: {}", text.substr(0, kShown),
                          text.size() > kShown ? "..." : "", reason),
              {}, "A stamp looks like 20241121-05:20:04.261448");
}

}  // namespace

Expected<TimeStamp> parse_time_stamp(std::string_view text) {
  // The separators occur nowhere else, so they cut the text in the only possible way.
  std::array<std::string_view, 5> part;
  std::string_view rest = text;
  constexpr std::string_view kSeparators = "-::.";
  for (std::size_t i = 0; i < kSeparators.size(); ++i) {
    const std::size_t at = rest.find(kSeparators[i]);
    if (at == std::string_view::npos)
      return refuse(text, i == 3 ? "it has no fraction of a second" : "it is not of this form");
    part[i] = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  part[4] = rest;

  const auto year = digits(part[0].substr(0, 4), 4, 4);
  const auto hour = digits(part[1], 1, 2);
  const auto minute = digits(part[2], 1, 2);
  const auto second = digits(part[3], 1, 2);
  if (!year || !hour || !minute || !second) return refuse(text, "it is not of this form");
  auto microsecond = digits(part[4], 1, 6);
  if (!microsecond) return refuse(text, "its fraction is not 1 to 6 digits");
  for (std::size_t i = part[4].size(); i < 6; ++i) *microsecond *= 10;
  if (*hour > 23 || *minute > 59 || *second > 59) return refuse(text, "there is no such time of day");
  const auto month_and_day = split_month_and_day(part[0].substr(4));
  const auto date = month_and_day ? midnight(*year, month_and_day->month, month_and_day->day) : std::nullopt;
  if (!date) return refuse(text, "there is no such date");
  return TimeStamp{*date + ((*hour * 60LL + *minute) * 60 + *second) * 1'000'000 + *microsecond};
}

std::string format_time_stamp(TimeStamp time) {
  using namespace std::chrono;
  const sys_time<microseconds> moment{microseconds(time.microseconds)};
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss clock(moment - day);
  return fmt::format("{:04}{:02}{:02}-{:02}:{:02}:{:02}.{:06}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Expected<TimeStamp> TimeStampParser::parse(std::string_view text) {
  TimeStamp time;
  if (text.size() == kTimeStampLength && parse_fixed(text.data(), time)) return time;
  return parse_time_stamp(text);
}

bool TimeStampParser::take_date(std::uint64_t date) {
  std::array<char, 8> text{};
  std::memcpy(text.data(), &date, text.size());
  const std::string_view view(text.data(), text.size());
  const auto year = digits(view.substr(0, 4), 4, 4);
  const auto month = digits(view.substr(4, 2), 2, 2);
  const auto day = digits(view.substr(6, 2), 2, 2);
  if (!year || !month || !day) return false;
  const auto found = midnight(*year, *month, *day);
  if (!found) return false;
  date_ = date;
  date_microseconds_ = *found;
  return true;
}

}  // namespace joulecast
