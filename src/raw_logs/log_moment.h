// Moments as other loggers write them: Unix time in any unit, ISO 8601, the board's own stamps, elapsed time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "joulecast/raw_logs.h"

namespace joulecast {

struct LogMoment {
  StampKind kind = StampKind::kLocal;
  std::int64_t microseconds = 0;  ///< since 1970 of the kind's clock; with kElapsed since the log's start
};

/// Units in which a number may count time, as powers of ten of a second.
enum class TimeUnit { kByMagnitude, kSeconds = 10, kMilliseconds = 7, kMicroseconds = 4, kNanoseconds = 1 };

/// Reads one of: `20241121-05:20:04.261448` (local); `2024-11-21 05:20:04.261448`, with `T`, `/` or a comma
/// in other places (local), with `Z` or `+02:00` behind (Unix time); a number (Unix time, or elapsed time if
/// it is below 1e8 s). Numbers without a unit are taken in s, ms, us or ns, whichever lies between 1973 and
/// 5138. Empty: none of these.
std::optional<LogMoment> parse_log_moment(std::string_view text, TimeUnit unit = TimeUnit::kByMagnitude);

}  // namespace joulecast
