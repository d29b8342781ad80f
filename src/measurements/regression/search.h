// Where the sensor parameters lie: coarse search, refinement of far starts, and a grid for averaging.
#pragma once

#include <cstdint>
#include <vector>

#include "measurements/regression/fit.h"

namespace joulecast::regression {

struct SearchLimits {
  double refresh_us = 0.0;
  double least_delay_us = -150.0;  ///< callbacks come after the GPU's end, at most about this long
};

struct CoarsePlace {
  SensorShape shape;
  double explained = 0.0;  ///< share of the variance
  double rest_w2 = 0.0;    ///< mean square of what is not
};
/// Distinct places of low squared error, best first: at most `count`, their window centres over 100 us apart.
std::vector<CoarsePlace> coarse_places(const FitProblem& problem, const SearchLimits& limits,
                                       std::size_t count);

/// One place of the grid over event gap and low-pass.
struct GridPoint {
  PointFit fit;
  double weight = 0.0;
};

/// Weights of the places, exp(log evidence / 2), adding up to 1. Half the evidence counts: what the model
/// gets wrong is common to many rows, so that they say less than as many independent ones would.
void weigh_grid(std::vector<GridPoint>& grid);

/// Power of each column and the layers' covariance, averaged over the grid: within + between.
struct Mixture {
  Eigen::VectorXd powers;
  Eigen::MatrixXd covariance;  ///< layer columns
};
Mixture mix(const std::vector<GridPoint>& grid);

}  // namespace joulecast::regression
