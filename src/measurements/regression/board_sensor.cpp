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

double log_det(const Square& covariance) {
  return std::log(covariance.determinant());
}

using Runs = std::vector<const SensorKnowledge*>;

/// The runs that agree with the one that most others agree with, by a likelihood (-2 times its log, with the
/// width of each density: all would agree with a run that knows nothing) in which any run may err.
Runs agreeing(const Runs& runs) {
  constexpr double kMayErr = 20.0;  // no run counts as further off than this, squared sds
  const Square between = 2.0 * spread_of(kUsualSpread);
  Runs best;
  double least = 1e300;
  for (const SensorKnowledge* centre : runs) {
    double sum = 0.0;
    Runs near;
    for (const SensorKnowledge* run : runs) {
      const Square own = covariance_of(*run) + between;
      const Square total = covariance_of(*centre) + own;
      const double agrees = square_distance(mean_of(*run) - mean_of(*centre), total) + log_det(total);
      const double errs = kMayErr + log_det(own);
      sum += std::min(agrees, errs);
      if (agrees < errs) near.push_back(run);
    }
    if (sum >= least) continue;
    least = sum;
    best = std::move(near);
  }
  return best;
}

/// The others that may tell a run of the sensor; empty where they do not agree. Most of all the board's runs
/// decide, the run itself among them: of three others, one that ended a layer's length off and one that knows
/// little would outvote the third.
Runs witnesses(const SensorKnowledge& own, const Runs& others) {
  Runs all = others;
  all.push_back(&own);
  Runs kept = agreeing(all);
  if (2 * kept.size() > all.size()) {
    std::erase(kept, &own);
  } else {
    kept = agreeing(others);
    if (2 * kept.size() <= others.size()) kept.clear();
  }
  if (kept.size() < 2) kept.clear();
  return kept;
}

/// Weighted mean, and what another run of the board may lie from it: a random-effects model, the spread
/// between runs estimated from them around the usual one.
SensorKnowledge pooled(const Runs& runs) {
  Square spread = spread_of(kUsualSpread);
  Vector mean;
  Square precision;
  for (int round = 0; round < 4; ++round) {
    precision.setZero();
    Vector right = Vector::Zero();
    for (const SensorKnowledge* run : runs) {
      const Square p = (covariance_of(*run) + spread).inverse();
      precision += p;
      right += p * mean_of(*run);
    }
    mean = precision.ldlt().solve(right);
    for (Eigen::Index i = 0; i < 4; ++i) {
      const double usual = kUsualSpread[static_cast<std::size_t>(i)];
      double squares = kBelievedRuns * usual * usual;
      double count = kBelievedRuns;
      for (const SensorKnowledge* run : runs) {
        // Of a run that knows less than the spread, the spread itself stands for what it cannot say.
        const double variance = covariance_of(*run)(i, i);
        const double weight = spread(i, i) / (spread(i, i) + variance);
        const double apart = mean_of(*run)[i] - mean[i];
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
    Runs others;
    for (std::size_t j = 0; j < runs.size(); ++j)
      if (j != i && knows(runs[j]) && runs[j]->verdict != Verdict::kRefused && alike(*runs[i], *runs[j]))
        others.push_back(&*runs[j]->sensor.knowledge);
    const SensorKnowledge& own = *runs[i]->sensor.knowledge;
    const Runs kept = witnesses(own, others);
    if (kept.empty()) continue;
    const SensorKnowledge belief = pooled(kept);
    const Eigen::Vector4d apart = mean_of(own) - mean_of(belief);
    const double d = square_distance(apart, covariance_of(own) + covariance_of(belief));
    const SensorEstimate& sensor = runs[i]->sensor;
    out[i] = BoardSensor{belief, *sensor.window_ms / *sensor.refresh_ms, kept.size(), std::sqrt(d)};
  }
  return out;
}

Expected<RegressionResult> attribute_with_board(const LatencyLog& latencies,
                                                std::span<const PowerSample> power, const Network& network,
                                                Microwatts idle, const RegressionOptions& options,
                                                const BoardSensor& sensor, const RegressionResult& alone) {
  constexpr double kFarOff = 5.0;
  constexpr double kClearlyWorse = 1.15;
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
