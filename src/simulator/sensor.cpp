#include "simulator/sensor.h"

#include <cmath>

namespace joulecast::simulator {
namespace {

double quantised(double value, double step) {
  return step > 0.0 ? std::floor(value / step + 0.5) * step : value;
}

}  // namespace

Sensor::Sensor(const SensorOptions& options, std::uint64_t seed, double start_us, double idle_w,
               Logger& logger)
    : options_(options),
      logger_(logger),
      random_(seed),
      sequence_start_us_(start_us),
      correlated_at_us_(start_us),
      average_a_(current_at(idle_w)),
      average_v_(options.supply_v) {
  correlated_w_ = options_.correlated_w * random_.normal();
  next_edge_ =
      start_us + stretch() * options_.channel * (options_.shunt_conversion_us + options_.bus_conversion_us);
  logger_.set_current(start_us, quantised(average_a_, options_.shunt_step_a) * 1e3);
  logger_.set_voltage(start_us, quantised(average_v_, options_.bus_step_v) * 1e3);
}

// The conversion clock now, as a factor on all times.
double Sensor::stretch() const {
  return 1.0 + options_.clock_error + options_.clock_drift_per_s * sequence_start_us_ * 1e-6;
}

// P = V I with V = V0 - R I.
double Sensor::current_at(double power_w) const {
  double current = power_w / options_.supply_v;
  for (int i = 0; i < 3; ++i) current = power_w / (options_.supply_v - options_.supply_ohm * current);
  return current;
}

void Sensor::at_edge(double energy) {
  const double now = next_edge_;
  switch (phase_) {
    case Phase::kShuntStart:
      next_edge_ = now + stretch() * options_.shunt_conversion_us;
      phase_ = Phase::kShuntEnd;
      break;
    case Phase::kShuntEnd:
      finish_shunt((energy - begin_energy_) / (now - begin_us_));
      next_edge_ = now + stretch() * options_.bus_conversion_us;
      phase_ = Phase::kBusEnd;
      break;
    case Phase::kBusEnd:
      finish_bus((energy - begin_energy_) / (now - begin_us_));
      sequence_start_us_ += stretch() * options_.refresh_us();
      next_edge_ = sequence_start_us_ +
                   stretch() * options_.channel * (options_.shunt_conversion_us + options_.bus_conversion_us);
      // With one channel the next conversion begins where this one ended; never before it.
      if (next_edge_ < now) next_edge_ = now;
      phase_ = Phase::kShuntStart;
      break;
  }
  begin_us_ = now;
  begin_energy_ = energy;
}

void Sensor::finish_shunt(double power_w) {
  const double now = next_edge_;
  if (options_.correlated_w > 0.0) {
    const double keep = portable_exp(-(now - correlated_at_us_) / options_.correlated_us);
    correlated_w_ =
        keep * correlated_w_ + std::sqrt(1.0 - keep * keep) * options_.correlated_w * random_.normal();
    correlated_at_us_ = now;
  }
  double current = current_at(power_w + correlated_w_) * (1.0 + options_.gain_error);
  current += options_.white_a * random_.normal();
  if (options_.glitch_probability > 0.0 && random_.chance(options_.glitch_probability)) {
    current += random_.uniform(-1.0, 1.0);
  }
  average_a_ += (current - average_a_) / options_.averaging;
  const double shown = quantised(average_a_ < 0.0 ? 0.0 : average_a_, options_.shunt_step_a);
  logger_.set_current(now, shown * 1e3);
  if (conversions_++ == 0) first_conversion_us_ = now;
  last_conversion_us_ = now;
}

void Sensor::finish_bus(double power_w) {
  const double voltage =
      options_.supply_v - options_.supply_ohm * current_at(power_w) + options_.white_v * random_.normal();
  average_v_ += (voltage - average_v_) / options_.averaging;
  logger_.set_voltage(next_edge_, quantised(average_v_, options_.bus_step_v) * 1e3);
}

}  // namespace joulecast::simulator
