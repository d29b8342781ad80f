// All of a run's fit: from logs to powers with covariance, without judging them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "joulecast/regression.h"
#include "measurements/regression/baseline.h"
#include "measurements/regression/search.h"

namespace joulecast::regression {

/// What the search for the start took.
struct SearchCost {
  std::size_t cells = 0;      ///< of delay and pause, fitted
  std::size_t most_fits = 0;  ///< whole fits held at one time
};

struct RunFit {
  Timeline timeline;
  SensorClock clock;
  IdleStretches idle;
  Baseline baseline;
  FitProblem problem;  ///< points into `timeline`: a RunFit is not copied
  NoiseModel noise;
  PointFit best;                 ///< before averaging
  std::vector<PointFit> others;  ///< starts that may still be right
  std::vector<GridPoint> grid;
  Mixture mixture;
  SensorShape shape;  ///< averaged over the grid
  std::vector<std::size_t> layer_of_column;
  double mean_watts = 0.0;  ///< of the run's samples, idle included
  double phase_coverage = 0.0;
  double second_start_lead = 0.0;  ///< log evidence of the best place over the next distinct one
  SearchCost search;
  double halves_apart = 0.0;  ///< mean square difference of even and odd blocks' powers, in sds (held_out.h)
  double prior_lead = 0.0;    ///< log evidence of the chosen prior over the run's mean
  bool window_known = false;  ///< it is a fraction of the refresh
  double known_window_us = 0.0;
  double board_window_us = 0.0;  ///< with problem.belief: about the window
  std::uint64_t seed = 1;        ///< of what is drawn at random: the placebo's shifts
  bool delay_at_bound = false;
  bool fitted = false;  ///< false: too few usable rows
  std::uint64_t rows_unusable = 0;
  std::uint64_t rows_outside_run = 0;
  std::uint64_t clock_steps = 0;
  bool may_average = true;  ///< set before the fit: the sensor may average on its chip
  int averaging = 1;        ///< conversions that the sensor's own recursive average runs over

  RunFit() = default;
  RunFit(const RunFit&) = delete;
  RunFit& operator=(const RunFit&) = delete;
};

/// Errors: kUnfit if the logs cannot be joined (attribute_by_regression).
Expected<void> fit_run(const LatencyLog& latencies, std::span<const PowerSample> power,
                       const Network& network, double idle_file_w, const RegressionOptions& options,
                       RunFit& out);

}  // namespace joulecast::regression
