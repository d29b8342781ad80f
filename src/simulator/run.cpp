// A run from idle to idle: board, host, sensor and logger joined on one time axis, microseconds since the
// log's start.
#include <algorithm>
#include <cmath>
#include <string>

#include "base/time_stamp.h"
#include "joulecast/simulator.h"
#include "networks/network_builder.h"
#include "simulator/host.h"
#include "simulator/logger.h"
#include "simulator/random.h"
#include "simulator/sensor.h"
#include "simulator/supply.h"

namespace joulecast {
namespace {

using simulator::mix;

Expected<void> check(const Board& board, const Network& network, std::uint64_t cycles) {
  if (network.layers.empty())
    return fail(ErrorKind::kUnfit, "network '" + network.name + "' has no layers", {},
                "Choose another network");
  if (cycles == 0) return fail(ErrorKind::kUsage, "a run has at least one cycle", {}, "Give 1 or more");
  const SensorOptions& sensor = board.sensor;
  if (sensor.shunt_conversion_us <= 0.0 || sensor.bus_conversion_us <= 0.0 || sensor.averaging < 1) {
    return fail(ErrorKind::kUsage, "conversion times and averaging must be positive", {},
                "Correct SensorOptions");
  }
  if (sensor.channel < 0 || sensor.channel >= sensor.channels) {
    return fail(ErrorKind::kUsage, "the logged channel must be one of the enabled ones", {},
                "Correct SensorOptions");
  }
  if (!(board.logger.poll_us > 0.0))
    return fail(ErrorKind::kUsage, "the poll period must be positive", {}, "Correct the logger's options");
  return {};
}

// Inferences start on a tick that divides the sensor's refresh, or that the refresh divides.
double locked_pace(double natural_us, double refresh_us) {
  const double wanted = 1.05 * natural_us;
  if (wanted > refresh_us) return refresh_us * std::ceil(wanted / refresh_us);
  return refresh_us / std::floor(refresh_us / wanted);
}

IdlePower measure_idle(const Board& board) {
  simulator::Random random(mix(board.seed, "idle file"));
  IdlePower idle;
  idle.average = to_microwatts(Watts(board.physics.idle_w + 0.004 * random.normal()));
  // "20241121-051743": the stamp without colons and fraction.
  const std::string stamp = format_time_stamp({board.logger.start.microseconds - 142'000'000});
  idle.timestamp = stamp.substr(0, 11) + stamp.substr(12, 2) + stamp.substr(15, 2);
  return idle;
}

void apply_clock(const simulator::HostClock& clock, SimulatedRun& run) {
  for (PowerSample& sample : run.power) sample.at = clock.stamp(sample.at.microseconds);
  for (auto& layer : run.latencies.layers) {
    for (LatencyEntry& entry : layer.entries) entry.completed = clock.stamp(entry.completed.microseconds);
  }
}

BenchmarkSummary start_summary(const Network& network, std::uint64_t cycles) {
  BenchmarkSummary summary;
  summary.model = network.name;
  summary.data_type = "float16";
  if (!network.layers.front().inputs.empty()) {
    summary.input_shape = network.layers.front().inputs.front().dimensions;
  }
  summary.latencies_s.reserve(cycles);
  return summary;
}

}  // namespace

Expected<SimulatedRun> simulate_run(const Board& board, const Network& network, const RunOptions& options) {
  const std::uint64_t cycles = options.cycles != 0 ? options.cycles : board.cycles;
  if (auto checked = check(board, network, cycles); !checked) return tl::unexpected(checked.error());
  const std::uint64_t seed = mix(mix(board.seed, network.name), options.run);
  SimulatedRun run;
  run.network = network;
  run.idle = measure_idle(board);
  run.benchmark = start_summary(network, cycles);
  for (const Layer& layer : network.layers) {
    run.latencies.layers.push_back({layer.name, {}});
    run.latencies.layers.back().entries.reserve(cycles);
  }

  const double settle_us = 20000.0 + 5.0 * board.sensor.averaging * board.sensor.refresh_us();
  simulator::Logger logger(board.logger, mix(seed, "logger"));
  simulator::Sensor sensor(board.sensor, mix(seed, "sensor"), -settle_us, board.physics.idle_w, logger);
  simulator::Supply supply(board.physics.supply_tau_us, -settle_us, board.physics.idle_w, sensor);
  simulator::Host host(board, network, seed, supply, run.latencies, run.benchmark);
  RunTruth& truth = run.truth;
  if (board.lock_phase) {
    truth.pace_us =
        locked_pace(host.natural_period_us(), board.sensor.refresh_us() * (1.0 + board.sensor.clock_error));
  } else {
    truth.pace_us = board.host.pace_us;
  }
  host.set_pace(truth.pace_us);

  host.idle(settle_us * 1e-6);
  truth.idle_cold_w = host.idle_power();
  host.idle(board.logger.idle_before_s);
  for (std::uint64_t i = 0; i < board.host.warm_up_cycles; ++i) host.cycle(false);
  const double first_us = supply.now_us();
  const double drawn = supply.drawn();
  for (std::uint64_t i = 0; i < cycles; ++i) host.cycle(true);
  const double last_us = supply.now_us();
  truth.board_energy_j = (supply.drawn() - drawn) * 1e-6;
  truth.idle_hot_w = host.idle_power();
  host.idle(board.logger.idle_after_s);
  logger.read_until(supply.now_us());

  host.tell(truth, network);
  truth.recorded_s = (last_us - first_us) * 1e-6;
  truth.conversions = sensor.conversions();
  truth.refresh_us = sensor.conversions() < 2 ? board.sensor.refresh_us()
                                              : (sensor.last_conversion_us() - sensor.first_conversion_us()) /
                                                    static_cast<double>(sensor.conversions() - 1);
  truth.dropped_lines = logger.dropped();
  run.power = std::move(logger.samples());
  if (board.logger.ends_at_share < 1.0) {
    const double end_us = first_us + board.logger.ends_at_share * (last_us - first_us);
    std::erase_if(run.power,
                  [&](const PowerSample& s) { return static_cast<double>(s.at.microseconds) > end_us; });
  }
  const simulator::HostClock clock(board.logger, mix(seed, "clock"), options.start_s, first_us, last_us);
  for (std::size_t i = 0; i < clock.steps_us().size(); ++i) {
    truth.clock_steps_at_s.push_back(clock.step_times_us()[i] * 1e-6);
    truth.clock_steps_ms.push_back(clock.steps_us()[i] * 1e-3);
  }
  apply_clock(clock, run);
  double sum = 0.0;
  for (const double latency : run.benchmark.latencies_s) sum += latency;
  run.benchmark.average_latency_s = sum / static_cast<double>(cycles);
  return run;
}

Network make_plain_network(std::uint64_t layers) {
  constexpr std::int64_t kWidths[] = {64, 128, 96, 192, 64, 256};
  networks::NetworkBuilder net("plain_" + std::to_string(layers), 1);
  networks::Value x = net.input(3, 56);
  // The input's reformat and the output's two moves are layers too.
  const std::uint64_t convolutions = layers > 3 ? layers - 3 : 1;
  for (std::uint64_t i = 0; i < convolutions; ++i) {
    x = net.convolution(x, "features/" + std::to_string(i),
                        {.out = kWidths[i % std::size(kWidths)], .kernel = 3});
  }
  Network network = net.finish(x);
  if (network.layers.size() > layers) network.layers.resize(layers);
  return network;
}

}  // namespace joulecast
