// Backward steps of the host's clock, which both logs share.
#pragma once

#include <span>
#include <vector>

#include "joulecast/raw_logs.h"

namespace joulecast::regression {

/// One backward step, as the power log saw it: the stamps around it, and what is added to all later stamps so
/// that time runs on. Microseconds.
struct ClockStep {
  double before_us = 0.0;
  double after_us = 0.0;
  double added_us = 0.0;
};

/// Power stamps as elapsed microseconds since `origin`, with backward steps undone. A forward step stays as
/// a pause: what lies across it is dropped later.
struct UnwrappedTimes {
  std::vector<double> at_us;
  std::vector<ClockStep> steps;
};
UnwrappedTimes unwrap_power_times(std::span<const PowerSample> samples, TimeStamp origin);

/// Follows one stamp list of the latency log across the same steps. Call with stamps in list order. A stamp
/// between the two times that a step repeats could be from before or after it: the reading that comes closer
/// to the list's usual distance counts.
class StepFollower {
 public:
  StepFollower(std::span<const ClockStep> steps, double usual_distance_us)
      : steps_(steps), usual_us_(usual_distance_us) {}
  /// Elapsed time of the next stamp of the list.
  double unwrap(double raw_us);

 private:
  std::span<const ClockStep> steps_;
  double usual_us_ = 0.0;
  std::size_t next_ = 0;
  double added_us_ = 0.0;
  double previous_us_ = -1e300;
};

}  // namespace joulecast::regression
