#include <algorithm>
#include <cmath>
#include <limits>

#include "cost_model/physical/train.h"

namespace joulecast {

SizeRange::SizeRange()
    : least(kSizes, std::numeric_limits<double>::max()),
      most(kSizes, std::numeric_limits<double>::lowest()) {}

void SizeRange::take(const std::array<double, kSizes>& sizes) {
  for (std::size_t j = 0; j < kSizes; ++j) {
    least[j] = std::min(least[j], sizes[j]);
    most[j] = std::max(most[j], sizes[j]);
  }
}

double distance_outside(std::span<const double> least, std::span<const double> most,
                        const std::array<double, kSizes>& sizes) {
  double distance = 0.0;
  for (std::size_t j = 0; j < kSizes; ++j) {
    const double outside = std::max({least[j] - sizes[j], sizes[j] - most[j], 0.0});
    distance = std::max(distance, outside / std::max(most[j] - least[j], 1.0));
  }
  return distance;
}

double widening_at(double distance) {
  return 1.0 + 4.0 * distance;
}

double call_cost(const PhysicalModel& model) {
  double sum = 0.0;
  for (const PhysicalFit& fit : model.fits) sum += fit.weight * fit.coefficients[index(PhysicalTerm::kCall)];
  return sum;
}

std::optional<double> best_held_out_rmspe_percent(const PhysicalModel& model) {
  std::optional<double> best;
  for (const PhysicalFit& fit : model.fits)
    if (fit.held_out_rmspe_percent && (!best || *fit.held_out_rmspe_percent < *best))
      best = fit.held_out_rmspe_percent;
  return best;
}

PhysicalPrediction predict(const PhysicalModel& model, const LayerGeometry& layer, double run_time_ms) {
  PhysicalPrediction out;
  if (layer.kind == LayerKind::kNone) return out;
  const LayerDemand demand = demand_of(layer);
  const auto sizes = log_sizes_of(demand, layer);
  PhysicalValues values = terms_of(demand, layer, model.device);
  values[index(PhysicalTerm::kActive)] = run_time_ms;
  out.value = model_value(model, values, sizes);
  out.bytes_only = !demand.covered;
  out.distance = distance_outside(model.size_min, model.size_max, sizes);
  if (!model.intervals) return out;
  constexpr double kBytesOnlyWidth = 3.0;  // nothing of such layers was ever held out
  const double widening = widening_at(out.distance) * (out.bytes_only ? kBytesOnlyWidth : 1.0);
  const double scale = model.intervals->kind_scale[static_cast<std::size_t>(layer.kind)] * widening;
  out.log_ratio = model.intervals->layer_log_ratio * scale;
  out.power_log_ratio = model.intervals->power_log_ratio * scale;
  return out;
}

}  // namespace joulecast
