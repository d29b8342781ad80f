// The board's power without the network: what is taken off before power is given to layers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "measurements/regression/sensor_clock.h"
#include "measurements/regression/timeline.h"

namespace joulecast::regression {

/// Idle stretches that the log itself has before and after the run. Empty parts: not there.
struct IdleStretches {
  bool has_before = false;
  bool has_after = false;
  double before_w = 0.0;
  double after_w = 0.0;
};

/// Looks for stretches at a steady low level outside [run_begin, run_end]; activity that the latency log does
/// not know (warm-up inferences) is not taken for idle.
IdleStretches find_idle(std::span<const Conversion> conversions, double run_begin_us, double run_end_us,
                        double run_mean_w);

/// Idle power along the run. Warming and other slow changes of the board belong to it, not to the layers:
/// their shape is the smoothed residual of a fit, their level is tied to idle stretches at the ends where
/// there are any, else to the idle file at the run's start.
struct Baseline {
  std::vector<double> at_us;  ///< knots
  std::vector<double> watts;
  double mean_w = 0.0;
  double rise_w = 0.0;        ///< end less start
  double anchor_gap_w = 0.0;  ///< disagreement of the two anchors, where both exist
  std::string source;
  [[nodiscard]] double value(double t_us) const;
};

/// `residuals` by conversion (NaN where unused), `current` the baseline they were made with.
Baseline update_baseline(const Baseline& current, std::span<const Conversion> conversions,
                         std::span<const double> residuals, const IdleStretches& idle, double idle_file_w);
Baseline flat_baseline(double run_begin_us, double run_end_us, const IdleStretches& idle, double idle_file_w);

}  // namespace joulecast::regression
