// Columns fall in two parts: layers (L), which get the physical prior, and extras (E): event gap, host gap
// and its deviations, and the derivatives by delay, window, low-pass and event gap, whose uncertainty thereby
// enters the layers' covariance. With A, r in units of the noise variance and the extras' own priors added,
//   S = A_LL - A_LE A_EE^-1 A_EL,   r_S = r_L - A_LE A_EE^-1 r_E
// is all that the prior's fit needs. The run's mean power enters as one row of high weight: whatever happens
// to single layers, their sum must give it.
//
// The Laplace evidence of a place is -Q/2 - log det(posterior precision)/2 + log det(prior precision)/2 with
// Q the penalised sum of squares at the posterior mean.
#include "measurements/regression/fit.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>

#include "numerics/quantiles.h"

namespace joulecast::regression {
namespace {

struct ExtraPriors {
  Eigen::VectorXd mean;
  Eigen::VectorXd precision;
};

/// Priors of the columns behind the layers. In the host gap the GPU idles and one core works.
ExtraPriors extra_priors(const StateColumns& c, const Spreads& spreads, const SensorShape& at,
                         const ShapeFreedom& freedom, const SensorShape& centre) {
  const auto extras = static_cast<Eigen::Index>(c.count - c.layers);
  ExtraPriors out{Eigen::VectorXd::Zero(extras), Eigen::VectorXd::Zero(extras)};
  const auto set = [&](std::size_t column, double mean, double sd) {
    const auto i = static_cast<Eigen::Index>(column - c.layers);
    out.mean[i] = mean;
    out.precision[i] = 1.0 / (sd * sd);
  };
  const double level = spreads.level_w;
  set(c.event_gap, kEventGapShare * level, 0.02 * level);
  set(c.host_gap, 0.4 * level, 0.3 * level);
  for (std::size_t b = 0; b < c.steps; ++b) set(c.first_step + b, 0.0, c.step_scale[b] * spreads.steps_w);
  for (std::size_t b = 0; b < c.phases; ++b) set(c.first_phase + b, 0.0, spreads.discrepancy_w);
  constexpr double kHeld = 1e-6;
  set(c.by_delay, centre.delay_us - at.delay_us, freedom.delay_us > 0.0 ? freedom.delay_us : kHeld);
  set(c.by_window, centre.window_us - at.window_us,
      freedom.window_share > 0.0 ? freedom.window_share * centre.window_us : kHeld);
  const auto optional = [&](std::size_t column, double step, double sd) {
    set(column, sd > 0.0 ? step : 0.0, sd > 0.0 ? sd : kHeld);
  };
  optional(c.by_lowpass, centre.lowpass_us - at.lowpass_us, freedom.lowpass_us);
  optional(c.by_event_gap, centre.event_gap_us - at.event_gap_us, freedom.event_gap_us);
  optional(c.by_elasticity, centre.elasticity - at.elasticity, freedom.elasticity);
  return out;
}

/// What the board's other runs say of the shape, as one more observation of its steps from a place.
struct ShapePull {
  std::array<Eigen::Index, 4> columns{};  ///< counted from the first column behind the layers
  Eigen::Vector4d mean = Eigen::Vector4d::Zero();
  Eigen::Matrix4d precision = Eigen::Matrix4d::Zero();

  ShapePull(const FitProblem& problem, const SensorShape& at) {
    const StateColumns& c = problem.columns;
    const std::array<std::size_t, 4> in = {c.by_delay, c.by_lowpass, c.by_event_gap, c.by_elasticity};
    for (std::size_t i = 0; i < in.size(); ++i) columns[i] = static_cast<Eigen::Index>(in[i] - c.layers);
    if (!problem.belief) return;
    mean = problem.belief->mean - Eigen::Vector4d(at.delay_us, at.lowpass_us, at.event_gap_us, at.elasticity);
    precision = problem.belief->precision;
  }
  /// Adds it to the normal equations of the columns behind the layers.
  void add_to(Eigen::MatrixXd& a, Eigen::VectorXd& r) const {
    const Eigen::Vector4d right = precision * mean;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      r[columns[i]] += right[static_cast<Eigen::Index>(i)];
      for (std::size_t j = 0; j < columns.size(); ++j)
        a(columns[i], columns[j]) += precision(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
    }
  }
  /// Squared distance of some steps from it.
  [[nodiscard]] double penalty(const Eigen::VectorXd& extras) const {
    Eigen::Vector4d apart;
    for (std::size_t i = 0; i < columns.size(); ++i)
      apart[static_cast<Eigen::Index>(i)] = extras[columns[i]] - mean[static_cast<Eigen::Index>(i)];
    return apart.dot(precision * apart);
  }
};

/// The mean of the used rows as one more observation.
struct EnergyRow {
  Eigen::VectorXd x;
  double y = 0.0;
  double sd = 1.0;
};

EnergyRow energy_row(const FitProblem& problem, const DesignRows& rows) {
  EnergyRow out;
  out.x.setZero(static_cast<Eigen::Index>(rows.columns));
  double count = 0.0;
  for (std::size_t m = 0; m < rows.rows(); ++m) {
    if (!rows.usable[m] || !problem.mask[m]) continue;
    for (std::uint32_t i = rows.begin[m]; i < rows.begin[m + 1]; ++i) {
      out.x[rows.column[i]] += static_cast<double>(rows.value[i]);
    }
    out.y += problem.targets[m];
    count += 1.0;
  }
  if (count > 0.0) {
    out.x /= count;
    out.y /= count;
  }
  out.sd = 5e-4 + 1e-4 * std::abs(out.y);
  return out;
}

double log_det(const Eigen::LLT<Eigen::MatrixXd>& chol) {
  return 2.0 * chol.matrixLLT().diagonal().array().log().sum();
}

std::vector<double> row_weights(const WhiteRows& rows, const NoiseModel& noise) {
  std::vector<double> weights(rows.rows(), 1.0);
  if (!noise.weights.empty()) {
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = noise.weights[rows.source[i]];
  }
  return weights;
}

SensorShape stepped(const SensorShape& at, const StateColumns& c, const Eigen::VectorXd& powers) {
  const auto step = [&](std::size_t column, double limit) {
    return std::clamp(powers[static_cast<Eigen::Index>(column)], -limit, limit);
  };
  SensorShape next = at;
  next.delay_us += step(c.by_delay, 0.15 * at.window_us);
  next.window_us = std::max(20.0, at.window_us + step(c.by_window, 0.1 * at.window_us));
  next.lowpass_us = std::max(0.0, at.lowpass_us + step(c.by_lowpass, 40.0));
  next.event_gap_us = std::clamp(at.event_gap_us + step(c.by_event_gap, 1.0), 0.0, kMostEventGapUs);
  next.elasticity = std::clamp(at.elasticity + step(c.by_elasticity, 0.5), -0.5, 1.5);
  return next;
}

bool settled(const SensorShape& a, const SensorShape& b) {
  return std::abs(a.delay_us - b.delay_us) < 0.7 && std::abs(a.window_us - b.window_us) < 0.7 &&
         std::abs(a.lowpass_us - b.lowpass_us) < 1.0 && std::abs(a.event_gap_us - b.event_gap_us) < 0.02 &&
         std::abs(a.elasticity - b.elasticity) < 0.02;
}

struct Solved {
  PriorFit prior;
  Spreads spreads;
  Eigen::VectorXd powers;
  Eigen::VectorXd extra_prior_mean;
  Eigen::VectorXd extra_prior_precision;
  EnergyRow energy;
  double log_det_extras = 0.0;
  double pull_penalty = 0.0;
  Eigen::VectorXd extra_variance;
  Eigen::MatrixXd extra_covariance;  ///< of the last iteration
  Eigen::VectorXd by_gap_power;
};

/// What is believed of the sd of a group of columns: an inverse gamma on its square, as if `columns` had been
/// seen with this sd. Without it the steps of the gap can grow until they play a layer's part.
struct SpreadBelief {
  double sd = 1.0;
  double columns = 4.0;
  /// Log density of the square at sd^2, but for a constant.
  [[nodiscard]] double log_density(double at) const {
    const double ratio = sd / at;
    return columns * std::log(ratio) - 0.5 * columns * ratio * ratio;
  }
};

SpreadBelief steps_belief(const Spreads& s) {
  return {0.1 * s.level_w, 6.0};
}
SpreadBelief discrepancy_belief() {
  return {2e-3, 4.0};
}

/// MacKay's fixed point for the sd of a group of columns with prior N(0, sd^2): sum of squares over the
/// number of columns that the data determine, the believed ones added to both.
/// `scale`: of each column's own sd; empty: all 1.
double updated_sd(const Solved& s, Eigen::Index first_extra, Eigen::Index layers, Eigen::Index size,
                  double sd, const SpreadBelief& belief, const std::vector<double>& scale = {}) {
  if (size == 0) return sd;
  double squares = belief.columns * belief.sd * belief.sd;
  double determined = belief.columns;
  for (Eigen::Index i = 0; i < size; ++i) {
    const double c = scale.empty() ? 1.0 : scale[static_cast<std::size_t>(i)];
    const double p = s.powers[layers + first_extra + i] / c;
    squares += p * p;
    determined += std::max(0.0, 1.0 - s.extra_variance[first_extra + i] / (sd * sd * c * c));
  }
  return std::sqrt(squares / determined);
}

/// A_EE^-1 + G C G', G = A_EE^-1 A_EL: its diagonal, and all of it where wanted.
void set_extra_covariance(const Eigen::LLT<Eigen::MatrixXd>& chol, const Eigen::MatrixXd& gain,
                          const Eigen::MatrixXd& covariance, bool all, Solved& out) {
  const Eigen::Index ne = gain.rows();
  const Eigen::LLT<Eigen::MatrixXd> root(covariance);
  const Eigen::MatrixXd spread = gain * root.matrixL();
  const Eigen::MatrixXd inverse_root = chol.matrixL().solve(Eigen::MatrixXd::Identity(ne, ne));
  out.extra_variance = inverse_root.colwise().squaredNorm().transpose() + spread.rowwise().squaredNorm();
  if (all) out.extra_covariance = inverse_root.transpose() * inverse_root + spread * spread.transpose();
}

Solved solve(const FitProblem& problem, const NoiseModel& noise, const DesignRows& rows,
             const WhiteRows& white, const SensorShape& at, const ShapeFreedom& freedom,
             const SensorShape& centre, PriorFeatures::Form form, const PriorFit* prior, const Spreads& start,
             int iterations) {
  const StateColumns& c = problem.columns;
  const auto nl = static_cast<Eigen::Index>(c.layers);
  const auto ne = static_cast<Eigen::Index>(c.count) - nl;
  Eigen::MatrixXd a;
  Eigen::VectorXd r;
  accumulate(white, row_weights(white, noise), a, r);
  const double inverse_variance = 1.0 / (noise.sigma_w * noise.sigma_w);
  a *= inverse_variance;
  r *= inverse_variance;
  Solved out;
  out.energy = energy_row(problem, rows);
  const double heavy = 1.0 / (out.energy.sd * out.energy.sd);
  a += heavy * out.energy.x * out.energy.x.transpose();
  r += heavy * out.energy.y * out.energy.x;

  const double busy_share = std::max(0.05, out.energy.x.head(nl).sum());
  out.spreads = start;
  if (out.spreads.level_w <= 0.0) {
    out.spreads.level_w = std::max(0.2, out.energy.y / (busy_share + 0.35 * (1.0 - busy_share)));
    out.spreads.steps_w = 0.1 * out.spreads.level_w;
    out.spreads.discrepancy_w = 0.003 * out.spreads.level_w;
  }
  if (prior != nullptr) out.prior = *prior;
  const ShapePull pull(problem, at);
  for (int i = 0; i < iterations; ++i) {
    const ExtraPriors extra = extra_priors(c, out.spreads, at, freedom, centre);
    Eigen::MatrixXd a_ee = a.bottomRightCorner(ne, ne);
    a_ee.diagonal() += extra.precision;
    Eigen::VectorXd r_e = r.tail(ne) + extra.precision.cwiseProduct(extra.mean);
    pull.add_to(a_ee, r_e);
    const Eigen::LLT<Eigen::MatrixXd> chol(a_ee);
    const Eigen::MatrixXd half = chol.matrixL().solve(a.bottomLeftCorner(ne, nl));  // L^-1 A_EL
    Eigen::MatrixXd information = a.topLeftCorner(nl, nl);
    information.selfadjointView<Eigen::Lower>().rankUpdate(half.transpose(), -1.0);
    information.triangularView<Eigen::StrictlyUpper>() = information.transpose();
    const Eigen::VectorXd half_right = chol.matrixL().solve(r_e);
    const Eigen::VectorXd right = r.head(nl) - half.transpose() * half_right;
    const Eigen::MatrixXd gain = chol.matrixU().solve(half);  // A_EE^-1 A_EL
    const bool cold = out.prior.power.size() == 0;
    out.prior =
        fit_prior(problem.features, form, information, right, cold ? nullptr : &out.prior, cold ? 8 : 2);
    out.powers.resize(nl + ne);
    out.powers.head(nl) = out.prior.power;
    out.powers.tail(ne) = chol.matrixU().solve(half_right) - gain * out.prior.power;
    out.extra_prior_mean = extra.mean;
    out.extra_prior_precision = extra.precision;
    out.log_det_extras = log_det(chol);
    out.pull_penalty = pull.penalty(out.powers.tail(ne));
    const bool last = i + 1 == iterations;
    set_extra_covariance(chol, gain, out.prior.covariance, last, out);
    if (last) {
      const auto pause = static_cast<Eigen::Index>(c.event_gap) - nl;
      out.by_gap_power = -(out.prior.covariance * gain.row(pause).transpose()) / out.extra_variance[pause];
      break;
    }
    Spreads& s = out.spreads;
    const double mean_w = out.energy.x.head(nl).dot(out.prior.power) / busy_share;
    s.level_w = std::clamp(mean_w, 0.5 * s.level_w, 2.0 * s.level_w);
    const auto step = static_cast<Eigen::Index>(c.first_step) - nl;
    const auto phase = static_cast<Eigen::Index>(c.first_phase) - nl;
    s.steps_w = std::clamp(updated_sd(out, step, nl, static_cast<Eigen::Index>(c.steps), s.steps_w,
                                      steps_belief(s), c.step_scale),
                           0.02 * s.level_w, 0.2 * s.level_w);
    s.discrepancy_w = std::clamp(updated_sd(out, phase, nl, static_cast<Eigen::Index>(c.phases),
                                            s.discrepancy_w, discrepancy_belief()),
                                 5e-4, 0.1);
  }
  return out;
}

void judge(const FitProblem& problem, const NoiseModel& noise, const WhiteRows& white, const Solved& solved,
           PointFit& fit) {
  const auto nl = static_cast<Eigen::Index>(problem.columns.layers);
  std::vector<double> rest;
  residuals(white, solved.powers, rest);
  const std::vector<double> weights = row_weights(white, noise);
  const double inverse_variance = 1.0 / (noise.sigma_w * noise.sigma_w);
  double q = 0.0;
  double sum_weights = 0.0;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const double square = weights[i] * rest[i] * rest[i] * inverse_variance;
    q += square;
    sum_weights += weights[i];
  }
  fit.residual_w = std::sqrt(q / inverse_variance / std::max(1.0, sum_weights));
  const double energy_miss = (solved.energy.y - solved.energy.x.dot(solved.powers)) / solved.energy.sd;
  q += energy_miss * energy_miss;
  const Eigen::VectorXd extras = solved.powers.tail(solved.powers.size() - nl) - solved.extra_prior_mean;
  const double before_priors = q;
  q += solved.extra_prior_precision.cwiseProduct(extras).dot(extras) + solved.pull_penalty;
  const PriorFit& prior = solved.prior;
  q += prior.penalty;
  fit.prior_penalty = 0.5 * (q - before_priors);
  fit.log_evidence = 0.5 * (-q + prior.log_det_gain - solved.log_det_extras +
                            solved.extra_prior_precision.array().log().sum());
  const SpreadBelief scatter{kUsualRelativeSd, kBelievedLayers};
  fit.log_evidence += steps_belief(solved.spreads).log_density(solved.spreads.steps_w) +
                      discrepancy_belief().log_density(solved.spreads.discrepancy_w) +
                      scatter.log_density(prior.relative_sd);
  fit.mean_shares = solved.energy.x;
  fit.mean_target = solved.energy.y;
  fit.row_phase_us = white.phase_us;
  fit.rows = white.rows();
}

}  // namespace

PointFit fit_point(const FitProblem& problem, const NoiseModel& noise, const SensorShape& start,
                   const ShapeFreedom& freedom, const SensorShape& centre, PriorFeatures::Form form,
                   const PointFit* near, int steps) {
  const StateColumns& c = problem.columns;
  PointFit fit;
  fit.powers = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(c.count));
  DesignRows rows;
  WhiteRows white;
  SensorShape shape = start;
  PriorFit warm;
  if (near != nullptr) {
    fit.powers = near->powers;
    fit.spreads = near->spreads;
    if (near->prior.form == form) warm = near->prior;
  }
  for (int step = 0; step < steps; ++step) {
    const std::span<const double> at(fit.powers.data(), static_cast<std::size_t>(fit.powers.size()));
    build_rows(*problem.timeline, c, problem.conversions, shape, at, 0.0, rows);
    whiten(rows, problem.conversions, problem.targets, problem.mask, noise.rho, white);
    const bool cold = warm.power.size() == 0;
    const Solved solved = solve(problem, noise, rows, white, shape, freedom, centre, form,
                                cold ? nullptr : &warm, fit.spreads, cold ? 6 : (steps == 1 ? 2 : 4));
    fit.spreads = solved.spreads;
    fit.by_gap_power = solved.by_gap_power;
    const SensorShape next = stepped(shape, c, solved.powers);
    const bool last = step + 1 == steps || (step > 0 && settled(shape, next));
    if (last) {
      judge(problem, noise, white, solved, fit);
      const auto nl = static_cast<Eigen::Index>(c.layers);
      fit.shape_covariance = solved.extra_covariance.block(static_cast<Eigen::Index>(c.by_delay) - nl,
                                                           static_cast<Eigen::Index>(c.by_delay) - nl, 5, 5);
    }
    fit.powers = solved.powers;
    warm = solved.prior;
    shape = next;
    if (last) break;
  }
  fit.prior = std::move(warm);
  fit.shape = shape;
  return fit;
}

namespace {

/// Residuals v - x'p by conversion (NaN where unused), and what timing adds to each row's variance per us^2.
struct Rest {
  std::vector<double> watts;
  std::vector<double> timing;
};
Rest rest_of(const FitProblem& problem, const PointFit& fit) {
  DesignRows rows;
  const std::span<const double> powers(fit.powers.data(), static_cast<std::size_t>(fit.powers.size()));
  build_rows(*problem.timeline, problem.columns, problem.conversions, fit.shape, powers, 0.0, rows);
  Rest out;
  out.watts.assign(rows.rows(), std::nan(""));
  out.timing.assign(rows.timing_variance.begin(), rows.timing_variance.end());
  for (std::size_t m = 0; m < rows.rows(); ++m) {
    if (!rows.usable[m] || !problem.mask[m]) continue;
    double fitted = 0.0;
    for (std::uint32_t i = rows.begin[m]; i < rows.begin[m + 1]; ++i) {
      if (rows.column[i] >= problem.columns.by_delay) break;  // the shape has taken these steps
      fitted += static_cast<double>(rows.value[i]) * fit.powers[rows.column[i]];
    }
    out.watts[m] = problem.targets[m] - fitted;
  }
  return out;
}

double correlation(const FitProblem& problem, const std::vector<double>& scaled) {
  double squares = 0.0, products = 0.0, pairs = 0.0, count = 0.0;
  const auto clipped = [](double r) {
    return std::clamp(r, -4.0, 4.0);
  };  // a few glitches must not decide it
  for (std::size_t m = 0; m < scaled.size(); ++m) {
    if (std::isnan(scaled[m])) continue;
    squares += clipped(scaled[m]) * clipped(scaled[m]);
    count += 1.0;
    if (m == 0 || std::isnan(scaled[m - 1]) || !problem.conversions[m].follows_previous) continue;
    products += clipped(scaled[m]) * clipped(scaled[m - 1]);
    pairs += 1.0;
  }
  const double rho = pairs > 0.0 ? products / pairs / (squares / count) : 0.0;
  return std::abs(rho) < 0.05 ? 0.0 : std::clamp(rho, -0.5, 0.98);
}

constexpr double kTDegrees = 5.0;

/// Row variances sigma^2 + timing^2 j_m.
struct Spread {
  double variance = 0.0;
  double timing_variance = 0.0;
};
Spread spread_of(const std::vector<double>& rest, const std::vector<double>& timing) {
  std::vector<double> squares;
  std::vector<double> sizes;
  std::vector<double> slopes;
  for (std::size_t m = 0; m < rest.size(); ++m) {
    if (std::isnan(rest[m])) continue;
    squares.push_back(rest[m] * rest[m]);
    sizes.push_back(std::abs(rest[m]));
    slopes.push_back(timing[m]);
  }
  Spread s;
  const double typical = 1.4826 * upper_median(sizes);
  s.variance = std::max(1e-8, typical * typical);
  // Squares regressed on a + b slope, weights 1 / (a + b slope)^2, large squares clipped.
  double largest = 1e-12;
  for (const double x : slopes) largest = std::max(largest, x);
  for (int i = 0; i < 15; ++i) {
    double n = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0;
    for (std::size_t m = 0; m < squares.size(); ++m) {
      const double total = s.variance + s.timing_variance * slopes[m];
      const double w = 1.0 / (total * total);
      const double x = slopes[m] / largest;
      const double y = std::min(squares[m], (i < 3 ? 1e9 : 12.0) * total);
      n += w, sx += w * x, sy += w * y, sxx += w * x * x, sxy += w * x * y;
    }
    const double det = n * sxx - sx * sx;
    double slope = det > 1e-9 * n * sxx ? (n * sxy - sx * sy) / det : 0.0;
    slope = std::clamp(slope, 0.0, 2500.0 * largest);  // 50 us at most
    s.timing_variance = slope / largest;
    s.variance = std::max(1e-8, 0.05 * typical * typical);
    s.variance = std::max(s.variance, (sy - slope * sx) / n);
  }
  return s;
}

/// A callback is late, never early: where its delay dominates a row, errors are skewed, and a robust weight
/// would settle on their mode at one edge of the inference and on their mean at the other, which looks like a
/// longer event gap. Such rows keep the mean: degrees of freedom grow.
double degrees(double ordinary) {
  return std::min(200.0, kTDegrees / std::max(1e-3, ordinary));
}

/// Residuals divided by what their rows' ordinary noise and timing make of sigma, and the ordinary share
/// 1 / (1 + what timing adds) of each row's variance.
struct Scaled {
  std::vector<double> rest;
  std::vector<double> ordinary;
};
Scaled scaled_by(const Spread& spread, const Rest& rest) {
  const std::size_t n = rest.watts.size();
  Scaled out{std::vector<double>(n, std::nan("")), std::vector<double>(n, 1.0)};
  for (std::size_t m = 0; m < n; ++m) {
    out.ordinary[m] = spread.variance / (spread.variance + spread.timing_variance * rest.timing[m]);
    out.rest[m] = rest.watts[m] * std::sqrt(out.ordinary[m] / spread.variance);
  }
  return out;
}

/// Residuals in W with the correlation taken off, rows of much timing noise scaled down.
std::vector<double> whitened(const FitProblem& problem, const std::vector<double>& watts,
                             const std::vector<double>& ordinary, double rho) {
  std::vector<double> white(watts.size(), std::nan(""));
  const double alone = std::sqrt(1.0 - rho * rho);
  for (std::size_t m = 0; m < watts.size(); ++m) {
    if (std::isnan(watts[m])) continue;
    const bool joined = m > 0 && problem.conversions[m].follows_previous && !std::isnan(watts[m - 1]);
    const double e = joined ? watts[m] - rho * watts[m - 1] : alone * watts[m];
    white[m] = e * std::sqrt(ordinary[m]);
  }
  return white;
}

/// Student's scale, squared: the fixed point of its likelihood.
double student_variance(const std::vector<double>& white, const std::vector<double>& ordinary, double start,
                        double count) {
  double variance = start;
  for (int i = 0; i < 20; ++i) {
    double sum = 0.0;
    for (std::size_t m = 0; m < white.size(); ++m) {
      if (std::isnan(white[m])) continue;
      const double nu = degrees(ordinary[m]);
      sum += (nu + 1.0) / (nu + white[m] * white[m] / variance) * white[m] * white[m];
    }
    variance = std::max(1e-8, sum / count);
  }
  return variance;
}

/// Sets the robust weights, the likelihood and sigma. `variance` is Student's scale, squared.
void weigh_rows(const FitProblem& problem, const std::vector<double>& white,
                const std::vector<double>& ordinary, double variance, NoiseModel& noise) {
  const double count = noise.rows;
  noise.weights.assign(white.size(), 1.0);
  // Information per row of an M-estimator with psi = w e is mean(psi')^2 / mean(psi^2); the plain weighted
  // normal equations would claim mean(w) / sigma^2, too much for noise that is not Student's.
  double psi_squares = 0.0, slopes = 0.0, weights = 0.0, psi_products = 0.0;
  double psi_before = 0.0;  // 0 where there is no row before
  noise.log_likelihood = 0.0;
  for (std::size_t m = 0; m < white.size(); ++m) {
    if (std::isnan(white[m])) {
      psi_before = 0.0;
      continue;
    }
    const double u = white[m] * white[m] / variance;
    const double nu = degrees(ordinary[m]);
    const double w = (nu + 1.0) / (nu + u);
    noise.weights[m] = w * ordinary[m];
    noise.log_likelihood += 0.5 * std::log(ordinary[m] / variance) - 0.5 * (nu + 1.0) * std::log1p(u / nu);
    const double psi = w * white[m];
    psi_squares += psi * psi;
    if (problem.conversions[m].follows_previous) psi_products += psi * psi_before;
    psi_before = psi;
    slopes += (nu + 1.0) * (nu - u) / ((nu + u) * (nu + u));
    weights += w;
  }
  noise.sigma_w = std::sqrt(weights / count * psi_squares / count) / std::max(0.2, slopes / count);
  // One coefficient does not whiten white noise over slow noise. Windows fall anywhere in the cycle, so that
  // whitened rows of the design correlate by -rho / (1 + rho^2); where residuals do too, rows tell less.
  const double design = -noise.rho / (1.0 + noise.rho * noise.rho);
  noise.sigma_w *= std::sqrt(std::max(1.0, 1.0 + 2.0 * design * psi_products / std::max(1e-30, psi_squares)));
}

}  // namespace

std::vector<double> plain_residuals(const FitProblem& problem, const PointFit& fit) {
  return rest_of(problem, fit).watts;
}

void update_noise(const FitProblem& problem, const PointFit& fit, NoiseModel& noise) {
  const Rest rest = rest_of(problem, fit);
  const auto used =
      std::count_if(rest.watts.begin(), rest.watts.end(), [](double r) { return !std::isnan(r); });
  if (used < 50) return;
  const Spread spread = spread_of(rest.watts, rest.timing);
  const Scaled scaled = scaled_by(spread, rest);
  noise.timing_us = std::sqrt(spread.timing_variance);
  noise.rho = correlation(problem, scaled.rest);
  const std::vector<double> white = whitened(problem, rest.watts, scaled.ordinary, noise.rho);
  noise.rows = static_cast<double>(used);
  const double variance = student_variance(white, scaled.ordinary, spread.variance, noise.rows);
  weigh_rows(problem, white, scaled.ordinary, variance, noise);
}

}  // namespace joulecast::regression
