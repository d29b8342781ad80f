#include "measurements/regression/physical_prior.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "joulecast/numerics.h"

namespace joulecast::regression {
namespace {

constexpr double kLeastRelativeSd = 0.02;
constexpr double kMostRelativeSd = 2.0;

/// Columns of f = F b.
Eigen::MatrixXd feature_matrix(const PriorFeatures& features, PriorFeatures::Form form, Eigen::Index layers) {
  using Form = PriorFeatures::Form;
  const auto column = [&](const std::vector<double>& values, bool concave) {
    Eigen::VectorXd out(layers);
    for (Eigen::Index k = 0; k < layers; ++k) {
      const double v = values[static_cast<std::size_t>(k)];
      out[k] = concave ? std::sqrt(v) : v;
    }
    return out;
  };
  if (form == Form::kGiven) {
    Eigen::MatrixXd f(layers, 2);
    f.col(0).setOnes();
    f.col(1) = column(features.given_w, false);
    return f;
  }
  const bool rates = form != Form::kRunMean;
  Eigen::MatrixXd f(layers, rates ? 3 : 1);
  f.col(0).setOnes();
  if (rates) {
    f.col(1) = column(features.flop_rate, form == Form::kConcave);
    f.col(2) = column(features.byte_rate, form == Form::kConcave);
  }
  return f;
}

/// What is believed of b before any data: independent normals, as shares of the layers' mean power. Clocks,
/// caches and the cores that are merely busy draw about half of it.
struct CoefficientBelief {
  Eigen::VectorXd mean;
  Eigen::VectorXd precision;
};
CoefficientBelief coefficient_belief(const Eigen::MatrixXd& f, PriorFeatures::Form form, double level) {
  using Form = PriorFeatures::Form;
  const Eigen::Index n = f.cols();
  Eigen::VectorXd mean(n);
  Eigen::VectorXd sd(n);
  if (form == Form::kRunMean) {
    mean << 1.0;
    sd << 0.5;
  } else if (form == Form::kGiven) {
    const double typical = std::max(1e-6, f.col(1).mean() / level);
    mean << 0.2, 0.8 / typical;
    sd << 0.3, 0.5 / typical;
  } else {
    mean << 0.5, 0.4, 0.4;
    sd << 0.3, 0.5, 0.5;
  }
  if (form != Form::kGiven) return {level * mean, (level * sd).array().square().inverse()};
  mean[0] *= level, sd[0] *= level;
  return {mean, sd.array().square().inverse()};
}

/// How much a layer may scatter, for s = 1. A layer of little work is not known to a share of the little that
/// its rates say; and of a short one launch and tail take a part that no rate tells.
Eigen::ArrayXd scatter_scale(const PriorFeatures& features, const Eigen::VectorXd& mean, double level) {
  Eigen::ArrayXd scale = ((mean.array().square() + level * level) / 2.0).sqrt();
  for (Eigen::Index k = 0; k < scale.size(); ++k) {
    const auto i = static_cast<std::size_t>(k);
    if (i < features.time_us.size())
      scale[k] *= std::sqrt(1.0 + kLaunchUs / std::max(1.0, features.time_us[i]));
  }
  return scale;
}

/// Posterior of p and b together, given the scatter. With D the scatter's variances, C0 = (S + D^-1)^-1:
///   p | b = C0 r + K b, K = C0 D^-1 F;  b: precision P = B + F'D^-1 F - F'D^-1 K, right side F'D^-1 C0 r + B
///   m.
struct Posterior {
  Eigen::VectorXd power, mean;
  Eigen::MatrixXd covariance;
  Eigen::VectorXd scatter;  ///< E[(p - F b)^2]
  double penalty = 0.0;
  double log_det_gain = 0.0;
};

Posterior posterior(const Eigen::MatrixXd& s, const Eigen::VectorXd& r, const Eigen::MatrixXd& f,
                    const CoefficientBelief& belief, const Eigen::ArrayXd& sd) {
  const Eigen::Index n = r.size();
  const Eigen::VectorXd precision = sd.square().inverse();
  Eigen::MatrixXd a = s;
  a.diagonal() += precision;
  const Eigen::LLT<Eigen::MatrixXd> chol(a);
  const Eigen::MatrixXd c0 = chol.solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::VectorXd p0 = c0 * r;
  const Eigen::MatrixXd weighted = precision.asDiagonal() * f;
  const Eigen::MatrixXd k = c0 * weighted;
  Eigen::MatrixXd p = f.transpose() * weighted - weighted.transpose() * k;
  p.diagonal() += belief.precision;
  const Eigen::VectorXd right = weighted.transpose() * p0 + belief.precision.cwiseProduct(belief.mean);
  const auto q = static_cast<std::size_t>(p.rows());
  const auto fit = nnls_from_gram({{p.data(), q * q}, q, q}, {right.data(), q});
  const Eigen::VectorXd b =
      fit ? Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(fit->x.data(), p.rows())) : belief.mean;
  const Eigen::LLT<Eigen::MatrixXd> chol_b(p);
  Posterior out;
  out.power = p0 + k * b;
  out.mean = f * b;
  const Eigen::MatrixXd root = chol_b.matrixL().solve(k.transpose());
  out.covariance = c0 + root.transpose() * root;
  const Eigen::MatrixXd apart = chol_b.matrixL().solve((k - f).transpose());
  out.scatter = (out.power - out.mean).array().square() + c0.diagonal().array() +
                apart.colwise().squaredNorm().transpose().array();
  out.penalty = ((out.power - out.mean).array() / sd).square().sum() +
                belief.precision.cwiseProduct(b - belief.mean).dot(b - belief.mean);
  const auto log_det = [](const Eigen::LLT<Eigen::MatrixXd>& c) {
    return 2.0 * c.matrixLLT().diagonal().array().log().sum();
  };
  out.log_det_gain =
      precision.array().log().sum() + belief.precision.array().log().sum() - log_det(chol) - log_det(chol_b);
  return out;
}

}  // namespace

std::string_view to_string(PriorFeatures::Form form) {
  switch (form) {
    case PriorFeatures::Form::kRunMean:
      return "run mean";
    case PriorFeatures::Form::kLinear:
      return "rates, linear";
    case PriorFeatures::Form::kConcave:
      return "rates, concave";
    case PriorFeatures::Form::kGiven:
      return "trained model";
  }
  return "";
}

PriorFit fit_prior(const PriorFeatures& features, PriorFeatures::Form form,
                   const Eigen::MatrixXd& information, const Eigen::VectorXd& right, const PriorFit* start,
                   int iterations) {
  const Eigen::Index n = right.size();
  PriorFit fit;
  fit.form = form;
  const Eigen::MatrixXd f = feature_matrix(features, form, n);
  // The level that the data as a whole want, were all layers alike.
  const double level = std::max(0.05, right.sum() / std::max(1e-12, information.sum()));
  const CoefficientBelief belief = coefficient_belief(f, form, level);
  fit.mean = Eigen::VectorXd::Constant(n, level);
  if (start != nullptr && start->mean.size() == n) {
    fit.mean = start->mean;
    fit.relative_sd = start->relative_sd;
  }
  for (int i = 0;; ++i) {
    const Eigen::ArrayXd scale = scatter_scale(features, fit.mean, level);
    const Posterior now = posterior(information, right, f, belief, fit.relative_sd * scale);
    fit.power = now.power;
    fit.covariance = now.covariance;
    fit.penalty = now.penalty;
    fit.log_det_gain = now.log_det_gain;
    fit.mean = now.mean.cwiseMax(0.05 * level);
    if (i == iterations) break;
    const double square = (now.scatter.array() / scale.square()).sum();
    fit.relative_sd = std::clamp(std::sqrt((square + kBelievedLayers * kUsualRelativeSd * kUsualRelativeSd) /
                                           (static_cast<double>(n) + kBelievedLayers)),
                                 kLeastRelativeSd, kMostRelativeSd);
  }
  return fit;
}

}  // namespace joulecast::regression
