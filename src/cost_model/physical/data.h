// Measured layers as the physical model's training and test data.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "cost_model/physical/terms.h"
#include "joulecast/training_set.h"

namespace joulecast {

/// In arrays of plain numbers: a figure that is not known.
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// What was measured as one figure: a layer, or a block of layers that is known as a sum only.
struct PhysicalUnit {
  std::uint32_t begin = 0, end = 0;  ///< layers [begin, end)
  double measured = 0.0;             ///< ms or mJ
  double relative_sd = 0.0;          ///< of the figure's own uncertainty; 0 if unknown
  std::uint32_t network = 0;
  std::uint32_t shape = 0;             ///< units of one shape: equal input, output, window, stride and groups
  LayerKind kind = LayerKind::kOther;  ///< of the first layer
};

/// How the errors of the figures of one run hang together.
struct UnitCovariance {
  std::vector<std::uint32_t> units;
  std::vector<double> relative;  ///< units x units: of figure / measured
};

struct PhysicalData {
  PhysicalTarget target = PhysicalTarget::kRunTime;
  std::string power_basis;
  std::vector<LayerGeometry> layers;
  std::vector<LayerDemand> demands;
  std::vector<PhysicalValues> values;
  std::vector<std::array<double, kSizes>> sizes;
  std::vector<double> run_time_ms;  ///< measured, by layer; 0 where it is part of a sum or not measured
  std::vector<PhysicalUnit> units;
  std::vector<UnitCovariance> covariance;  ///< of energies; no unit is in two
  std::vector<std::string> networks;
  std::size_t shapes = 0;
  PhysicalDevice device;
  std::vector<Warning> warnings;  ///< what was left out and why
};

/// Layers are all rows that take time, measured or not, so that the data of both targets have the same; units
/// are those with a figure above 0. Rows of one network stand together; those with equal `block` are one unit
/// where only their sum is known. Energy is `energy_mj`, or power times run time; with the basis "board" and
/// a known idle power that is taken off. `covariance` is of the powers of some of these rows, as in
/// TrainingSet.
PhysicalData gather(std::span<const LayerRow> rows, PhysicalTarget target,
                    std::span<const CovarianceOfRows> covariance = {});

/// Gives the data another device: all terms that hang on it are computed anew.
void set_device(PhysicalData& data, const PhysicalDevice& device);

}  // namespace joulecast
