// rejects.csv: what was left out of a training set, and why.
#pragma once

#include <span>
#include <string>

#include "joulecast/training_set.h"

namespace joulecast {

/// Columns network, layer_name, reason, detail; an empty layer_name stands for the whole network.
std::string rejects_csv(std::span<const Reject> rejects);

}  // namespace joulecast
