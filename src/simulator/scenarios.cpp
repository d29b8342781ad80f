// What each scenario draws. Every board differs in its chip, its power law, its host and its clocks; the
// scenario decides how large the nuisances are. Ranges are those of Jetson Orin class boards (INA3221 on a
// 5 V rail) and of profiler logs seen in practice, not what any estimator assumes.
#include <algorithm>
#include <array>
#include <functional>

#include "joulecast/simulator.h"
#include "simulator/random.h"

namespace joulecast {
namespace {

using simulator::Random;

constexpr std::array<std::string_view, 13> kScenarios{"easy",
                                                      "base",
                                                      "hard",
                                                      "stalls",
                                                      "clock-steps",
                                                      "missing-entries",
                                                      "log-ends-early",
                                                      "layers-alike",
                                                      "phase-lock",
                                                      "fast-refresh",
                                                      "no-idle",
                                                      "averaged",
                                                      "demo"};

// A chip between a small and a large Orin, its clocks as some power mode sets them.
void draw_chip(Random& random, PhysicsOptions& physics) {
  const bool large = random.chance(0.25);
  physics.multiprocessors = large ? 16.0 : 8.0;
  const double ghz = large ? random.uniform(0.35, 0.6) : random.uniform(0.5, 0.9);
  physics.peak_tflops = physics.multiprocessors * 2.048 * ghz;  // 1,024 FMA per multiprocessor and clock
  physics.memory_gb_per_s = random.uniform(0.6, 0.8) * (large ? 130.0 : 80.0);
  physics.cache_mb = large ? 4.0 : 2.0;
  physics.compute_efficiency = random.uniform(0.25, 0.5);
  physics.depthwise_efficiency = random.uniform(0.006, 0.02);
  physics.roofline_exponent = random.uniform(2.0, 6.0);
  physics.launch_us = random.uniform(5.0, 10.0);
  physics.shape_spread = random.uniform(0.03, 0.1);
}

void draw_power_law(Random& random, PhysicsOptions& physics) {
  constexpr std::array kLaws{PowerLaw::kSaturatingRates, PowerLaw::kEnergyPerWork, PowerLaw::kPowerCap,
                             PowerLaw::kKernelFamily};
  physics.law = kLaws[random.bits() % kLaws.size()];
  physics.active_w = random.uniform(0.7, 1.8);
  physics.compute_w = random.uniform(3.0, 7.0);
  physics.memory_w = random.uniform(1.5, 4.5);
  physics.rate_exponent = random.uniform(0.4, 0.9);
  physics.cap_w = random.uniform(5.0, 9.0);
  physics.power_spread = random.uniform(0.05, 0.15);
  physics.idle_w = random.uniform(3.6, 6.5);
}

void draw_host(Random& random, HostOptions& host) {
  host.event_gap_us = random.uniform(0.8, 3.0);
  host.event_gap_share = random.uniform(0.4, 0.95);
  host.first_callback_us = random.uniform(45.0, 75.0);
  host.first_callback_spread_us = random.uniform(2.0, 10.0);
  host.callback_us = random.uniform(9.5, 13.0);
  host.callback_jitter = random.uniform(0.05, 0.15);
  host.prepare_us = random.uniform(200.0, 700.0);
  host.prepare_jitter = random.uniform(0.05, 0.2);
  host.spin_w = random.uniform(0.2, 0.8);
  host.callback_w = random.uniform(0.5, 1.5);
  host.prepare_w = random.uniform(0.7, 2.0);
  host.tail_w = random.uniform(0.3, 2.0);
  host.tail_us = random.uniform(15.0, 80.0);
  host.gap_jitter = random.uniform(0.02, 0.08);
  host.warm_up_cycles = 20 + random.bits() % 31;
}

void set_conversion(SensorOptions& sensor, double microseconds) {
  sensor.shunt_conversion_us = microseconds;
  sensor.bus_conversion_us = microseconds;
}

// Every nuisance there, none dominant.
void draw_base(Random& random, Board& board) {
  draw_chip(random, board.physics);
  draw_power_law(random, board.physics);
  draw_host(random, board.host);
  PhysicsOptions& physics = board.physics;
  physics.cycle_jitter = random.uniform(0.01, 0.04);
  physics.clock_jitter = random.uniform(0.001, 0.006);
  physics.power_jitter = random.uniform(0.0, 0.03);
  physics.energy_elasticity = random.uniform(0.0, 1.0);
  physics.onset_share = random.uniform(0.0, 0.3);
  physics.onset_us = random.uniform(3.0, 12.0);
  physics.warming_w = random.uniform(0.05, 0.2);
  physics.warming_s = random.uniform(30.0, 120.0);
  physics.wander_w = random.uniform(0.0, 0.03);
  physics.wander_s = random.uniform(20.0, 90.0);
  physics.supply_tau_us = random.uniform(20.0, 150.0);
  board.host.stall_probability = random.uniform(0.0001, 0.0006);
  board.host.stall_us = random.uniform(5000.0, 20000.0);
  board.host.stall_w = random.uniform(0.2, 1.0);
  SensorOptions& sensor = board.sensor;
  sensor.channel = static_cast<int>(random.bits() % 3);
  sensor.clock_error = random.uniform(-0.01, 0.01);
  sensor.clock_drift_per_s = random.uniform(-2e-7, 2e-7);
  sensor.supply_v = random.uniform(4.95, 5.15);
  sensor.supply_ohm = random.uniform(0.005, 0.03);
  sensor.white_a = random.uniform(0.002, 0.006);
  sensor.white_v = random.uniform(0.001, 0.004);
  sensor.correlated_w = random.uniform(0.02, 0.06);
  sensor.correlated_us = random.log_uniform(5e3, 5e4);
  LoggerOptions& logger = board.logger;
  logger.poll_us = random.uniform(1250.0, 1400.0);
  logger.poll_jitter = random.uniform(0.01, 0.06);
  logger.pause_probability = random.uniform(0.00005, 0.0005);
  logger.voltage_read_us = random.uniform(60.0, 200.0);
  logger.current_read_us = random.uniform(80.0, 200.0);
  logger.idle_before_s = random.uniform(3.0, 8.0);
  logger.idle_after_s = random.uniform(3.0, 8.0);
}

// White noise, a fast sensor, no drift.
void draw_easy(Random& random, Board& board) {
  draw_base(random, board);
  PhysicsOptions& physics = board.physics;
  physics.power_jitter = physics.energy_elasticity = physics.onset_share = 0.0;
  physics.warming_w = physics.wander_w = 0.0;
  physics.supply_tau_us = random.uniform(5.0, 40.0);
  board.host.stall_probability = board.host.gap_jitter = 0.0;
  board.host.warm_up_cycles = 0;
  set_conversion(board.sensor, 332.0);
  board.sensor.correlated_w = 0.0;
  board.sensor.clock_drift_per_s = 0.0;
  board.logger.pause_probability = 0.0;
}

// Every nuisance large, and the clock set once.
void draw_hard(Random& random, Board& board) {
  draw_base(random, board);
  PhysicsOptions& physics = board.physics;
  if (random.chance(0.3)) physics.law = PowerLaw::kRandom;
  physics.power_spread = random.uniform(0.1, 0.3);
  physics.cycle_jitter = random.uniform(0.02, 0.06);
  physics.power_jitter = random.uniform(0.03, 0.08);
  physics.onset_share = random.uniform(0.2, 0.6);
  physics.onset_us = random.uniform(5.0, 25.0);
  physics.warming_w = random.uniform(0.3, 0.6);
  physics.wander_w = random.uniform(0.03, 0.1);
  physics.supply_tau_us = random.uniform(60.0, 250.0);
  board.host.event_gap_us = random.uniform(1.5, 5.0);
  board.host.event_gap_share = random.uniform(0.2, 1.0);
  board.host.prepare_jitter = random.uniform(0.15, 0.35);
  board.host.tail_w = random.uniform(1.0, 3.0);
  board.host.gap_jitter = random.uniform(0.1, 0.25);
  board.host.stall_probability = random.uniform(0.0005, 0.003);
  board.sensor.clock_drift_per_s = random.uniform(-1e-6, 1e-6);
  board.sensor.correlated_w = random.uniform(0.1, 0.2);
  board.sensor.glitch_probability = random.uniform(0.0, 0.0005);
  board.logger.poll_jitter = random.uniform(0.05, 0.15);
  board.logger.pause_probability = random.uniform(0.0005, 0.002);
  board.logger.dropped_line_probability = random.uniform(0.0, 0.0005);
  board.logger.clock_steps = 1;
  board.logger.clock_step_ms = random.log_uniform(3.0, 100.0);
}

void draw_stalls(Random& random, Board& board) {
  draw_base(random, board);
  board.host.stall_probability = random.uniform(0.005, 0.02);
  board.host.stall_us = random.uniform(5000.0, 30000.0);
  board.logger.pause_probability = random.uniform(0.0005, 0.002);
}

void draw_clock_steps(Random& random, Board& board) {
  draw_base(random, board);
  board.logger.clock_steps = 2 + random.bits() % 3;
  board.logger.clock_step_ms = random.log_uniform(2.0, 500.0);
}

void draw_missing_entries(Random& random, Board& board) {
  draw_base(random, board);
  board.host.missing_entry_probability = random.log_uniform(2e-6, 5e-5);
  board.logger.dropped_line_probability = random.uniform(0.0002, 0.001);
}

void draw_log_ends_early(Random& random, Board& board) {
  draw_base(random, board);
  board.logger.ends_at_share = random.uniform(0.6, 0.95);
}

void draw_layers_alike(Random& random, Board& board) {
  draw_base(random, board);
  board.physics.law = PowerLaw::kAlike;
  board.physics.active_w = random.uniform(2.0, 6.0);
  board.physics.power_spread = 0.0;
  board.physics.onset_share = 0.0;
}

// A camera's tick starts the inferences, and the sensor's refresh is a multiple of it (or it of the refresh):
// windows always fall on the same layers.
void draw_phase_lock(Random& random, Board& board) {
  draw_base(random, board);
  board.lock_phase = true;
  board.physics.cycle_jitter = random.uniform(0.0005, 0.002);
  board.physics.clock_jitter = 0.0;
  board.host.prepare_jitter = 0.02;
  board.host.stall_probability = 0.0;
  board.sensor.clock_drift_per_s = 0.0;
}

void draw_fast_refresh(Random& random, Board& board) {
  draw_base(random, board);
  set_conversion(board.sensor, 140.0);
  if (random.chance(0.5)) {
    board.sensor.channels = 1;
    board.sensor.channel = 0;
  }
}

void draw_no_idle(Random& random, Board& board) {
  draw_base(random, board);
  board.logger.idle_before_s = board.logger.idle_after_s = 0.0;
}

void draw_averaged(Random& random, Board& board) {
  draw_base(random, board);
  board.sensor.averaging = random.chance(0.5) ? 4 : 16;
}

// One fast channel polled as quickly as the bus allows, so that few cycles give every layer samples.
void draw_demo(Random& random, Board& board) {
  draw_easy(random, board);
  board.cycles = 3000;
  set_conversion(board.sensor, 140.0);
  board.sensor.channels = 1;
  board.sensor.channel = 0;
  board.logger.poll_us = 90.0;
  board.logger.poll_jitter = 0.1;
  board.logger.voltage_read_us = 25.0;
  board.logger.current_read_us = 30.0;
  board.logger.idle_before_s = board.logger.idle_after_s = 2.0;
}

void draw(std::string_view scenario, Random& random, Board& board) {
  if (scenario == "easy") return draw_easy(random, board);
  if (scenario == "hard") return draw_hard(random, board);
  if (scenario == "stalls") return draw_stalls(random, board);
  if (scenario == "clock-steps") return draw_clock_steps(random, board);
  if (scenario == "missing-entries") return draw_missing_entries(random, board);
  if (scenario == "log-ends-early") return draw_log_ends_early(random, board);
  if (scenario == "layers-alike") return draw_layers_alike(random, board);
  if (scenario == "phase-lock") return draw_phase_lock(random, board);
  if (scenario == "fast-refresh") return draw_fast_refresh(random, board);
  if (scenario == "no-idle") return draw_no_idle(random, board);
  if (scenario == "averaged") return draw_averaged(random, board);
  if (scenario == "demo") return draw_demo(random, board);
  draw_base(random, board);
}

}  // namespace

std::string_view to_string(PowerLaw law) {
  switch (law) {
    case PowerLaw::kSaturatingRates:
      return "saturating_rates";
    case PowerLaw::kEnergyPerWork:
      return "energy_per_work";
    case PowerLaw::kPowerCap:
      return "power_cap";
    case PowerLaw::kKernelFamily:
      return "kernel_family";
    case PowerLaw::kRandom:
      return "random";
    case PowerLaw::kAlike:
      return "alike";
  }
  return "";
}

std::span<const std::string_view> known_scenarios() {
  return kScenarios;
}

Expected<Board> draw_board(std::uint64_t seed, std::string_view scenario) {
  if (std::find(kScenarios.begin(), kScenarios.end(), scenario) == kScenarios.end()) {
    std::string names;
    for (const std::string_view name : kScenarios) names += (names.empty() ? "" : ", ") + std::string(name);
    return fail(ErrorKind::kUsage, "unknown scenario '" + std::string(scenario) + "'", {}, "one of " + names);
  }
  Board board;
  board.seed = seed;
  board.scenario = scenario;
  Random random(simulator::mix(seed, scenario));
  draw(scenario, random, board);
  return board;
}

}  // namespace joulecast
