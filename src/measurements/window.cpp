// The reference's way of giving power to layers, kept for compatibility.
//
// Each entry of the latency log opens a window [end - run time, end] on the power log; the mean of the
// samples inside is the layer's power. One cursor runs forward only, over the samples in file order, while
// the entries come cycle by cycle in the log's order of layers. So overlapping windows do not share samples
// (the first takes them), and an entry whose window lies behind the cursor gets none. When the log runs out,
// the entry in hand is still written, and no further one. docs/attribution.md says why the numbers are poor.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "joulecast/measurements.h"
#include "measurements/duration.h"
#include "numerics/compensated_sum.h"

namespace joulecast {
namespace {

constexpr std::size_t kEntriesALine = 64 / sizeof(LatencyEntry);
constexpr std::size_t kEntriesAhead = 4 * kEntriesALine;

/// The sample in hand, and the way to the next.
class SampleCursor {
 public:
  explicit SampleCursor(const SampleSource& source) : source_(source) {}

  [[nodiscard]] bool at_end() const { return at_end_; }
  [[nodiscard]] const PowerSample& sample() const { return batch_[position_]; }

  Expected<void> advance() {
    if (++position_ < batch_.size()) [[likely]] {
      ++samples;
      return {};
    }
    auto batch = source_();
    if (!batch) return tl::unexpected(batch.error());
    batch_ = *batch;
    position_ = 0;
    at_end_ = batch_.empty();
    if (!at_end_) ++samples;
    return {};
  }

  std::uint64_t samples = 0;

 private:
  const SampleSource& source_;
  std::span<const PowerSample> batch_;
  std::size_t position_ = 0;
  bool at_end_ = false;
};

/// Collects rows into batches, so that the sink is called once in a while only.
class RowBatch {
 public:
  explicit RowBatch(const RowSink& sink) : sink_(sink) {}
  bool add(const LayerMeasurement& row) {
    rows_[count_++] = row;
    return count_ < rows_.size() || flush();
  }
  bool flush() {
    const bool go_on = count_ == 0 || sink_(std::span(rows_).first(count_));
    count_ = 0;
    return go_on;
  }

 private:
  const RowSink& sink_;
  std::array<LayerMeasurement, 256> rows_{};
  std::size_t count_ = 0;
};

/// Power of the window [start, end] from the cursor on.
Expected<void> collect(SampleCursor& cursor, TimeStamp start, TimeStamp end, Microwatts idle,
                       LayerMeasurement& row, WindowSummary& summary) {
  while (!cursor.at_end() && cursor.sample().at < start) {
    if (auto ok = cursor.advance(); !ok) return ok;
  }
  NeumaierSum sum;
  double highest = summary.highest_sample_uw;
  std::uint64_t count = 0;
  while (!cursor.at_end() && cursor.sample().at <= end) {
    const double microwatts = cursor.sample().microwatts();
    sum.add(microwatts);
    highest = std::max(highest, microwatts);
    ++count;
    if (auto ok = cursor.advance(); !ok) return ok;
  }
  if (count == 0) return {};
  const double mean = sum.value() / static_cast<double>(count);
  row.power_with_idle_uw = mean;
  // The reference asks `if mean`, which a mean of zero fails.
  if (mean != 0.0) row.power_without_idle_uw = mean - idle.value;
  summary.highest_sample_uw = highest;
  summary.samples_used += count;
  ++summary.rows_with_power;
  return {};
}

class WindowAttribution {
 public:
  WindowAttribution(const LatencyLog& latencies, const SampleSource& samples, Microwatts idle,
                    const RowSink& sink)
      : latencies_(latencies), cursor_(samples), idle_(idle), batch_(sink) {}

  Expected<WindowSummary> run() {
    std::size_t cycles = 0;
    if (auto ok = cursor_.advance(); !ok) return tl::unexpected(ok.error());
    if (cursor_.at_end())
      return fail(ErrorKind::kUnfit, "the power log has no sample", {},
                  "Was the power logger running during the benchmark?");
    std::uint64_t items = 0;
    for (const auto& layer : latencies_.layers) {
      items += layer.entries.size();
      cycles = std::max(cycles, layer.entries.size());
    }
    if (items == 0)
      return fail(ErrorKind::kUnfit, "the latency log has no entry", {},
                  "Was the profiler attached during the benchmark? Run it again");
    for (std::size_t cycle = 0; cycle < cycles && !cursor_.at_end(); ++cycle) {
      if (auto ok = one_cycle(cycle); !ok) return tl::unexpected(ok.error());
    }
    if (!batch_.flush()) return stopped();
    summary_.rows_lost_at_log_end = items - summary_.rows;
    finish();
    return std::move(summary_);
  }

 private:
  static tl::unexpected<Error> stopped() {
    return fail(ErrorKind::kInterrupted, "stopped", {}, "Run it again for the rest");
  }

  Expected<void> one_cycle(std::size_t cycle) {
    for (std::size_t k = 0; k < latencies_.layers.size() && !cursor_.at_end(); ++k) {
      const auto& entries = latencies_.layers[k].entries;
      if (cycle >= entries.size()) continue;
      // One stream a layer is more than the processor follows by itself.
      if (cycle % kEntriesALine == 0 && cycle + kEntriesAhead < entries.size())
        __builtin_prefetch(&entries[cycle + kEntriesAhead]);
      const LatencyEntry entry = entries[cycle];
      if (!is_timedelta(entry.milliseconds)) {
        return fail(ErrorKind::kMalformed,
                    fmt::format("layer '{}' has a run time of {} ms in cycle {}", latencies_.layers[k].name,
                                entry.milliseconds, cycle + 1),
                    {}, "Remove that inference from the latency log, or measure the network again");
      }
      const TimeStamp end = entry.completed;
      const TimeStamp start{end.microseconds - timedelta_microseconds(entry.milliseconds)};
      LayerMeasurement row;
      row.cycle.value = static_cast<std::uint32_t>(cycle);
      row.layer.value = static_cast<std::uint32_t>(k);
      row.run_time_ms = entry.milliseconds;
      if (auto ok = collect(cursor_, start, end, idle_, row, summary_); !ok) return ok;
      ++summary_.rows;
      if (!batch_.add(row)) return stopped();
    }
    return {};
  }

  void finish() {
    summary_.samples_read = cursor_.samples;
    if (summary_.rows_lost_at_log_end != 0) {
      summary_.warnings.push_back(
          {"entries of the latency log lie behind the end of the power log and are absent",
           {},
           summary_.rows_lost_at_log_end});
    }
  }

  const LatencyLog& latencies_;
  SampleCursor cursor_;
  Microwatts idle_;
  RowBatch batch_;
  WindowSummary summary_;
};

}  // namespace

Expected<WindowSummary> attribute_by_window(const LatencyLog& latencies, const SampleSource& samples,
                                            Microwatts idle, const RowSink& sink) {
  if (!latencies.has_stamps) {
    return fail(ErrorKind::kUnfit, "the latency log has no time stamps", {},
                "Without them power cannot be given to layers");
  }
  return WindowAttribution(latencies, samples, idle, sink).run();
}

}  // namespace joulecast
