// A coarse search over delay and window finds the places that could be right; wrong ones fit almost as well
// on few rows, so the best few are refined and compared on more rows. The evidence has many modes in delay
// and in the pause between layers, a layer's length apart over the whole inference: cells of both are fitted
// around the best places, on part of the rows, and of hundreds of cells only their ends are kept.
#include "measurements/regression/choose_start.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace joulecast::regression {
namespace {

constexpr std::size_t kThinRows = 3500;
constexpr std::size_t kComparedRows = 15000;
/// In an inference of many times the host gap the plain states explain nearly as much with any of their
/// groups in the gap's place: the right one is not among the first few.
constexpr std::size_t kCoarsePlaces = 24;
constexpr double kLongLowpassUs = 160.0;
constexpr double kEventGapSdUs = 1.0;
constexpr double kMostSearchedGapUs = 5.0;
constexpr double kHopeless = 300.0;  ///< log evidence on the thinned rows

using Form = PriorFeatures::Form;

/// Neighbouring layers of a network of many joined to columns of about equal time.
void join_layers(const RunFit& run, FitProblem& problem) {
  if (run.layer_of_column.size() <= kMostSearchedLayers) return;
  problem.columns = make_columns(run.timeline, kMostSearchedLayers);
  const PriorFeatures& single = run.problem.features;
  PriorFeatures joined;
  const std::size_t n = problem.columns.layers;
  const auto join = [&](const std::vector<double>& of_layers, std::vector<double>& out) {
    if (of_layers.empty()) return;
    out.assign(n, 0.0);
    std::vector<double> time(n, 0.0);
    for (std::size_t c = 0; c < of_layers.size(); ++c) {
      const std::size_t k = run.layer_of_column[c];
      const std::size_t column = problem.columns.of_layer[k];
      out[column] += run.timeline.layer_times[k].mean_us * of_layers[c];
      time[column] += run.timeline.layer_times[k].mean_us;
    }
    for (std::size_t c = 0; c < n; ++c) out[c] /= time[c];
  };
  join(single.flop_rate, joined.flop_rate);
  join(single.byte_rate, joined.byte_rate);
  join(single.time_us, joined.time_us);
  join(single.given_w, joined.given_w);
  problem.features = std::move(joined);
}

/// What is kept of a fitted cell; a whole fit holds columns x columns numbers.
struct CellEnd {
  SensorShape start;
  SensorShape shape;
  double log_evidence = 0.0;
  std::size_t place = 0;
};

/// Best first, those that ended near a better one left out. `Place` is a PointFit or a CellEnd.
template <class Place>
void keep_distinct(std::vector<Place>& all, double pauses, double apart_us, std::size_t most) {
  std::stable_sort(all.begin(), all.end(),
                   [](const Place& a, const Place& b) { return a.log_evidence > b.log_evidence; });
  std::vector<Place> kept;
  for (Place& r : all) {
    if (kept.size() == most) break;
    const bool is_new = std::all_of(kept.begin(), kept.end(), [&](const Place& k) {
      return far_apart(k.shape, r.shape, pauses, apart_us);
    });
    if (is_new) kept.push_back(std::move(r));
  }
  all = std::move(kept);
}

class StartSearch {
 public:
  explicit StartSearch(RunFit& run) : run_(run), thin_(thinned(run.problem, kThinRows)) {
    join_layers(run, thin_);
    pauses_ = pauses_of(run);
    apart_ = apart_us(run, thin_);
    noise_.sigma_w = 0.15;
  }
  /// False if no place explains anything.
  bool find_places();
  void take_board_place();
  /// False if every cell ended at a delay that is not physical.
  bool fit_cells();
  void try_long_lowpass();
  void compare_on_more_rows();
  void finish();

 private:
  void keep(std::size_t most) {
    run_.search.most_fits = std::max(run_.search.most_fits, places_.size());
    keep_distinct(places_, pauses_, apart_, most);
  }
  [[nodiscard]] PointFit refined(const SensorShape& start, int steps, const PointFit* warm) const {
    return refine(run_, thin_, noise_, start, Form::kLinear, steps, freedom_of(run_, true, true), warm);
  }
  [[nodiscard]] PointFit fit_cell(const SensorShape& start, const PointFit& from) const;
  void scan(std::size_t place, std::vector<CellEnd>& ends);
  void try_known_windows();

  RunFit& run_;
  FitProblem thin_;
  NoiseModel noise_;
  double pauses_ = 1.0;
  double apart_ = 0.0;
  CellPlan plan_;
  std::vector<PointFit> places_;
};

/// Shunt and bus conversions of one, two or three channels in turn fill the refresh, or shunt conversions
/// alone.
constexpr std::array kKnownShares{1.0 / 6.0, 1.0 / 4.0, 1.0 / 2.0, 1.0 / 3.0, 1.0};

/// The same middle, another length.
SensorShape with_window(SensorShape shape, double window_us) {
  shape.delay_us += 0.5 * (shape.window_us - window_us);
  shape.window_us = window_us;
  return shape;
}

/// Much noise, or a long low-pass, lets a free window end beside the true one. A known fraction that explains
/// nearly as much is far likelier than a window that no setting of the sensor gives, and one that is all but
/// met is meant.
void StartSearch::try_known_windows() {
  constexpr double kNearlyAsMuch = 10.0;
  constexpr double kAllButMet = 0.03;
  constexpr std::size_t kTried = 3;
  if (run_.clock.status != ClockStatus::kFound) return;
  double best = places_.front().log_evidence - kNearlyAsMuch;
  double window = 0.0;
  const double fitted = places_.front().shape.window_us;
  run_.window_known = true;  // holds it in what follows
  for (const double share : kKnownShares) {
    run_.known_window_us = share * run_.clock.refresh_us;
    if (window == 0.0 && std::abs(fitted / run_.known_window_us - 1.0) < kAllButMet)
      window = run_.known_window_us;
    for (std::size_t i = 0; i < std::min(kTried, places_.size()); ++i) {
      const SensorShape start = with_window(places_[i].shape, run_.known_window_us);
      const double evidence = refined(start, 2, &places_[i]).log_evidence;
      if (evidence < best) continue;
      best = evidence;
      window = run_.known_window_us;
    }
  }
  run_.window_known = window > 0.0;
  run_.known_window_us = window;
}

/// A host gap as long as a layer lets the two change roles in the coarse search; the prior tells them apart.
/// No robust weights yet: those of a wrong place would hide what speaks against it.
bool StartSearch::find_places() {
  std::vector<CoarsePlace> coarse =
      coarse_places(run_.problem, {search_range(run_), least_delay(run_)}, kCoarsePlaces);
  if (coarse.empty()) return false;
  // With a free course of its power the host gap can play the part of layers, and layers that of the gap, at
  // a delay where the plain states explain far less. Such places are no rivals.
  constexpr double kFarLess = 1.5;
  std::erase_if(coarse, [best = coarse.front().explained](const CoarsePlace& c) {
    return 1.0 - c.explained > kFarLess * (1.0 - best);
  });
  for (int round = 0; round < 2; ++round) {
    places_.clear();
    for (const CoarsePlace& c : coarse) {
      SensorShape start = c.shape;
      start.delay_us += 0.5 * pauses_ * (kUsualEventGapUs - start.event_gap_us);
      start.event_gap_us = kUsualEventGapUs;
      start.elasticity = kUsualElasticity;
      if (run_.window_known) start = with_window(start, run_.known_window_us);
      places_.push_back(refined(start, 3, nullptr));
    }
    keep(coarse.size());
    if (round == 0) try_known_windows();
    update_noise(thin_, places_.front(), noise_);
    if (round == 0) noise_.weights.clear();
  }
  keep(3);
  return true;
}

/// The board's other runs have told where to look.
void StartSearch::take_board_place() {
  const Eigen::Vector4d& known = thin_.belief->mean;
  SensorShape start{known[0], run_.board_window_us, known[1], known[2]};
  start.elasticity = known[3];
  for (int round = 0; round < 2; ++round) {
    places_.clear();
    if (run_.window_known) start = with_window(start, run_.known_window_us);
    places_.push_back(refined(start, 3, nullptr));
    if (round == 0) try_known_windows();
    update_noise(thin_, places_.front(), noise_);
    if (round == 0) noise_.weights.clear();
  }
}

PointFit StartSearch::fit_cell(const SensorShape& start, const PointFit& from) const {
  ShapeFreedom freedom = freedom_of(run_, false, false);
  freedom.delay_us = plan_.pitch_us / 1.6;
  freedom.lowpass_us = 15.0;
  freedom.event_gap_us = plan_.pitch_us / 1.6 / pauses_;
  SensorShape centre = start;
  centre.elasticity = kUsualElasticity;
  if (run_.window_known) centre.window_us = run_.known_window_us;
  return fit_point(thin_, noise_, start, freedom, centre, from.prior.form, &from, 1);
}

/// A longer pause makes the inference longer; its middle stays where it is.
void StartSearch::scan(std::size_t place, std::vector<CellEnd>& ends) {
  const PointFit& from = places_[place];
  for (int p = 0; p < plan_.pauses; ++p) {
    const double pause = (p + 0.5) * kMostSearchedGapUs / plan_.pauses;
    for (int d = -plan_.delays; d <= plan_.delays; ++d) {
      SensorShape start = from.shape;
      start.delay_us += 0.5 * pauses_ * (pause - from.shape.event_gap_us) + d * plan_.pitch_us;
      start.event_gap_us = pause;
      start.timing_us = noise_.timing_us;
      const PointFit fit = fit_cell(start, from);
      ends.push_back({start, fit.shape, fit.log_evidence, place});
      ++run_.search.cells;
    }
  }
}

bool StartSearch::fit_cells() {
  plan_ = plan_cells(run_.layer_of_column.size(), apart_);
  std::vector<CellEnd> ends;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].log_evidence > places_.front().log_evidence - kHopeless) scan(i, ends);
  }
  std::erase_if(ends, [&](const CellEnd& end) { return end.shape.delay_us < least_delay(run_); });
  keep_distinct(ends, pauses_, apart_, kMostPlaces);
  std::vector<PointFit> fits;
  for (const CellEnd& end : ends) fits.push_back(fit_cell(end.start, places_[end.place]));
  run_.search.most_fits = std::max(run_.search.most_fits, places_.size() + fits.size());
  places_ = std::move(fits);
  // A place that has not settled yet must not lose to a worse one that has.
  for (const auto& [most, steps] : {std::pair<std::size_t, int>{kMostPlaces, 2}, {6, 3}}) {
    keep(most);
    for (PointFit& fit : places_) fit = refined(fit.shape, steps, &fit);
  }
  keep(4);
  return !places_.empty();
}

/// Much filtered boards have their best place elsewhere.
void StartSearch::try_long_lowpass() {
  places_.reserve(2 * places_.size());
  for (std::size_t i = 0, n = places_.size(); i < n; ++i) {
    SensorShape start = places_[i].shape;
    start.lowpass_us = kLongLowpassUs;
    start.delay_us -= kLongLowpassUs - places_[i].shape.lowpass_us;
    PointFit fit = refined(start, 4, &places_[i]);
    if (fit.shape.delay_us > least_delay(run_)) places_.push_back(std::move(fit));
  }
  keep(4);
}

/// From here on every layer has its own column again.
void StartSearch::compare_on_more_rows() {
  noise_.weights.clear();  // they are of the thinned rows
  const bool joined = thin_.columns.layers != run_.problem.columns.layers;
  thin_ = thinned(run_.problem, kComparedRows);
  apart_ = apart_us(run_, thin_);
  for (int round = 0; round < 2; ++round) {
    for (PointFit& fit : places_) {
      fit.shape.timing_us = noise_.timing_us;
      fit = refined(fit.shape, 2, joined && round == 0 ? nullptr : &fit);
    }
    keep(3);
    if (round == 0) update_noise(thin_, places_.front(), noise_);
  }
  noise_.weights.clear();
}

void StartSearch::finish() {
  constexpr double kMayStillWin = 15.0;
  run_.best = std::move(places_[0]);
  for (std::size_t i = 1; i < places_.size(); ++i) {
    if (places_[i].log_evidence > run_.best.log_evidence - kMayStillWin) {
      run_.others.push_back(std::move(places_[i]));
    }
  }
  run_.noise = std::move(noise_);
}

}  // namespace

FitProblem thinned(const FitProblem& problem, std::size_t rows) {
  constexpr std::size_t kStretch = 100;
  const std::size_t n = problem.conversions.size();
  if (n <= rows) return problem;
  FitProblem thin;
  thin.timeline = problem.timeline;
  thin.columns = problem.columns;
  thin.features = problem.features;
  thin.belief = problem.belief;
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

CellPlan plan_cells(std::size_t layers, double apart_us) {
  constexpr double kDelayRangeUs = 65.0;
  const double pauses = static_cast<double>(std::max<std::size_t>(layers, 2) - 1);
  CellPlan plan;
  for (plan.pitch_us = 1.6 * apart_us;; plan.pitch_us *= 1.1) {
    plan.delays = static_cast<int>(std::floor(kDelayRangeUs / plan.pitch_us));
    plan.pauses = static_cast<int>(std::ceil(kMostSearchedGapUs * pauses / plan.pitch_us));
    if (plan.count() <= kMostCells) return plan;
  }
}

/// The value appears after its conversion, but the apparent delay can be negative: the timeline is late by
/// the time from the GPU's end to the first callback, and a poll's stamp may be taken before two slow reads.
double least_delay(const RunFit& run) {
  return -150.0 - 0.5 * run.clock.poll_us;
}

/// Where the sensor refreshes faster than it is polled, a value may be anything up to a refresh old: a window
/// of about that length, less than a poll. It carries the network's energy, if no layer's.
double search_range(const RunFit& run) {
  return run.clock.status == ClockStatus::kFound ? run.clock.refresh_us : run.clock.poll_us;
}

double apart_us(const RunFit& run, const FitProblem& problem) {
  double busy = 0.0;
  for (const LayerTime& t : run.timeline.layer_times) busy += t.mean_us;
  return std::clamp(0.5 * busy / static_cast<double>(problem.columns.layers), 8.0, 30.0);
}

bool far_apart(const SensorShape& a, const SensorShape& b, double pauses, double apart_us) {
  return std::abs(a.delay_us + a.lowpass_us - b.delay_us - b.lowpass_us) > apart_us ||
         pauses * std::abs(a.event_gap_us - b.event_gap_us) > apart_us;
}

double pauses_of(const RunFit& run) {
  return static_cast<double>(std::max<std::size_t>(run.layer_of_column.size(), 2) - 1);
}

ShapeFreedom freedom_of(const RunFit& run, bool lowpass_free, bool gap_free) {
  constexpr double kFree = 1e3;  // what the board's runs say counts instead
  if (run.problem.belief)
    return {kFree, run.window_known ? 5e-4 : 0.03, lowpass_free ? kFree : 0.0, gap_free ? kFree : 0.0, kFree};
  return {150.0, run.window_known ? 5e-4 : 0.03, lowpass_free ? 40.0 : 0.0, gap_free ? kEventGapSdUs : 0.0,
          kElasticitySd};
}

PointFit refine(const RunFit& run, const FitProblem& problem, const NoiseModel& noise,
                const SensorShape& start, Form form, int steps, const ShapeFreedom& freedom,
                const PointFit* warm) {
  SensorShape centre = start;
  if (run.window_known) centre.window_us = run.known_window_us;
  if (freedom.lowpass_us > 0.0) centre.lowpass_us = kUsualLowpassUs;
  if (freedom.event_gap_us > 0.0) centre.event_gap_us = kUsualEventGapUs;
  if (freedom.elasticity > 0.0) centre.elasticity = kUsualElasticity;
  return fit_point(problem, noise, start, freedom, centre, form, warm, steps);
}

void choose_start(RunFit& run) {
  StartSearch search(run);
  if (run.problem.belief) {
    search.take_board_place();
  } else {
    if (!search.find_places()) return;
    if (!search.fit_cells()) return;
    search.try_long_lowpass();
  }
  search.compare_on_more_rows();
  search.finish();
}

}  // namespace joulecast::regression
