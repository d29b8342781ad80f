// Figures of a network's layers, whichever method measured them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "joulecast/measurements.h"
#include "training_set/layer_samples.h"
#include "training_set/layer_statistics.h"

namespace joulecast {

/// What is known of one layer. Empty = not measured.
struct MeasuredLayer {
  std::string name;
  std::string type;
  std::uint64_t cycles = 0;        ///< inferences behind the run time
  std::uint64_t power_values = 0;  ///< values behind the power, for the gate
  std::uint64_t run_time_values = 0;
  std::optional<double> run_time_ms, run_time_sd_ms;
  std::optional<double> power_uw;  ///< mean above idle
  std::optional<double> power_sd_uw;
  std::optional<double> energy_mj, energy_sd_mj;
  std::optional<double> idle_uw;
  std::string status, block;
};

/// A network's layers by name (code points), and what the reference writes beside them.
struct MeasuredNetwork {
  std::vector<MeasuredLayer> layers;
  std::string power_statistics;  ///< text of the two statistics CSVs; empty if there are none to write
  std::string run_time_statistics;
  std::vector<Warning> warnings;
};

/// True for the three types of layer that the reference keeps.
bool is_reference_type(std::string_view layer_type);

/// From the window method's rows: mean, deviation and energy of each layer, statistics of the reference's
/// three types.
MeasuredNetwork measure(const NetworkSamples& samples);
/// From layer_power.csv: its means as they stand.
MeasuredNetwork measure(const std::vector<LayerPower>& layers);

}  // namespace joulecast
