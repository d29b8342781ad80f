// The files of a simulated run, as the reference's collector writes them.
#pragma once

#include <cstdint>
#include <filesystem>

#include "joulecast/simulator.h"

namespace joulecast::simulator {

/// Each returns the bytes written. Errors: kNotWritable.
Expected<std::uint64_t> write_power_log(const std::filesystem::path& path,
                                        const std::vector<PowerSample>& samples);
/// json.dump(indent=4) of {"layer": [[ms, "stamp"], ...], ...}.
Expected<std::uint64_t> write_latency_log(const std::filesystem::path& path, const LatencyLog& log);
Expected<std::uint64_t> write_benchmark_summary(const std::filesystem::path& path, const SimulatedRun& run,
                                                std::uint64_t warm_up);
Expected<std::uint64_t> write_idle_power(const std::filesystem::path& path, const IdlePower& idle);

/// layer_name,layer_type,run_time_ms,power_w,energy_mj
Expected<std::uint64_t> write_truth_table(const std::filesystem::path& path, const RunTruth& truth);
/// All options of the board and every run's truth.
struct NamedTruth {
  std::string network;
  RunTruth truth;  ///< layers left out
};
Expected<void> write_truth_json(const std::filesystem::path& path, const Board& board,
                                const std::vector<NamedTruth>& runs);

}  // namespace joulecast::simulator
