// What a layer's power should be, given how fast it computes and moves data: a prior fitted inside the run.
#pragma once

#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

namespace joulecast::regression {

/// Features of the layers that take time; all lists by layer column.
struct PriorFeatures {
  enum class Form { kRunMean, kLinear, kConcave, kGiven };
  std::vector<double> flop_rate;  ///< FLOPs / time over the run's largest; empty if unknown
  std::vector<double> byte_rate;
  std::vector<double> time_us;  ///< mean run time; empty: none is short
  std::vector<double> given_w;  ///< a trained model's prediction; empty if there is none
};
std::string_view to_string(PriorFeatures::Form form);

/// p_k ~ N(f_k, (s c_k)^2), f_k = b0 + b1 g(flop rate) + b2 g(byte rate), b >= 0, with c_k between the
/// layers' mean power and f_k and larger for short layers. b has a wide normal prior and its uncertainty is
/// part of the result: layers unlike the well-seen ones are known no better than their rates tell.
struct PriorFit {
  PriorFeatures::Form form = PriorFeatures::Form::kRunMean;
  Eigen::VectorXd mean;        ///< f
  double relative_sd = 0.5;    ///< s
  Eigen::VectorXd power;       ///< posterior mean
  Eigen::MatrixXd covariance;  ///< posterior, given s
  double penalty = 0.0;        ///< squared distances of p and b from their priors
  double log_det_gain = 0.0;  ///< log det of the prior's covariance^-1 of (p, b) less that of the posterior's
};

/// Beyond what its rates tell a layer's power scatters by some 20 %. The belief weighs as much as twelve
/// layers: a scatter estimated from few or poorly seen layers alone comes out too small as often as too
/// large, and too small a one makes intervals too narrow.
inline constexpr double kUsualRelativeSd = 0.2;
inline constexpr double kBelievedLayers = 12.0;

/// Event timing, launch and the last blocks' tail of a kernel: about this long no rate tells what it draws.
inline constexpr double kLaunchUs = 15.0;

/// Empirical Bayes in s. `information` (S) and `right` (r) are those of the layers after all other columns
/// are eliminated, in units of the noise variance, so that log p(y | p) = r'p - p'S p / 2 + constant.
///   s^2 = mean(E[(p_k - f_k)^2] / c_k^2), repeated.
/// `start` warm-starts f and s of the same form.
PriorFit fit_prior(const PriorFeatures& features, PriorFeatures::Form form,
                   const Eigen::MatrixXd& information, const Eigen::VectorXd& right, const PriorFit* start,
                   int iterations);

}  // namespace joulecast::regression
