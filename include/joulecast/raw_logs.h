// What a board wrote: one folder a network with its power log, latency log and engine information.
//
// Stage `raw_logs`: finds the files, reads them as streams, and says exactly where a file is wrong. It gives
// no meaning to the numbers beyond their units. Files may be gzip or zstd compressed (by name or by their
// first bytes).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/error.h"
#include "joulecast/units.h"

namespace joulecast {

/// One line of a power log: the rail's voltage and current at a moment.
struct PowerSample {
  TimeStamp at;
  double millivolts = 0.0;
  double milliamps = 0.0;
  /// mV x mA = microwatt.
  [[nodiscard]] double microwatts() const { return millivolts * milliamps; }
};

/// Forms of power logs.
enum class PowerFormat {
  kAuto,          ///< told by the first two lines
  kEdgeprofiler,  ///< `20241121-05:20:04.261448,5000.0,1096.0`: local time, mV, mA
  kTegrastats,    ///< NVIDIA's tegrastats, each line with Unix time in front
  kCsv,           ///< a header line, a column of time, columns of rails
};
/// "auto", "edgeprofiler", "tegrastats", "csv".
std::string_view to_string(PowerFormat format);

/// What the stamps of a log count.
enum class StampKind {
  kLocal,    ///< the board's own clock, as in the latency log
  kUnix,     ///< since 1970 in UTC
  kElapsed,  ///< since the log's start: such a log cannot be joined with another
};

struct PowerLogOptions {
  PowerFormat format = PowerFormat::kAuto;
  /// Rails to add up, by name. Empty: the only one, or the one of the whole board (VDD_IN, POM_5V_IN, ...).
  std::vector<std::string> rails;
  /// Of the board's clock, as TimeZone::named takes it: turns Unix time into kLocal. Empty: stamps stay what
  /// they are.
  std::string time_zone;
  /// NaN, infinite, negative power and power above a kilowatt are errors (kMalformed, with the place) rather
  /// than doubts.
  bool refuse_impossible = false;
};

/// A pull reader of `20241121-05:20:04.261448,5000.0,1096.0` lines. Memory does not grow with the file.
/// Extra fields are ignored; CRLF, white space around a line and a missing last line break are accepted, and
/// numbers are what Python's float() takes (`5e3`, ` 1_000 `, `nan`). Rows in any order are handed on as they
/// stand. Refused, as in the reference: blank and header lines, fewer than three fields, invalid UTF-8.
/// Logs of other forms (PowerLogOptions::format) are read likewise; where they know no voltage, a sample has
/// 1000 mV and as many mA as mW. Of a CSV the last line may be a footer of more cells; it is left out with a
/// doubt.
class PowerLogReader {
 public:
  /// Errors: kUnreadable; kUsage for a time zone that there is not.
  static Expected<PowerLogReader> open(const std::filesystem::path& path,
                                       const PowerLogOptions& options = {});
  /// The next samples, at least one; an empty span at the end of the file. Valid until the next call.
  /// Errors: kMalformed with line and byte; samples before the fault are handed out first. kUsage if the rail
  /// is not there or must be named, with the list of rails.
  Expected<std::span<const PowerSample>> next();
  /// Doubts about the rows handed out so far: NaN, negative or absurd power, stamps out of order, a clock set
  /// by an hour.
  [[nodiscard]] std::vector<Warning> warnings() const;
  /// Of the samples handed out so far.
  [[nodiscard]] StampKind stamp_kind() const;
  /// A reader over bytes in memory, cut into windows of `window_bytes` (tests, fuzzing); without options of
  /// the reference's form. Error kUsage as for open.
  static PowerLogReader from_memory(std::string_view text, std::string source, std::size_t window_bytes);
  static Expected<PowerLogReader> from_memory(std::string_view text, std::string source,
                                              std::size_t window_bytes, const PowerLogOptions& options);

  PowerLogReader(PowerLogReader&&) noexcept;
  PowerLogReader& operator=(PowerLogReader&&) noexcept;
  ~PowerLogReader();

 private:
  struct State;
  explicit PowerLogReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Whole log in memory (24 bytes a sample); doubts about it go to `warnings`. Error kUnfit if it has no row.
Expected<std::vector<PowerSample>> read_power_log(const std::filesystem::path& path,
                                                  std::vector<Warning>* warnings = nullptr,
                                                  const PowerLogOptions& options = {});

/// One callback of the profiler: how long a layer ran in one cycle, and when that was reported. 16 bytes.
struct LatencyEntry {
  double milliseconds = 0.0;
  TimeStamp completed;
};

/// A pull reader of trt_layer_latency.json: {"layer": [[ms, "stamp"], ...], ...}, or bare milliseconds
/// ({"layer": [ms, ...]}, no stamps). Any white space, key order, escapes and cut positions; flat memory.
/// It reports layers as they stand in the file, repeated names included.
class LatencyLogReader {
 public:
  enum class EventKind {
    kLayer,    ///< a layer begins: `layer` is its name, unescaped UTF-8
    kEntries,  ///< more entries of that layer, at least one
    kEnd,      ///< the file ended well
  };
  struct Event {
    EventKind kind = EventKind::kEnd;
    std::string_view layer;                 ///< the current layer; valid until the next call
    std::span<const LatencyEntry> entries;  ///< valid until the next call; completed is 0 without stamps
    /// How many of `entries`, from the first on, have a time written as a JSON integer (`1`, not `1.0`).
    std::size_t leading_integers = 0;
    bool has_stamps = true;  ///< false for bare milliseconds
  };
  static Expected<LatencyLogReader> open(const std::filesystem::path& path);
  /// A reader over bytes in memory, cut into windows of `window_bytes` (tests, fuzzing).
  static LatencyLogReader from_memory(std::string_view text, std::string source, std::size_t window_bytes);
  /// Errors: kMalformed with line and byte: truncated, not JSON, a stamp that is no stamp (25:61), an entry
  /// that is no pair, null, mixed forms, invalid UTF-8, byte-order mark. Entries before the fault are handed
  /// out first. NaN and Infinity are read, as in Python.
  Expected<Event> next();
  [[nodiscard]] std::uint64_t bytes_done() const;   ///< taken from the file so far (compressed bytes)
  [[nodiscard]] std::uint64_t bytes_total() const;  ///< of the file; 0 if unknown

  LatencyLogReader(LatencyLogReader&&) noexcept;
  LatencyLogReader& operator=(LatencyLogReader&&) noexcept;
  ~LatencyLogReader();

 private:
  struct State;
  explicit LatencyLogReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A latency log in memory, 16 bytes an entry, layers in file order. A repeated name keeps its first place
/// and takes its last list, as a Python dict does.
struct LatencyLog {
  struct LayerEntries {
    std::string name;
    std::vector<LatencyEntry>
        entries;  ///< by cycle; a missing entry moves later ones up, as in the reference
    /// How many entries, from the first on, were written as JSON integers: the reference's CSV has no ".0" if
    /// all of a file's run times were.
    std::size_t leading_integers = 0;
  };
  std::vector<LayerEntries> layers;
  bool has_stamps = true;
  bool whole_run_times = false;  ///< every run time is written as a JSON integer (pandas keeps integers)
  std::vector<Warning> warnings;

  /// Length of the longest list.
  [[nodiscard]] std::size_t cycles() const;
};
/// Called now and then with the bytes read so far and the file's size (0 if unknown).
using ByteProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;
/// Errors: those of the reader. Doubts (warnings): negative, NaN or absurd run times, a layer's stamps out of
/// order, a clock set by an hour, repeated names. `jobs`: threads that may be used (0: one a core); two read
/// a large log in less time, with the same result; `progress` is called by one of them.
Expected<LatencyLog> read_latency_log(const std::filesystem::path& path, const ByteProgress& progress = {},
                                      std::size_t jobs = 1);

/// Mean run times by layer, from `trtexec --exportProfile`.
struct RunTimeProfile {
  struct LayerTime {
    std::string name;
    double average_ms = 0.0;
    double median_ms = 0.0;  ///< NaN if the file has none
  };
  std::uint64_t cycles = 0;
  std::vector<LayerTime> layers;
};
Expected<RunTimeProfile> read_trtexec_profile(const std::filesystem::path& path);

/// idling_power.json. Errors: key missing or not a number (kMalformed); a number as text is taken, as
/// Python's float() does. Doubtful values give a warning.
struct IdlePower {
  Microwatts average;
  std::string timestamp;
  std::vector<Warning> warnings;  ///< zero, negative, NaN, or so small that it looks like milliwatts
};
Expected<IdlePower> read_idle_power(const std::filesystem::path& path);

/// <network>_tensorrt.json: settings of the benchmark and its end-to-end latencies. All parts optional.
struct BenchmarkSummary {
  std::string model;
  std::string data_type;
  std::vector<std::int64_t> input_shape;
  std::vector<double> latencies_s;
  std::optional<double> average_latency_s;
};
Expected<BenchmarkSummary> read_benchmark_summary(const std::filesystem::path& path);

/// Where one network's files lie. An absent file is an empty path.
struct NetworkFolder {
  std::string name;  ///< the folder's name
  std::filesystem::path folder;
  std::filesystem::path power_log;
  std::filesystem::path latency_log;  ///< trt_layer_latency.json
  std::filesystem::path engine;       ///< trt_engine_info.json, or the graph of a trtexec pair
  std::filesystem::path profile;      ///< the profile of a trtexec pair
  std::filesystem::path benchmark;    ///< <name>_tensorrt.json
  std::vector<Warning> warnings;      ///< e.g. that the name was cut at its dot, as the reference does
};

/// A raw_data folder: its networks by name (code-point order) and its idle power file.
struct RawData {
  std::filesystem::path idle_power;  ///< empty if there is none
  std::vector<NetworkFolder> networks;
  std::vector<Warning> warnings;  ///< stray files, ...
};
/// Lists a raw_data folder. Errors: kUnreadable if it is missing or no folder; kUnfit if it has no network.
Expected<RawData> list_raw_data(const std::filesystem::path& folder);

}  // namespace joulecast
