#include "measurements/regression/search.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "numerics/quantiles.h"

namespace joulecast::regression {
namespace {

constexpr std::size_t kCoarseRows = 1600;
constexpr std::size_t kCoarseGroups = 14;
constexpr double kApartUs = 100.0;

/// A problem of few columns and few, clipped rows spread over the run.
FitProblem coarse_problem(const FitProblem& problem) {
  FitProblem coarse;
  coarse.timeline = problem.timeline;
  coarse.columns = make_grouped_columns(*problem.timeline, kCoarseGroups);
  const double level = upper_median(problem.targets);
  std::vector<double> apart;
  for (const double y : problem.targets) apart.push_back(std::abs(y - level));
  // Clips glitches alone. Of a network of like layers all the signal is in the few windows over the host gap.
  const auto rare = apart.begin() + static_cast<std::ptrdiff_t>(0.99 * static_cast<double>(apart.size() - 1));
  std::nth_element(apart.begin(), rare, apart.end());
  const double limit = 1.5 * *rare;
  const std::size_t n = problem.conversions.size();
  const std::size_t stride = std::max<std::size_t>(1, n / kCoarseRows);
  for (std::size_t m = 0; m < n; m += stride) {
    if (!problem.mask[m]) continue;
    coarse.conversions.push_back(problem.conversions[m]);
    coarse.targets.push_back(std::clamp(problem.targets[m], level - limit, level + limit));
  }
  coarse.mask.assign(coarse.targets.size(), 1);
  return coarse;
}

/// How well the states explain the rows at a shape.
CoarsePlace place_at(const FitProblem& problem, const SensorShape& shape, DesignRows& rows,
                     WhiteRows& white) {
  build_rows(*problem.timeline, problem.columns, problem.conversions, shape, {}, 0.0, rows);
  whiten(rows, problem.conversions, problem.targets, problem.mask, 0.0, white);
  if (white.rows() < 200) return {shape, 0.0, 0.0};
  Eigen::MatrixXd a;
  Eigen::VectorXd r;
  accumulate(white, std::vector<double>(white.rows(), 1.0), a, r);
  double mean = 0.0;
  for (const double y : white.target) mean += y;
  const double n = static_cast<double>(white.rows());
  mean /= n;
  double total = 0.0;
  for (const double y : white.target) total += (y - mean) * (y - mean);
  // A little ridge towards the mean keeps empty columns (event gap) and rank loss harmless.
  a.diagonal().array() += 1e-4 * n;
  r.array() += 1e-4 * n * mean;
  const Eigen::VectorXd p = a.ldlt().solve(r);
  double rest = 0.0;
  std::vector<double> e;
  residuals(white, p, e);
  for (const double x : e) rest += x * x;
  return {shape, 1.0 - rest / std::max(1e-12, total), rest / n};
}

double centre(const SensorShape& s) {
  return s.delay_us + 0.5 * s.window_us;
}

}  // namespace

std::vector<CoarsePlace> coarse_places(const FitProblem& problem, const SearchLimits& limits,
                                       std::size_t count) {
  const FitProblem coarse = coarse_problem(problem);
  DesignRows rows;
  WhiteRows white;
  std::vector<CoarsePlace> tried;
  // Shunt and bus of one, two or three channels in turn, or the whole refresh.
  for (const double share : {1.0 / 6.0, 1.0 / 4.0, 1.0 / 2.0, 1.0 / 3.0, 1.0}) {
    const double window = share * limits.refresh_us;
    const double step = std::clamp(0.1 * window, 40.0, 160.0);
    for (double delay = limits.least_delay_us; delay < 1.1 * limits.refresh_us; delay += step) {
      tried.push_back(place_at(coarse, {delay, window, 60.0, 1.5}, rows, white));
    }
  }
  std::sort(tried.begin(), tried.end(),
            [](const auto& a, const auto& b) { return a.explained > b.explained; });
  std::vector<CoarsePlace> places;
  for (const CoarsePlace& c : tried) {
    if (places.size() == count) break;
    const bool apart = std::all_of(places.begin(), places.end(), [&](const CoarsePlace& p) {
      return std::abs(centre(p.shape) - centre(c.shape)) > kApartUs;
    });
    if (apart) places.push_back(c);
  }
  return places;
}

void weigh_grid(std::vector<GridPoint>& grid) {
  constexpr double kTemperature = 2.0;
  double best = -1e300;
  for (const GridPoint& g : grid) best = std::max(best, g.fit.log_evidence);
  double norm = 0.0;
  for (GridPoint& g : grid) norm += g.weight = std::exp((g.fit.log_evidence - best) / kTemperature);
  for (GridPoint& g : grid) g.weight /= norm;
}

Mixture mix(const std::vector<GridPoint>& grid) {
  Mixture out;
  const Eigen::Index layers = grid.front().fit.prior.power.size();
  out.powers.setZero(grid.front().fit.powers.size());
  out.covariance.setZero(layers, layers);
  for (const GridPoint& g : grid) {
    out.powers += g.weight * g.fit.powers;
    out.covariance += g.weight * g.fit.prior.covariance;
    const double gap_sd = kEventGapShareSd * g.fit.spreads.level_w;
    out.covariance += g.weight * gap_sd * gap_sd * g.fit.by_gap_power * g.fit.by_gap_power.transpose();
  }
  for (const GridPoint& g : grid) {
    const Eigen::VectorXd apart = g.fit.powers.head(layers) - out.powers.head(layers);
    out.covariance += g.weight * apart * apart.transpose();
  }
  return out;
}

}  // namespace joulecast::regression
