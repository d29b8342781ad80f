#include "cli/recording_tables.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "cli/table.h"
#include "cli/words.h"

namespace joulecast::cli {
namespace {

std::string percent(double share) {
  return fmt::format("{:.0f}", 100.0 * share);
}

std::string network_table(const std::vector<RecordingCheck>& checks, std::size_t width, bool colours) {
  Table table({{"network", Table::Align::kLeft, Table::Narrow::kOwnLine},
               {"cycles"},
               {"poll (ms)"},
               {"refresh"},
               {"stale %"},
               {"readings"},
               {"phases %"},
               {"good %"}});
  for (const auto& check : checks) {
    table.add({check.network, count_cell(check.cycles), fmt::format("{:.2f}", check.poll_ms),
               cell(check.refresh_ms, 2), percent(check.stale_share), count_cell(check.conversions),
               check.refresh_ms ? percent(check.phase_coverage) : "-",
               check.refresh_ms ? percent(check.resolved_share) : "-"});
  }
  return table.text(width, colours) +
         "good: share of the run time in layers whose power should come within 25 %\n";
}

std::string sensor_text(const RecordingCheck& check) {
  if (!check.refresh_ms) return "no clock of the sensor to be seen";
  if (!check.channels)
    return fmt::format("conversions of unknown length, {:.0f} us at most", check.window_us);
  return fmt::format("as an INA3221 with {} channel{} and conversions of {:.0f} us", *check.channels,
                     *check.channels == 1 ? "" : "s", check.window_us);
}

std::string layer_table(const RecordingCheck& check, std::size_t width, bool colours) {
  std::string text = fmt::format(
      "\n{}: an inference every {:.2f} ms, {:.2f} ms of it layers; {:.1f} s of power before, {:.1f} s after\n"
      "{}; noise {:.0f} mW; mean power {:.2f} W above idle\n",
      check.network, check.period_ms, check.run_time_ms, check.seconds_before, check.seconds_after,
      sensor_text(check), 1e3 * check.noise_w, check.mean_power_w);
  if (check.poll_pauses + check.clock_steps + check.missing_entries + check.stalls != 0) {
    text += fmt::format(
        "{} pauses in polling (longest {:.0f} ms), clock set back {} times, {} entries missing, "
        "{} stalls\n",
        check.poll_pauses, check.longest_pause_ms, check.clock_steps, check.missing_entries, check.stalls);
  }
  if (check.layers.empty()) return text;
  Table table({{"layer", Table::Align::kLeft, Table::Narrow::kShorten},
               {"ms"},
               {"expected +- (W)"},
               {"of mean (%)"}});
  for (const auto& layer : check.layers) {
    table.add({layer.layer_name, fmt::format("{:.4f}", layer.run_time_ms),
               fmt::format("{:.2f}", layer.half_width_w), percent(layer.half_width_share)});
  }
  return text + table.text(width, colours);
}

}  // namespace

RecordingFaults tell_recordings(Console& console, const std::string& raw_data, bool every_layer,
                                const std::vector<std::string>& only, const PowerLogOptions& options) {
  RecordingFaults told;
  const auto raw = list_raw_data(raw_data);
  if (!raw) return told;  // told by who looked at the folder
  Microwatts idle;
  if (!raw->idle_power.empty()) {
    if (const auto read = read_idle_power(raw->idle_power)) idle = read->average;
  }
  std::vector<const NetworkFolder*> networks;
  for (const auto& network : raw->networks) {
    const bool wanted = only.empty() || std::find(only.begin(), only.end(), network.name) != only.end();
    if (wanted && !network.power_log.empty() && !network.latency_log.empty()) networks.push_back(&network);
  }
  std::vector<RecordingCheck> checks;
  std::map<std::string, std::vector<std::string>> advice;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    console.progress("doctor", i, networks.size(), "networks");
    auto check = check_recording(*networks[i], idle, options);
    if (!check) {
      console.error(check.error());
      if (told.faults++ == 0) told.exit_code = exit_code(check.error().kind);
      continue;
    }
    told.doubts += check->warnings.size();
    for (const auto& warning : check->warnings) console.warning(warning, networks[i]->name);
    if (check->unjudged) {
      console.survived(check->network, "", *check->unjudged);
      ++told.doubts;
      continue;
    }
    for (const auto& line : check->advice) advice[line].push_back(check->network);
    checks.push_back(std::move(*check));
  }
  console.end_progress();
  if (const auto doubt = doubt_about_idle(checks, idle, raw->idle_power)) {
    console.warning(*doubt);
    ++told.doubts;
  }
  if (!checks.empty()) {
    console.result(network_table(checks, console.width(), console.colours()));
    if (every_layer || checks.size() == 1) {
      for (const auto& check : checks) console.result(layer_table(check, console.width(), console.colours()));
    }
    for (const auto& [line, about] : advice)
      console.result(fmt::format("to record better: {}: {}\n", some_of(about), line));
  }
  return told;
}

}  // namespace joulecast::cli
