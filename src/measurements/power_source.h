// A network's power log on the clock of its latency log.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "joulecast/measurements.h"
#include "measurements/log_times.h"

namespace joulecast {

/// How far the board's local clock is ahead of Unix time, in microseconds, found from two logs of one run:
/// the only multiple of 15 minutes between UTC-12 and UTC+14 with which they overlap. Error kUnfit if there
/// is no such offset, or several.
Expected<std::int64_t> find_clock_offset(TimeSpan power, TimeSpan layers);

/// A doubt if no sample of the run reaches the idle power: then one of the two files is wrong. `highest_uw`:
/// the highest sample in microwatt; not finite if there is none.
std::optional<Warning> doubt_about_idle(Microwatts idle, double highest_uw,
                                        const std::filesystem::path& idle_file);
std::optional<Warning> doubt_about_idle(Microwatts idle, std::span<const PowerSample> run,
                                        const std::filesystem::path& idle_file);

/// Puts single samples that stand one line too late back in their place, and returns how many. A line is
/// taken for late if that fills a gap of two polls; a clock that was set back leaves no gap, and is left
/// alone.
std::uint64_t restore_late_samples(std::vector<PowerSample>& samples);

/// Hands out samples on the board's clock. A log in local time is streamed; one of Unix time without a given
/// zone is read whole, because only its ends tell the zone.
class PowerSource {
 public:
  /// Errors: those of PowerLogReader::open and of find_clock_offset; kUnfit for elapsed time.
  static Expected<PowerSource> open(const std::filesystem::path& path, const LatencyLog& latencies,
                                    const PowerLogOptions& options);
  /// As PowerLogReader::next.
  Expected<std::span<const PowerSample>> next();
  /// The rest of the samples.
  Expected<std::vector<PowerSample>> read_all();
  [[nodiscard]] std::vector<Warning> warnings() const;

 private:
  explicit PowerSource(PowerLogReader reader) : reader_(std::move(reader)) {}
  Expected<void> move_to_local_time(const std::string& file, const LatencyLog& latencies);

  PowerLogReader reader_;
  std::optional<Expected<std::span<const PowerSample>>> first_;  // read ahead, to see what stamps count
  std::vector<PowerSample> samples_;                             // of a log that was read whole
  bool whole_ = false;
  bool handed_out_ = false;
  std::vector<Warning> own_warnings_;
};

}  // namespace joulecast
