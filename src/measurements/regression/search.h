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

/// Weights of the places: rows are clustered by their window's place in the inference cycle (50 us bins),
/// where a misfit of the model is common to a cluster, and the clusters are resampled (Bayesian bootstrap):
///   w_g = mean over draws d of softmax_g(sum_c n d_c l_gc + e_g - sum_c l_gc),
/// d ~ Dirichlet(1), l_gc a cluster's log likelihood, e_g the log evidence, n the number of clusters.
void weigh_grid(std::vector<GridPoint>& grid, std::uint64_t seed);

/// Power of each column and the layers' covariance, averaged over the grid: within + between.
struct Mixture {
  Eigen::VectorXd powers;
  Eigen::MatrixXd covariance;  ///< layer columns
};
Mixture mix(const std::vector<GridPoint>& grid);

}  // namespace joulecast::regression
