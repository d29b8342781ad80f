// Gaussian processes against closed forms.
#include "numerics/gaussian_process.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

namespace joulecast {
namespace {

struct Case {
  Matrix points;
  std::vector<double> shares, values;
  std::vector<std::uint32_t> begin;
  [[nodiscard]] GaussianObservations observations() const { return {points.view(), shares, begin, values}; }
};

/// One point an observation, on a line.
Case line(std::vector<double> at, std::vector<double> values) {
  Case out;
  out.points = Matrix(at.size(), 1);
  out.points.data = at;
  out.shares.assign(at.size(), 1.0);
  out.values = std::move(values);
  for (std::uint32_t i = 0; i <= at.size(); ++i) out.begin.push_back(i);
  return out;
}

double mean_at(const Case& of, const GaussianProcess& process, double x) {
  double sum = 0.0;
  for (std::size_t i = 0; i < of.points.rows; ++i)
    sum += process.weights[i] * matern_5_2(std::abs(of.points(i, 0) - x) / process.parameters.length);
  return sum;
}

TEST(GaussianProcess, TheKernelHasMaternsValues) {
  EXPECT_EQ(matern_5_2(0.0), 1.0);
  // (1 + sqrt 5 + 5/3) exp(-sqrt 5)
  EXPECT_NEAR(matern_5_2(1.0), 0.52399411, 1e-8);
}

TEST(GaussianProcess, TheMeanIsTheSumOverThePoints) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  for (const std::size_t n : {1UL, 63UL, 64UL, 65UL, 300UL}) {
    Matrix points(n, 3);
    for (double& x : points.data) x = normal(random);
    std::vector<double> weights(n);
    for (double& w : weights) w = normal(random);
    for (const double length : {1e-3, 0.1, 1.0, 30.0, 1e6}) {
      const std::array<double, 3> at = {normal(random), normal(random), normal(random)};
      double sum = 0.0;
      double size = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        const double distance =
            std::hypot(points(i, 0) - at[0], points(i, 1) - at[1], points(i, 2) - at[2]) / length;
        sum += weights[i] * matern_5_2(distance);
        size += std::abs(weights[i]) * matern_5_2(distance);
      }
      EXPECT_NEAR(gaussian_process_mean(points.view(), weights, length, at), sum, 1e-14 * size + 1e-290);
    }
  }
}

TEST(GaussianProcess, OnePointIsShrunkByTheNoise) {
  const Case one = line({0.0}, {3.0});
  const auto process = fit_gaussian_process(one.observations(), {1.0, 0.5});
  ASSERT_TRUE(process) << process.error().describe();
  EXPECT_NEAR(process->weights[0], 3.0 / 1.5, 1e-12);
  // s^2 = y^2 / (1 + r): the likelihood of one value is greatest there.
  EXPECT_NEAR(process->signal_sd, std::sqrt(9.0 / 1.5), 1e-12);
  EXPECT_NEAR(process->log_likelihood, -0.5 * (std::log(2.0 * M_PI * 9.0) + 1.0), 1e-12);
}

TEST(GaussianProcess, TwoPointsSolveTheirTwoEquations) {
  const Case two = line({0.0, 1.0}, {1.0, -2.0});
  const auto process = fit_gaussian_process(two.observations(), {1.0, 0.1});
  ASSERT_TRUE(process);
  const double k = matern_5_2(1.0);
  EXPECT_NEAR(1.1 * process->weights[0] + k * process->weights[1], 1.0, 1e-12);
  EXPECT_NEAR(k * process->weights[0] + 1.1 * process->weights[1], -2.0, 1e-12);
}

TEST(GaussianProcess, ASumIsObservedThroughItsShares) {
  // One observation of 0.25 f(0) + 0.75 f(1): K = a'Ka, weights = a y / (K + r).
  Case sum = line({0.0, 1.0}, {2.0});
  sum.shares = {0.25, 0.75};
  sum.begin = {0, 2};
  const auto process = fit_gaussian_process(sum.observations(), {1.0, 0.2});
  ASSERT_TRUE(process);
  const double variance = 0.25 * 0.25 + 0.75 * 0.75 + 2.0 * 0.25 * 0.75 * matern_5_2(1.0);
  EXPECT_NEAR(process->weights[0], 0.25 * 2.0 / (variance + 0.2), 1e-12);
  EXPECT_NEAR(process->weights[1], 0.75 * 2.0 / (variance + 0.2), 1e-12);
}

TEST(GaussianProcess, FollowsASmoothFunctionAndForgetsItFarAway) {
  std::vector<double> at;
  std::vector<double> values;
  for (int i = 0; i < 30; ++i) {
    at.push_back(0.2 * i);
    values.push_back(std::sin(at.back()));
  }
  const Case wave = line(at, values);
  const auto parameters = choose_gaussian_process(wave.observations());
  ASSERT_TRUE(parameters);
  const auto process = fit_gaussian_process(wave.observations(), *parameters);
  ASSERT_TRUE(process);
  EXPECT_NEAR(mean_at(wave, *process, 2.5), std::sin(2.5), 0.05);
  EXPECT_NEAR(mean_at(wave, *process, 300.0), 0.0, 1e-6);
}

TEST(GaussianProcess, PureNoiseIsTakenForNoise) {
  std::vector<double> at;
  std::vector<double> values;
  for (int i = 0; i < 60; ++i) {
    at.push_back(0.1 * i);
    values.push_back(i % 2 == 0 ? 1.0 : -1.0);
  }
  const auto parameters = choose_gaussian_process(line(at, values).observations());
  ASSERT_TRUE(parameters);
  EXPECT_GE(parameters->noise_ratio, 1.0);
}

TEST(GaussianProcess, RefusesWhatDoesNotFitTogether) {
  Case wrong = line({0.0, 1.0}, {1.0, 2.0});
  wrong.begin = {0, 1};
  EXPECT_EQ(fit_gaussian_process(wrong.observations(), {}).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(fit_gaussian_process(line({0.0}, {NAN}).observations(), {}).error().kind, ErrorKind::kUnfit);
  EXPECT_EQ(fit_gaussian_process(line({0.0}, {1.0}).observations(), {0.0, 1.0}).error().kind,
            ErrorKind::kUsage);
}

}  // namespace
}  // namespace joulecast
