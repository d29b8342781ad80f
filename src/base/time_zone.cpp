#include "base/time_zone.h"

#include <date/tz.h>

#include <chrono>
#include <limits>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

namespace joulecast {
namespace {

using std::chrono::microseconds;
constexpr std::int64_t kMicrosecondsPerMinute = 60'000'000;

/// "+02:00", "-0330", "+2", "Z" as minutes east of Greenwich.
std::optional<int> fixed_offset_minutes(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  std::string digits(text.substr(1));
  if (const std::size_t colon = digits.find(':'); colon == 1 || colon == 2) {
    if (digits.size() != colon + 3) return std::nullopt;
    digits.erase(colon, 1);
  }
  if (digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
  int hours = 0;
  int minutes = 0;
  switch (digits.size()) {
    case 1:
    case 2:
      hours = std::stoi(digits);
      break;
    case 3:
    case 4:
      hours = std::stoi(digits.substr(0, digits.size() - 2));
      minutes = std::stoi(digits.substr(digits.size() - 2));
      break;
    default:
      return std::nullopt;
  }
  if (minutes > 59 || hours * 60 + minutes > 18 * 60) return std::nullopt;
  return sign * (hours * 60 + minutes);
}

}  // namespace

struct TimeZone::Rules {
  const date::time_zone* zone = nullptr;  // of the library's database, which lives as long as the program
  std::int64_t fixed_offset = 0;          // without a zone
};

Expected<TimeZone> TimeZone::named(std::string_view name) {
  if (const auto minutes = fixed_offset_minutes(name)) {
    return TimeZone(std::make_shared<Rules>(Rules{nullptr, *minutes * kMicrosecondsPerMinute}));
  }
  const bool could_be_a_path = name.empty() || name.front() == '/' || name.find("..") != name.npos;
  try {
    if (!could_be_a_path) {
      return TimeZone(std::make_shared<Rules>(Rules{date::locate_zone(std::string(name)), 0}));
    }
  } catch (const std::runtime_error&) {  // how the library says that there is no such zone
  }
  return fail(
      ErrorKind::kUsage, fmt::format("there is no time zone '{}'", name), {},
      "Give an IANA name such as Europe/Berlin (needs the package tzdata) or an offset such as +02:00");
}

TimeStamp TimeZone::local(std::int64_t unix_microseconds) {
  if (unix_microseconds < begin_ || unix_microseconds >= end_) look_up(unix_microseconds);
  return TimeStamp{unix_microseconds + offset_};
}

void TimeZone::look_up(std::int64_t unix_microseconds) {
  if (rules_->zone == nullptr) {
    begin_ = std::numeric_limits<std::int64_t>::min();
    end_ = std::numeric_limits<std::int64_t>::max();
    offset_ = rules_->fixed_offset;
    return;
  }
  const date::sys_time<microseconds> moment{microseconds(unix_microseconds)};
  const date::sys_info info = rules_->zone->get_info(moment);
  offset_ = microseconds(info.offset).count();
  // The span of a zone without further changes reaches beyond what microseconds can count.
  constexpr std::int64_t kHalfDay = 43'200'000'000;
  begin_ = std::max(unix_microseconds - kHalfDay,
                    1'000'000 * std::max<std::int64_t>(info.begin.time_since_epoch().count(), -(1LL << 40)));
  end_ = std::min(unix_microseconds + kHalfDay,
                  1'000'000 * std::min<std::int64_t>(info.end.time_since_epoch().count(), 1LL << 40));
}

}  // namespace joulecast
