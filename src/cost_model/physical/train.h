// From units to a PhysicalModel: recipes weighed, and a residual learner kept or not, by validation.
#pragma once

#include "cost_model/physical/fit.h"

namespace joulecast {

/// Units that are trained on, and what is held out together.
struct PhysicalTask {
  const PhysicalData* data = nullptr;
  std::span<const std::uint32_t> units;
  std::span<const std::uint32_t> group_of_unit;  ///< by unit of the data
  std::span<const double> held_out_ms;  ///< by layer: run times to judge models of energy with; may be empty
};

struct TrainedPhysical {
  PhysicalModel model;
  std::vector<double> held_out;     ///< by position in units: predicted from the other folds
  std::vector<double> held_out_ms;  ///< by layer; NaN where no fold held it out
  /// By position in units: how far outside the sizes that the other folds saw.
  std::vector<double> held_out_distance;
};

/// Errors: kUnfit without units.
Expected<TrainedPhysical> train_physical(const PhysicalTask& task, const PhysicalChoices& choices);

/// The model's figure for a layer's values, its corrections included.
double model_value(const PhysicalModel& model, const PhysicalValues& values,
                   const std::array<double, kSizes>& sizes);
/// Sum of a unit's layers; `active_ms` by layer, if given, stands in for the measured run times.
double model_value(const PhysicalModel& model, const PhysicalData& data, const PhysicalUnit& unit,
                   std::span<const double> active_ms = {});

/// Quantiles of held-out log ratios, groups counting equally.
PhysicalIntervals intervals_of(const PhysicalTask& task, const TrainedPhysical& trained,
                               std::string_view groups);

/// The largest and the least of each coordinate over some layers.
struct SizeRange {
  std::vector<double> least, most;
  SizeRange();
  void take(const std::array<double, kSizes>& sizes);
};
/// How far outside a layer lies, in ranges; 0 = inside.
double distance_outside(std::span<const double> least, std::span<const double> most,
                        const std::array<double, kSizes>& sizes);
/// What an interval's half width is multiplied by at this distance.
double widening_at(double distance);

/// Root of the mean of squared relative errors.
double relative_error(const PhysicalData& data, std::span<const std::uint32_t> units,
                      std::span<const double> predicted);

}  // namespace joulecast
