// An INA3221: what the current and the voltage register hold at which time.
#pragma once

#include <cstdint>

#include "joulecast/simulator.h"
#include "simulator/logger.h"
#include "simulator/random.h"

namespace joulecast::simulator {

/// Converts the enabled channels in turn, each its shunt voltage and then its bus voltage, without end. It is
/// driven from outside: whoever moves time calls at_edge() with the energy drawn up to next_edge().
class Sensor {
 public:
  /// Starts converting at `start_us`. New register values go to `logger`.
  Sensor(const SensorOptions& options, std::uint64_t seed, double start_us, double idle_w, Logger& logger);

  /// When a conversion of the logged channel next begins or ends, microseconds.
  [[nodiscard]] double next_edge() const { return next_edge_; }
  /// `energy` = W us that passed the shunt since any fixed moment.
  void at_edge(double energy);

  [[nodiscard]] std::uint64_t conversions() const { return conversions_; }
  [[nodiscard]] double first_conversion_us() const { return first_conversion_us_; }
  [[nodiscard]] double last_conversion_us() const { return last_conversion_us_; }

 private:
  enum class Phase { kShuntStart, kShuntEnd, kBusEnd };
  void finish_shunt(double power_w);
  void finish_bus(double power_w);
  [[nodiscard]] double current_at(double power_w) const;
  [[nodiscard]] double stretch() const;

  const SensorOptions& options_;
  Logger& logger_;
  Random random_;
  Phase phase_ = Phase::kShuntStart;
  double sequence_start_us_;
  double next_edge_ = 0.0;
  double begin_us_ = 0.0;
  double begin_energy_ = 0.0;
  double correlated_w_ = 0.0;
  double correlated_at_us_ = 0.0;
  double average_a_;
  double average_v_;
  std::uint64_t conversions_ = 0;
  double first_conversion_us_ = 0.0;
  double last_conversion_us_ = 0.0;
};

}  // namespace joulecast::simulator
