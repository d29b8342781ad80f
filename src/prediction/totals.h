// What the figures of a network's layers come to.
#pragma once

#include <optional>
#include <string>

#include "joulecast/prediction.h"

namespace joulecast {

/// Adds the figures of the layers up, in their order: run time, energy, power, and the board's figures where
/// the idle power is known, and the end-to-end latency. The models give the cost of a call and the intervals;
/// null if there are none.
void sum_up(NetworkPrediction& out, const PhysicalModel* run_time, const PhysicalModel* energy,
            const EndToEndModel* end_to_end, const std::optional<double>& idle_w,
            const PredictOptions& options);

/// What of a network's figures is no number; empty if all are. Models read from a file may overflow.
std::string first_not_finite(const NetworkPrediction& out);

/// A figure with bounds at value * exp(+-log_ratio); none if log_ratio is 0.
Figure figure_of(double value, double log_ratio);

}  // namespace joulecast
