// Predictions as tables for people.
#pragma once

#include <string>
#include <vector>

#include "joulecast/prediction.h"

namespace joulecast::cli {

/// One row a layer in the engine's order, and what the marks mean.
std::string layer_table(const NetworkPrediction& prediction, std::size_t width, bool bold);
/// One row a network with its totals.
std::string network_table(const std::vector<NetworkPrediction>& predictions, std::size_t width, bool bold);

}  // namespace joulecast::cli
