// From the power that the chip draws to the energy that the sensor sees.
#pragma once

#include "simulator/random.h"
#include "simulator/sensor.h"

namespace joulecast::simulator {

/// A stretch of time in which the chip draws  level - missing e^(-t / onset)  watts, t from its begin.
struct Segment {
  double duration_us = 0.0;
  double level_w = 0.0;
  double missing_w = 0.0;  ///< negative: a tail that dies away
  double onset_us = 1.0;
};

// The supply is a first-order low-pass: tau y' = x - y. For x as above, with B = A r / (r - tau):
//   y(t) = P - B e^(-t/r) + C e^(-t/tau),  C = y(0) - P + B,
// and since y = x - tau y', the energy that passed is  int x - tau (y(t) - y(0)).
class Supply {
 public:
  Supply(double tau_us, double start_us, double idle_w, Sensor& sensor)
      : tau_us_(tau_us), now_us_(start_us), filtered_w_(idle_w), sensor_(sensor) {}

  /// Lets the segment pass, and the sensor see it; returns the energy drawn by the chip (W us).
  double pass(const Segment& segment) {
    double onset = segment.onset_us;
    if (tau_us_ > 0.0 && onset > 0.9999 * tau_us_ && onset < 1.0001 * tau_us_) onset = 1.0001 * tau_us_;
    while (sensor_.next_edge() < now_us_ + segment.duration_us) {
      const State s = after(segment, onset, sensor_.next_edge() - now_us_);
      sensor_.at_edge(passed_ + s.passed);
    }
    const State s = after(segment, onset, segment.duration_us);
    now_us_ += segment.duration_us;
    filtered_w_ = s.filtered_w;
    passed_ += s.passed;
    drawn_ += s.drawn;
    return s.drawn;
  }
  [[nodiscard]] double now_us() const { return now_us_; }
  [[nodiscard]] double drawn() const { return drawn_; }  ///< W us since the start

 private:
  struct State {
    double filtered_w = 0.0;
    double passed = 0.0;
    double drawn = 0.0;
  };
  [[nodiscard]] State after(const Segment& s, double onset, double t) const {
    State state;
    const double decay = s.missing_w != 0.0 ? portable_exp(-t / onset) : 0.0;
    state.drawn = s.level_w * t - s.missing_w * onset * (s.missing_w != 0.0 ? 1.0 - decay : 0.0);
    if (tau_us_ <= 0.0) {
      state.filtered_w = s.level_w - s.missing_w * decay;
      state.passed = state.drawn;
      return state;
    }
    const double b = s.missing_w != 0.0 ? s.missing_w * onset / (onset - tau_us_) : 0.0;
    const double c = filtered_w_ - s.level_w + b;
    state.filtered_w = s.level_w - b * decay + c * portable_exp(-t / tau_us_);
    state.passed = state.drawn - tau_us_ * (state.filtered_w - filtered_w_);
    return state;
  }

  double tau_us_;
  double now_us_;
  double filtered_w_;
  double passed_ = 0.0;
  double drawn_ = 0.0;
  Sensor& sensor_;
};

}  // namespace joulecast::simulator
