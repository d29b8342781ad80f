#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>

#include "joulecast/regression.h"
#include "measurements/regression/diagnostics.h"
#include "measurements/regression/merging.h"
#include "measurements/regression/run_fit.h"
#include "measurements/regression/verdict.h"
#include "numerics/quantiles.h"

namespace joulecast {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSound:
      return "sound";
    case Verdict::kWeak:
      return "weak";
    case Verdict::kRefused:
      return "refused";
  }
  return "";
}

namespace {

using namespace regression;

/// Powers below zero are not physical: the nearest point of the posterior with none.
void make_non_negative(Mixture& mixture) {
  const Eigen::Index n = mixture.covariance.rows();
  if ((mixture.powers.head(n).array() >= 0.0).all()) return;
  const Eigen::MatrixXd precision = mixture.covariance.inverse();
  const Eigen::VectorXd right = precision * mixture.powers.head(n);
  const auto size = static_cast<std::size_t>(n);
  const auto fit = nnls_from_gram({{precision.data(), size * size}, size, size}, {right.data(), size});
  for (Eigen::Index k = 0; k < n; ++k) {
    mixture.powers[k] = fit ? fit->x[static_cast<std::size_t>(k)] : std::max(0.0, mixture.powers[k]);
  }
}

void fill_run_times(const LatencyLog& latencies, const Network& network, const Timeline& timeline,
                    RegressionResult& result) {
  std::unordered_map<std::string_view, std::string_view> types;
  for (const Layer& layer : network.layers) types[layer.name] = layer.type;
  for (std::size_t k = 0; k < timeline.layers; ++k) {
    LayerPower row;
    row.layer_name = latencies.layers[k].name;
    const auto type = types.find(row.layer_name);
    row.layer_type = type != types.end() ? std::string(type->second) : "Unknown";
    row.cycles = timeline.layer_times[k].entries;
    row.run_time_ms = timeline.layer_times[k].mean_us / 1e3;
    if (row.cycles > 1) row.run_time_sd_ms = timeline.layer_times[k].sd_us / 1e3;
    row.status = "undetermined";
    result.network.run_time_ms += row.run_time_ms;
    result.layers.push_back(std::move(row));
  }
}

void fill_no_time(LayerPower& row, double idle_w) {
  row.power_w = row.power_low_w = row.power_high_w = 0.0;
  row.board_power_w = idle_w;
  row.energy_mj = row.energy_low_mj = row.energy_high_mj = 0.0;
  row.status = "resolved";
}

void fill_power(LayerPower& row, const Unit& unit, double idle_w) {
  if (!unit.determined) return;
  const double half = kNinetyPercent * unit.sd_w;
  row.power_w = unit.power_w;
  row.power_low_w = std::max(0.0, unit.power_w - half);
  row.power_high_w = unit.power_w + half;
  row.board_power_w = unit.power_w + idle_w;
  row.energy_mj = *row.power_w * row.run_time_ms;
  row.energy_low_mj = *row.power_low_w * row.run_time_ms;
  row.energy_high_mj = *row.power_high_w * row.run_time_ms;
  row.status = unit.first == unit.last ? "resolved" : "merged";
}

/// The baseline is uncertain too, in common to all states: slow noise of the sensor in the idle stretches,
/// the board that cools in them, and the course of its warming in between.
double baseline_sd(const RunFit& run) {
  return std::hypot(0.012, 0.5 * run.baseline.anchor_gap_w, 0.1 * run.baseline.rise_w);
}

/// The callbacks' jitter blurs each inference against the samples. Of layers shorter than that jitter the fit
/// tells sums, whatever its covariance says of single ones: it may have laid them one place off.
double least_unit_us(const RunFit& run) {
  constexpr double kJitters = 2.5;
  return kJitters * run.noise.timing_us;
}

void fill_layers(const RunFit& run, const Mixture& mixture, double merge_above, RegressionResult& result) {
  const std::size_t columns = run.layer_of_column.size();
  std::vector<double> times;
  for (const std::size_t k : run.layer_of_column) times.push_back(run.timeline.layer_times[k].mean_us);
  const auto units = merge_units(mixture.powers.head(static_cast<Eigen::Index>(columns)), mixture.covariance,
                                 times, merge_above, least_unit_us(run));
  std::size_t blocks = 0;
  for (const Unit& unit : units) {
    const bool block = unit.first != unit.last;
    if (block) ++blocks;
    for (std::size_t c = unit.first; c <= unit.last; ++c) {
      LayerPower& row = result.layers[run.layer_of_column[c]];
      fill_power(row, unit, result.idle_w);
      if (block && unit.determined) row.block = "block " + std::to_string(blocks);
    }
  }
  for (std::size_t k = 0; k < result.layers.size(); ++k) {
    const std::uint16_t column = run.problem.columns.of_layer[k];
    if (column == StateColumns::kNone) {
      fill_no_time(result.layers[k], result.idle_w);
      result.single_power_w[k] = 0.0;
    } else {
      result.single_power_w[k] = mixture.powers[column];
    }
  }
  result.covariance_w2 = Matrix(result.layers.size(), result.layers.size());
  for (std::size_t i = 0; i < columns; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      result.covariance_w2(run.layer_of_column[i], run.layer_of_column[j]) =
          mixture.covariance(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
    }
  }
}

void fill_network(const RunFit& run, const Mixture& mixture, RegressionResult& result) {
  NetworkPower& out = result.network;
  const auto n = mixture.covariance.rows();
  Eigen::VectorXd time(n);
  for (Eigen::Index c = 0; c < n; ++c) {
    time[c] = run.timeline.layer_times[run.layer_of_column[static_cast<std::size_t>(c)]].mean_us / 1e3;
  }
  const double energy = time.dot(mixture.powers.head(n));
  const double half = kNinetyPercent * std::sqrt(std::max(0.0, time.dot(mixture.covariance * time)));
  out.energy_mj = {energy, std::max(0.0, energy - half), energy + half};
  const double gaps = static_cast<double>(std::max<Eigen::Index>(n - 1, 0));
  const double event_gap_ms = gaps * run.shape.event_gap_us / 1e3;
  out.event_gap_energy_mj =
      event_gap_ms * mixture.powers[static_cast<Eigen::Index>(run.problem.columns.event_gap)];
  out.gap_ms = std::max(0.0, run.timeline.typical_gap_us / 1e3 - event_gap_ms);
  const double period_ms = run.timeline.typical_period_us / 1e3;
  const double above_idle_mj = (run.mean_watts - run.baseline.mean_w) * period_ms;
  out.gap_energy_mj = std::max(0.0, above_idle_mj - energy - out.event_gap_energy_mj);
  out.idle_energy_mj = run.baseline.mean_w * period_ms;
}

/// Where no fit was possible the mean power is still known, but not how layers and host gap share it. A gap
/// draws between none and two thirds of a layer's power.
void estimate_network(const RunFit& run, RegressionResult& result) {
  NetworkPower& out = result.network;
  const double period_ms = run.timeline.typical_period_us / 1e3;
  const double above_idle_mj = std::max(0.0, (run.mean_watts - run.baseline.mean_w) * period_ms);
  const double busy_ms = std::min(out.run_time_ms, period_ms);
  out.gap_ms = period_ms - busy_ms;
  const auto share = [&](double gap_power) {
    return busy_ms / std::max(1e-9, busy_ms + gap_power * out.gap_ms);
  };
  out.energy_mj = {above_idle_mj * share(0.33), above_idle_mj * share(0.67), above_idle_mj};
  out.gap_energy_mj = above_idle_mj - out.energy_mj.value;
  out.idle_energy_mj = run.baseline.mean_w * period_ms;
}

/// A fit that is not believed tells the network's energy within a few percent, as the total is known.
void widen_energy(RegressionResult& result) {
  constexpr double kDoubt = 0.05;
  Interval& e = result.network.energy_mj;
  const double half = std::hypot(0.5 * (e.high - e.low), kDoubt * e.value);
  e.low = std::max(0.0, e.value - half);
  e.high = e.value + half;
}

/// Fitted less measured mean power of the used rows, in percent of the measured, idle included.
double energy_balance(const RunFit& run, const Mixture& mixture) {
  const auto states = static_cast<Eigen::Index>(run.problem.columns.by_delay);
  const double fitted = run.best.mean_shares.head(states).dot(mixture.powers.head(states));
  return 100.0 * (fitted - run.best.mean_target) / std::max(1e-9, run.mean_watts);
}

void fill_sensor(const RunFit& run, RegressionResult& result) {
  SensorEstimate& out = result.sensor;
  out.poll_ms = run.clock.poll_us / 1e3;
  out.stale_share = run.clock.stale_share;
  out.drift_ppm = run.clock.drift_ppm;
  out.quantum_ma = run.clock.quantum_ma;
  if (run.clock.status == ClockStatus::kFound) out.refresh_ms = run.clock.refresh_us / 1e3;
  if (!run.fitted || run.clock.status != ClockStatus::kFound) return;
  out.window_ms = run.shape.window_us / 1e3;
  out.delay_ms = run.shape.delay_us / 1e3;
  out.lowpass_ms = run.shape.lowpass_us / 1e3;
  out.event_gap_us = run.shape.event_gap_us;
  out.elasticity = run.shape.elasticity;
  out.knowledge = knowledge_of(run);
}

void fill_counts(const RunFit& run, RegressionResult& result) {
  result.cycles = run.timeline.cycles.size();
  result.samples_used = run.fitted ? run.best.rows : 0;
  const auto add = [&](const char* reason, std::uint64_t count) {
    if (count > 0) result.samples_dropped.push_back({reason, count});
  };
  const std::uint64_t converted = run.clock.conversions.size();
  const std::uint64_t other = run.clock.polls_near_edge + run.clock.polls_unclocked;
  add("a copy of the value before", run.clock.polls - std::min(run.clock.polls, converted + other));
  add("too near a conversion's end", run.clock.polls_near_edge);
  add("the sensor's clock was lost (pause, clock step)", run.clock.polls_unclocked);
  add("not a number, or out of order", run.clock.polls_unreadable);
  add("outside the run", run.rows_outside_run);
  add("window touches a stall, a clock step or an incomplete cycle", run.rows_unusable);
  const auto warn = [&](const char* message, std::uint64_t count) {
    if (count > 0) result.warnings.push_back({message, {}, count});
  };
  warn("Entries missing in the latency log", run.timeline.missing_entries);
  warn("Run times negative or not a number", run.timeline.negative_entries);
  warn("Stalls between inferences", run.timeline.stalls);
  warn("Inferences that overlap in time: several streams or contexts, or a clock step",
       run.timeline.overlapping);
  warn("The clock was set back during the run", run.clock_steps);
  if (run.averaging > 1) {
    result.warnings.push_back({"The sensor averages over some " + std::to_string(run.averaging) +
                                   " conversions; its average was undone, which multiplies its noise",
                               {},
                               1});
    result.advice.emplace_back("Read the sensor without averaging (samples = 1)");
  }
  if (run.timeline.follows_stamps) {
    result.warnings.push_back(
        {"Callbacks came during the inference, not after it: layers follow the stamps", {}, 1});
  }
}

/// Pauses at their bound, or powers that no work explains: the fit is of something else.
bool contradicts_itself(const RunFit& run) {
  return run.fitted && (pause_at_bound(run) || run.delay_at_bound || powers_scatter(run));
}

/// Stalls can look like a sensor that averages: such a run is fitted again without.
Expected<std::unique_ptr<RunFit>> fitted(const LatencyLog& latencies, std::span<const PowerSample> power,
                                         const Network& network, double idle_file_w,
                                         const RegressionOptions& options) {
  auto run = std::make_unique<RunFit>();
  if (auto done = fit_run(latencies, power, network, idle_file_w, options, *run); !done)
    return tl::unexpected(done.error());
  if (run->averaging == 1 || !contradicts_itself(*run)) return run;
  auto plain = std::make_unique<RunFit>();
  plain->may_average = false;
  if (auto done = fit_run(latencies, power, network, idle_file_w, options, *plain); !done)
    return tl::unexpected(done.error());
  return plain->fitted && !contradicts_itself(*plain) ? std::move(plain) : std::move(run);
}

}  // namespace

Expected<RegressionResult> attribute_by_regression(const LatencyLog& latencies,
                                                   std::span<const PowerSample> power, const Network& network,
                                                   Microwatts idle, const RegressionOptions& options) {
  const double idle_file_w = to_watts(idle).value;
  if (!std::isfinite(idle_file_w) || idle_file_w < 0.0) {
    return fail(ErrorKind::kUnfit, "The idle power is not a number of at least 0", {},
                "Measure the idle board again");
  }
  const auto fit = fitted(latencies, power, network, idle_file_w, options);
  if (!fit) return tl::unexpected(fit.error());
  const RunFit& run = **fit;
  RegressionResult result;
  result.seed = options.seed;
  fill_run_times(latencies, network, run.timeline, result);
  fill_counts(run, result);
  fill_sensor(run, result);
  if (options.sensor && run.problem.belief) result.sensor.board_runs = options.sensor->runs;
  result.idle_w = run.baseline.mean_w;
  result.idle_source = run.baseline.source.empty() ? "idle file" : run.baseline.source;
  Mixture mixture = run.mixture;
  if (run.fitted) {
    const double sd = baseline_sd(run);
    mixture.covariance *= widening(run);
    mixture.covariance.array() += sd * sd;
    make_non_negative(mixture);
    fill_network(run, mixture, result);
  } else if (!run.clock.conversions.empty()) {
    estimate_network(run, result);
  }
  judge_run(run, result);
  if (run.fitted && result.verdict == Verdict::kRefused) {
    // Windows that never see most of the inference leave a fit nothing to hold on to.
    if (run.phase_coverage < kLeastPhaseCoverage) estimate_network(run, result);
    widen_energy(result);
  }
  if (run.fitted) result.fit.energy_balance_percent = energy_balance(run, mixture);
  if (run.fitted && options.diagnostics) regression::fill_diagnostics(run, result);
  result.single_power_w.assign(result.layers.size(), std::nan(""));
  if (result.verdict != Verdict::kRefused) fill_layers(run, mixture, options.merge_above, result);
  return result;
}

}  // namespace joulecast
