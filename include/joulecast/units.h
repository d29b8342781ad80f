// Physical quantities and ids as types, so that a milliwatt is never added to a microwatt by mistake.
//
// Single values crossing an interface carry their unit in the type. Bulk arrays hold plain doubles whose unit
// stands in their name (run_time_ms, power_w).
#pragma once

#include <compare>
#include <cstdint>

namespace joulecast {

/// A number with a unit. Tag is never defined; it only tells one unit from another.
template <class Tag>
struct Quantity {
  double value = 0.0;

  constexpr Quantity() = default;
  constexpr explicit Quantity(double v) : value(v) {}
  friend constexpr auto operator<=>(const Quantity&, const Quantity&) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value + b.value); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value - b.value); }
  friend constexpr Quantity operator*(Quantity a, double k) { return Quantity(a.value * k); }
  friend constexpr double operator/(Quantity a, Quantity b) { return a.value / b.value; }
};

using Microwatts = Quantity<struct MicrowattsTag>;
using Watts = Quantity<struct WattsTag>;
using Milliseconds = Quantity<struct MillisecondsTag>;
using Seconds = Quantity<struct SecondsTag>;
using Joules = Quantity<struct JoulesTag>;
using Millijoules = Quantity<struct MillijoulesTag>;

/// For arrays of plain numbers; single values have to_watts.
inline constexpr double kMicrowattsPerWatt = 1e6;
constexpr Watts to_watts(Microwatts p) {
  return Watts(p.value / kMicrowattsPerWatt);
}
constexpr Microwatts to_microwatts(Watts p) {
  return Microwatts(p.value * kMicrowattsPerWatt);
}
constexpr Seconds to_seconds(Milliseconds t) {
  return Seconds(t.value / 1e3);
}
constexpr Milliseconds to_milliseconds(Seconds t) {
  return Milliseconds(t.value * 1e3);
}
constexpr Joules to_joules(Millijoules e) {
  return Joules(e.value / 1e3);
}
constexpr Millijoules to_millijoules(Joules e) {
  return Millijoules(e.value * 1e3);
}
constexpr Joules energy(Watts p, Seconds t) {
  return Joules(p.value * t.value);
}
/// W x ms = mJ.
constexpr Millijoules energy(Watts p, Milliseconds t) {
  return Millijoules(p.value * t.value);
}

/// A moment on the board's own clock: microseconds since 1970-01-01 00:00:00 of that clock, which has no
/// zone. Differences are elapsed time as long as the clock was not set in between.
struct TimeStamp {
  std::int64_t microseconds = 0;
  friend constexpr auto operator<=>(const TimeStamp&, const TimeStamp&) = default;
};

/// Position of a layer in its network's list (engine or log order, as the holder says), from 0.
struct LayerIndex {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(const LayerIndex&, const LayerIndex&) = default;
};

/// One inference of a run, from 0 in memory (files count from 1).
struct CycleIndex {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(const CycleIndex&, const CycleIndex&) = default;
};

}  // namespace joulecast
