// When the logs of one run begin and end, and how far apart their clocks are.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "joulecast/raw_logs.h"

namespace joulecast {

/// First and last stamp of a log; first > last if it is empty.
struct TimeSpan {
  TimeStamp first{INT64_MAX}, last{INT64_MIN};
  /// Widens the span to hold this stamp.
  void take(TimeStamp time);
};
/// From the first to the last completion of a layer: the stamps as logged, so that the first layer's own run
/// time lies before it. Empty for a log without entries.
TimeSpan span_of(const LatencyLog& latencies);
/// From the earliest to the latest sample, in whatever order they stand. Empty for none.
TimeSpan span_of(std::span<const PowerSample> samples);

/// By how much, in microseconds, the first span could be moved so that it overlaps the second: each multiple
/// of 15 minutes between UTC-12 and UTC+14 with which it does, ascending. Neither may be empty.
std::vector<std::int64_t> overlapping_offsets(TimeSpan moved, TimeSpan still);
/// "+02:00".
std::string offset_text(std::int64_t offset);

/// Error kUnfit for logs that do not overlap: both spans, and in the hint by how many hours the clocks may
/// differ. Neither span may be empty.
Error no_overlap(TimeSpan samples, TimeSpan layers, const std::string& power_log);

}  // namespace joulecast
