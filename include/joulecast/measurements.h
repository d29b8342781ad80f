// Power and run time of each layer, from what the board wrote.
//
// Stage `measurements`: joins power log, latency log and engine information of one run. The window method is
// the reference's, byte for byte (docs/compatibility.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/networks.h"
#include "joulecast/raw_logs.h"

namespace joulecast {

struct PriorPower;        // regression.h
struct RegressionResult;  // regression.h

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
  std::uint64_t samples_read = 0;          ///< the power log is read no further than the last window
  std::uint64_t rows_lost_at_log_end = 0;  ///< work items after the power log ran out
  double highest_sample_uw = -std::numeric_limits<double>::infinity();  ///< of those used, microwatt
  std::vector<Warning> warnings;  ///< log out of order, NaN samples, negative run times, ...
};

/// Takes the next rows in file order, at least one; false stops the work.
using RowSink = std::function<bool(std::span<const LayerMeasurement>)>;
/// Gives the next power samples in file order; an empty span at the end.
using SampleSource = std::function<Expected<std::span<const PowerSample>>()>;

/// The reference's attribution: each entry takes the samples in [end - run time, end], one forward-only
/// cursor, cycle-major, a sample used once at most; mean by Neumaier-compensated sum. The power log is pulled
/// no further than needed, so that a fault behind the last window is not met. Complexity: linear in entries
/// and samples. Errors: kUnfit if the latency log has no stamps or no entry, or the power log no sample;
/// kMalformed if a run time is not finite or beyond Python's timedelta; those of `samples`; kInterrupted if
/// the sink stopped the work.
Expected<WindowSummary> attribute_by_window(const LatencyLog& latencies, const SampleSource& samples,
                                            Microwatts idle, const RowSink& sink);

/// How long a whole call of a network took, without the profiler: its benchmark's own latencies.
struct EndToEndLatency {
  std::uint64_t runs = 0;
  double median_ms = 0.0;
};
/// Of <network>_tensorrt.json. Nothing if it holds no latency. Errors: those of read_benchmark_summary;
/// kMalformed for a latency that is not above 0 or not finite.
Expected<std::optional<EndToEndLatency>> end_to_end_of_benchmark(const std::filesystem::path& path);
/// end_to_end.csv, of preprocessed_data or training_data: one row. Errors: kUnreadable; kMalformed with the
/// line.
Expected<EndToEndLatency> read_end_to_end(const std::filesystem::path& path);
/// Error kNotWritable.
Expected<void> write_end_to_end(const std::filesystem::path& path, const EndToEndLatency& latency);

/// What `attribute` did with one network.
struct AttributionOutcome {
  enum class Status {
    kDone,
    kWithoutPower,  ///< files written as the reference would, but no row has power; `reason` says why
    kRunTimesOnly,  ///< no power log, or no time stamps: run times alone in layer_power.csv
    kRefused,       ///< regression: the logs do not tell the layers' powers; run times alone were written
    kSkipped,       ///< nothing written; `reason` says why
  };
  std::string network;
  Status status = Status::kDone;
  std::optional<Error> reason;                         ///< with kWithoutPower, kRefused and kSkipped
  WindowSummary summary;                               ///< window method, with kDone and kWithoutPower
  std::optional<double> run_time_ms;                   ///< all layers together, with kRunTimesOnly
  std::shared_ptr<const RegressionResult> regression;  ///< regression, with kDone and kRefused
  std::vector<Warning> warnings;
};

/// How power comes to layers.
enum class AttributionMethod {
  kWindow,      ///< the reference's: the samples between a layer's start and its end (attribute_by_window)
  kRegression,  ///< the time that each layer fills of each sample (attribute_by_regression)
};

struct AttributeOptions {
  AttributionMethod method = AttributionMethod::kWindow;
  std::uint64_t seed = 1;  ///< regression: of the resampling behind the intervals
  /// Regression: a trained model's idea of the layers' powers; empty = a prior fitted inside each run. May be
  /// called from several threads.
  std::function<std::vector<PriorPower>(const Network&)> prior;
  /// Regression: the networks are recordings of one board with one sensor and logger. Each is attributed by
  /// itself first, then again with what the others tell of the sensor, if three or more networks do.
  bool pool_sensors = true;
  /// Form of the power logs, rails, the board's time zone. Stamps of Unix time without a zone are taken to be
  /// in the only one in which both logs overlap, with a warning.
  PowerLogOptions power_log;
  std::vector<std::string> only;  ///< networks to take; empty = all
  std::size_t jobs = 0;           ///< networks at once; 0 = all cores
  /// Progress in bytes of latency logs, which start again when a network is attributed again; may be called
  /// from several threads.
  std::function<void(std::string_view network, std::uint64_t done, std::uint64_t total)> progress;
};

/// `attribute RAW_DATA`: writes OUT/<network>/trt_engine_info.json (a byte copy, unpacked if it was
/// compressed) and, by window, power_runtime_mapping_layerwise.csv, by regression layer_power.csv,
/// attribution.json and power_covariance.csv; files of the other method are removed. For a network without
/// power log or stamps, layer_power.csv with run times. Regression refuses power and run times that are NaN,
/// infinite, negative or absurdly large; where the logs cannot be joined or do not tell the layers' powers it
/// writes run times alone. One network's fault never ends the others. Outcomes by network name.
/// Errors: kUnreadable; kUnfit (nothing there); kUsage (`only` names a network that is not there).
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
/// The rows of a layer_power.csv; a doubt about the file (a last line that may be cut) goes to `warnings`.
/// Errors: kUnreadable; kMalformed with the line.
Expected<std::vector<LayerPower>> read_layer_power(const std::filesystem::path& path,
                                                   std::vector<Warning>* warnings = nullptr);
/// Atomic. Error kNotWritable.
Expected<void> write_layer_power(const std::filesystem::path& path, const std::vector<LayerPower>& layers);

}  // namespace joulecast
