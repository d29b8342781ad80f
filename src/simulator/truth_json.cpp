// truth.json: every option that was drawn, and every run's truth but the layers (they have their own tables).
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "simulator/raw_data_files.h"

namespace joulecast::simulator {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const PhysicsOptions& p) {
  return {{"multiprocessors", p.multiprocessors},
          {"peak_tflops", p.peak_tflops},
          {"memory_gb_per_s", p.memory_gb_per_s},
          {"cache_mb", p.cache_mb},
          {"compute_efficiency", p.compute_efficiency},
          {"depthwise_efficiency", p.depthwise_efficiency},
          {"roofline_exponent", p.roofline_exponent},
          {"launch_us", p.launch_us},
          {"shape_spread", p.shape_spread},
          {"cycle_jitter", p.cycle_jitter},
          {"clock_jitter", p.clock_jitter},
          {"law", to_string(p.law)},
          {"active_w", p.active_w},
          {"compute_w", p.compute_w},
          {"memory_w", p.memory_w},
          {"rate_exponent", p.rate_exponent},
          {"cap_w", p.cap_w},
          {"power_spread", p.power_spread},
          {"power_jitter", p.power_jitter},
          {"energy_elasticity", p.energy_elasticity},
          {"onset_share", p.onset_share},
          {"onset_us", p.onset_us},
          {"idle_w", p.idle_w},
          {"warming_w", p.warming_w},
          {"warming_s", p.warming_s},
          {"wander_w", p.wander_w},
          {"wander_s", p.wander_s},
          {"supply_tau_us", p.supply_tau_us}};
}

Json to_json(const HostOptions& h) {
  return {{"warm_up_cycles", h.warm_up_cycles},
          {"event_gap_us", h.event_gap_us},
          {"event_gap_share", h.event_gap_share},
          {"first_callback_us", h.first_callback_us},
          {"first_callback_spread_us", h.first_callback_spread_us},
          {"callback_us", h.callback_us},
          {"callback_jitter", h.callback_jitter},
          {"prepare_us", h.prepare_us},
          {"prepare_jitter", h.prepare_jitter},
          {"spin_w", h.spin_w},
          {"callback_w", h.callback_w},
          {"prepare_w", h.prepare_w},
          {"tail_w", h.tail_w},
          {"tail_us", h.tail_us},
          {"gap_jitter", h.gap_jitter},
          {"stall_probability", h.stall_probability},
          {"stall_us", h.stall_us},
          {"stall_w", h.stall_w},
          {"missing_entry_probability", h.missing_entry_probability},
          {"coarse_stamp_share", h.coarse_stamp_share}};
}

Json to_json(const SensorOptions& s) {
  return {{"shunt_conversion_us", s.shunt_conversion_us},
          {"bus_conversion_us", s.bus_conversion_us},
          {"channels", s.channels},
          {"channel", s.channel},
          {"averaging", s.averaging},
          {"clock_error", s.clock_error},
          {"clock_drift_per_s", s.clock_drift_per_s},
          {"supply_v", s.supply_v},
          {"supply_ohm", s.supply_ohm},
          {"shunt_step_a", s.shunt_step_a},
          {"bus_step_v", s.bus_step_v},
          {"gain_error", s.gain_error},
          {"white_a", s.white_a},
          {"white_v", s.white_v},
          {"correlated_w", s.correlated_w},
          {"correlated_us", s.correlated_us},
          {"glitch_probability", s.glitch_probability}};
}

Json to_json(const LoggerOptions& l) {
  return {{"poll_us", l.poll_us},
          {"poll_jitter", l.poll_jitter},
          {"pause_probability", l.pause_probability},
          {"voltage_read_us", l.voltage_read_us},
          {"current_read_us", l.current_read_us},
          {"dropped_line_probability", l.dropped_line_probability},
          {"ends_at_share", l.ends_at_share},
          {"idle_before_s", l.idle_before_s},
          {"idle_after_s", l.idle_after_s},
          {"clock_steps", l.clock_steps},
          {"clock_step_ms", l.clock_step_ms}};
}

Json to_json(const RunTruth& t) {
  return {{"run_time_ms", t.run_time_ms},
          {"energy_mj", t.energy_mj},
          {"event_gap_ms", t.event_gap_ms},
          {"event_gap_energy_mj", t.event_gap_energy_mj},
          {"host_gap_ms", t.host_gap_ms},
          {"host_gap_energy_mj", t.host_gap_energy_mj},
          {"stall_ms", t.stall_ms},
          {"stall_energy_mj", t.stall_energy_mj},
          {"idle_cold_w", t.idle_cold_w},
          {"idle_run_w", t.idle_run_w},
          {"idle_hot_w", t.idle_hot_w},
          {"recorded_s", t.recorded_s},
          {"board_energy_j", t.board_energy_j},
          {"refresh_us", t.refresh_us},
          {"pace_us", t.pace_us},
          {"conversions", t.conversions},
          {"stalls", t.stalls},
          {"missing_entries", t.missing_entries},
          {"dropped_lines", t.dropped_lines},
          {"clock_steps_at_s", t.clock_steps_at_s},
          {"clock_steps_ms", t.clock_steps_ms}};
}

}  // namespace

Expected<void> write_truth_json(const std::filesystem::path& path, const Board& board,
                                const std::vector<NamedTruth>& runs) {
  Json networks = Json::object();
  for (const NamedTruth& run : runs) networks[run.network] = to_json(run.truth);
  const Json all{{"scenario", board.scenario},      {"seed", board.seed},
                 {"lock_phase", board.lock_phase},  {"physics", to_json(board.physics)},
                 {"host", to_json(board.host)},     {"sensor", to_json(board.sensor)},
                 {"logger", to_json(board.logger)}, {"networks", networks}};
  return write_file_atomically(path, all.dump(2) + "\n");
}

}  // namespace joulecast::simulator
