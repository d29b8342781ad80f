// Run time: t = launch + (t_compute^p + t_memory^p)^(1/p), a roofline with a round corner; t_compute counts
// whole tiles in whole waves over the multiprocessors, t_memory the bytes that do not come from the cache.
// Both a layer's time and its power carry a factor of their own that belongs to its shape: what a kernel does
// beyond its FLOPs and bytes.
#include "simulator/physics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "simulator/random.h"

namespace joulecast::simulator {
namespace {

double bytes_of(const Tensor& tensor) {
  double elements = 1.0;
  for (const std::int64_t d : tensor.dimensions)
    elements *= static_cast<double>(std::max<std::int64_t>(d, 1));
  return elements * 2.0;
}

// "tilesize128x64" or "gemm_128x64" in a kernel's name; 64 x 64 where it tells none.
std::pair<double, double> tile_of(const std::string& tactic) {
  for (const std::string_view mark : {std::string_view("tilesize"), std::string_view("gemm_")}) {
    const std::size_t at = tactic.find(mark);
    if (at == std::string::npos) continue;
    const char* const end = tactic.data() + tactic.size();
    int rows = 0;
    int columns = 0;
    const auto first = std::from_chars(tactic.data() + at + mark.size(), end, rows);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != 'x') continue;
    const auto second = std::from_chars(first.ptr + 1, end, columns);
    if (second.ec == std::errc() && rows > 0 && columns > 0) return {rows, columns};
  }
  return {64.0, 64.0};
}

void add_matrix_product(Work& work, const Layer& layer, const PhysicsOptions& physics) {
  const Tensor& out = layer.outputs.front();
  const double channels = static_cast<double>(layer.output_maps.value_or(1));
  const double rows = bytes_of(out) / 2.0 / channels;
  const double groups = static_cast<double>(layer.groups.value_or(1));
  const double depth = static_cast<double>(layer.weight_count.value_or(0)) / channels;
  work.flops = 2.0 * rows * channels * depth;
  const bool depthwise = groups > 1.0 && depth < 50.0 && channels == groups;
  if (depthwise) {
    work.padded_flops = work.flops;
    work.peak_share = physics.depthwise_efficiency;
    return;
  }
  const auto [tile_rows, tile_columns] = tile_of(layer.tactic);
  // A product of few rows (a vector) runs on CUDA cores: no padding of its rows.
  const bool vector = rows <= 8.0;
  const double row_tiles = vector ? 1.0 : std::ceil(rows / tile_rows);
  const double tiles = row_tiles * std::ceil(channels / groups / tile_columns) * groups;
  const double waves = std::ceil(tiles / physics.multiprocessors);
  work.padded_flops =
      vector ? work.flops : waves * physics.multiprocessors * tile_rows * tile_columns * depth * 2.0;
  work.peak_share = vector ? 0.1 : physics.compute_efficiency;
}

// All that a kernel is chosen by.
std::uint64_t signature(const Layer& layer) {
  std::uint64_t key = mix(layer.has_residual ? 1 : 0, layer.type);
  key = mix(key, layer.tactic);
  for (const auto* tensors : {&layer.inputs, &layer.outputs}) {
    for (const Tensor& tensor : *tensors) {
      for (const std::int64_t d : tensor.dimensions) key = mix(key, static_cast<std::uint64_t>(d));
    }
  }
  for (const auto* list : {&layer.kernel, &layer.window, &layer.stride}) {
    if (!*list) continue;
    for (const std::int64_t d : **list) key = mix(key, static_cast<std::uint64_t>(d));
  }
  return key;
}

double saturating(const PhysicsOptions& p, double compute, double memory) {
  return p.active_w + p.compute_w * portable_pow(compute, p.rate_exponent) +
         p.memory_w * portable_pow(memory, p.rate_exponent);
}

double law_power(const PhysicsOptions& p, const Layer& layer, std::uint64_t seed, double compute,
                 double memory) {
  switch (p.law) {
    case PowerLaw::kSaturatingRates:
      return saturating(p, compute, memory);
    case PowerLaw::kEnergyPerWork:
      return p.active_w + 1.6 * p.compute_w * compute + p.memory_w * memory;
    case PowerLaw::kPowerCap: {
      // A smooth minimum of the wanted power and the cap.
      const double wanted = 1.3 * saturating(p, compute, memory);
      return wanted / portable_pow(1.0 + portable_pow(wanted / p.cap_w, 4.0), 0.25);
    }
    case PowerLaw::kKernelFamily: {
      const auto [rows, columns] = tile_of(layer.tactic);
      Random random(mix(mix(seed, layer.type), static_cast<std::uint64_t>(rows * 1000.0 + columns)));
      return p.active_w + random.uniform(0.1, 0.9) * p.compute_w;
    }
    case PowerLaw::kRandom: {
      Random random(mix(seed, layer.name));
      return random.uniform(1.5, 7.5);
    }
    case PowerLaw::kAlike:
      return p.active_w;
  }
  return p.active_w;
}

}  // namespace

Work work_of(const Layer& layer, const PhysicsOptions& physics) {
  Work work;
  if (layer.kind == LayerKind::kNone || layer.outputs.empty()) {
    work.runs = false;
    return work;
  }
  if (layer.weight_count) {
    add_matrix_product(work, layer, physics);
  } else {
    const double window = layer.window ? static_cast<double>((*layer.window)[0] * (*layer.window)[1]) : 4.0;
    work.flops = work.padded_flops = bytes_of(layer.outputs.front()) / 2.0 * window;
    work.peak_share = physics.depthwise_efficiency;
  }
  const double cache = physics.cache_mb * 1e6;
  for (const auto* tensors : {&layer.inputs, &layer.outputs}) {
    for (const Tensor& tensor : *tensors) {
      const double bytes = bytes_of(tensor);
      work.dram_bytes += bytes <= cache ? bytes / 2.5 : bytes;
    }
  }
  work.dram_bytes += 2.0 * static_cast<double>(layer.weight_count.value_or(0));
  return work;
}

std::vector<LayerCost> layer_costs(const Board& board, const Network& network) {
  const PhysicsOptions& p = board.physics;
  std::vector<LayerCost> costs;
  costs.reserve(network.layers.size());
  for (const Layer& layer : network.layers) {
    LayerCost& cost = costs.emplace_back();
    const Work work = work_of(layer, p);
    if (!work.runs) continue;
    Random own(mix(board.seed, signature(layer)));
    const double compute_us = work.padded_flops / (p.peak_tflops * work.peak_share * 1e6);
    const double memory_us = work.dram_bytes / (p.memory_gb_per_s * 1e3);
    const double corner = portable_pow(
        portable_pow(compute_us, p.roofline_exponent) + portable_pow(memory_us, p.roofline_exponent),
        1.0 / p.roofline_exponent);
    cost.run_time_us = p.launch_us + corner * own.log_normal(p.shape_spread);
    const double compute = work.flops / (cost.run_time_us * p.peak_tflops * 1e6);
    const double memory = work.dram_bytes / (cost.run_time_us * p.memory_gb_per_s * 1e3);
    const double law = law_power(p, layer, mix(board.seed, "power law"), compute, memory);
    cost.power_w = std::clamp(law * own.log_normal(p.power_spread), 0.3, 15.0);
  }
  return costs;
}

}  // namespace joulecast::simulator
