// How near the attributed powers come to a simulated board's known ones, in a table by scenario.
//
//   attribution_accuracy [--scenarios a,b] [--seeds 101-105] [--networks a,b] [--cycles N] [--jobs 2]
//                        [--json FILE] [--markdown FILE] [--each] [--alone]
//
// For each scenario, seed and network: the window method, the run's mean for every layer, and the regression,
// all in memory. A layer's estimate counts on its own in "layers >= 50 us"; in "units" a merged block is one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "joulecast/measurements.h"
#include "joulecast/regression.h"
#include "joulecast/simulator.h"

namespace joulecast {
namespace {

struct Settings {
  std::vector<std::string> scenarios = {
      "easy",           "base",         "hard",       "stalls",      "clock-steps", "missing-entries",
      "log-ends-early", "layers-alike", "phase-lock", "fast-refresh"};
  std::vector<std::string> networks = {"vgg16", "resnet18", "resnet50", "mobilenet_v2"};
  std::uint64_t first_seed = 101;
  std::uint64_t last_seed = 105;
  std::uint64_t cycles = 30000;
  std::size_t jobs = 2;
  std::string json;
  std::string markdown;  ///< the table again, between the marks of this file
  bool each = false;
  bool alone = false;  ///< each run by itself, as if it were the board's only one
};

/// Percent errors of one method over one run. NaN: no figure.
struct Errors {
  double long_layers = std::nan("");  ///< RMSPE over layers >= 50 us
  double units = std::nan("");        ///< RMSPE over all layers or blocks
  double energy = std::nan("");       ///< of the network, signed
};

struct RunFigures {
  std::string scenario, network, verdict;
  std::uint64_t seed = 0;
  Errors window, mean, regression;
  std::string singles_json;
  double singles_all = std::nan("");  ///< RMSPE over all layers, none merged
  std::uint64_t units = 0, covered = 0, wild = 0;
  double worst_miss = 0.0;  ///< in half-widths
  double energy_covered = std::nan("");
  double resolved_share = 0.0, merged_share = 0.0, undetermined_share = 0.0;
  double energy_in_small_units = 0.0;  ///< share in resolved layers or blocks of at most 3
  double balance = 0.0, r2 = 0.0, placebo = 0.0, coverage_of_phase = 0.0, prior_sd = 0.0;
  std::string prior;
  SensorEstimate sensor;
  double true_gap_us = 0.0, true_gap_w = 0.0, host_gap_ms = 0.0, host_gap_w = 0.0;
  double true_refresh_ms = 0.0, idle_error_w = 0.0;
  double seconds = 0.0;
  std::vector<std::string> reasons;
};

/// Of this thread: other work on the machine does not count.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

class SquareMean {
 public:
  void add(double estimate, double truth) {
    if (truth <= 0.0 || std::isnan(estimate)) return;
    const double e = 100.0 * (estimate / truth - 1.0);
    sum_ += e * e;
    ++count_;
  }
  [[nodiscard]] double root() const {
    return count_ > 0 ? std::sqrt(sum_ / static_cast<double>(count_)) : std::nan("");
  }

 private:
  double sum_ = 0.0;
  std::size_t count_ = 0;
};

using Truth = std::map<std::string, const LayerTruth*>;

Errors errors_of(const LatencyLog& log, const Truth& truth, const std::vector<double>& powers,
                 double energy) {
  SquareMean longs;
  SquareMean all;
  for (std::size_t k = 0; k < log.layers.size(); ++k) {
    const auto found = truth.find(log.layers[k].name);
    if (found == truth.end()) continue;
    if (found->second->run_time_ms >= 0.05) longs.add(powers[k], found->second->power_w);
    all.add(powers[k], found->second->power_w);
  }
  double true_energy = 0.0;
  for (const auto& [name, t] : truth) true_energy += t->energy_mj;
  return {longs.root(), all.root(), 100.0 * (energy / true_energy - 1.0)};
}

Errors window_errors(const SimulatedRun& run, const Truth& truth) {
  std::vector<double> sum(run.latencies.layers.size(), 0.0);
  std::vector<double> count(sum.size(), 0.0);
  std::vector<double> time(sum.size(), 0.0);
  std::vector<double> entries(sum.size(), 0.0);
  bool given = false;
  const SampleSource source = [&]() -> Expected<std::span<const PowerSample>> {
    if (given) return std::span<const PowerSample>();
    given = true;
    return std::span<const PowerSample>(run.power);
  };
  const RowSink sink = [&](std::span<const LayerMeasurement> rows) {
    for (const LayerMeasurement& m : rows) {
      time[m.layer.value] += m.run_time_ms;
      entries[m.layer.value] += 1.0;
      if (!m.power_without_idle_uw) continue;
      sum[m.layer.value] += *m.power_without_idle_uw / 1e6;
      count[m.layer.value] += 1.0;
    }
    return true;
  };
  if (!attribute_by_window(run.latencies, source, run.idle.average, sink)) return {};
  std::vector<double> powers(sum.size(), std::nan(""));
  double energy = 0.0;
  for (std::size_t k = 0; k < sum.size(); ++k) {
    if (count[k] == 0.0) continue;
    powers[k] = sum[k] / count[k];
    energy += powers[k] * time[k] / std::max(1.0, entries[k]);
  }
  return errors_of(run.latencies, truth, powers, energy);
}

Errors mean_errors(const SimulatedRun& run, const Truth& truth, const RegressionResult& result) {
  double sum = 0.0;
  for (const PowerSample& s : run.power) sum += s.microwatts() / 1e6;
  const double mean = sum / static_cast<double>(run.power.size()) - run.idle.average.value / 1e6;
  const std::vector<double> powers(run.latencies.layers.size(), mean);
  return errors_of(run.latencies, truth, powers, mean * result.network.run_time_ms);
}

struct UnitTotals {
  double energy_mj = 0.0, low_mj = 0.0, high_mj = 0.0, true_mj = 0.0;
  std::size_t layers = 0;
};

void judge_units(const RegressionResult& result, const Truth& truth, RunFigures& out) {
  std::vector<std::pair<std::string, UnitTotals>> units;
  double layers = 0.0;
  double total_mj = 0.0;
  for (const LayerPower& row : result.layers) {
    const auto found = truth.find(row.layer_name);
    if (found == truth.end() || found->second->run_time_ms <= 0.0) continue;
    layers += 1.0;
    total_mj += found->second->energy_mj;
    if (!row.power_w) {
      out.undetermined_share += 1.0;
      continue;
    }
    (row.block.empty() ? out.resolved_share : out.merged_share) += 1.0;
    const bool same = !row.block.empty() && !units.empty() && units.back().first == row.block;
    if (!same) units.push_back({row.block, {}});
    UnitTotals& u = units.back().second;
    // The truth's own run time: an error of the mean run time would be counted as one of power.
    const double time = found->second->run_time_ms;
    u.energy_mj += *row.power_w * time;
    u.low_mj += *row.power_low_w * time;
    u.high_mj += *row.power_high_w * time;
    u.true_mj += found->second->energy_mj;
    ++u.layers;
  }
  SquareMean all;
  for (const auto& [name, u] : units) {
    all.add(u.energy_mj, u.true_mj);
    ++out.units;
    const double half = 0.5 * (u.high_mj - u.low_mj);
    const double miss = std::abs(u.energy_mj - u.true_mj) / std::max(1e-12, half);
    if (miss <= 1.0) ++out.covered;
    if (miss > 3.0) ++out.wild;
    out.worst_miss = std::max(out.worst_miss, miss);
    if (u.layers <= 3) out.energy_in_small_units += u.true_mj / total_mj;
  }
  out.regression.units = all.root();
  for (double* share : {&out.resolved_share, &out.merged_share, &out.undetermined_share})
    *share /= std::max(1.0, layers);
}

/// `sensor`: what the board's other runs tell; `found`: the sensor of the run alone, or where it goes.
Expected<RunFigures> one_run(const std::string& scenario, std::uint64_t seed, const std::string& name,
                             std::uint64_t cycles, const std::optional<BoardSensor>& sensor, bool sensor_only,
                             RegressionResult* found) {
  auto board = draw_board(seed, scenario);
  if (!board) return tl::unexpected(board.error());
  auto network = make_topology(name);
  if (!network) return tl::unexpected(network.error());
  RunOptions options;
  options.cycles = cycles;
  auto run = simulate_run(*board, *network, options);
  if (!run) return tl::unexpected(run.error());

  RunFigures out;
  out.scenario = scenario;
  out.network = name;
  out.seed = seed;
  const double begin = cpu_seconds();
  RegressionOptions regression;
  regression.sensor_only = sensor_only;
  const auto idle = run->idle.average;
  auto result = sensor ? attribute_with_board(run->latencies, run->power, run->network, idle, regression,
                                              *sensor, *found)
                       : attribute_by_regression(run->latencies, run->power, run->network, idle, regression);
  out.seconds = cpu_seconds() - begin;
  if (!result) return tl::unexpected(result.error());
  Truth truth;
  for (const LayerTruth& t : run->truth.layers) truth.emplace(t.name, &t);
  out.window = window_errors(*run, truth);
  out.mean = mean_errors(*run, truth, *result);
  out.regression = errors_of(run->latencies, truth, result->single_power_w, result->network.energy_mj.value);
  out.singles_all = out.regression.units;
  out.regression.units = std::nan("");
  judge_units(*result, truth, out);
  const Interval& e = result->network.energy_mj;
  out.energy_covered = run->truth.energy_mj >= e.low && run->truth.energy_mj <= e.high ? 1.0 : 0.0;
  out.verdict = to_string(result->verdict);
  out.balance = result->fit.energy_balance_percent;
  out.r2 = result->fit.r2_held_out;
  out.placebo = result->fit.r2_placebo;
  out.coverage_of_phase = result->fit.phase_coverage;
  out.prior = result->fit.prior;
  out.prior_sd = result->fit.prior_relative_sd;
  out.sensor = result->sensor;
  const double gaps = static_cast<double>(std::max<std::size_t>(1, run->truth.layers.size() - 1));
  out.true_gap_us = 1e3 * run->truth.event_gap_ms / gaps;
  out.true_gap_w = run->truth.event_gap_energy_mj / std::max(1e-9, run->truth.event_gap_ms);
  out.host_gap_ms = run->truth.host_gap_ms;
  out.host_gap_w = run->truth.host_gap_energy_mj / std::max(1e-9, run->truth.host_gap_ms);
  out.true_refresh_ms = run->truth.refresh_us / 1e3;
  out.idle_error_w = result->idle_w - run->truth.idle_run_w;
  out.reasons = result->reasons;
  if (sensor_only) *found = std::move(*result);
  return out;
}

/// Mean over runs of what is a number.
template <class Get>
double mean_of(const std::vector<const RunFigures*>& runs, Get get) {
  double sum = 0.0;
  double count = 0.0;
  for (const RunFigures* r : runs) {
    const double v = get(*r);
    if (std::isnan(v)) continue;
    sum += v;
    count += 1.0;
  }
  return count > 0.0 ? sum / count : std::nan("");
}

std::string number(double v, int digits = 1) {
  return std::isnan(v) ? "-" : fmt::format("{:.{}f}", v, digits);
}

nlohmann::json value(double v) {
  return std::isnan(v) ? nlohmann::json() : nlohmann::json(v);
}

nlohmann::json summary(const std::vector<const RunFigures*>& runs) {
  const auto mean = [&](auto get) { return value(mean_of(runs, get)); };
  double units = 0.0, covered = 0.0, wild = 0.0, worst = 0.0, slowest = 0.0, refused = 0.0, wild_runs = 0.0;
  for (const RunFigures* r : runs) {
    units += static_cast<double>(r->units), covered += static_cast<double>(r->covered);
    wild += static_cast<double>(r->wild);
    worst = std::max(worst, r->worst_miss), slowest = std::max(slowest, r->seconds);
    refused += r->verdict == "refused" ? 1.0 : 0.0;
    wild_runs += static_cast<double>(r->wild) > 0.02 * static_cast<double>(r->units) ? 1.0 : 0.0;
  }
  nlohmann::json j;
  j["runs"] = runs.size();
  j["refused"] = refused;
  j["window"] = {{"long_layers", mean([](const auto& r) { return r.window.long_layers; })},
                 {"all", mean([](const auto& r) { return r.window.units; })},
                 {"energy", mean([](const auto& r) { return std::abs(r.window.energy); })}};
  j["run_mean"] = {{"long_layers", mean([](const auto& r) { return r.mean.long_layers; })},
                   {"all", mean([](const auto& r) { return r.mean.units; })},
                   {"energy", mean([](const auto& r) { return std::abs(r.mean.energy); })}};
  j["regression"] = {{"long_layers", mean([](const auto& r) { return r.regression.long_layers; })},
                     {"units", mean([](const auto& r) { return r.regression.units; })},
                     {"unmerged", mean([](const auto& r) { return r.singles_all; })},
                     {"energy", mean([](const auto& r) { return std::abs(r.regression.energy); })}};
  j["coverage"] = units > 0.0 ? value(100.0 * covered / units) : nlohmann::json();
  j["energy_coverage"] = mean([](const auto& r) { return 100.0 * r.energy_covered; });
  j["beyond_3_half_widths"] = units > 0.0 ? value(100.0 * wild / units) : nlohmann::json();
  j["runs_with_over_2_percent_beyond_3"] = wild_runs;
  j["worst_miss"] = worst;
  j["resolved"] = mean([](const auto& r) { return 100.0 * r.resolved_share; });
  j["merged"] = mean([](const auto& r) { return 100.0 * r.merged_share; });
  j["undetermined"] = mean([](const auto& r) { return 100.0 * r.undetermined_share; });
  j["energy_in_small_units"] = mean([](const auto& r) { return 100.0 * r.energy_in_small_units; });
  j["seconds"] = mean([](const auto& r) { return r.seconds; });
  j["slowest_seconds"] = slowest;
  return j;
}

std::string cell(const nlohmann::json& j, int digits = 1) {
  return j.is_null() ? "-" : number(j.get<double>(), digits);
}

void print_row(const std::string& name, const nlohmann::json& j) {
  const auto& w = j["window"];
  const auto& m = j["run_mean"];
  const auto& r = j["regression"];
  fmt::print(
      "{:<16} {:>3} {:>3} | {:>5}/{:>5} {:>5} | {:>5}/{:>5} {:>5} | {:>5}/{:>5}/{:>5} {:>5} | {:>5} {:>5} "
      "{:>4} {:>5} | {:>4} "
      "{:>4} {:>4} {:>4} | {:>5} {:>5}\n",
      name, j["runs"].get<int>(), cell(j["refused"], 0), cell(w["long_layers"]), cell(w["all"]),
      cell(w["energy"]), cell(m["long_layers"]), cell(m["all"]), cell(m["energy"]), cell(r["long_layers"]),
      cell(r["units"]), cell(r["unmerged"]), cell(r["energy"], 2), cell(j["coverage"]),
      cell(j["energy_coverage"], 0), cell(j["runs_with_over_2_percent_beyond_3"], 0), cell(j["worst_miss"]),
      cell(j["resolved"], 0), cell(j["merged"], 0), cell(j["undetermined"], 0),
      cell(j["energy_in_small_units"], 0), cell(j["seconds"]), cell(j["slowest_seconds"]));
}

void print_header() {
  fmt::print(
      "RMSPE of power above idle in %: layers >= 50 us / all (regression: units / unmerged), |network "
      "energy| in %; "
      "90 % intervals\n"
      "{:<16} {:>3} {:>3} | {:^17} | {:^17} | {:^23} | {:^22} | {:^19} | {:^11}\n"
      "{:<16} {:>3} {:>3} | {:>11} {:>5} | {:>11} {:>5} | {:>17} {:>5} | {:>5} {:>5} {:>4} {:>5} | {:>4} "
      "{:>4} {:>4} {:>4} | {:>5} {:>5}\n",
      "", "", "", "window", "run mean", "regression", "intervals", "layers, % (energy)", "seconds",
      "scenario", "n", "ref", "power", "energy", "power", "energy", "power", "energy", "cover", "E cov",
      "wild", "worst", "res", "mrg", "und", "<=3", "mean", "most");
}

void print_run(const RunFigures& r, const std::optional<BoardSensor>& sensor) {
  const auto optional = [](const std::optional<double>& v, int digits) {
    return v ? number(*v, digits) : "-";
  };
  fmt::print(
      "{:<15} {:>4} {:<13} {:<7} >=50 {:>5} units {:>5} single {:>5} E {:>6} cov {:>3}/{:<3} worst {:>5} res "
      "{:.2f} mrg "
      "{:.2f} und {:.2f} | T {}/{} w {} D {} tau {} g {} R2 {:.3f}/{:.3f} ph {:.2f} {} s {:.2f} dIdle {:.3f} "
      "true g {:.2f} {:.1f}W gap {:.2f} {:.2f}W {:.1f}s others {} at {:.1f}{}\n",
      r.scenario, r.seed, r.network, r.verdict, number(r.regression.long_layers), number(r.regression.units),
      number(r.singles_all), number(r.regression.energy, 2), r.covered, r.units, number(r.worst_miss),
      r.resolved_share, r.merged_share, r.undetermined_share, optional(r.sensor.refresh_ms, 4),
      number(r.true_refresh_ms, 4), optional(r.sensor.window_ms, 3), optional(r.sensor.delay_ms, 3),
      optional(r.sensor.lowpass_ms, 3), optional(r.sensor.event_gap_us, 2), r.r2, r.placebo,
      r.coverage_of_phase, r.prior, r.prior_sd, r.idle_error_w, r.true_gap_us, r.true_gap_w, r.host_gap_ms,
      r.host_gap_w, r.seconds, sensor ? sensor->runs : 0, sensor ? sensor->distance : 0.0,
      r.reasons.empty() ? "" : " ! " + r.reasons.front());
}

std::string markdown_row(const std::string& name, const nlohmann::json& j) {
  const auto& w = j["window"];
  const auto& m = j["run_mean"];
  const auto& r = j["regression"];
  return fmt::format(
      "| {} | {} / {}; {} | {} / {}; {} | {} / {} | {} | {} | {} | {} / {} | {} | {} / {} |\n", name,
      cell(w["long_layers"], 0), cell(w["all"], 0), cell(w["energy"], 0), cell(m["long_layers"], 0),
      cell(m["all"], 0), cell(m["energy"], 0), cell(r["long_layers"]), cell(r["units"]), cell(r["energy"], 2),
      cell(j["coverage"], 0), j["coverage"].is_null() ? "-" : cell(j["worst_miss"]), cell(j["merged"], 0),
      cell(j["undetermined"], 0), cell(j["refused"], 0), cell(j["seconds"]), cell(j["slowest_seconds"]));
}

/// Replaces what stands between the two marks; false if the file lacks them.
bool write_markdown(const Settings& settings, const nlohmann::json& all) {
  constexpr std::string_view kBegin = "<!-- table: begin -->\n";
  constexpr std::string_view kEnd = "<!-- table: end -->";
  std::ifstream in(settings.markdown);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return false;
  std::string table = fmt::format(
      "{} cycles, seeds {}-{}, {} networks of each board. RMSPE of power above idle in %, layers of at least "
      "50 "
      "us / all\n(of the regression: units, a merged block is one); error of the network's energy in %, mean "
      "of "
      "its size, behind the semicolon\nor by itself; seconds of CPU, mean / most.\n\n"
      "| scenario | window method | run mean | regression: power | energy | 90 % intervals cover, % of units "
      "| "
      "farthest unit, half-widths | merged / undetermined, % of layers | refused runs | s |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n",
      settings.cycles, settings.first_seed, settings.last_seed, settings.networks.size());
  for (const auto& scenario : settings.scenarios) {
    if (all.contains(scenario)) table += markdown_row(scenario, all[scenario]);
  }
  text.replace(begin + kBegin.size(), end - begin - kBegin.size(), table);
  std::ofstream(settings.markdown) << text;
  return true;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

bool parse(int count, char** arguments, Settings& s) {
  for (int i = 1; i < count; ++i) {
    const std::string key = arguments[i];
    if (key == "--each" || key == "--alone") {
      (key == "--each" ? s.each : s.alone) = true;
      continue;
    }
    if (i + 1 >= count) return false;
    const std::string text = arguments[++i];
    if (key == "--scenarios") {
      s.scenarios = split(text);
    } else if (key == "--networks") {
      s.networks = split(text);
    } else if (key == "--seeds") {
      const std::size_t dash = text.find('-');
      s.first_seed = std::stoull(text);
      s.last_seed = dash == std::string::npos ? s.first_seed : std::stoull(text.substr(dash + 1));
    } else if (key == "--cycles") {
      s.cycles = std::stoull(text);
    } else if (key == "--jobs") {
      s.jobs = std::stoull(text);
    } else if (key == "--markdown") {
      s.markdown = text;
    } else if (key == "--json") {
      s.json = text;
    } else {
      return false;
    }
  }
  return true;
}

struct Task {
  std::string scenario;
  std::uint64_t seed;
  std::string network;
};

/// What each run is told by the others of its board.
std::vector<std::optional<BoardSensor>> pooled(std::span<const Task> tasks,
                                               std::span<const RegressionResult> results) {
  std::vector<std::optional<BoardSensor>> sensors(tasks.size());
  std::map<std::pair<std::string, std::uint64_t>, std::vector<std::size_t>> boards;
  for (std::size_t i = 0; i < tasks.size(); ++i) boards[{tasks[i].scenario, tasks[i].seed}].push_back(i);
  for (const auto& [board, runs] : boards) {
    std::vector<const RegressionResult*> of_board;
    for (const std::size_t i : runs) of_board.push_back(&results[i]);
    const auto told = pool_sensors(of_board);
    for (std::size_t k = 0; k < runs.size(); ++k) sensors[runs[k]] = told[k];
  }
  return sensors;
}

int run(const Settings& settings) {
  std::vector<Task> tasks;
  for (const auto& scenario : settings.scenarios) {
    for (std::uint64_t seed = settings.first_seed; seed <= settings.last_seed; ++seed) {
      for (const auto& network : settings.networks) tasks.push_back({scenario, seed, network});
    }
  }
  std::vector<std::optional<RunFigures>> figures(tasks.size());
  std::vector<RegressionResult> results(tasks.size());
  std::mutex printing;
  bool failed = false;
  const auto run_all = [&](std::span<const std::optional<BoardSensor>> sensors, bool sensor_only) {
    parallel_for(tasks.size(), settings.jobs, [&](std::size_t i) {
      const Task& t = tasks[i];
      const std::optional<BoardSensor> sensor = sensors.empty() ? std::nullopt : sensors[i];
      auto done = one_run(t.scenario, t.seed, t.network, settings.cycles, sensor, sensor_only, &results[i]);
      const std::scoped_lock lock(printing);
      if (!done) {
        failed = true;
        fmt::print(stderr, "{} {} {}: {}\n", t.scenario, t.seed, t.network, done.error().describe());
        return;
      }
      if (figures[i]) done->seconds += figures[i]->seconds;
      if (settings.each && !sensor_only) print_run(*done, sensor);
      std::fflush(stdout);
      figures[i] = std::move(*done);
    });
  };
  if (!settings.alone) run_all({}, true);
  run_all(settings.alone ? std::vector<std::optional<BoardSensor>>{} : pooled(tasks, results), false);
  nlohmann::json all;
  print_header();
  for (const auto& scenario : settings.scenarios) {
    std::vector<const RunFigures*> runs;
    for (const auto& f : figures) {
      if (f && f->scenario == scenario) runs.push_back(&*f);
    }
    if (runs.empty()) continue;
    all[scenario] = summary(runs);
    print_row(scenario, all[scenario]);
  }
  if (!settings.json.empty()) {
    nlohmann::json out = {{"cycles", settings.cycles},
                          {"seeds", {settings.first_seed, settings.last_seed}},
                          {"networks", settings.networks},
                          {"scenarios", all}};
    std::ofstream(settings.json) << out.dump(2) << "\n";
  }
  if (!settings.markdown.empty() && !write_markdown(settings, all)) {
    fmt::print(stderr, "{}: no marks for the table\n", settings.markdown);
    failed = true;
  }
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace joulecast

int main(int count, char** arguments) {
  joulecast::Settings settings;
  if (!joulecast::parse(count, arguments, settings)) {
    fmt::print(
        stderr,
        "usage: attribution_accuracy [--scenarios a,b] [--seeds 101-105] [--networks a,b] [--cycles N] "
        "[--jobs N] [--json FILE] [--markdown FILE] [--each] [--alone]\n");
    return 2;
  }
  return joulecast::run(settings);
}
