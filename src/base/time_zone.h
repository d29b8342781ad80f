// Time zones: what a board's own clock showed at a moment of Unix time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "joulecast/error.h"
#include "joulecast/units.h"

namespace joulecast {

/// A zone of the system's database by its IANA name (`Europe/Berlin`, `UTC`), or a fixed offset east of
/// Greenwich (`+02:00`, `-0330`, `+2`, `Z`).
class TimeZone {
 public:
  /// Error kUsage: no such zone or offset; offsets reach to 18 hours.
  static Expected<TimeZone> named(std::string_view name);

  /// The local clock at a moment of Unix time. Fast for moments near each other. Not for several threads at
  /// once.
  [[nodiscard]] TimeStamp local(std::int64_t unix_microseconds);

 private:
  struct Rules;
  explicit TimeZone(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
  void look_up(std::int64_t unix_microseconds);

  std::shared_ptr<const Rules> rules_;
  // The span of time in which the offset found last holds.
  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
  std::int64_t offset_ = 0;
};

}  // namespace joulecast
