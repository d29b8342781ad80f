// Everything a latency log's reader says about a text, in one comparable value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/raw_logs.h"

namespace joulecast::test {

struct LatencyLayer {
  std::string name;
  std::vector<double> milliseconds;
  std::vector<std::int64_t> completed;
  std::size_t leading_integers = 0;
  friend bool operator==(const LatencyLayer&, const LatencyLayer&) = default;
};
struct LatencyReading {
  std::vector<LatencyLayer> layers;
  bool has_stamps = true;
  std::optional<Error> error;
};

/// Reads `text` in windows of `window_bytes`.
inline LatencyReading read_latencies(std::string_view text, std::size_t window_bytes = 1U << 16U) {
  LatencyReading reading;
  auto reader = LatencyLogReader::from_memory(text, "log.json", window_bytes);
  for (;;) {
    const auto event = reader.next();
    if (!event) {
      reading.error = event.error();
      return reading;
    }
    reading.has_stamps = event->has_stamps;
    switch (event->kind) {
      case LatencyLogReader::EventKind::kLayer:
        reading.layers.push_back({std::string(event->layer), {}, {}, 0});
        break;
      case LatencyLogReader::EventKind::kEntries: {
        LatencyLayer& layer = reading.layers.back();
        if (layer.leading_integers == layer.milliseconds.size())
          layer.leading_integers += event->leading_integers;
        for (const LatencyEntry& entry : event->entries) {
          layer.milliseconds.push_back(entry.milliseconds);
          layer.completed.push_back(entry.completed.microseconds);
        }
        break;
      }
      case LatencyLogReader::EventKind::kEnd:
        return reading;
    }
  }
}

}  // namespace joulecast::test
