#include "numerics/gaussian_process.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "numerics/floating_point.h"

namespace joulecast {
namespace {

using Vector = Eigen::VectorXd;
using Square = Eigen::MatrixXd;

constexpr std::array kLengths = {0.25, 0.5, 1.0, 2.0, 4.0, 8.0};
constexpr std::array kNoiseRatios = {0.03, 0.1, 0.3, 1.0, 3.0, 10.0};

Square distances_of(MatrixView points) {
  const auto n = static_cast<Eigen::Index>(points.rows);
  const Eigen::Map<const Eigen::MatrixXd> x(points.data.data(), n, static_cast<Eigen::Index>(points.columns));
  const Vector squares = x.rowwise().squaredNorm();
  Square out = -2.0 * x * x.transpose();
  out.colwise() += squares;
  out.rowwise() += squares.transpose();
  return out.cwiseMax(0.0).cwiseSqrt();
}

/// S K S', S holding the shares of each observation's points.
Square kernel_of(const GaussianObservations& of, const Square& distances, double length) {
  const Square points = distances.unaryExpr([length](double d) { return matern_5_2(d / length); });
  const auto n = static_cast<Eigen::Index>(of.values.size());
  Square half(points.rows(), n);
  for (Eigen::Index u = 0; u < n; ++u) {
    half.col(u).setZero();
    for (std::uint32_t i = of.begin[static_cast<std::size_t>(u)];
         i < of.begin[static_cast<std::size_t>(u) + 1]; ++i)
      half.col(u) += of.shares[i] * points.col(i);
  }
  Square out(n, n);
  for (Eigen::Index u = 0; u < n; ++u) {
    out.row(u).setZero();
    for (std::uint32_t i = of.begin[static_cast<std::size_t>(u)];
         i < of.begin[static_cast<std::size_t>(u) + 1]; ++i)
      out.row(u) += of.shares[i] * half.row(i);
  }
  return out;
}

struct Solved {
  Vector weights;
  double variance = 0.0, log_likelihood = 0.0;
};

/// With the signal variance of greatest likelihood put in, log p(y) = -n/2 (log(2 pi s) + 1) - log det(L).
std::optional<Solved> solve(Square kernel, const Vector& y, double noise_ratio) {
  kernel.diagonal().array() += noise_ratio;
  const Eigen::LLT<Square> factor(kernel);
  if (factor.info() != Eigen::Success) return std::nullopt;
  Solved out;
  out.weights = factor.solve(y);
  const double n = static_cast<double>(y.size());
  out.variance = std::max(y.dot(out.weights) / n, std::numeric_limits<double>::min());
  const double log_determinant = factor.matrixL().toDenseMatrix().diagonal().array().log().sum();
  constexpr double kLogTwoPi = 1.8378770664093453;
  out.log_likelihood = -0.5 * n * (kLogTwoPi + std::log(out.variance) + 1.0) - log_determinant;
  return out;
}

Expected<void> check(const GaussianObservations& of) {
  const MatrixView& x = of.points;
  const bool fits = of.begin.size() == of.values.size() + 1 && x.rows == of.shares.size() &&
                    x.data.size() == x.rows * x.columns && of.begin.front() == 0 &&
                    of.begin.back() == x.rows && std::is_sorted(of.begin.begin(), of.begin.end());
  if (!fits)
    return fail(ErrorKind::kUsage, "points and values of a Gaussian process do not fit together", {},
                "Give one value and one variance for each point");
  if (of.values.empty())
    return fail(ErrorKind::kUnfit, "a Gaussian process needs an observation", {}, "Give at least one point");
  for (const auto& numbers : {x.data, of.shares, of.values})
    if (!all_finite(numbers))
      return fail(ErrorKind::kUnfit, "a value is not a finite number", {},
                  "Leave out points that are not finite");
  return {};
}

Vector as_vector(std::span<const double> values) {
  return Eigen::Map<const Vector>(values.data(), static_cast<Eigen::Index>(values.size()));
}

}  // namespace

double matern_5_2(double distance) {
  const double s = std::sqrt(5.0) * distance;
  return (1.0 + s + s * s / 3.0) * std::exp(-s);
}

Expected<GaussianProcess> fit_gaussian_process(const GaussianObservations& observations,
                                               const GaussianProcessParameters& parameters) {
  if (auto ok = check(observations); !ok) return tl::unexpected(ok.error());
  if (!(parameters.length > 0.0) || !(parameters.noise_ratio > 0.0))
    return fail(ErrorKind::kUsage, "length and noise of a Gaussian process must be above 0", {},
                "Give positive parameters");
  const auto solved = solve(kernel_of(observations, distances_of(observations.points), parameters.length),
                            as_vector(observations.values), parameters.noise_ratio);
  if (!solved)
    return fail(ErrorKind::kUnfit, "a Gaussian process cannot be solved", {},
                "Raise the noise, or leave out points that repeat others");
  GaussianProcess out;
  out.parameters = parameters;
  out.signal_sd = std::sqrt(solved->variance);
  out.noise_sd = std::sqrt(solved->variance * parameters.noise_ratio);
  out.log_likelihood = solved->log_likelihood;
  out.weights.resize(observations.points.rows);
  for (std::size_t u = 0; u < observations.values.size(); ++u)
    for (std::uint32_t i = observations.begin[u]; i < observations.begin[u + 1]; ++i)
      out.weights[i] = observations.shares[i] * solved->weights[static_cast<Eigen::Index>(u)];
  return out;
}

Expected<GaussianProcessParameters> choose_gaussian_process(const GaussianObservations& observations) {
  if (auto ok = check(observations); !ok) return tl::unexpected(ok.error());
  const Square distances = distances_of(observations.points);
  const Vector target = as_vector(observations.values);
  GaussianProcessParameters best;
  double most = -std::numeric_limits<double>::infinity();
  for (const double length : kLengths) {
    const Square kernel = kernel_of(observations, distances, length);
    for (const double noise : kNoiseRatios) {
      const auto solved = solve(kernel, target, noise);
      if (!solved || !(solved->log_likelihood > most)) continue;
      most = solved->log_likelihood;
      best = {length, noise};
    }
  }
  return best;
}

}  // namespace joulecast
