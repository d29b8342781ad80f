// One network from preprocessed_data to training_data.
#pragma once

#include <filesystem>
#include <string>

#include "joulecast/training_set.h"

namespace joulecast {

/// Reads FROM/trt_engine_info.json and FROM/layer_power.csv or, where that is absent, FROM/power_runtime_
/// mapping_layerwise.csv. Writes the two statistics CSVs into FROM, all else into TO. A fault of the network
/// is in the outcome.
ConvertOutcome convert_network(const std::string& network, const std::filesystem::path& from,
                               const std::filesystem::path& to, const ConvertOptions& options);

}  // namespace joulecast
