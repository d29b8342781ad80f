// Gaussian-process regression with a Matern 5/2 kernel of one length (Rasmussen, Williams: Gaussian Processes
// for Machine Learning, 2006, eq. 2.25 and 4.17), observed through weighted sums: y_u = sum of share_i f(x_i)
// + noise.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "joulecast/numerics.h"

namespace joulecast {

struct GaussianProcessParameters {
  double length = 1.0;       ///< in the coordinates' unit
  double noise_ratio = 1.0;  ///< noise variance / signal variance
};

/// Observation u is of the points [begin[u], begin[u + 1]), each with its share.
struct GaussianObservations {
  MatrixView points;                     ///< n x d
  std::span<const double> shares;        ///< by point
  std::span<const std::uint32_t> begin;  ///< observations + 1
  std::span<const double> values;
};

struct GaussianProcess {
  GaussianProcessParameters parameters;
  double signal_sd = 0.0;
  double noise_sd = 0.0;
  double log_likelihood = 0.0;
  std::vector<double> weights;  ///< by point: the mean at x is sum of weight k(x, point)
};

/// Correlation of two points at a distance, in lengths.
double matern_5_2(double distance);

/// The mean at a place: the sum of weight times the correlation with its point, n points of d coordinates
/// (n x d) against d. Within 1e-14 of the same sum by matern_5_2().
double gaussian_process_mean(MatrixView points, std::span<const double> weights, double length,
                             std::span<const double> at);

/// Fits at given parameters; the signal variance is the one of greatest likelihood, y' (K + r I)^-1 y / n.
/// The mean of y is taken as 0. Errors: kUsage (sizes, parameters not above 0), kUnfit (not finite, no
/// observation).
Expected<GaussianProcess> fit_gaussian_process(const GaussianObservations& observations,
                                               const GaussianProcessParameters& parameters);
/// Parameters of the greatest likelihood on a grid of lengths and noise ratios. Errors: as above.
Expected<GaussianProcessParameters> choose_gaussian_process(const GaussianObservations& observations);

}  // namespace joulecast
