// The order of work, and why. A search finds the best place of the sensor's parameters and its rivals
// (choose_start.h). At the winner, drift, noise and prior are settled in turns. Last, low-pass and rivals are
// put on a grid: the likelihood collapses to zero in the low-pass when maximised, so it is averaged over.
#include "measurements/regression/run_fit.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <unordered_map>

#include "measurements/log_times.h"
#include "measurements/regression/averaging.h"
#include "measurements/regression/choose_start.h"
#include "measurements/regression/held_out.h"
#include "networks/layer_work.h"

namespace joulecast::regression {
namespace {

constexpr double kLowpassStepUs = 35.0;
constexpr double kMostLowpassUs = 400.0;
constexpr std::size_t kSensorRows = 10000;  // they tell the sensor well enough, where runs are pooled

Expected<void> check_values(std::span<const PowerSample> power) {
  if (power.size() < 2000) {
    return fail(ErrorKind::kUnfit,
                "The power log has " + std::to_string(power.size()) + " samples, too few for a regression",
                {}, "Log longer, or more often");
  }
  return {};
}

PriorFeatures prior_features(const Network& network, const LatencyLog& latencies, const RunFit& run,
                             std::span<const PriorPower> given) {
  std::unordered_map<std::string_view, const Layer*> by_name;
  for (const Layer& layer : network.layers) by_name.emplace(layer.name, &layer);
  std::unordered_map<std::string_view, double> given_by_name;
  for (const PriorPower& p : given) given_by_name.emplace(p.layer_name, p.power_w);
  PriorFeatures out;
  double most_flops = 0.0;
  double most_bytes = 0.0;
  double given_sum = 0.0;
  std::size_t given_count = 0;
  for (const std::size_t k : run.layer_of_column) {
    const std::string& name = latencies.layers[k].name;
    const double time = run.timeline.layer_times[k].mean_us;
    LayerWork work;
    if (const auto found = by_name.find(name); found != by_name.end()) work = layer_work(*found->second);
    out.time_us.push_back(time);
    out.flop_rate.push_back(work.flops / time);
    out.byte_rate.push_back(work.bytes() / time);
    most_flops = std::max(most_flops, out.flop_rate.back());
    most_bytes = std::max(most_bytes, out.byte_rate.back());
    const auto found = given_by_name.find(name);
    const bool usable = found != given_by_name.end() && std::isfinite(found->second) && found->second > 0.0;
    out.given_w.push_back(usable ? found->second : -1.0);
    if (usable) given_sum += found->second, ++given_count;
  }
  for (double& f : out.flop_rate) f = most_flops > 0.0 ? f / most_flops : 0.0;
  for (double& b : out.byte_rate) b = most_bytes > 0.0 ? b / most_bytes : 0.0;
  if (2 * given_count < out.given_w.size()) {
    out.given_w.clear();  // it knows too few of the layers
  } else {
    for (double& g : out.given_w) g = g > 0.0 ? g : given_sum / static_cast<double>(given_count);
  }
  return out;
}

void take_run_conversions(RunFit& run, double begin_us, double end_us) {
  FitProblem& problem = run.problem;
  for (const Conversion& c : run.clock.conversions) {
    if (c.edge_us < begin_us || c.edge_us > end_us) {
      ++run.rows_outside_run;
      continue;
    }
    problem.conversions.push_back(c);
    run.mean_watts += c.watts;
  }
  if (!problem.conversions.empty()) run.mean_watts /= static_cast<double>(problem.conversions.size());
  problem.mask.assign(problem.conversions.size(), 1);
}

void set_targets(RunFit& run) {
  FitProblem& problem = run.problem;
  problem.targets.resize(problem.conversions.size());
  for (std::size_t m = 0; m < problem.targets.size(); ++m) {
    problem.targets[m] = problem.conversions[m].watts - run.baseline.value(problem.conversions[m].edge_us);
  }
}

/// Drift, noise and prior in turns.
void settle(RunFit& run, double idle_file_w) {
  using Form = PriorFeatures::Form;
  for (int round = 0; round < 2; ++round) {
    const std::vector<double> rest = plain_residuals(run.problem, run.best);
    run.baseline = update_baseline(run.baseline, run.problem.conversions, rest, run.idle, idle_file_w);
    set_targets(run);
    const Form form = run.best.prior.form;
    run.best.shape.timing_us = run.noise.timing_us;
    run.best =
        refine(run, run.problem, run.noise, run.best.shape, form, 2, freedom_of(run, true, true), &run.best);
    update_noise(run.problem, run.best, run.noise);
  }
  // The prior with rates must earn its place against the run's mean: wrong or permuted rates do not.
  std::vector<Form> forms = {Form::kRunMean, Form::kLinear, Form::kConcave};
  if (!run.problem.features.given_w.empty()) forms.push_back(Form::kGiven);
  double mean_evidence = 0.0;
  PointFit chosen;
  for (const Form form : forms) {
    PointFit fit =
        refine(run, run.problem, run.noise, run.best.shape, form, 1, freedom_of(run, true, true), &run.best);
    if (form == Form::kRunMean) mean_evidence = fit.log_evidence;
    if (chosen.powers.size() == 0 || fit.log_evidence > chosen.log_evidence) chosen = std::move(fit);
  }
  run.prior_lead = chosen.log_evidence - mean_evidence;
  run.best = std::move(chosen);
}

PointFit grid_fit(const RunFit& run, const PointFit& near, double lowpass_us, double width_us) {
  SensorShape start = near.shape;
  // A longer low-pass looks like a longer delay: their sum is what the data fix first.
  start.delay_us += near.shape.lowpass_us - lowpass_us;
  start.lowpass_us = lowpass_us;
  // Inside a cell of the grid it may still move: the cells' spacing must not show in the result.
  ShapeFreedom freedom = freedom_of(run, false, true);
  freedom.lowpass_us = 0.29 * width_us;
  SensorShape centre = start;
  centre.event_gap_us = kUsualEventGapUs;
  centre.elasticity = kUsualElasticity;
  centre.window_us = run.window_known ? run.known_window_us : run.best.shape.window_us;
  return fit_point(run.problem, run.noise, start, freedom, centre, run.best.prior.form, &near, 2);
}

/// Physical filters are short: half a normal of this width over the low-pass.
double log_prior(double lowpass_us) {
  constexpr double kScaleUs = 150.0;
  return -0.5 * lowpass_us * lowpass_us / (kScaleUs * kScaleUs);
}

/// The low-pass outwards from where a fit found it, until the evidence has fallen far below the best. The
/// joint mode collapses towards zero; the evidence does not: upwards it may rise again after a fall.
void walk_lowpass(RunFit& run, const PointFit& start, double& best) {
  constexpr double kFarBelow = 7.0;
  const double sd = std::sqrt(std::max(0.0, start.shape_covariance(2, 2)));
  const double window = start.shape.window_us;
  // Where the window is long a fit's own sd misleads: powers and low-pass settle together, far from the best.
  const double width = std::clamp(1.2 * sd, std::clamp(window / 40.0, 8.0, kLowpassStepUs), kLowpassStepUs);
  const double middle =
      std::max(start.shape.lowpass_us, std::clamp(window / 20.0, 0.5 * width, kUsualLowpassUs));
  const auto add = [&](const PointFit& near, double lowpass) {
    PointFit fit = grid_fit(run, near, lowpass, width);
    if (!run.problem.belief) fit.log_evidence += log_prior(lowpass);
    const bool counts = fit.log_evidence > best - kFarBelow;
    best = std::max(best, fit.log_evidence);
    run.grid.push_back({std::move(fit), 0.0});
    return counts;
  };
  add(start, middle);
  const std::size_t first = run.grid.size() - 1;
  for (const double step : {width, -width}) {
    std::size_t near = first;
    int falls = 0;
    for (double lowpass = middle + step; lowpass > 0.2 * width && lowpass < kMostLowpassUs; lowpass += step) {
      falls = add(run.grid[near].fit, lowpass) ? 0 : falls + 1;
      near = run.grid.size() - 1;
      if (falls > (step > 0.0 ? 1 : 0)) break;
    }
  }
}

/// Over the low-pass, and over all starts that may be right.
void average_over_grid(RunFit& run) {
  const double gaps = pauses_of(run);
  const double apart = apart_us(run, run.problem);
  run.grid.reserve(100);  // walks read it while they add to it
  double best = -1e300;
  walk_lowpass(run, run.best, best);
  for (const PointFit& other : run.others) {
    const PointFit fit = refine(run, run.problem, run.noise, other.shape, run.best.prior.form, 2,
                                freedom_of(run, false, true), &other);
    const bool is_new = std::all_of(run.grid.begin(), run.grid.end(), [&](const GridPoint& g) {
      return far_apart(g.fit.shape, fit.shape, gaps, apart);
    });
    if (is_new && fit.log_evidence > best - 10.0) walk_lowpass(run, fit, best);
  }
  weigh_grid(run.grid);
  const auto top = std::max_element(
      run.grid.begin(), run.grid.end(),
      [](const GridPoint& a, const GridPoint& b) { return a.fit.log_evidence < b.fit.log_evidence; });
  run.second_start_lead = 1e9;
  for (const GridPoint& g : run.grid) {
    if (!far_apart(g.fit.shape, top->fit.shape, gaps, apart)) continue;
    run.second_start_lead = std::min(run.second_start_lead, top->fit.log_evidence - g.fit.log_evidence);
  }
  run.mixture = mix(run.grid);
  run.shape = {};
  run.shape.timing_us = run.best.shape.timing_us;
  for (const GridPoint& g : run.grid) {
    run.shape.delay_us += g.weight * g.fit.shape.delay_us;
    run.shape.window_us += g.weight * g.fit.shape.window_us;
    run.shape.lowpass_us += g.weight * g.fit.shape.lowpass_us;
    run.shape.event_gap_us += g.weight * g.fit.shape.event_gap_us;
    run.shape.elasticity += g.weight * g.fit.shape.elasticity;
  }
}

double phase_coverage(const PointFit& fit, double period_us) {
  constexpr double kBinUs = 50.0;
  const auto bins = static_cast<std::size_t>(std::max(1.0, period_us / kBinUs));
  std::vector<std::uint32_t> counts(bins, 0);
  for (const float phase : fit.row_phase_us) {
    const double p = static_cast<double>(phase);
    if (p >= 0.0 && p < period_us) ++counts[std::min(bins - 1, static_cast<std::size_t>(p / kBinUs))];
  }
  const double fair = static_cast<double>(fit.row_phase_us.size()) / static_cast<double>(bins);
  const auto covered = std::count_if(counts.begin(), counts.end(),
                                     [&](std::uint32_t c) { return static_cast<double>(c) > 0.1 * fair; });
  return static_cast<double>(covered) / static_cast<double>(bins);
}

}  // namespace

Expected<void> fit_run(const LatencyLog& latencies, std::span<const PowerSample> power,
                       const Network& network, double idle_file_w, const RegressionOptions& options,
                       RunFit& run) {
  if (auto ok = check_values(power); !ok) return ok;
  const TimeStamp origin = power.front().at;
  const UnwrappedTimes times = unwrap_power_times(power, origin);
  run.clock_steps = times.steps.size();
  auto timeline = build_timeline(latencies, origin, times.steps);
  if (!timeline) return tl::unexpected(timeline.error());
  run.timeline = std::move(*timeline);
  const auto& cycles = run.timeline.cycles;
  const double begin = cycles.front().end_us - cycles.front().busy_us;
  const double end = cycles.back().end_us;
  if (end < times.at_us.front() || begin > times.at_us.back()) {
    return tl::unexpected(no_overlap(span_of(power), span_of(latencies), {}));
  }
  run.clock = identify_sensor(power, times.at_us);
  take_run_conversions(run, begin, end);
  run.idle = find_idle(run.clock.conversions, begin, end, run.mean_watts);
  run.baseline = flat_baseline(begin, end, run.idle, idle_file_w);
  run.problem.timeline = &run.timeline;
  run.problem.columns = make_columns(run.timeline);
  for (std::size_t k = 0; k < run.timeline.layers; ++k) {
    if (run.problem.columns.of_layer[k] != StateColumns::kNone) run.layer_of_column.push_back(k);
  }
  if (run.clock.status == ClockStatus::kNotFound) return {};
  if (run.problem.conversions.size() < 500 || run.layer_of_column.empty()) return {};
  set_targets(run);
  if (run.may_average) undo_averaging(run);
  run.problem.features = prior_features(network, latencies, run, options.prior);
  if (options.sensor && run.clock.status == ClockStatus::kFound) {
    run.problem.belief = shape_belief(options.sensor->belief);
    run.board_window_us = options.sensor->window_share * run.clock.refresh_us;
  }
  choose_start(run);
  if (run.best.rows < 300) return {};
  if (options.sensor_only) run.problem = thinned(run.problem, kSensorRows);
  settle(run, idle_file_w);
  average_over_grid(run);
  run.seed = options.seed;
  run.halves_apart = halves_apart(run);
  run.phase_coverage = phase_coverage(run.best, run.timeline.typical_period_us);
  run.delay_at_bound = run.shape.delay_us < least_delay(run) + 5.0;
  run.rows_unusable = run.problem.conversions.size() - run.best.rows;
  run.fitted = true;
  return {};
}

}  // namespace joulecast::regression
