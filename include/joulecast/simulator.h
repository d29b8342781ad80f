// A board with known truth: writes the logs that a real board would write, and beside them what they hide.
//
// Stage `simulator`. It knows nothing of any estimator: layers take time and power by physics of their own,
// a host runs the inferences, a sensor converts, a logger polls. Each part has its own options; a scenario is
// a way of drawing all of them at random within physical ranges. Everything follows from the seeds: the same
// seed gives the same bytes on every platform (own generator, own exp and log).
//
// Units: microseconds on the board's true time axis, watts, volts, amperes, unless a name says otherwise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/error.h"
#include "joulecast/networks.h"
#include "joulecast/raw_logs.h"

namespace joulecast {

/// How a layer's power above idle follows from what it does. u = FLOPs per second and m = DRAM bytes per
/// second, as shares of the device's peaks.
enum class PowerLaw {
  kSaturatingRates,  ///< active + compute u^exponent + memory m^exponent
  kEnergyPerWork,    ///< active + compute u + memory m: energy is linear in FLOPs, bytes and time
  kPowerCap,         ///< kSaturatingRates, bent smoothly below a cap
  kKernelFamily,     ///< a level by kind and tile of the kernel, shape matters little
  kRandom,           ///< uniform between two levels, whatever the shape
  kAlike,            ///< the same for every layer
};
std::string_view to_string(PowerLaw law);

/// What the chip does: run time and power of layers, and how power comes on.
struct PhysicsOptions {
  // Run time: launch floor + p-norm of compute and memory time, times a factor by shape.
  double multiprocessors = 8.0;
  double peak_tflops = 10.0;            ///< FP16 tensor cores, dense
  double memory_gb_per_s = 60.0;        ///< DRAM, as achieved by a copy
  double cache_mb = 2.0;                ///< tensors that fit come at 2.5 times that rate
  double compute_efficiency = 0.4;      ///< of a full wave of tiles
  double depthwise_efficiency = 0.012;  ///< grouped kernels, as a share of the tensor-core peak
  double roofline_exponent = 4.0;       ///< of the p-norm; large = a sharp corner
  double launch_us = 7.0;               ///< floor of every kernel
  double shape_spread = 0.06;           ///< sd of the log of the factor that a shape has beyond that
  double cycle_jitter = 0.02;           ///< sd of the log run time of a layer from cycle to cycle
  double clock_jitter = 0.003;          ///< the same, common to all layers of a cycle
  // Power above idle.
  PowerLaw law = PowerLaw::kSaturatingRates;
  double active_w = 1.2;
  double compute_w = 5.0;
  double memory_w = 3.0;
  double rate_exponent = 0.6;
  double cap_w = 7.0;
  double power_spread = 0.1;       ///< sd of the log of the factor that a shape has beyond the law
  double power_jitter = 0.0;       ///< relative sd by layer and cycle
  double energy_elasticity = 0.0;  ///< power ~ (run time / its mean)^-this within a layer
  // Time course.
  double onset_share = 0.0;     ///< a layer starts at (1 - this) of its power ...
  double onset_us = 10.0;       ///< ... and comes to it with this time constant
  double idle_w = 4.5;          ///< board, cold
  double warming_w = 0.0;       ///< leakage added when fully warm
  double warming_s = 60.0;      ///< time constant of warming and cooling
  double wander_w = 0.0;        ///< amplitude of a slow sinusoid of the idle power (fan, rails)
  double wander_s = 40.0;       ///< its period
  double supply_tau_us = 60.0;  ///< low-pass between chip and sensor; 0 = none
};

/// What the host does between inferences, and how it reports.
struct HostOptions {
  std::uint64_t warm_up_cycles = 0;       ///< inferences before the recorded ones, seen by the sensor alone
  double event_gap_us = 1.5;              ///< between layers, in no layer's reported time
  double event_gap_share = 0.7;           ///< power of it, as a share of the run's mean layer power
  double first_callback_us = 55.0;        ///< from GPU end to the first callback's time stamp, at least
  double first_callback_spread_us = 6.0;  ///< mean of the exponential tail on top
  double callback_us = 11.0;              ///< between callbacks
  double callback_jitter = 0.1;           ///< relative sd of each
  double prepare_us = 350.0;              ///< from the last callback to the next GPU start
  double prepare_jitter = 0.1;            ///< relative sd (log-normal)
  double spin_w = 0.5;                    ///< the host waiting during an inference; part of every layer
  double callback_w = 1.0;                ///< the host running callbacks
  double prepare_w = 1.4;                 ///< the host preparing the next inference
  double tail_w = 1.0;                    ///< GPU's power just after its end ...
  double tail_us = 40.0;                  ///< ... dying away with this time constant
  double gap_jitter = 0.05;               ///< relative sd of the gap's power from cycle to cycle
  double stall_probability = 0.0;         ///< of a cycle
  double stall_us = 15000.0;              ///< mean length (exponential, plus 2 ms)
  double stall_w = 0.6;  ///< power during a stall, log-normal with sd 0.5 from stall to stall
  double pace_us = 0.0;  ///< inferences start on ticks of this period (a camera); 0 = at once
  double missing_entry_probability = 0.0;  ///< that a layer's entry is missing in a cycle
  double coarse_stamp_share = 0.95;        ///< of event times on the 1.024 us grid; the rest on 32 ns
};

/// An INA3221: channels in turn, shunt then bus voltage of each, continuously.
struct SensorOptions {
  double shunt_conversion_us = 1100.0;  ///< 140, 204, 332, 588, 1100, 2116, 4156, 8244
  double bus_conversion_us = 1100.0;
  int channels = 3;                ///< enabled
  int channel = 0;                 ///< position of the logged rail among them
  int averaging = 1;               ///< 1, 4, 16, ...: output += (new - output) / averaging
  double clock_error = 0.0;        ///< relative error of the conversion clock
  double clock_drift_per_s = 0.0;  ///< its change per second
  double supply_v = 5.0;           ///< unloaded
  double supply_ohm = 0.01;        ///< its droop
  double shunt_step_a = 0.008;     ///< 40 uV over 5 mOhm
  double bus_step_v = 0.008;
  double gain_error = 0.0;  ///< relative, of the current
  double white_a = 0.004;   ///< sd per conversion
  double white_v = 0.003;
  double correlated_w = 0.0;        ///< sd of an AR(1) process seen by the rail
  double correlated_us = 20000.0;   ///< its correlation time
  double glitch_probability = 0.0;  ///< of a conversion being off by up to +-1 A
  /// Time from one current value to the next, before clock error.
  [[nodiscard]] double refresh_us() const { return channels * (shunt_conversion_us + bus_conversion_us); }
};

/// The program that polls the sensor and writes lines, and the clock of the host.
struct LoggerOptions {
  double poll_us = 1300.0;
  double poll_jitter = 0.03;              ///< relative sd (log-normal)
  double pause_probability = 0.0;         ///< of a poll being late by 2 to 60 ms
  double voltage_read_us = 120.0;         ///< from the time stamp to the moment the voltage is read ...
  double current_read_us = 130.0;         ///< ... and from there to the current
  double dropped_line_probability = 0.0;  ///< in bursts of some lines
  double ends_at_share = 1.0;             ///< of the recorded run; below 1 the log ends early
  double idle_before_s = 5.0;
  double idle_after_s = 5.0;
  std::uint64_t clock_steps = 0;      ///< times that the clock is set during the run
  double clock_step_ms = 20.0;        ///< size of a step, either sign, uniform within half to full size
  TimeStamp start{1732162800000000};  ///< of the first network's log: 2024-11-21 04:20:00
};

/// All of a board, and how many cycles its scenario asks for.
struct Board {
  std::uint64_t seed = 0;
  std::string scenario;
  std::uint64_t cycles = 30000;
  bool lock_phase = false;  ///< inferences start on a tick that the sensor's refresh is a multiple of
  PhysicsOptions physics;
  HostOptions host;
  SensorOptions sensor;
  LoggerOptions logger;
};

/// easy, base, hard, stalls, clock-steps, missing-entries, log-ends-early, layers-alike, phase-lock,
/// fast-refresh, no-idle, averaged, demo. What each draws stands in scenarios.cpp.
std::span<const std::string_view> known_scenarios();

/// A board drawn at random. Error kUsage for an unknown scenario.
Expected<Board> draw_board(std::uint64_t seed, std::string_view scenario);

/// What a layer really took, as means over the recorded cycles.
struct LayerTruth {
  std::string name;
  std::string type;
  double run_time_ms = 0.0;
  double power_w = 0.0;    ///< above idle, at the chip; 0 for a layer without run time
  double energy_mj = 0.0;  ///< above idle, of one inference
};

/// What a run really was. Energies above idle, of one inference, by state; idle includes warming.
struct RunTruth {
  std::vector<LayerTruth> layers;  ///< in the engine's order
  double run_time_ms = 0.0;        ///< sum of the layers
  double energy_mj = 0.0;          ///< sum of the layers
  double event_gap_ms = 0.0;       ///< sum over the gaps between layers
  double event_gap_energy_mj = 0.0;
  double host_gap_ms = 0.0;  ///< from GPU end to the next GPU start, stalls left out
  double host_gap_energy_mj = 0.0;
  double stall_ms = 0.0;  ///< mean over all cycles
  double stall_energy_mj = 0.0;
  double idle_cold_w = 0.0;       ///< before the run
  double idle_run_w = 0.0;        ///< mean during the recorded cycles
  double idle_hot_w = 0.0;        ///< just after them
  double recorded_s = 0.0;        ///< from the first recorded GPU start to the end of the last host gap
  double board_energy_j = 0.0;    ///< drawn in that time, idle included
  double refresh_us = 0.0;        ///< mean time between conversions of the current, clock error included
  double pace_us = 0.0;           ///< tick that inferences wait for; 0 = none
  std::uint64_t conversions = 0;  ///< of the current, during the log
  std::uint64_t stalls = 0;
  std::uint64_t missing_entries = 0;
  std::uint64_t dropped_lines = 0;
  std::vector<double> clock_steps_at_s;  ///< since the log's start
  std::vector<double> clock_steps_ms;
};

/// One network's run, as the readers of raw_logs would give it, and the truth.
struct SimulatedRun {
  Network network;
  LatencyLog latencies;
  std::vector<PowerSample> power;
  IdlePower idle;
  BenchmarkSummary benchmark;
  RunTruth truth;
};

struct RunOptions {
  std::uint64_t cycles = 0;  ///< 0 = the board's
  std::uint64_t run = 0;     ///< another run of the same board and network: other noise, same physics
  double start_s = 0.0;      ///< of the log, since LoggerOptions::start
};

/// Runs a network on a board, in memory: 16 bytes per layer and cycle, 24 per sample. Errors: kUsage for
/// options outside their meaning (negative times, no channel, ...), kUnfit for a network without layers.
Expected<SimulatedRun> simulate_run(const Board& board, const Network& network,
                                    const RunOptions& options = {});

/// A chain of `layers` equal-sized 3x3 convolutions of mixed widths, for benchmarks of a given size.
Network make_plain_network(std::uint64_t layers);

struct SimulateOptions {
  std::string scenario = "base";
  std::uint64_t seed = 1;
  std::vector<std::string> networks;  ///< names of known_topologies(); empty = default_networks()
  std::uint64_t cycles = 0;           ///< 0 = the scenario's
  std::uint64_t plain_layers = 0;     ///< not 0: one network plain_<n> of that many layers instead
  std::size_t jobs = 1;               ///< networks at once (each holds its run in memory); 0 = all cores
  /// Called when a network begins (done = 0) and when it is written (done = 1); may come from several
  /// threads.
  std::function<void(std::string_view network, std::uint64_t done, std::uint64_t total)> progress;
};

/// The 20 networks that are simulated when none are named.
std::span<const std::string_view> default_networks();

struct SimulatedNetwork {
  std::string name;
  std::uint64_t layers = 0;
  std::uint64_t cycles = 0;
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;  ///< written
};

/// Writes raw_data: OUT/idling_power.json and, for each network, OUT/<name>/<name>_power_log.log,
/// <name>_tensorrt.json, trt_profiling/trt_engine_info.json, trt_profiling/trt_layer_latency.json; and the
/// truth: TRUTH/<name>.csv (layer_name,layer_type,run_time_ms,power_w,energy_mj) and TRUTH/truth.json (all
/// options drawn and every RunTruth). Files appear whole or not at all. Errors: kUsage (unknown scenario or
/// network), kNotWritable.
Expected<std::vector<SimulatedNetwork>> write_raw_data(const std::filesystem::path& out,
                                                       const std::filesystem::path& truth,
                                                       const SimulateOptions& options);

}  // namespace joulecast
