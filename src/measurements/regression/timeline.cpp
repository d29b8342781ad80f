// TensorRT reports all layers of an inference after it has ended, so a callback's stamp says when the GPU had
// finished and nothing about the single layer. The layers of a cycle are therefore laid back to back so that
// the last one ends at the first callback; the time from the GPU's end to that callback is the same in every
// cycle but for microseconds, and is part of the sensor's apparent delay. Run times are taken per cycle:
// their jitter is what breaks the run's periodicity and makes the delay identifiable.
#include "measurements/regression/timeline.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "numerics/quantiles.h"

namespace joulecast::regression {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// One layer's list with stamps unwrapped on the way.
struct ListCursor {
  const std::vector<LatencyEntry>* entries;
  StepFollower follower;
  TimeStamp origin;
  std::size_t position = 0;
  double stamp_us = kNever;       // of the entry at `position`
  double next_stamp_us = kNever;  // of the one behind it

  void start() {
    stamp_us = read(0);
    next_stamp_us = read(1);
  }
  void advance() {
    ++position;
    stamp_us = next_stamp_us;
    next_stamp_us = read(position + 1);
  }
  double read(std::size_t i) {
    if (i >= entries->size()) return kNever;
    return follower.unwrap(static_cast<double>((*entries)[i].completed.microseconds - origin.microseconds));
  }
};

struct Join {
  Timeline timeline;
  std::vector<double> first_callback_us;
  std::vector<double> callback_offset_us;  // sums over cycles of (callback - first callback), by layer
};

double typical_repeat(const LatencyLog& log) {
  std::vector<double> gaps;
  for (const auto& layer : log.layers) {
    const auto& e = layer.entries;
    for (std::size_t i = 1; i < e.size() && i < 4000; ++i) {
      gaps.push_back(static_cast<double>(e[i].completed.microseconds - e[i - 1].completed.microseconds));
    }
    if (gaps.size() > 1000) break;
  }
  return upper_median(std::move(gaps));
}

/// `first_layer` has the earliest stamp. Layers report in order, so that those before it are missing here:
/// their next stamp belongs to the cycle behind.
void take_cycle(std::vector<ListCursor>& cursors, std::size_t first_layer, double limit_us, Join& join) {
  Timeline& t = join.timeline;
  Cycle cycle;
  double first = kNever;
  const std::size_t base = t.to_end_us.size();
  t.to_end_us.resize(base + t.layers, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t k = 0; k < t.layers; ++k) {
    ListCursor& cursor = cursors[k];
    if (k < first_layer || !(cursor.stamp_us < limit_us)) {
      if (cursor.entries->empty()) continue;
      ++t.missing_entries;
      cycle.usable = false;
      continue;
    }
    const double us = (*cursor.entries)[cursor.position].milliseconds * 1e3;
    if (std::isfinite(us) && us >= 0.0) {
      t.to_end_us[base + k] = static_cast<float>(us);
    } else {
      ++t.negative_entries;
      cycle.usable = false;
    }
    if (first == kNever) first = cycle.last_callback_us = cursor.stamp_us;
    join.callback_offset_us[k] += cursor.stamp_us - first;
    cycle.last_callback_us = std::max(cycle.last_callback_us, cursor.stamp_us);
    cursor.advance();
  }
  if (!cycle.usable) ++t.incomplete_cycles;
  join.first_callback_us.push_back(first);
  cycle.end_us = first;
  t.cycles.push_back(cycle);
}

Join join_lists(const LatencyLog& log, TimeStamp origin, std::span<const ClockStep> steps) {
  Join join;
  join.timeline.layers = log.layers.size();
  join.callback_offset_us.assign(log.layers.size(), 0.0);
  std::vector<ListCursor> cursors;
  const double repeat = typical_repeat(log);
  for (const auto& layer : log.layers) {
    cursors.push_back({&layer.entries, StepFollower(steps, repeat), origin});
    cursors.back().start();
  }
  for (;;) {
    const auto earliest = std::min_element(
        cursors.begin(), cursors.end(), [](const auto& a, const auto& b) { return a.stamp_us < b.stamp_us; });
    if (earliest == cursors.end() || earliest->stamp_us == kNever) break;
    // The next report of the earliest layer opens the next cycle, unless that very report is missing.
    const double limit = std::min(earliest->next_stamp_us, earliest->stamp_us + 1.5 * repeat);
    const double only_self = std::nextafter(earliest->stamp_us, kNever);
    take_cycle(cursors, static_cast<std::size_t>(earliest - cursors.begin()), std::max(limit, only_self),
               join);
  }
  return join;
}

void summarise_layers(const LatencyLog& log, Timeline& t) {
  t.layer_times.resize(t.layers);
  for (std::size_t k = 0; k < t.layers; ++k) {
    double sum = 0.0;
    double squares = 0.0;
    std::uint64_t count = 0;
    for (const LatencyEntry& e : log.layers[k].entries) {
      const double us = e.milliseconds * 1e3;
      if (!std::isfinite(us) || us < 0.0) continue;
      sum += us;
      squares += us * us;
      ++count;
    }
    LayerTime& out = t.layer_times[k];
    out.entries = count;
    if (count == 0) continue;
    const double n = static_cast<double>(count);
    out.mean_us = sum / n;
    out.sd_us =
        count > 1 ? std::sqrt(std::max(0.0, (squares - n * out.mean_us * out.mean_us) / (n - 1.0))) : 0.0;
  }
}

/// Run times become the times from each layer's start to the cycle's end.
void fill_and_sum(Timeline& t) {
  for (std::size_t c = 0; c < t.cycles.size(); ++c) {
    double busy = 0.0;
    for (std::size_t k = t.layers; k-- > 0;) {
      float& us = t.to_end_us[c * t.layers + k];
      busy += std::isnan(us) ? t.layer_times[k].mean_us : static_cast<double>(us);
      us = static_cast<float>(busy);
    }
    t.cycles[c].busy_us = busy;
  }
}

/// Callbacks during the inference lie as far apart as the layers are long; afterwards they follow each other
/// at the host's pace, whatever the layers took.
void detect_stamps_during_inference(const std::vector<double>& offset_sums, Timeline& t) {
  const double n = static_cast<double>(t.cycles.size());
  if (t.layers < 3 || n == 0.0) return;
  double expected = 0.0;
  double se = 0.0, so = 0.0, see = 0.0, soo = 0.0, seo = 0.0;
  for (std::size_t k = 1; k < t.layers; ++k) {
    const double step = (offset_sums[k] - offset_sums[k - 1]) / n;
    expected = t.layer_times[k].mean_us;
    se += expected, so += step, see += expected * expected, soo += step * step, seo += expected * step;
  }
  const double m = static_cast<double>(t.layers - 1);
  const double slope = (seo - se * so / m) / std::max(1e-9, see - se * se / m);
  const double correlation =
      (seo - se * so / m) / std::sqrt(std::max(1e-18, (see - se * se / m) * (soo - so * so / m)));
  const double span_ratio = so / std::max(1e-9, se);
  if (!(span_ratio > 0.9 && span_ratio < 2.5 && (correlation > 0.9 && slope > 0.7))) return;
  t.follows_stamps = true;
  t.spread_gap_us = std::max(0.0, (so - se) / m);
  for (Cycle& cycle : t.cycles) cycle.end_us = cycle.last_callback_us;
}

/// A stall may lie before the launch or between the GPU's end and the callback; in the second case the
/// cycle's end is wrong as well. So the cycle behind a far too long period is not used, nor one behind a
/// clock step.
void mark_stalls(Timeline& t) {
  std::vector<double> gaps;
  std::vector<double> periods;
  for (std::size_t c = 1; c < t.cycles.size(); ++c) {
    const double period = t.cycles[c].end_us - t.cycles[c - 1].end_us;
    periods.push_back(period);
    gaps.push_back(period - t.cycles[c].busy_us);
  }
  t.typical_period_us = upper_median(periods);
  t.typical_gap_us = upper_median(gaps);
  std::vector<double> spread;
  spread.reserve(gaps.size());
  for (const double gap : gaps) spread.push_back(std::abs(gap - t.typical_gap_us));
  const double limit = std::max(8.0 * upper_median(spread), 0.3 * std::max(200.0, t.typical_gap_us));
  for (std::size_t c = 1; c < t.cycles.size(); ++c) {
    const double gap = gaps[c - 1];
    if (gap > t.typical_gap_us + limit) ++t.stalls, t.cycles[c].usable = false;
    if (gap < -20.0 || gap < t.typical_gap_us - limit) ++t.overlapping, t.cycles[c].usable = false;
  }
}

}  // namespace

Expected<Timeline> build_timeline(const LatencyLog& log, TimeStamp origin, std::span<const ClockStep> steps) {
  if (!log.has_stamps)
    return fail(ErrorKind::kUnfit, "The latency log has no time stamps", {},
                "Log each entry as [ms, \"time stamp\"]");
  if (log.layers.empty())
    return fail(ErrorKind::kUnfit, "The latency log has no layer", {},
                "Was the profiler attached during the benchmark? Run it again");
  Join join = join_lists(log, origin, steps);
  Timeline& t = join.timeline;
  if (t.cycles.size() < kLeastCycles) {
    return fail(
        ErrorKind::kUnfit,
        "The latency log has " + std::to_string(t.cycles.size()) + " cycles, too few for a regression", {},
        "Log some 30,000 cycles");
  }
  summarise_layers(log, t);
  fill_and_sum(t);
  detect_stamps_during_inference(join.callback_offset_us, t);
  mark_stalls(t);
  return std::move(join.timeline);
}

}  // namespace joulecast::regression
