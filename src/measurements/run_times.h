// Mean run times of layers, for networks without power.
#pragma once

#include <vector>

#include "joulecast/measurements.h"

namespace joulecast {

/// Mean and standard deviation (n - 1) of each layer's entries; layers without an entry are left out. Types
/// stay empty, status is `undetermined`.
std::vector<LayerPower> mean_run_times(const LatencyLog& latencies);
/// The means of a trtexec profile, which has no deviations.
std::vector<LayerPower> mean_run_times(const RunTimeProfile& profile);

}  // namespace joulecast
