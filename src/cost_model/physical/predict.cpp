#include <algorithm>
#include <cmath>

#include "cost_model/physical/train.h"

namespace joulecast {

double call_cost(const PhysicalModel& model) {
  double sum = 0.0;
  for (const PhysicalFit& fit : model.fits) sum += fit.weight * fit.coefficients[index(PhysicalTerm::kCall)];
  return sum;
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
  for (std::size_t j = 0; j < kSizes; ++j) {
    const double outside = std::max({model.size_min[j] - sizes[j], sizes[j] - model.size_max[j], 0.0});
    const double range = std::max(model.size_max[j] - model.size_min[j], 1.0);
    out.distance = std::max(out.distance, outside / range);
  }
  if (!model.intervals) return out;
  constexpr double kBytesOnlyWidth = 3.0;  // nothing of such layers was ever held out
  const double widening = (1.0 + 4.0 * out.distance) * (out.bytes_only ? kBytesOnlyWidth : 1.0);
  const double scale = model.intervals->kind_scale[static_cast<std::size_t>(layer.kind)] * widening;
  out.log_ratio = model.intervals->layer_log_ratio * scale;
  out.power_log_ratio = model.intervals->power_log_ratio * scale;
  return out;
}

}  // namespace joulecast
