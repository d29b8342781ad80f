#include "measurements/regression/board_sensor.h"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "measurements/regression/run_fit.h"

namespace joulecast {
namespace regression {
namespace {

using Vector = Eigen::Vector4d;
using Square = Eigen::Matrix4d;

/// Apparent delay is delay + low-pass: their sum is what samples fix first.
Square apparent_of_shape() {
  Square m = Square::Identity();
  m(0, 1) = 1.0;
  return m;
}

Vector mean_of(const SensorKnowledge& k) {
  return Vector(k.mean.data());
}
Square covariance_of(const SensorKnowledge& k) {
  return Square(k.covariance.data());
}
SensorKnowledge knowledge(const Vector& mean, const Square& covariance) {
  SensorKnowledge out;
  std::copy_n(mean.data(), out.mean.size(), out.mean.begin());
  std::copy_n(covariance.data(), out.covariance.size(), out.covariance.begin());
  return out;
}

/// How far runs of one board differ beyond what each is unsure of: apparent delay, low-pass and pause by what
/// the model gets wrong; the elasticity is of the layers, not of the board.
const std::array<double, 4> kUsualSpread = {4.0, 6.0, 0.15, 0.15};
constexpr double kBelievedRuns = 3.0;

Square spread_of(const std::array<double, 4>& sd) {
  return Vector(sd[0] * sd[0], sd[1] * sd[1], sd[2] * sd[2], sd[3] * sd[3]).asDiagonal();
}

double square_distance(const Vector& apart, const Square& covariance) {
  return apart.dot(covariance.ldlt().solve(apart));
}

/// The runs that agree with the one that most others agree with, by a likelihood in which any run may err.
std::vector<std::size_t> agreeing(const std::vector<const SensorKnowledge*>& runs) {
  constexpr double kMayErr = 20.0;  // no run counts as further off than this, squared sds
  const Square between = 2.0 * spread_of(kUsualSpread);
  std::vector<std::size_t> best;
  double least = 1e300;
  for (const SensorKnowledge* centre : runs) {
    double sum = 0.0;
    std::vector<std::size_t> near;
    for (std::size_t j = 0; j < runs.size(); ++j) {
      const Square total = covariance_of(*centre) + covariance_of(*runs[j]) + between;
      const double d = square_distance(mean_of(*runs[j]) - mean_of(*centre), total);
      sum += std::min(d, kMayErr);
      if (d < kMayErr) near.push_back(j);
    }
    if (sum >= least) continue;
    least = sum;
    best = std::move(near);
  }
  return best;
}

/// Weighted mean, and what another run of the board may lie from it: a random-effects model, the spread
/// between runs estimated from them around the usual one.
std::optional<SensorKnowledge> pooled(const std::vector<const SensorKnowledge*>& all) {
  const std::vector<std::size_t> kept = agreeing(all);
  if (kept.size() < 2 || 2 * kept.size() <= all.size()) return std::nullopt;
  Square spread = spread_of(kUsualSpread);
  Vector mean;
  Square precision;
  for (int round = 0; round < 4; ++round) {
    precision.setZero();
    Vector right = Vector::Zero();
    for (const std::size_t j : kept) {
      const Square p = (covariance_of(*all[j]) + spread).inverse();
      precision += p;
      right += p * mean_of(*all[j]);
    }
    mean = precision.ldlt().solve(right);
    for (Eigen::Index i = 0; i < 4; ++i) {
      const double usual = kUsualSpread[static_cast<std::size_t>(i)];
      double squares = kBelievedRuns * usual * usual;
      double count = kBelievedRuns;
      for (const std::size_t j : kept) {
        // Of a run that knows less than the spread, the spread itself stands for what it cannot say.
        const double variance = covariance_of(*all[j])(i, i);
        const double weight = spread(i, i) / (spread(i, i) + variance);
        const double apart = mean_of(*all[j])[i] - mean[i];
        squares += weight * weight * apart * apart + (1.0 - weight) * spread(i, i);
        count += 1.0;
      }
      spread(i, i) = squares / count;
    }
  }
  const Square covariance = precision.inverse() + spread;
  return knowledge(mean, covariance);
}

}  // namespace

ShapeBelief shape_belief(const SensorKnowledge& knowledge) {
  const Square m = apparent_of_shape();
  return {m.inverse() * mean_of(knowledge), m.transpose() * covariance_of(knowledge).inverse() * m};
}

SensorKnowledge knowledge_of(const RunFit& run) {
  constexpr std::array<Eigen::Index, 4> kParts = {0, 2, 3, 4};  // the window is known, or pooled by itself
  const auto shape = [](const SensorShape& s) {
    return Vector(s.delay_us, s.lowpass_us, s.event_gap_us, s.elasticity);
  };
  Vector mean = Vector::Zero();
  for (const GridPoint& g : run.grid) mean += g.weight * shape(g.fit.shape);
  Square covariance = Square::Zero();
  for (const GridPoint& g : run.grid) {
    for (Eigen::Index i = 0; i < 4; ++i) {
      for (Eigen::Index j = 0; j < 4; ++j)
        covariance(i, j) += g.weight * g.fit.shape_covariance(kParts[static_cast<std::size_t>(i)],
                                                              kParts[static_cast<std::size_t>(j)]);
    }
    const Vector apart = shape(g.fit.shape) - mean;
    covariance += g.weight * apart * apart.transpose();
  }
  const Square m = apparent_of_shape();
  return knowledge(m * mean, m * covariance * m.transpose());
}

}  // namespace regression

std::vector<std::optional<BoardSensor>> pool_sensors(std::span<const RegressionResult* const> runs) {
  using namespace regression;
  constexpr double kSameSensor = 0.02;
  const auto knows = [](const RegressionResult* run) { return run != nullptr && run->sensor.knowledge; };
  const auto alike = [](const RegressionResult& a, const RegressionResult& b) {
    return std::abs(*a.sensor.refresh_ms / *b.sensor.refresh_ms - 1.0) < kSameSensor &&
           std::abs(*a.sensor.window_ms / *b.sensor.window_ms - 1.0) < kSameSensor;
  };
  std::vector<std::optional<BoardSensor>> out(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!knows(runs[i])) continue;
    std::vector<const SensorKnowledge*> others;
    for (std::size_t j = 0; j < runs.size(); ++j)
      if (j != i && knows(runs[j]) && runs[j]->verdict != Verdict::kRefused && alike(*runs[i], *runs[j]))
        others.push_back(&*runs[j]->sensor.knowledge);
    const auto belief = pooled(others);
    if (!belief) continue;
    const SensorKnowledge& own = *runs[i]->sensor.knowledge;
    const Eigen::Vector4d apart = mean_of(own) - mean_of(*belief);
    const double d = square_distance(apart, covariance_of(own) + covariance_of(*belief));
    const SensorEstimate& sensor = runs[i]->sensor;
    out[i] = BoardSensor{*belief, *sensor.window_ms / *sensor.refresh_ms, others.size(), std::sqrt(d)};
  }
  return out;
}

Expected<RegressionResult> attribute_with_board(const LatencyLog& latencies,
                                                std::span<const PowerSample> power, const Network& network,
                                                Microwatts idle, const RegressionOptions& options,
                                                const BoardSensor& sensor, const RegressionResult& alone) {
  constexpr double kFarOff = 5.0;
  constexpr double kClearlyWorse = 1.3;
  const auto unexplained = [](const RegressionResult& r) { return 1.0 - r.fit.r2_held_out + 1e-4; };
  RegressionOptions told = options;
  told.sensor = sensor;
  auto result = attribute_by_regression(latencies, power, network, idle, told);
  if (!result || sensor.distance < kFarOff || alone.verdict == Verdict::kRefused ||
      unexplained(*result) < kClearlyWorse * unexplained(alone))
    return result;
  result = attribute_by_regression(latencies, power, network, idle, options);
  if (!result || result->verdict == Verdict::kRefused) return result;
  result->verdict = Verdict::kWeak;
  result->reasons.emplace_back(
      "The sensor that explains this run is not that of the board's other runs: its powers may be those of "
      "neighbouring layers");
  result->advice.emplace_back("Record all networks of a board with the same sensor setting and logger");
  return result;
}

}  // namespace joulecast
