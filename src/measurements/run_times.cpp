#include "measurements/run_times.h"

#include <cmath>

#include "numerics/compensated_sum.h"

namespace joulecast {
namespace {

constexpr const char* kUndetermined = "undetermined";

LayerPower mean_run_time(const LatencyLog::LayerEntries& layer) {
  LayerPower mean;
  mean.layer_name = layer.name;
  mean.status = kUndetermined;
  mean.cycles = layer.entries.size();
  const auto count = static_cast<double>(layer.entries.size());
  NeumaierSum sum;
  for (const LatencyEntry& entry : layer.entries) sum.add(entry.milliseconds);
  mean.run_time_ms = sum.value() / count;
  if (layer.entries.size() > 1) {
    NeumaierSum squares;
    for (const LatencyEntry& entry : layer.entries) {
      const double deviation = entry.milliseconds - mean.run_time_ms;
      squares.add(deviation * deviation);
    }
    mean.run_time_sd_ms = std::sqrt(squares.value() / (count - 1.0));
  }
  return mean;
}

}  // namespace

std::vector<LayerPower> mean_run_times(const LatencyLog& latencies) {
  std::vector<LayerPower> layers;
  for (const auto& layer : latencies.layers) {
    if (!layer.entries.empty()) layers.push_back(mean_run_time(layer));
  }
  return layers;
}

std::vector<LayerPower> mean_run_times(const RunTimeProfile& profile) {
  std::vector<LayerPower> layers;
  for (const auto& layer : profile.layers) {
    LayerPower mean;
    mean.layer_name = layer.name;
    mean.status = kUndetermined;
    mean.cycles = profile.cycles;
    mean.run_time_ms = layer.average_ms;
    layers.push_back(std::move(mean));
  }
  return layers;
}

}  // namespace joulecast
