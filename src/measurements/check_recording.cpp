#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "joulecast/recording.h"
#include "measurements/power_source.h"
#include "measurements/regression/clock_steps.h"
#include "measurements/regression/sensor_clock.h"
#include "measurements/regression/timeline.h"
#include "numerics/quantiles.h"

namespace joulecast {
namespace {

using regression::ClockStatus;
using regression::SensorClock;
using regression::Timeline;

constexpr double kWanted = 0.25;  // half-width, of the value: what is merged otherwise
constexpr double kLeastCoverage = 0.7;
constexpr double kIdleSeconds = 2.0;

void check_polls(std::span<const double> at_us, RecordingCheck& check) {
  check.polls = at_us.size();
  std::vector<double> distances;
  for (std::size_t i = 1; i < at_us.size(); ++i) distances.push_back(at_us[i] - at_us[i - 1]);
  if (distances.empty()) return;
  const double usual = upper_median(distances);
  check.poll_ms = usual / 1e3;
  check.longest_pause_ms = *std::max_element(distances.begin(), distances.end()) / 1e3;
  check.poll_pauses = static_cast<std::uint64_t>(
      std::count_if(distances.begin(), distances.end(), [&](double d) { return d > 10.0 * usual; }));
}

/// The setting of an INA3221 that refreshes at about this period: channels x (shunt + bus conversion), both
/// of one length. Its own clock is good to a few percent. (Texas Instruments, INA3221 data sheet.)
void find_setting(double refresh_us, RecordingCheck& check) {
  constexpr std::array<double, 8> kConversionTimes = {140, 204, 332, 588, 1100, 2116, 4156, 8244};
  double nearest = 0.08;
  for (std::uint64_t channels = 1; channels <= 3; ++channels) {
    for (const double time : kConversionTimes) {
      const double off = std::fabs(refresh_us / (2.0 * static_cast<double>(channels) * time) - 1.0);
      if (off >= nearest) continue;
      nearest = off;
      check.channels = channels;
      check.window_us = time;
    }
  }
  // Another sensor: half of the refresh is the longest window that leaves room for the voltage.
  if (!check.channels) check.window_us = 0.5 * refresh_us;
}

struct PhasedValue {
  double phase_us = 0.0;
  double watts = 0.0;
};

/// The conversions inside the run by the time since the last inference's end, in that order.
std::vector<PhasedValue> phased(const SensorClock& clock, const Timeline& timeline) {
  std::vector<PhasedValue> values;
  const double begin = timeline.cycles.front().end_us;
  const double end = timeline.cycles.back().end_us;
  auto next = timeline.cycles.begin();
  for (const auto& conversion : clock.conversions) {
    if (conversion.edge_us < begin || conversion.edge_us > end) continue;
    while (next != timeline.cycles.end() && next->end_us <= conversion.edge_us) ++next;
    values.push_back({conversion.edge_us - (next - 1)->end_us, conversion.watts});
  }
  std::sort(values.begin(), values.end(),
            [](const PhasedValue& a, const PhasedValue& b) { return a.phase_us < b.phase_us; });
  return values;
}

/// Conversions at neighbouring phases saw the same layers: what differs is noise. A median, so that stalls
/// and glitches do not count.
double noise_of(const std::vector<PhasedValue>& values) {
  std::vector<double> differences;
  for (std::size_t i = 1; i < values.size(); ++i) {
    differences.push_back(std::fabs(values[i].watts - values[i - 1].watts));
  }
  constexpr double kMedianOfDifference = 0.6744897501960817 * 1.4142135623730951;
  return upper_median(std::move(differences)) / kMedianOfDifference;
}

double coverage_of(const std::vector<PhasedValue>& values, double period_us) {
  constexpr double kBinUs = 50.0;
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(std::max(1.0, period_us / kBinUs)));
  for (const PhasedValue& value : values) {
    if (value.phase_us < period_us)
      ++counts[std::min(counts.size() - 1, static_cast<std::size_t>(value.phase_us / kBinUs))];
  }
  const double fair = static_cast<double>(values.size()) / static_cast<double>(counts.size());
  const auto covered = std::count_if(counts.begin(), counts.end(), [&](std::uint64_t count) {
    return static_cast<double>(count) > 0.1 * fair;
  });
  return static_cast<double>(covered) / static_cast<double>(counts.size());
}

void expect_layers(const LatencyLog& latencies, const Timeline& timeline, RecordingCheck& check) {
  const double conversions = static_cast<double>(std::max<std::uint64_t>(check.conversions, 1));
  const double period_us = timeline.typical_period_us;
  std::vector<std::pair<double, double>> needs;  // cycles that this layer needs, its run time
  double run_time = 0.0;
  double resolved = 0.0;
  for (std::size_t k = 0; k < timeline.layers; ++k) {
    const double d = timeline.layer_times[k].mean_us;
    if (!(d > 0.0)) continue;
    ExpectedLayer layer;
    layer.layer_name = latencies.layers[k].name;
    layer.run_time_ms = d / 1e3;
    const double sd =
        std::sqrt(12.0) * check.noise_w * (check.window_us / d) * std::sqrt(period_us / (conversions * d));
    layer.half_width_w = kNinetyPercent * sd;
    layer.half_width_share = layer.half_width_w / std::max(check.mean_power_w, 1e-3);
    run_time += d;
    if (layer.half_width_share <= kWanted) resolved += d;
    const double ratio = layer.half_width_share / kWanted;
    needs.emplace_back(static_cast<double>(check.cycles) * std::max(1.0, ratio * ratio), d);
    check.layers.push_back(std::move(layer));
  }
  if (!(run_time > 0.0)) return;
  check.resolved_share = resolved / run_time;
  std::sort(needs.begin(), needs.end());
  double reached = 0.0;
  for (const auto& [cycles, d] : needs) {
    reached += d;
    if (reached < 0.9 * run_time) continue;
    check.cycles_that_would_suffice = static_cast<std::uint64_t>(std::min(cycles, 1e9));
    break;
  }
}

void advise_on_sensor(const SensorClock& clock, RecordingCheck& check) {
  auto& advice = check.advice;
  if (clock.status == ClockStatus::kFasterThanPoll) {
    advice.push_back(
        fmt::format("The sensor has a new value at nearly every poll ({:.2f} ms), so that the age of a value "
                    "is unknown: poll "
                    "faster, or set the sensor's update_interval to three poll distances or more",
                    check.poll_ms));
  } else if (clock.status == ClockStatus::kNotFound) {
    advice.emplace_back(
        "New values follow no period: read the sensor's own register (curr1_input) without averaging, and "
        "log "
        "every poll");
  }
  if (check.refresh_ms && check.phase_coverage < kLeastCoverage) {
    advice.push_back(fmt::format(
        "Conversions end in only {:.0f} % of the inference's phases: add a random pause of up to one "
        "inference between cycles",
        100.0 * check.phase_coverage));
  }
}

void advise_on_width(RecordingCheck& check) {
  if (!check.refresh_ms || check.resolved_share >= 0.9) return;
  constexpr double kShortestUs = 140.0;
  if (check.channels && *check.channels > 1) {
    check.advice.push_back(
        fmt::format("Enable one channel of the sensor instead of {}: {} times as many "
                    "conversions in the same time",
                    *check.channels, *check.channels));
  }
  if (check.channels && check.window_us > kShortestUs) {
    check.advice.push_back(
        fmt::format("Choose shorter conversions than {:.0f} us (140 us: update_interval 0), "
                    "and poll at three times their rate",
                    check.window_us));
  }
  if (check.cycles_that_would_suffice && *check.cycles_that_would_suffice > check.cycles) {
    check.advice.push_back(
        fmt::format("Or log {} cycles instead of {} with the present setting; what stays wider than 25 % is "
                    "merged with its neighbours or leans on the prior",
                    *check.cycles_that_would_suffice, check.cycles));
  }
}

void advise_on_logs(RecordingCheck& check) {
  auto& advice = check.advice;
  if (check.seconds_before < 0.0 || check.seconds_after < 0.0) {
    advice.emplace_back("Let the power log begin before the first inference and end after the last one");
  } else if (check.seconds_before < kIdleSeconds && check.seconds_after < kIdleSeconds) {
    advice.emplace_back(
        "Log 10 s of idle before and after the run: the idle file is of another moment, and a board that has "
        "warmed since charges that to the network");
  }
  if (check.clock_steps != 0) {
    advice.push_back(
        fmt::format("The host's clock was set back {} times: keep time synchronisation off during "
                    "the run",
                    check.clock_steps));
  }
  if (static_cast<double>(check.stalls) > 0.02 * static_cast<double>(check.cycles)) {
    advice.emplace_back("More than 2 % of the inferences wait for the host: stop other work on the board");
  }
}

RecordingCheck unjudged(const NetworkFolder& network, const LatencyLog& latencies, Error why) {
  RecordingCheck check;
  check.network = network.name;
  check.warnings = latencies.warnings;
  check.unjudged = std::move(why);
  return check;
}

}  // namespace

Expected<RecordingCheck> check_recording(const LatencyLog& latencies, std::span<const PowerSample> power,
                                         Microwatts idle) {
  if (power.empty())
    return fail(ErrorKind::kUnfit, "the power log has no row", {},
                "Was the power logger running during the benchmark?");
  RecordingCheck check;
  const TimeStamp origin = power.front().at;
  const auto times = regression::unwrap_power_times(power, origin);
  const auto timeline = regression::build_timeline(latencies, origin, times.steps);
  if (!timeline) return tl::unexpected(timeline.error());
  check.clock_steps = times.steps.size();
  check.cycles = timeline->cycles.size();
  check.period_ms = timeline->typical_period_us / 1e3;
  check.gap_ms = timeline->typical_gap_us / 1e3;
  for (const auto& layer : timeline->layer_times) check.run_time_ms += layer.mean_us / 1e3;
  check.missing_entries = timeline->missing_entries;
  check.stalls = timeline->stalls;
  check_polls(times.at_us, check);
  const double begin = timeline->cycles.front().end_us - timeline->cycles.front().busy_us;
  const double end = timeline->cycles.back().end_us;
  if (end < times.at_us.front() || begin > times.at_us.back()) {
    return tl::unexpected(no_overlap(span_of(power), span_of(latencies), {}));
  }
  check.seconds_before = (begin - times.at_us.front()) / 1e6;
  check.seconds_after = (times.at_us.back() - end) / 1e6;

  for (const PowerSample& sample : power)
    check.highest_power_w = std::max(check.highest_power_w, to_watts(Microwatts(sample.microwatts())).value);

  const SensorClock clock = regression::identify_sensor(power, times.at_us);
  check.stale_share = clock.stale_share;
  if (clock.status == ClockStatus::kFound) check.refresh_ms = clock.refresh_us / 1e3;
  const auto values = phased(clock, *timeline);
  check.conversions = values.size();
  for (const PhasedValue& value : values) check.mean_power_w += value.watts;
  check.mean_power_w /= static_cast<double>(std::max<std::size_t>(values.size(), 1));
  check.mean_power_w = std::max(0.0, check.mean_power_w - to_watts(idle).value);
  if (check.refresh_ms) {
    find_setting(clock.refresh_us, check);
    check.noise_w = noise_of(values);
    check.phase_coverage = coverage_of(values, timeline->typical_period_us);
    expect_layers(latencies, *timeline, check);
  }
  advise_on_sensor(clock, check);
  advise_on_width(check);
  advise_on_logs(check);
  return check;
}

Expected<RecordingCheck> check_recording(const NetworkFolder& network, Microwatts idle,
                                         const PowerLogOptions& options, const ByteProgress& progress) {
  if (network.power_log.empty() || network.latency_log.empty()) {
    return fail(ErrorKind::kUnfit, network.power_log.empty() ? "no power log" : "no latency log",
                {network.folder.string()}, "Only run times can be had from this network");
  }
  const auto latencies = read_latency_log(network.latency_log, progress);
  if (!latencies) return tl::unexpected(latencies.error());
  if (!latencies->has_stamps)
    return unjudged(network, *latencies,
                    {ErrorKind::kUnfit,
                     "the latency log has no time stamps",
                     {network.latency_log.string()},
                     "Only run times can be had from this network"});
  auto source = PowerSource::open(network.power_log, *latencies, options);
  if (!source) return tl::unexpected(source.error());
  auto power = source->read_all();
  if (!power) return tl::unexpected(power.error());
  restore_late_samples(*power);
  auto check = check_recording(*latencies, *power, idle);
  if (!check) {
    if (check.error().location.file.empty()) check.error().location.file = network.folder.string();
    const bool few = latencies->cycles() != 0 && latencies->cycles() < regression::kLeastCycles;
    if (!few || power->empty()) return check;
    const TimeSpan samples = span_of(*power);
    const TimeSpan layers = span_of(*latencies);
    if (samples.last < layers.first || layers.last < samples.first)
      return tl::unexpected(no_overlap(samples, layers, network.power_log.string()));
    // The window method takes any number of cycles.
    RecordingCheck few_cycles = unjudged(network, *latencies, check.error());
    const auto doubts = source->warnings();
    few_cycles.warnings.insert(few_cycles.warnings.end(), doubts.begin(), doubts.end());
    return few_cycles;
  }
  check->network = network.name;
  check->warnings = latencies->warnings;
  const auto doubts = source->warnings();
  check->warnings.insert(check->warnings.end(), doubts.begin(), doubts.end());
  return check;
}

std::optional<Warning> doubt_about_idle(std::span<const RecordingCheck> checks, Microwatts idle,
                                        const std::filesystem::path& idle_file) {
  double highest_uw = -std::numeric_limits<double>::infinity();
  std::uint64_t count = 0;
  for (const RecordingCheck& check : checks) {
    const Microwatts highest = to_microwatts(Watts(check.highest_power_w));
    if (check.unjudged || !(idle > highest)) continue;
    highest_uw = std::max(highest_uw, highest.value);
    ++count;
  }
  auto doubt = doubt_about_idle(idle, highest_uw, idle_file);
  if (doubt) doubt->count = count;
  return doubt;
}

}  // namespace joulecast
