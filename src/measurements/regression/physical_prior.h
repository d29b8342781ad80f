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
  std::vector<double> given_w;  ///< a trained model's prediction; empty if there is none
};
std::string_view to_string(PriorFeatures::Form form);

/// p_k ~ N(f_k, (s f_k)^2), f_k = b0 + b1 g(flop rate) + b2 g(byte rate), b >= 0.
struct PriorFit {
  PriorFeatures::Form form = PriorFeatures::Form::kRunMean;
  Eigen::VectorXd mean;        ///< f
  double relative_sd = 0.5;    ///< s
  Eigen::VectorXd power;       ///< posterior mean
  Eigen::MatrixXd covariance;  ///< posterior, given s and b
  double log_evidence = 0.0;   ///< but for a constant that all forms share
};

/// Beyond what its rates tell a layer's power scatters by some 20 %. The belief weighs as much as four
/// layers: a scatter estimated from few or poorly seen layers alone comes out too small as often as too
/// large, and too small a one makes intervals too narrow.
inline constexpr double kUsualRelativeSd = 0.2;
inline constexpr double kBelievedLayers = 4.0;

/// Empirical Bayes. `information` (S) and `right` (r) are those of the layers after all other columns are
/// eliminated, in units of the noise variance, so that log p(y | p) = r'p - p'S p / 2 + constant.
///   C = (S + V^-1)^-1, p = C (r + V^-1 f);  b by non-negative least squares on p, weights 1 / f^2;
///   s^2 = mean(((p - f)^2 + C_kk) / f^2); repeated.
/// `start` warm-starts b and s of the same form.
PriorFit fit_prior(const PriorFeatures& features, PriorFeatures::Form form,
                   const Eigen::MatrixXd& information, const Eigen::VectorXd& right, const PriorFit* start,
                   int iterations);

}  // namespace joulecast::regression
