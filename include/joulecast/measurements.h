// Power and run time of each layer, from what the board wrote.
//
// Stage `measurements`: joins power log, latency log and engine information of one run. The window method is
// the reference's, byte for byte (docs/compatibility.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/networks.h"
#include "joulecast/raw_logs.h"

namespace joulecast {

/// One layer in one cycle, as the window method sees it. Empty power: no sample fell into the layer's window.
struct LayerMeasurement {
  CycleIndex cycle;                             ///< from 0 (the CSV counts from 1)
  LayerIndex layer;                             ///< position in the latency log
  std::optional<double> power_with_idle_uw;     ///< mean of the window's samples, microwatt
  std::optional<double> power_without_idle_uw;  ///< the same less idle; empty also if the mean is 0
  double run_time_ms = 0.0;
};

/// Counts of a window attribution.
struct WindowSummary {
  std::uint64_t rows = 0;
  std::uint64_t rows_with_power = 0;
  std::uint64_t samples_used = 0;
  std::uint64_t samples_total = 0;
  std::uint64_t rows_lost_at_log_end = 0;  ///< work items after the power log ran out
  std::vector<Warning> warnings;
};

/// The reference's attribution: each entry takes the samples in [end - run time, end], one forward-only
/// cursor, cycle-major, a sample used once at most; mean by Neumaier-compensated sum. `sink` gets rows in
/// file order and returns false to stop (then kNotWritable is the caller's to report). Errors: kUnfit if the
/// latency log has no stamps or no entry; kMalformed from the power log.
Expected<WindowSummary> attribute_by_window(const LatencyLog& latencies, PowerLogReader& power,
                                            Microwatts idle,
                                            const std::function<bool(const LayerMeasurement&)>& sink);

/// What `attribute` did with one network.
struct AttributionOutcome {
  enum class Status { kDone, kRunTimesOnly, kSkipped };
  std::string network;
  Status status = Status::kDone;
  std::optional<Error> reason;  ///< why it was skipped
  WindowSummary summary;
  std::vector<Warning> warnings;
};

struct AttributeOptions {
  std::vector<std::string> only;  ///< networks to take; empty = all
  std::size_t jobs = 0;           ///< networks at once; 0 = all cores
  /// Progress in bytes of latency logs; may be called from several threads.
  std::function<void(std::string_view network, std::uint64_t done, std::uint64_t total)> progress;
};

/// `attribute RAW_DATA --method window`: writes OUT/<network>/trt_engine_info.json (a byte copy) and
/// power_runtime_mapping_layerwise.csv; for a network without power or stamps, layer_power.csv with run
/// times. One network's fault never ends the others. Outcomes by network name. Errors: kUnreadable, kUnfit
/// (nothing there), kNotWritable.
Expected<std::vector<AttributionOutcome>> attribute_folder(const std::filesystem::path& raw_data,
                                                           const std::filesystem::path& out,
                                                           const AttributeOptions& options);

/// A row of layer_power.csv (docs/interface.md): mean power above idle and run time of a layer. Empty =
/// unknown.
struct LayerPower {
  std::string layer_name;
  std::string layer_type;
  std::uint64_t cycles = 0;
  double run_time_ms = 0.0;
  std::optional<double> run_time_sd_ms;
  std::optional<double> power_w, power_low_w, power_high_w;  ///< 90 % interval
  std::optional<double> board_power_w;                       ///< idle included
  std::optional<double> energy_mj, energy_low_mj, energy_high_mj;
  std::string status;  ///< resolved, merged, undetermined
  std::string block;   ///< name of the block of neighbours; empty if the layer stands alone
};
Expected<std::vector<LayerPower>> read_layer_power(const std::filesystem::path& path);
/// Atomic. Error kNotWritable.
Expected<void> write_layer_power(const std::filesystem::path& path, const std::vector<LayerPower>& layers);

}  // namespace joulecast
