// Doubts about rows of a log, counted by kind, and the checks that logs share.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "joulecast/error.h"
#include "joulecast/units.h"

namespace joulecast {

/// Warnings of one file: one for each kind, with the place of its first case and a count.
class Doubts {
 public:
  /// `kind` must be the same text for the same kind of doubt; `place` is that of this case, and `which`,
  /// where it has none in the file, says it in words of the first case.
  void note(std::string_view kind, const Location& place, const std::function<std::string()>& which = {}) {
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      if (kinds_[i] != kind) continue;
      ++warnings_[i].count;
      return;
    }
    kinds_.emplace_back(kind);
    warnings_.push_back({std::string(kind) + (which ? which() : ""), place, 1});
  }
  [[nodiscard]] const std::vector<Warning>& warnings() const { return warnings_; }
  [[nodiscard]] std::vector<Warning> take() { return std::move(warnings_); }

 private:
  std::vector<std::string> kinds_;
  std::vector<Warning> warnings_;
};

/// What is odd about a step from one stamp to the next; empty if nothing. A change to or from daylight-saving
/// time sets the clock by an hour; rows are milliseconds apart, so a minute around the hour is tolerance
/// enough.
inline std::string_view doubt_about_step(TimeStamp before, TimeStamp after) {
  constexpr std::int64_t kHour = 3'600'000'000;
  constexpr std::int64_t kTolerance = 60'000'000;
  const std::int64_t step = after.microseconds - before.microseconds;
  if (step >= 0 && step < kHour - kTolerance) return {};
  if (std::abs(std::abs(step) - kHour) <= kTolerance)
    return step < 0 ? "the clock goes back by an hour (daylight-saving time?)"
                    : "the clock goes forward by an hour (daylight-saving time?)";
  return step < 0 ? "time stamps go back" : "";
}

/// What is odd about a power sample; empty if nothing. No edge board draws a kilowatt.
inline std::string_view doubt_about_power(double microwatts) {
  constexpr double kAbsurdMicrowatts = 1e9;
  if (microwatts >= 0.0 && microwatts <= kAbsurdMicrowatts) return {};
  if (!std::isfinite(microwatts)) return "a power sample is NaN or infinite";
  return microwatts < 0.0 ? "a power sample is negative" : "a power sample is above a kilowatt";
}

/// What is odd about a layer's run time; empty if nothing. No layer of an inference runs for a minute.
inline std::string_view doubt_about_duration(double milliseconds) {
  constexpr double kAbsurdMilliseconds = 60'000.0;
  if (milliseconds >= 0.0 && milliseconds <= kAbsurdMilliseconds) return {};
  if (!std::isfinite(milliseconds)) return "a run time is NaN or infinite";
  return milliseconds < 0.0 ? "a run time is negative" : "a run time is longer than a minute";
}

}  // namespace joulecast
