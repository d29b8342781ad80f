// The program that polls the sensor's registers, and the clock that stamps what it and the profiler see.
#pragma once

#include <cstdint>
#include <vector>

#include "joulecast/raw_logs.h"
#include "joulecast/simulator.h"
#include "simulator/random.h"

namespace joulecast::simulator {

/// Polls on its own schedule, voltage first. It learns of register values in order of time and takes, for
/// each read, the last value set before it. Samples carry true time (microseconds since the log's start).
class Logger {
 public:
  Logger(const LoggerOptions& options, std::uint64_t seed);

  /// A register got a new value at this time; earlier reads are done first.
  void set_current(double at_us, double milliamps);
  void set_voltage(double at_us, double millivolts);
  /// Does all reads before `at_us`.
  void read_until(double at_us);

  std::vector<PowerSample>& samples() { return samples_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  void schedule(double at_us);
  void emit();

  const LoggerOptions& options_;
  Random random_;
  double millivolts_ = 0.0;
  double milliamps_ = 0.0;
  double stamp_us_ = 0.0;
  double voltage_at_us_ = 0.0;
  double current_at_us_ = 0.0;
  bool voltage_taken_ = false;
  double taken_millivolts_ = 0.0;
  std::uint64_t burst_ = 0;  // lines still to be dropped
  std::uint64_t dropped_ = 0;
  std::vector<PowerSample> samples_;
};

/// The host's clock: true time since the log's start, plus steps.
class HostClock {
 public:
  HostClock(const LoggerOptions& options, std::uint64_t seed, double start_s, double first_us,
            double last_us);
  [[nodiscard]] TimeStamp stamp(std::int64_t true_us) const;
  [[nodiscard]] const std::vector<double>& step_times_us() const { return at_us_; }
  [[nodiscard]] const std::vector<double>& steps_us() const { return step_us_; }

 private:
  std::int64_t start_us_;
  std::vector<double> at_us_;  // ascending
  std::vector<double> step_us_;
};

}  // namespace joulecast::simulator
