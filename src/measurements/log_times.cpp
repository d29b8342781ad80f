#include "measurements/log_times.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/time_stamp.h"

namespace joulecast {
namespace {

constexpr std::int64_t kMinute = 60'000'000;

}  // namespace

void TimeSpan::take(TimeStamp time) {
  first = std::min(first, time);
  last = std::max(last, time);
}

TimeSpan span_of(const LatencyLog& latencies) {
  TimeSpan span;
  for (const auto& layer : latencies.layers) {
    for (const LatencyEntry& entry : layer.entries) span.take(entry.completed);
  }
  return span;
}

TimeSpan span_of(std::span<const PowerSample> samples) {
  TimeSpan span;
  for (const PowerSample& sample : samples) span.take(sample.at);
  return span;
}

std::vector<std::int64_t> overlapping_offsets(TimeSpan moved, TimeSpan still) {
  std::vector<std::int64_t> fitting;
  for (std::int64_t quarter = -12 * 4; quarter <= 14 * 4; ++quarter) {
    const std::int64_t offset = quarter * 15 * kMinute;
    const std::int64_t begin = std::max(moved.first.microseconds + offset, still.first.microseconds);
    const std::int64_t end = std::min(moved.last.microseconds + offset, still.last.microseconds);
    if (begin <= end) fitting.push_back(offset);
  }
  return fitting;
}

std::string offset_text(std::int64_t offset) {
  const std::int64_t minutes = std::abs(offset) / kMinute;
  return fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

Error no_overlap(TimeSpan samples, TimeSpan layers, const std::string& power_log) {
  Error error{
      ErrorKind::kUnfit,
      fmt::format("power log and latency log do not overlap in time: samples {} to {}, layers {} to {}",
                  format_time_stamp(samples.first), format_time_stamp(samples.last),
                  format_time_stamp(layers.first), format_time_stamp(layers.last)),
      {power_log},
      "Both logs must come from one run and one clock"};
  const auto offsets = overlapping_offsets(samples, layers);
  // A quarter of an hour is more likely a logger that stopped early than a zone.
  if (offsets.size() == 1 && std::abs(offsets.front()) >= 30 * kMinute)
    error.hint += fmt::format(
        "; moved by {} hours the samples would fit: were the two clocks in different "
        "time zones?",
        offset_text(offsets.front()));
  return error;
}

}  // namespace joulecast
