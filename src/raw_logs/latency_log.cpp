#include <algorithm>

#include "base/parallel.h"
#include "joulecast/raw_logs.h"
#include "raw_logs/latency_log_builder.h"
#include "raw_logs/latency_log_halves.h"

namespace joulecast {

std::size_t LatencyLog::cycles() const {
  std::size_t longest = 0;
  for (const LayerEntries& layer : layers) longest = std::max(longest, layer.entries.size());
  return longest;
}

Expected<LatencyLog> read_latency_log(const std::filesystem::path& path, const ByteProgress& progress,
                                      std::size_t jobs) {
  constexpr std::uint64_t kWorthASecondThread = 8U << 20U;
  if (thread_count(jobs) > 1) {
    if (auto log = read_latency_log_in_halves(path, progress, kWorthASecondThread)) return std::move(*log);
  }
  auto reader = LatencyLogReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  LatencyLogBuilder builder(path.string());
  for (;;) {
    const auto event = reader->next();
    if (!event) return tl::unexpected(event.error());
    switch (event->kind) {
      case LatencyLogReader::EventKind::kLayer:
        builder.begin_layer(event->layer);
        break;
      case LatencyLogReader::EventKind::kEntries:
        builder.add(*event);
        break;
      case LatencyLogReader::EventKind::kEnd:
        if (progress) progress(reader->bytes_done(), reader->bytes_total());
        return builder.finish(event->has_stamps);
    }
    if (progress) progress(reader->bytes_done(), reader->bytes_total());
  }
}

}  // namespace joulecast
