// The order of work, and why. A coarse search over delay and window finds the places that could be right;
// wrong ones fit almost as well on few rows, so the best few are refined and compared on all rows, under a
// robust likelihood. At the winner, drift, noise and prior are settled in turns. Last, event gap and low-pass
// are put on a grid: the likelihood is multi-modal in the first and collapses to zero in the second when
// maximised, so both are averaged over.
#include "measurements/regression/run_fit.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <unordered_map>

#include "measurements/log_times.h"
#include "networks/layer_work.h"

namespace joulecast::regression {
namespace {

constexpr std::size_t kThinRows = 3500;
constexpr std::size_t kComparedRows = 15000;
constexpr double kUsualLowpassUs = 60.0;
constexpr double kLongLowpassUs = 160.0;
constexpr double kUsualEventGapUs = 2.0;
constexpr double kLowpassStepUs = 35.0;
constexpr double kMostLowpassUs = 400.0;
constexpr double kEventGapSdUs = 1.0;
constexpr double kMostSearchedGapUs = 5.0;
constexpr std::size_t kMostHeldFits = 64;
constexpr double kHopeless = 300.0;  ///< log evidence on the thinned rows

/// The value appears after its conversion, but the apparent delay can be negative: the timeline is late by
/// the time from the GPU's end to the first callback, and a poll's stamp may be taken before two slow reads.
double least_delay(const RunFit& run) {
  return -150.0 - 0.5 * run.clock.poll_us;
}

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

/// What a refinement may move, and how far from where. The window is known better than any fit can tell where
/// the sensor converts shunt and bus of its channels in turn: it is then that fraction of the refresh.
ShapeFreedom freedom_of(const RunFit& run, bool lowpass_free, bool gap_free) {
  return {150.0, run.window_known ? 5e-4 : 0.03, lowpass_free ? 40.0 : 0.0, gap_free ? kEventGapSdUs : 0.0};
}

PointFit refine(const RunFit& run, const FitProblem& problem, const NoiseModel& noise,
                const SensorShape& start, PriorFeatures::Form form, int steps, const ShapeFreedom& freedom,
                const PointFit* warm = nullptr) {
  SensorShape centre = start;
  if (run.window_known) centre.window_us = run.known_window_us;
  if (freedom.lowpass_us > 0.0) centre.lowpass_us = kUsualLowpassUs;
  if (freedom.event_gap_us > 0.0) centre.event_gap_us = kUsualEventGapUs;
  return fit_point(problem, noise, start, freedom, centre, form, warm, steps);
}

/// The same problem on stretches of successive conversions, about `rows` in all.
FitProblem thinned(const FitProblem& problem, std::size_t rows) {
  constexpr std::size_t kStretch = 100;
  const std::size_t n = problem.conversions.size();
  if (n <= rows) return problem;
  FitProblem thin;
  thin.timeline = problem.timeline;
  thin.columns = problem.columns;
  thin.features = problem.features;
  const std::size_t stretches = rows / kStretch;
  for (std::size_t s = 0; s < stretches; ++s) {
    const std::size_t from = s * (n - kStretch) / stretches;
    for (std::size_t m = from; m < from + kStretch; ++m) {
      thin.conversions.push_back(problem.conversions[m]);
      thin.targets.push_back(problem.targets[m]);
      thin.mask.push_back(problem.mask[m]);
    }
    thin.conversions[thin.conversions.size() - kStretch].follows_previous = false;
  }
  return thin;
}

struct Refined {
  PointFit fit;
  NoiseModel noise;
};

/// Places are the same if they end nearer than this: the evidence's modes lie a layer apart.
double apart_us(const RunFit& run) {
  double busy = 0.0;
  for (const LayerTime& t : run.timeline.layer_times) busy += t.mean_us;
  return std::clamp(0.5 * busy / static_cast<double>(run.layer_of_column.size()), 8.0, 30.0);
}

/// A longer low-pass looks like a longer delay: only their sum tells places apart.
bool far_apart(const SensorShape& a, const SensorShape& b, double gaps, double apart_us) {
  return std::abs(a.delay_us + a.lowpass_us - b.delay_us - b.lowpass_us) > apart_us ||
         gaps * std::abs(a.event_gap_us - b.event_gap_us) > apart_us;
}

/// Best first, those that ended near a better one left out.
void keep_distinct(std::vector<PointFit>& all, double gaps, double apart_us, std::size_t most) {
  std::stable_sort(all.begin(), all.end(),
                   [](const PointFit& a, const PointFit& b) { return a.log_evidence > b.log_evidence; });
  std::vector<PointFit> kept;
  for (PointFit& r : all) {
    const bool is_new = std::all_of(kept.begin(), kept.end(), [&](const PointFit& k) {
      return far_apart(k.shape, r.shape, gaps, apart_us);
    });
    if (is_new && kept.size() < most) kept.push_back(std::move(r));
  }
  all = std::move(kept);
}

/// Where the sensor refreshes faster than it is polled, a value may be anything up to a refresh old: a window
/// of about that length, less than a poll. It carries the network's energy, if no layer's.
double search_range(const RunFit& run) {
  return run.clock.status == ClockStatus::kFound ? run.clock.refresh_us : run.clock.poll_us;
}

/// What the register would have shown without its average y_m = y_(m-1) + (x_m - y_(m-1)) / N.
FitProblem without_average(const FitProblem& problem, int averaging) {
  FitProblem out = problem;
  for (std::size_t m = 0; m < out.targets.size(); ++m) {
    const Conversion& c = problem.conversions[m];
    if (m == 0 || !c.follows_previous) {
      out.mask[m] = 0;
      continue;
    }
    const double change = (averaging - 1) * (c.watts - problem.conversions[m - 1].watts);
    out.conversions[m].watts += change;
    out.targets[m] += change;
  }
  return out;
}

/// The sensor may average on the chip, recursively. Values then remember earlier windows, and layers fitted
/// to one window each come out smeared into each other, with a fair fit. So averages are undone where that
/// lets the layers explain more.
void undo_averaging(RunFit& run) {
  constexpr double kWellExplained = 0.97;
  if (run.clock.status != ClockStatus::kFound) return;
  const SearchLimits limits{search_range(run), least_delay(run)};
  const auto explained = [&](const FitProblem& problem) {
    const auto places = coarse_places(problem, limits, 1);
    return places.empty() ? 0.0 : places.front().explained;
  };
  double best = explained(run.problem);
  if (best > kWellExplained) return;
  FitProblem plain = run.problem;
  for (const int averaging : {4, 16, 64}) {
    FitProblem undone = without_average(plain, averaging);
    const double now = explained(undone);
    if (1.0 - now > 0.7 * (1.0 - best)) continue;
    best = now;
    run.averaging = averaging;
    run.problem = std::move(undone);
  }
}

/// Shunt and bus conversions of one, two or three channels in turn fill the refresh: a fitted window near
/// such a fraction is that fraction.
void know_window(RunFit& run, double fitted_us) {
  if (run.clock.status != ClockStatus::kFound) return;
  for (const double share : {1.0 / 6.0, 1.0 / 4.0, 1.0 / 2.0}) {
    const double window = share * run.clock.refresh_us;
    if (std::abs(fitted_us / window - 1.0) > 0.03) continue;
    run.window_known = true;
    run.known_window_us = window;
  }
}

/// Those whose delay can be, as keep_distinct has them.
void keep_possible(const RunFit& run, std::vector<PointFit>& all, std::size_t most) {
  std::erase_if(all, [least = least_delay(run)](const PointFit& fit) { return fit.shape.delay_us < least; });
  const double gaps = static_cast<double>(std::max<std::size_t>(run.layer_of_column.size(), 2) - 1);
  keep_distinct(all, gaps, apart_us(run), most);
}

/// Around a place, cells of delay and event gap, each as wide as a mode of the evidence: the modes lie a
/// layer apart in both. A longer pause makes the inference longer; its middle stays where it is.
void scan_cells(const RunFit& run, const FitProblem& problem, const NoiseModel& noise, const PointFit& from,
                std::vector<PointFit>& all) {
  constexpr double kDelayRangeUs = 65.0;
  const double apart = apart_us(run);
  const double gaps = static_cast<double>(std::max<std::size_t>(run.layer_of_column.size(), 2) - 1);
  const double pitch = 1.6 * apart;
  const auto delays = static_cast<int>(std::floor(kDelayRangeUs / pitch));
  const auto lengths = static_cast<int>(std::ceil(kMostSearchedGapUs * gaps / pitch));
  ShapeFreedom freedom = freedom_of(run, false, false);
  freedom.delay_us = apart;
  freedom.lowpass_us = 15.0;
  freedom.event_gap_us = apart / gaps;
  for (int g = 0; g < lengths; ++g) {
    const double gap = (g + 0.5) * kMostSearchedGapUs / lengths;
    for (int d = -delays; d <= delays; ++d) {
      SensorShape start = from.shape;
      start.delay_us += 0.5 * gaps * (gap - from.shape.event_gap_us) + d * pitch;
      start.event_gap_us = gap;
      start.timing_us = noise.timing_us;
      SensorShape centre = start;
      if (run.window_known) centre.window_us = run.known_window_us;
      all.push_back(fit_point(problem, noise, start, freedom, centre, from.prior.form, &from, 1));
    }
    // A fit of many layers is large, and the cells of many layers are many.
    if (all.size() > kMostHeldFits) keep_possible(run, all, kMostHeldFits / 2);
  }
}

/// Refines far starts in delay and event gap. The evidence has many modes in the event gap, a layer's length
/// apart over the whole inference, so that its range is searched in steps of less; on part of the rows
/// first, the best on all. All places are compared under one noise model.
void choose_start(RunFit& run) {
  using Form = PriorFeatures::Form;
  const double least = least_delay(run);
  const double gaps = static_cast<double>(std::max<std::size_t>(run.layer_of_column.size(), 2) - 1);
  const double apart = apart_us(run);
  const FitProblem thin = thinned(run.problem, kThinRows);
  std::vector<CoarsePlace> coarse = coarse_places(run.problem, {search_range(run), least}, 8);
  if (coarse.empty()) return;
  // With a free course of its power the host gap can play the part of layers, and layers that of the gap, at
  // a delay where the plain states explain far less. Such places are no rivals.
  constexpr double kFarLess = 1.5;
  std::erase_if(coarse, [best = coarse.front().explained](const CoarsePlace& c) {
    return 1.0 - c.explained > kFarLess * (1.0 - best);
  });
  NoiseModel noise;
  noise.sigma_w = 0.15;
  // A host gap as long as a layer lets the two change roles in the coarse search; the prior tells them apart.
  // No robust weights yet: those of a wrong place would hide what speaks against it.
  std::vector<PointFit> places;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < coarse.size(); ++i) {
      SensorShape start = coarse[i].shape;
      start.delay_us += 0.5 * gaps * (kUsualEventGapUs - start.event_gap_us);
      start.event_gap_us = kUsualEventGapUs;
      places.push_back(refine(run, thin, noise, start, Form::kLinear, 3, freedom_of(run, true, true)));
    }
    keep_distinct(places, gaps, apart, coarse.size());
    update_noise(thin, places.front(), noise);
    if (round > 0) break;
    noise.weights.clear();
    know_window(run, places.front().shape.window_us);
    places.clear();
  }
  keep_distinct(places, gaps, apart, 3);
  std::vector<PointFit> all;
  for (const PointFit& from : places) {
    if (from.log_evidence > places.front().log_evidence - kHopeless) scan_cells(run, thin, noise, from, all);
  }
  std::erase_if(all, [&](const PointFit& fit) { return fit.shape.delay_us < least; });
  // A place that has not settled yet must not lose to a worse one that has.
  for (const auto& [most, steps] : {std::pair<std::size_t, int>{12, 2}, {6, 3}}) {
    keep_distinct(all, gaps, apart, most);
    for (PointFit& fit : all) {
      fit = refine(run, thin, noise, fit.shape, Form::kLinear, steps, freedom_of(run, true, true), &fit);
    }
  }
  keep_distinct(all, gaps, apart, 4);
  if (all.empty()) return;
  // Much filtered boards have their best place elsewhere.
  for (std::size_t i = 0, n = all.size(); i < n; ++i) {
    SensorShape start = all[i].shape;
    start.lowpass_us = kLongLowpassUs;
    start.delay_us -= kLongLowpassUs - all[i].shape.lowpass_us;
    PointFit fit = refine(run, thin, noise, start, Form::kLinear, 4, freedom_of(run, true, true), &all[i]);
    if (fit.shape.delay_us > least) all.push_back(std::move(fit));
  }
  keep_distinct(all, gaps, apart, 4);
  noise.weights.clear();  // they are of the thinned rows
  const FitProblem most = thinned(run.problem, kComparedRows);
  for (int round = 0; round < 2; ++round) {
    for (PointFit& fit : all) {
      fit.shape.timing_us = noise.timing_us;
      fit = refine(run, most, noise, fit.shape, Form::kLinear, 2, freedom_of(run, true, true), &fit);
    }
    keep_distinct(all, gaps, apart, 3);
    if (round == 0) update_noise(most, all.front(), noise);
  }
  noise.weights.clear();
  run.best = all[0];
  constexpr double kMayStillWin = 15.0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i].log_evidence > run.best.log_evidence - kMayStillWin) run.others.push_back(std::move(all[i]));
  }
  run.noise = std::move(noise);
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
    fit.log_evidence += log_prior(lowpass);
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
void average_over_grid(RunFit& run, std::uint64_t seed) {
  const double gaps = static_cast<double>(std::max<std::size_t>(run.layer_of_column.size(), 2) - 1);
  const double apart = apart_us(run);
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
  weigh_grid(run.grid, seed);
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

/// R2 of the rows that have a residual.
double r2_of(const std::vector<double>& rest, const std::vector<double>& targets, const NoiseModel& noise) {
  double squares = 0.0;
  double total = 0.0;
  double mean = 0.0;
  double count = 0.0;
  for (std::size_t m = 0; m < rest.size(); ++m) {
    if (std::isnan(rest[m])) continue;
    mean += targets[m];
    count += 1.0;
  }
  mean /= std::max(1.0, count);
  for (std::size_t m = 0; m < rest.size(); ++m) {
    if (!std::isnan(rest[m])) total += (targets[m] - mean) * (targets[m] - mean);
  }
  // Clipped, so that glitches do not decide the score, but never what a meaningless fit leaves.
  const double usual = 8.0 * noise.sigma_w / std::sqrt(1.0 - noise.rho * noise.rho);
  const double limit = std::max(usual, 4.0 * std::sqrt(total / std::max(1.0, count)));
  for (std::size_t m = 0; m < rest.size(); ++m) {
    if (std::isnan(rest[m])) continue;
    const double r = std::clamp(rest[m], -limit, limit);
    squares += r * r;
  }
  return total > 0.0 ? 1.0 - squares / total : 0.0;
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
  undo_averaging(run);
  run.problem.features = prior_features(network, latencies, run, options.prior);
  choose_start(run);
  if (run.best.rows < 300) return {};
  settle(run, idle_file_w);
  average_over_grid(run, options.seed);
  run.phase_coverage = phase_coverage(run.best, run.timeline.typical_period_us);
  run.delay_at_bound = run.shape.delay_us < least_delay(run) + 5.0;
  run.rows_unusable = run.problem.conversions.size() - run.best.rows;
  run.fitted = true;
  return {};
}

double held_out_r2(const RunFit& run, const HeldOutTrial& trial) {
  constexpr double kBlockUs = 2e6;
  FitProblem all = run.problem;
  std::vector<char> odd(all.mask.size(), 0);
  FitProblem even = all;
  std::mt19937_64 random(1);
  for (std::size_t m = 0; m < all.mask.size(); ++m) {
    const auto block = static_cast<std::int64_t>(std::floor(all.conversions[m].edge_us / kBlockUs));
    const bool is_odd = (block & 1) != 0;
    even.mask[m] = all.mask[m] != 0 && !is_odd;
    odd[m] = all.mask[m] != 0 && is_odd;
    if (!trial.placebo) continue;
    // Each sample meets another place of the cycle.
    const double turns = static_cast<double>(random() >> 11U) * 0x1p-53;
    const double shift = turns * run.timeline.typical_period_us;
    even.conversions[m].edge_us += shift;
    all.conversions[m].edge_us += shift;
  }
  SensorShape shape = run.shape;
  shape.delay_us += trial.delay_shift_us;
  const ShapeFreedom held{1e-3, 1e-9, 0.0, 0.0};
  PointFit fit = fit_point(even, run.noise, shape, held, shape, run.best.prior.form, nullptr, 1);
  if (fit.rows < 100) return 0.0;
  fit.shape = shape;
  FitProblem score = all;
  score.mask = odd;
  return r2_of(plain_residuals(score, fit), all.targets, run.noise);
}

}  // namespace joulecast::regression
