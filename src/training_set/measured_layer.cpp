#include "training_set/measured_layer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "numerics/quantiles.h"

namespace joulecast {
namespace {

std::optional<double> unless_nan(double value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

/// Energy of one inference: mean power x mean run time. Its deviation is that of the products row by row.
void add_energy(MeasuredLayer& layer, std::span<const double> power_uw, std::span<const double> run_time_ms) {
  if (!layer.power_uw || !layer.run_time_ms) return;
  layer.energy_mj = *layer.power_uw / kMicrowattsPerWatt * *layer.run_time_ms;
  std::vector<double> products;
  for (std::size_t i = 0; i < power_uw.size(); ++i) {
    const double product = power_uw[i] / kMicrowattsPerWatt * run_time_ms[i];
    if (!std::isnan(product)) products.push_back(product);
  }
  layer.energy_sd_mj = unless_nan(moments(products).deviation);
}

/// Of a figure with a 90 % interval. The upper half counts: the lower one may end at zero.
std::optional<double> deviation(double value, std::optional<double> high) {
  return high ? std::optional((*high - value) / kNinetyPercent) : std::nullopt;
}

std::optional<double> scaled(std::optional<double> value, double factor) {
  return value ? std::optional(*value * factor) : std::nullopt;
}

void sort_by_name(std::vector<MeasuredLayer>& layers) {
  // char_traits compare bytes as unsigned, and bytes of UTF-8 sort as code points do.
  std::sort(layers.begin(), layers.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

}  // namespace

bool is_reference_type(std::string_view layer_type) {
  return layer_type == "CaskConvolution" || layer_type == "CaskPooling" ||
         layer_type == "CaskGemmConvolution";
}

MeasuredNetwork measure(const NetworkSamples& samples) {
  MeasuredNetwork network;
  network.warnings = samples.warnings;
  std::vector<const LayerSamples*> by_name;
  for (const LayerSamples& layer : samples.layers) by_name.push_back(&layer);
  std::sort(by_name.begin(), by_name.end(), [](const auto* a, const auto* b) { return a->name < b->name; });

  std::vector<double> power;
  std::vector<double> run_time;
  std::vector<NamedDescription> power_statistics;
  std::vector<NamedDescription> run_time_statistics;
  for (const LayerSamples* const from : by_name) {
    from->power_uw.copy_to(power);
    from->run_time_ms.copy_to(run_time);
    // Quartiles cost most of the time, and go into the reference's files alone.
    const bool with_quartiles = is_reference_type(from->type);
    const Description of_power = with_quartiles ? describe(power) : Description{moments(power)};
    const Description of_run_time = with_quartiles ? describe(run_time) : Description{moments(run_time)};
    MeasuredLayer layer;
    layer.name = from->name;
    layer.type = from->type;
    layer.cycles = run_time.size();
    layer.power_values = of_power.count;
    layer.run_time_values = of_run_time.count;
    layer.run_time_ms = unless_nan(group_mean(run_time));
    layer.run_time_sd_ms = unless_nan(of_run_time.deviation);
    layer.power_uw = unless_nan(group_mean(power));
    layer.power_sd_uw = unless_nan(of_power.deviation);
    add_energy(layer, power, run_time);
    layer.idle_uw = samples.idle_uw;
    layer.status = layer.power_uw ? "resolved" : "undetermined";
    network.layers.push_back(std::move(layer));
    if (!with_quartiles) continue;
    power_statistics.push_back({from->name, of_power});
    run_time_statistics.push_back({from->name, of_run_time});
  }
  network.power_statistics = statistics_csv(power_statistics);
  network.run_time_statistics = statistics_csv(run_time_statistics);
  return network;
}

MeasuredNetwork measure(const std::vector<LayerPower>& layers) {
  MeasuredNetwork network;
  for (const LayerPower& from : layers) {
    MeasuredLayer layer;
    layer.name = from.layer_name;
    layer.type = from.layer_type;
    layer.cycles = from.cycles;
    layer.run_time_values = from.cycles;
    layer.run_time_ms = from.run_time_ms;
    layer.run_time_sd_ms = from.run_time_sd_ms;
    layer.status = from.status;
    layer.block = from.block;
    layer.energy_mj = from.energy_mj;
    if (from.energy_mj) layer.energy_sd_mj = deviation(*from.energy_mj, from.energy_high_mj);
    if (from.power_w) {
      layer.power_values = from.cycles;
      layer.power_uw = *from.power_w * kMicrowattsPerWatt;
      layer.power_sd_uw = scaled(deviation(*from.power_w, from.power_high_w), kMicrowattsPerWatt);
      if (from.board_power_w) layer.idle_uw = (*from.board_power_w - *from.power_w) * kMicrowattsPerWatt;
    }
    network.layers.push_back(std::move(layer));
  }
  sort_by_name(network.layers);
  return network;
}

}  // namespace joulecast
