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
  void take(TimeStamp time);
};
TimeSpan span_of(const LatencyLog& latencies);
TimeSpan span_of(std::span<const PowerSample> samples);

/// By how much, in microseconds, the first span could be moved so that it overlaps the second: each multiple
/// of 15 minutes between UTC-12 and UTC+14 with which it does, ascending.
std::vector<std::int64_t> overlapping_offsets(TimeSpan moved, TimeSpan still);
/// "+02:00".
std::string offset_text(std::int64_t offset);

/// Error kUnfit for logs that do not overlap: both spans, and in the hint by how many hours the clocks may
/// differ.
Error no_overlap(TimeSpan samples, TimeSpan layers, const std::string& power_log);

}  // namespace joulecast
