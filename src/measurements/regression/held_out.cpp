#include "measurements/regression/held_out.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace joulecast::regression {
namespace {

/// Stretches of 2 s, long beside what slow noise remembers; shorter where a short run would have too few.
double block_us(const RunFit& run) {
  constexpr double kUsualUs = 2e6;
  constexpr double kFewestBlocks = 8.0;
  const auto& conversions = run.problem.conversions;
  if (conversions.empty()) return kUsualUs;
  return std::min(kUsualUs, (conversions.back().edge_us - conversions.front().edge_us) / kFewestBlocks + 1.0);
}

bool in_odd_block(const Conversion& c, double block) {
  return (static_cast<std::int64_t>(std::floor(c.edge_us / block)) & 1) != 0;
}

PointFit fit_held(const RunFit& run, const FitProblem& problem, const SensorShape& shape) {
  const ShapeFreedom held{1e-3, 1e-9, 0.0, 0.0, 0.0};
  return fit_point(problem, run.noise, shape, held, shape, run.best.prior.form, nullptr, 1);
}

/// R2 of the rows that have a residual.
double r2_of(const std::vector<double>& rest, const std::vector<double>& targets, const NoiseModel& noise) {
  double squares = 0.0;
  double total = 0.0;
  double mean = 0.0;
  double count = 0.0;
  for (std::size_t m = 0; m < rest.size(); ++m) {
    if (std::isnan(rest[m])) continue;
    mean += targets[m];
    count += 1.0;
  }
  mean /= std::max(1.0, count);
  for (std::size_t m = 0; m < rest.size(); ++m) {
    if (!std::isnan(rest[m])) total += (targets[m] - mean) * (targets[m] - mean);
  }
  // Clipped, so that glitches do not decide the score, but never what a meaningless fit leaves.
  const double usual = 8.0 * noise.sigma_w / std::sqrt(1.0 - noise.rho * noise.rho);
  const double limit = std::max(usual, 4.0 * std::sqrt(total / std::max(1.0, count)));
  for (std::size_t m = 0; m < rest.size(); ++m) {
    if (std::isnan(rest[m])) continue;
    const double r = std::clamp(rest[m], -limit, limit);
    squares += r * r;
  }
  return total > 0.0 ? 1.0 - squares / total : 0.0;
}

}  // namespace

double held_out_r2(const RunFit& run, const HeldOutTrial& trial) {
  FitProblem all = run.problem;
  std::vector<char> odd(all.mask.size(), 0);
  FitProblem even = all;
  std::mt19937_64 random(run.seed);
  const double block = block_us(run);
  for (std::size_t m = 0; m < all.mask.size(); ++m) {
    const bool is_odd = in_odd_block(all.conversions[m], block);
    even.mask[m] = all.mask[m] != 0 && !is_odd;
    odd[m] = all.mask[m] != 0 && is_odd;
    if (!trial.placebo) continue;
    // Each sample meets another place of the cycle.
    const double turns = static_cast<double>(random() >> 11U) * 0x1p-53;
    const double shift = turns * run.timeline.typical_period_us;
    even.conversions[m].edge_us += shift;
    all.conversions[m].edge_us += shift;
  }
  SensorShape shape = run.shape;
  shape.delay_us += trial.delay_shift_us;
  PointFit fit = fit_held(run, even, shape);
  if (fit.rows < 100) return 0.0;
  fit.shape = shape;
  FitProblem score = all;
  score.mask = odd;
  return r2_of(plain_residuals(score, fit), all.targets, run.noise);
}

double halves_apart(const RunFit& run) {
  FitProblem half = run.problem;
  PointFit fits[2];
  const double block = block_us(run);
  for (const bool odd : {false, true}) {
    for (std::size_t m = 0; m < half.mask.size(); ++m) {
      half.mask[m] = run.problem.mask[m] != 0 && in_odd_block(half.conversions[m], block) == odd;
    }
    PointFit& fit = fits[odd ? 1 : 0];
    fit = fit_held(run, half, run.shape);
    if (fit.rows < 100) return 0.0;
  }
  const Eigen::ArrayXd apart = (fits[0].prior.power - fits[1].prior.power).array();
  const Eigen::ArrayXd variance =
      (fits[0].prior.covariance.diagonal() + fits[1].prior.covariance.diagonal()).array();
  return (apart.square() / variance.max(1e-12)).mean();
}

}  // namespace joulecast::regression
