#include "measurements/power_source.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/time_stamp.h"

namespace joulecast {
Expected<std::int64_t> find_clock_offset(TimeSpan power, TimeSpan layers) {
  const auto fitting = overlapping_offsets(power, layers);
  if (fitting.size() == 1) return fitting.front();
  if (fitting.empty()) {
    return fail(
        ErrorKind::kUnfit,
        fmt::format("power log and latency log do not overlap in any time zone: samples {} to {} UTC, "
                    "layers {} to {} local time",
                    format_time_stamp(power.first), format_time_stamp(power.last),
                    format_time_stamp(layers.first), format_time_stamp(layers.last)),
        {}, "Both logs must come from one run");
  }
  return fail(
      ErrorKind::kUnfit,
      fmt::format("the power log counts Unix time, and the board's clock could be UTC{} or UTC{}: both logs "
                  "overlap with either",
                  offset_text(fitting.front()), offset_text(fitting.back())),
      {}, "Name the board's zone with --time-zone");
}

std::optional<Warning> doubt_about_idle(Microwatts idle, double highest_uw,
                                        const std::filesystem::path& idle_file) {
  if (!std::isfinite(highest_uw) || !(idle.value > highest_uw)) return std::nullopt;
  return Warning{
      fmt::format("the idle power of {:.6g} W is above every power sample used (at most {:.6g} "
                  "W), so that no power above idle is left: measure the idle board again, or check "
                  "the units of both files",
                  to_watts(idle).value, to_watts(Microwatts(highest_uw)).value),
      {idle_file.string()}};
}

std::optional<Warning> doubt_about_idle(Microwatts idle, std::span<const PowerSample> run,
                                        const std::filesystem::path& idle_file) {
  double highest_uw = -std::numeric_limits<double>::infinity();
  for (const PowerSample& sample : run) highest_uw = std::max(highest_uw, sample.microwatts());
  return doubt_about_idle(idle, highest_uw, idle_file);
}

std::uint64_t restore_late_samples(std::vector<PowerSample>& samples) {
  std::uint64_t restored = 0;
  const auto distance = [&](std::size_t from, std::size_t to) {
    return static_cast<double>(samples[to].at.microseconds - samples[from].at.microseconds);
  };
  for (std::size_t i = 4; i + 1 < samples.size(); ++i) {
    if (samples[i].at >= samples[i - 1].at) continue;
    // The usual distance, as it was just before.
    const double poll = distance(i - 4, i - 2) / 2.0;
    const bool fills_a_gap = distance(i - 2, i - 1) > 1.5 * poll && distance(i - 2, i) > 0.4 * poll &&
                             distance(i, i - 1) > 0.4 * poll && distance(i - 1, i + 1) > 0.0;
    if (!fills_a_gap) continue;
    std::swap(samples[i - 1], samples[i]);
    ++restored;
  }
  return restored;
}

Expected<PowerSource> PowerSource::open(const std::filesystem::path& path, const LatencyLog& latencies,
                                        const PowerLogOptions& options) {
  auto reader = PowerLogReader::open(path, options);
  if (!reader) return tl::unexpected(reader.error());
  PowerSource source(std::move(*reader));
  source.first_ = source.reader_.next();
  if (!source.first_->has_value()) return source;  // told by next()
  switch (source.reader_.stamp_kind()) {
    case StampKind::kLocal:
      break;
    case StampKind::kUnix:
      if (auto ok = source.move_to_local_time(path.string(), latencies); !ok)
        return tl::unexpected(ok.error());
      break;
    case StampKind::kElapsed:
      return fail(ErrorKind::kUnfit, "the stamps count from the log's start, so that no layer can be found",
                  {path.string()}, "Log the time of day or Unix time with each sample");
  }
  return source;
}

Expected<void> PowerSource::move_to_local_time(const std::string& file, const LatencyLog& latencies) {
  auto all = read_all();
  if (!all) return tl::unexpected(all.error());
  auto offset = find_clock_offset(span_of(*all), span_of(latencies));
  if (!offset) {
    offset.error().location.file = file;
    return tl::unexpected(offset.error());
  }
  for (PowerSample& sample : *all) sample.at.microseconds += *offset;
  samples_ = std::move(*all);
  whole_ = true;
  own_warnings_.push_back(
      {fmt::format("the power log counts Unix time: the board's clock is taken to be UTC{}, "
                   "where both logs overlap; --time-zone would name it",
                   offset_text(*offset)),
       {file}});
  return {};
}

Expected<std::span<const PowerSample>> PowerSource::next() {
  if (whole_) {
    const std::span<const PowerSample> rest = handed_out_ ? std::span<const PowerSample>() : samples_;
    handed_out_ = true;
    return rest;
  }
  if (!first_) return reader_.next();
  auto first = std::move(*first_);
  first_.reset();
  return first;
}

Expected<std::vector<PowerSample>> PowerSource::read_all() {
  std::vector<PowerSample> samples;
  for (;;) {
    const auto more = next();
    if (!more) return tl::unexpected(more.error());
    if (more->empty()) return samples;
    samples.insert(samples.end(), more->begin(), more->end());
  }
}

std::vector<Warning> PowerSource::warnings() const {
  std::vector<Warning> all = reader_.warnings();
  all.insert(all.end(), own_warnings_.begin(), own_warnings_.end());
  return all;
}

}  // namespace joulecast
