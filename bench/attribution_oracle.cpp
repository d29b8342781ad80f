// Where an error of the attribution comes from: the fit as found beside the fit at the board's true
// nuisances.
//
//   attribution_oracle SCENARIO SEED NETWORK CYCLES
//
// If the true place has the higher evidence, the search is at fault; if it has the lower one, the model is;
// if the powers are wrong there too, noise is, or the prior. For development alone.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "joulecast/simulator.h"
#include "measurements/regression/run_fit.h"

namespace joulecast::regression {
namespace {

struct Errors {
  double long_layers = 0.0, all = 0.0, energy = 0.0;  // percent
  double rms_z = 0.0, covered = 0.0;  // single layers' errors over their sd; 90 % intervals, percent
};

Errors errors_of(const RunFit& run, const RunTruth& truth, const Eigen::VectorXd& powers,
                 const Eigen::MatrixXd& covariance) {
  double long_squares = 0.0, long_count = 0.0, squares = 0.0, energy = 0.0, z_squares = 0.0, inside = 0.0;
  for (std::size_t c = 0; c < run.layer_of_column.size(); ++c) {
    const LayerTruth& t = truth.layers[run.layer_of_column[c]];
    const double power = powers[static_cast<Eigen::Index>(c)];
    const double e = power / t.power_w - 1.0;
    squares += e * e;
    const auto k = static_cast<Eigen::Index>(c);
    const double z = (power - t.power_w) / std::sqrt(covariance(k, k));
    z_squares += z * z;
    inside += std::abs(z) < 1.645 ? 1.0 : 0.0;
    energy += power * t.run_time_ms;
    if (t.run_time_ms >= 0.05) long_squares += e * e, long_count += 1.0;
  }
  return {100.0 * std::sqrt(long_squares / long_count),
          100.0 * std::sqrt(squares / static_cast<double>(run.layer_of_column.size())),
          100.0 * (energy / truth.energy_mj - 1.0),
          std::sqrt(z_squares / static_cast<double>(run.layer_of_column.size())),
          100.0 * inside / static_cast<double>(run.layer_of_column.size())};
}

void show(const std::string& what, const RunFit& run, const RunTruth& truth, const PointFit& fit) {
  const Errors e = errors_of(run, truth, fit.powers, mix({{fit, 1.0}}).covariance);
  fmt::print(
      "{:<12} evidence {:+8.1f}  delay {:.1f} window {:.1f} low-pass {:.1f} pause {:.3f}  >= 50 us {:.1f} "
      "all {:.1f} "
      "energy {:+.2f} %  z {:.2f} cover {:.0f}  pause {:.2f} W  scatter {:.3f} steps {:.2f} W error by phase "
      "{:.4f} W  residual "
      "{:.4f} W\n",
      what, fit.log_evidence - run.best.log_evidence, fit.shape.delay_us, fit.shape.window_us,
      fit.shape.lowpass_us, fit.shape.event_gap_us, e.long_layers, e.all, e.energy, e.rms_z, e.covered,
      fit.powers[static_cast<Eigen::Index>(run.problem.columns.event_gap)], fit.prior.relative_sd,
      fit.spreads.steps_w, fit.spreads.discrepancy_w, fit.residual_w);
}

/// Each layer at a fit: where single intervals miss.
void list_layers(const RunFit& run, const RunTruth& truth, const PointFit& fit) {
  const Eigen::MatrixXd covariance = mix({{fit, 1.0}}).covariance;
  for (std::size_t c = 0; c < run.layer_of_column.size(); ++c) {
    const LayerTruth& t = truth.layers[run.layer_of_column[c]];
    const auto k = static_cast<Eigen::Index>(c);
    const double sd = std::sqrt(covariance(k, k));
    fmt::print("  {:<40.40} {:6.1f} us  true {:.2f} W  found {:.2f} +- {:.2f} W  z {:+.1f}  prior {:.2f} W\n",
               t.name, 1e3 * t.run_time_ms, t.power_w, fit.powers[k], sd, (fit.powers[k] - t.power_w) / sd,
               fit.prior.mean[k]);
  }
}

SensorShape true_shape(const Board& board, const RunTruth& truth, double layers) {
  SensorShape s;
  s.delay_us = -(board.logger.voltage_read_us + board.logger.current_read_us + board.host.first_callback_us +
                 board.host.first_callback_spread_us);
  s.window_us = board.sensor.shunt_conversion_us * (1.0 + board.sensor.clock_error);
  s.lowpass_us = board.physics.supply_tau_us;
  s.event_gap_us = 1e3 * truth.event_gap_ms / (layers - 1.0);
  s.elasticity = board.physics.energy_elasticity;
  s.timing_us = board.host.first_callback_spread_us;
  return s;
}

int run_oracle(const std::string& scenario, std::uint64_t seed, const std::string& name,
               std::uint64_t cycles) {
  const auto board = draw_board(seed, scenario);
  const auto network = make_topology(name);
  if (!board || !network) return 2;
  RunOptions options;
  options.cycles = cycles;
  const auto sim = simulate_run(*board, *network, options);
  RunFit run;
  if (!sim ||
      !fit_run(sim->latencies, sim->power, sim->network, to_watts(sim->idle.average).value, {}, run) ||
      !run.fitted) {
    fmt::print("no fit\n");
    return 1;
  }
  const RunTruth& truth = sim->truth;
  fmt::print("{} {} {}: {} layers, {:.3f} ms, true pause {:.2f} W, idle {:.3f} W found {:.3f} W, {} rows\n",
             scenario, seed, name, run.layer_of_column.size(), truth.run_time_ms,
             truth.event_gap_energy_mj / truth.event_gap_ms, truth.idle_run_w, run.baseline.mean_w,
             run.best.rows);
  show("best", run, truth, run.best);
  for (const GridPoint& g : run.grid) show(fmt::format("weight {:.3f}", g.weight), run, truth, g.fit);
  const SensorShape shape = true_shape(*board, truth, static_cast<double>(run.layer_of_column.size()));
  const ShapeFreedom held{1e-3, 1e-9, 0.0, 0.0, 0.0};
  const PointFit at_truth =
      fit_point(run.problem, run.noise, shape, held, shape, run.best.prior.form, &run.best, 3);
  show("truth", run, truth, at_truth);
  list_layers(run, truth, at_truth);
  const Errors e = errors_of(run, truth, run.mixture.powers, run.mixture.covariance);
  fmt::print("mixture: >= 50 us {:.1f} all {:.1f} energy {:+.2f} %  z {:.2f} cover {:.0f}\n", e.long_layers,
             e.all, e.energy, e.rms_z, e.covered);
  fmt::print("noise: sigma {:.4f} W rho {:.3f} timing {:.1f} us (true mean {:.1f})\n", run.noise.sigma_w,
             run.noise.rho, run.noise.timing_us, board->host.first_callback_spread_us);
  return 0;
}

}  // namespace
}  // namespace joulecast::regression

int main(int count, char** arguments) {
  if (count != 5) {
    fmt::print(stderr, "usage: attribution_oracle SCENARIO SEED NETWORK CYCLES\n");
    return 2;
  }
  return joulecast::regression::run_oracle(arguments[1], std::strtoull(arguments[2], nullptr, 10),
                                           arguments[3], std::strtoull(arguments[4], nullptr, 10));
}
