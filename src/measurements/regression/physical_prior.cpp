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

/// argmin sum ((p - F b) / f)^2, b >= 0.
Eigen::VectorXd weighted_nnls(const Eigen::MatrixXd& f, const Eigen::VectorXd& p,
                              const Eigen::VectorXd& mean) {
  const Eigen::VectorXd weight = mean.array().square().inverse();
  const Eigen::MatrixXd gram = f.transpose() * weight.asDiagonal() * f;
  const Eigen::VectorXd right = f.transpose() * weight.asDiagonal() * p;
  const auto n = static_cast<std::size_t>(gram.rows());
  const auto fit = nnls_from_gram({{gram.data(), n * n}, n, n}, {right.data(), n});
  if (!fit) return Eigen::VectorXd::Zero(gram.rows());
  return Eigen::Map<const Eigen::VectorXd>(fit->x.data(), gram.rows());
}

struct Posterior {
  Eigen::VectorXd power;
  Eigen::MatrixXd covariance;
  double log_evidence = 0.0;
};

Posterior posterior(const Eigen::MatrixXd& s, const Eigen::VectorXd& r, const Eigen::VectorXd& mean,
                    double sd) {
  const Eigen::VectorXd precision = (sd * mean.array()).square().inverse();
  Eigen::MatrixXd a = s;
  a.diagonal() += precision;
  const Eigen::LLT<Eigen::MatrixXd> chol(a);
  Posterior out;
  const Eigen::VectorXd full = r + precision.cwiseProduct(mean);
  out.power = chol.solve(full);
  out.covariance = chol.solve(Eigen::MatrixXd::Identity(s.rows(), s.cols()));
  const double log_det = 2.0 * chol.matrixLLT().diagonal().array().log().sum();
  out.log_evidence = 0.5 * (full.dot(out.power) - precision.cwiseProduct(mean).dot(mean) - log_det +
                            precision.array().log().sum());
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
  fit.mean = Eigen::VectorXd::Constant(n, level);
  if (start != nullptr && start->mean.size() == n) {
    fit.mean = start->mean;
    fit.relative_sd = start->relative_sd;
  }
  for (int i = 0;; ++i) {
    const Posterior now = posterior(information, right, fit.mean, fit.relative_sd);
    fit.power = now.power;
    fit.covariance = now.covariance;
    fit.log_evidence = now.log_evidence;
    if (i == iterations) break;
    const Eigen::VectorXd b = weighted_nnls(f, fit.power, fit.mean);
    Eigen::VectorXd mean = (f * b).cwiseMax(0.05 * level);
    const double square = ((fit.power - mean).array().square() + fit.covariance.diagonal().array())
                              .cwiseQuotient(mean.array().square())
                              .sum();
    fit.mean = mean;
    fit.relative_sd = std::clamp(std::sqrt((square + kBelievedLayers * kUsualRelativeSd * kUsualRelativeSd) /
                                           (static_cast<double>(n) + kBelievedLayers)),
                                 kLeastRelativeSd, kMostRelativeSd);
  }
  return fit;
}

}  // namespace joulecast::regression
