// Names of the files in preprocessed_data/<network>/.
#pragma once

#include <string_view>

namespace joulecast {

inline constexpr std::string_view kEngineFile = "trt_engine_info.json";
inline constexpr std::string_view kWindowCsvFile = "power_runtime_mapping_layerwise.csv";
inline constexpr std::string_view kLayerPowerFile = "layer_power.csv";
inline constexpr std::string_view kAttributionFile = "attribution.json";
inline constexpr std::string_view kPowerCovarianceFile = "power_covariance.csv";
inline constexpr std::string_view kEndToEndFile = "end_to_end.csv";

}  // namespace joulecast
