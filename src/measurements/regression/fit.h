// Power of each state at one place of the nuisance parameters: robust least squares with priors.
#pragma once

#include <Eigen/Core>
#include <optional>
#include <span>
#include <vector>

#include "measurements/regression/board_sensor.h"
#include "measurements/regression/normal_equations.h"
#include "measurements/regression/physical_prior.h"

namespace joulecast::regression {

/// Bound of the pause between layers; 2-3 us have been measured.
inline constexpr double kMostEventGapUs = 8.0;
/// Power of that pause as a share of the layers' mean, and how sure that is: clocks and supply stay on. The
/// logs say next to nothing about it, as each pause touches layers of unknown power. The fits hold it; the
/// doubt is added to their covariance.
inline constexpr double kEventGapShare = 0.68;
inline constexpr double kEventGapShareSd = 0.16;

/// What all fits of a run share.
struct FitProblem {
  const Timeline* timeline = nullptr;
  StateColumns columns;
  std::vector<Conversion> conversions;  ///< of the run
  std::vector<double> targets;          ///< W above idle, drift taken off; by conversion
  std::vector<char> mask;               ///< 0: never used (an outlier, outside the run)
  PriorFeatures features;
  std::optional<ShapeBelief> belief;  ///< from the board's other runs
};

/// Noise as the rows see it, frozen while places are compared.
struct NoiseModel {
  double rho = 0.0;
  double sigma_w = 0.05;
  double timing_us = 0.0;       ///< sd of the callback's delay from cycle to cycle
  std::vector<double> weights;  ///< by conversion: Student's, times 1 / (1 + what timing adds to sigma^2)
  double log_likelihood = 0.0;  ///< Student's, of the fit that it was taken from
  double rows = 0.0;
};

/// How far the linearised sensor parameters may move in one fit (prior standard deviations).
struct ShapeFreedom {
  double delay_us = 300.0;
  double window_share = 0.03;
  double lowpass_us = 0.0;    ///< 0: held
  double event_gap_us = 0.0;  ///< 0: held
  double elasticity = 0.0;    ///< 0: held
};

/// Standard deviations that are estimated with the powers (empirical Bayes); 0: not yet.
struct Spreads {
  double level_w = 0.0;        ///< mean power of the layers, which the others are bounded by
  double steps_w = 0.0;        ///< of the steps of the host gap's power
  double discrepancy_w = 0.0;  ///< of the model's own error from one place of the cycle to another
};

struct PointFit {
  SensorShape shape;       ///< after the steps
  PriorFit prior;          ///< the layers' posterior is in prior.power and prior.covariance
  Eigen::VectorXd powers;  ///< by column; the derivative columns hold their last steps
  Spreads spreads;
  Eigen::VectorXd by_gap_power;  ///< change of each layer's power with that of the pause between layers
  double log_evidence = 0.0;
  Eigen::VectorXd mean_shares;  ///< by column, mean over the used rows
  double mean_target = 0.0;     ///< W above idle, mean over the used rows
  double prior_penalty = 0.0;   ///< half the squared distances of all columns from their priors
  double residual_w = 0.0;      ///< weighted rms of the whitened rows
  std::vector<float> row_phase_us;
  std::uint64_t rows = 0;
  Eigen::MatrixXd shape_covariance;  ///< of delay, window, low-pass, event gap, elasticity
};

/// Iterates: rows at the shape, normal equations, posterior, step of the shape. `near`, if any, warm-starts
/// powers, prior and spreads.
PointFit fit_point(const FitProblem& problem, const NoiseModel& noise, const SensorShape& start,
                   const ShapeFreedom& freedom, const SensorShape& centre, PriorFeatures::Form form,
                   const PointFit* near, int steps);

/// Updates sigma, rho and the robust weights from the residuals of a fit.
void update_noise(const FitProblem& problem, const PointFit& fit, NoiseModel& noise);

/// Plain residuals v - x'p by conversion; NaN where a row is not used.
std::vector<double> plain_residuals(const FitProblem& problem, const PointFit& fit);

}  // namespace joulecast::regression
