#include "measurements/regression/merging.h"

#include <cmath>

#include "numerics/quantiles.h"

namespace joulecast::regression {
namespace {

struct Blocks {
  std::vector<Unit> units;
  std::vector<double> time;
  Eigen::MatrixXd covariance;  // of the units' mean powers
};

bool too_wide(const Unit& unit, double limit) {
  return kNinetyPercent * unit.sd_w > limit * std::abs(unit.power_w);
}

void join(Blocks& b, std::size_t i) {
  const auto n = static_cast<Eigen::Index>(b.units.size());
  const auto at = static_cast<Eigen::Index>(i);
  const double total = b.time[i] + b.time[i + 1];
  Eigen::MatrixXd map = Eigen::MatrixXd::Zero(n - 1, n);
  for (Eigen::Index k = 0; k < n - 1; ++k) map(k, k <= at ? k : k + 1) = 1.0;
  map(at, at) = b.time[i] / total;
  map(at, at + 1) = b.time[i + 1] / total;
  b.covariance = map * b.covariance * map.transpose();
  Unit& unit = b.units[i];
  unit.power_w = (b.time[i] * unit.power_w + b.time[i + 1] * b.units[i + 1].power_w) / total;
  unit.last = b.units[i + 1].last;
  unit.sd_w = std::sqrt(std::max(0.0, b.covariance(at, at)));
  b.units.erase(b.units.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  b.time[i] = total;
  b.time.erase(b.time.begin() + static_cast<std::ptrdiff_t>(i) + 1);
}

}  // namespace

std::vector<Unit> merge_units(const Eigen::VectorXd& power, const Eigen::MatrixXd& covariance,
                              std::span<const double> time, double limit, double least_time) {
  Blocks b;
  b.covariance = covariance;
  b.time.assign(time.begin(), time.end());
  double all = 0.0;
  for (std::size_t k = 0; k < time.size(); ++k) {
    const auto i = static_cast<Eigen::Index>(k);
    b.units.push_back({k, k, power[i], std::sqrt(std::max(0.0, covariance(i, i))), true});
    all += time[k];
  }
  const auto unfinished = [&](std::size_t i) {
    return (too_wide(b.units[i], limit) || b.time[i] < least_time) && b.time[i] < 0.5 * all;
  };
  for (;;) {
    double least = 1e300;
    std::size_t which = b.units.size();
    for (std::size_t i = 0; i + 1 < b.units.size(); ++i) {
      if (!unfinished(i) && !unfinished(i + 1)) continue;
      const auto k = static_cast<Eigen::Index>(i);
      const double variance = b.covariance(k, k) + b.covariance(k + 1, k + 1) - 2.0 * b.covariance(k, k + 1);
      const double z =
          std::abs(b.units[i].power_w - b.units[i + 1].power_w) / std::sqrt(std::max(1e-12, variance));
      if (z < least) least = z, which = i;
    }
    if (which == b.units.size()) break;
    join(b, which);
  }
  for (Unit& unit : b.units) unit.determined = !too_wide(unit, limit);
  return b.units;
}

}  // namespace joulecast::regression
