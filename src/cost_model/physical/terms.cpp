#include "cost_model/physical/terms.h"

#include <algorithm>
#include <utility>

#include "cost_model/physical/kernel_tiles.h"

namespace joulecast {
namespace {

constexpr std::array<std::string_view, kPhysicalTerms> kNames = {
    "call",        "active_ms",      "launch",       "group_launch",    "group_kilo_depth",
    "move_launch", "pooling_launch", "split_launch", "matrix_gflop",    "tile_gflop",
    "wave_gflop",  "operand_mb",     "image_gflop",  "depthwise_gflop", "window_gop",
    "kilo_depth",  "traffic_mb",     "uncached_mb",  "move_traffic_mb", "pooling_traffic_mb"};

bool is_move(LayerKind kind) {
  return kind == LayerKind::kReformat;
}
/// Operators that read and write without weights.
bool is_light(LayerKind kind) {
  switch (kind) {
    case LayerKind::kPooling:
    case LayerKind::kNormalisation:
    case LayerKind::kSoftmax:
    case LayerKind::kReduce:
    case LayerKind::kResize:
      return true;
    default:
      return false;
  }
}

double ratio_of(const LayerGeometry& layer, const PhysicalDevice& device) {
  const DataType type = layer.weight_type != DataType::kUnknown ? layer.weight_type : layer.input_type;
  const double bytes = bytes_per_element(type);
  if (bytes == 4.0) return device.fp32_ratio;
  return bytes == 1.0 ? device.int8_ratio : device.fp16_ratio;
}

/// What a product computes over its exact size.
struct ProductShares {
  double tiles = 1.0;     ///< whole tiles
  double waves = 1.0;     ///< whole waves of them
  bool is_split = false;  ///< along its inner length, as far as is known
};

ProductShares shares_of(const MatrixShape& product, const LayerGeometry& layer,
                        const PhysicalDevice& device) {
  if (!(product.rows > 0.0)) return {};
  if (layer.tile_rows && layer.tile_columns) {
    const double rows = std::ceil(product.rows / *layer.tile_rows);
    const double columns = std::ceil(product.columns / *layer.tile_columns);
    const double share =
        rows * *layer.tile_rows / product.rows * (columns * *layer.tile_columns / product.columns);
    return {share, share * whole_waves(rows * columns * product.groups, device.multiprocessors), false};
  }
  const KernelTiles alone = choose_tiles(product, 0.0);
  if (!(device.multiprocessors > 0.0)) return {alone.share, alone.share, false};
  const KernelTiles in_waves = choose_tiles(product, device.multiprocessors);
  return {alone.share, in_waves.share, in_waves.splits > 1.0};
}

double log_of(double size) {
  return std::log(std::max(size, 1e-9));
}

}  // namespace

std::string_view to_string(PhysicalTarget target) {
  return target == PhysicalTarget::kRunTime ? "run_time" : "energy";
}
std::string_view unit_of(PhysicalTarget target) {
  return target == PhysicalTarget::kRunTime ? "ms" : "mJ";
}
std::string_view to_string(PhysicalTerm term) {
  return kNames[index(term)];
}

// Dense peak rates as the makers' data sheets give them: of matrix units over vector units for single
// precision and 8 bit, whose first layers do not run on matrix units; over the rate with 32 bit sums for half
// precision, since first layers keep such sums. Then the L2 cache in MB and the number of multiprocessors.
PhysicalDevice device_constants(std::string_view device) {
  constexpr std::array<std::pair<std::string_view, PhysicalDevice>, 8> kDevices = {{
      {"A100", {156.0 / 19.5, 312.0 / 312.0, 624.0 / 78.0, 40.0, 108.0}},
      {"RTX 3060 Laptop", {1.0, 2.0, 2.0, 3.0, 30.0}},
      {"RTX 3090", {35.6 / 35.6, 142.0 / 71.0, 284.0 / 142.0, 6.0, 82.0}},
      {"TITAN RTX", {1.0, 130.0 / 130.0, 261.0 / 65.2, 6.0, 72.0}},
      {"Orin", {4.0, 1.0, 4.0, 4.0, 0.0}},    // 4 to 16
      {"Xavier", {1.0, 1.0, 4.0, 0.5, 0.0}},  // 6 or 8
      {"TX2", {1.0, 1.0, 1.0, 0.5, 2.0}},
      {"Nano", {1.0, 1.0, 1.0, 0.25, 1.0}},
  }};
  for (const auto& [name, constants] : kDevices)
    if (device.find(name) != std::string_view::npos) return constants;
  return {};
}

PhysicalValues terms_of(const LayerDemand& demand, const LayerGeometry& layer, const PhysicalDevice& device) {
  PhysicalValues values{};
  const auto at = [&](PhysicalTerm term) -> double& { return values[index(term)]; };
  const double ratio = demand.image_gflop > 0.0 ? ratio_of(layer, device) : 1.0;
  const double image = demand.image_gflop * ratio;
  at(PhysicalTerm::kLaunch) = demand.launches;
  at(PhysicalTerm::kGroupLaunch) = demand.extra_groups;
  at(PhysicalTerm::kGroupDepth) = demand.extra_groups * demand.product.depth / 1e3;
  at(PhysicalTerm::kOperand) = demand.operand_mb * ratio;
  at(PhysicalTerm::kUncached) =
      std::max(demand.input_mb - device.cache_mb, 0.0) + std::max(demand.output_mb - device.cache_mb, 0.0);
  at(PhysicalTerm::kMatrix) = demand.matrix_gflop + image;
  const ProductShares shares = shares_of(demand.product, layer, device);
  at(PhysicalTerm::kTile) = demand.matrix_gflop * shares.tiles + image;
  at(PhysicalTerm::kWave) = demand.matrix_gflop * shares.waves + image;
  if (shares.is_split) at(PhysicalTerm::kSplitLaunch) = demand.product.groups;
  at(PhysicalTerm::kImage) = demand.image_gflop;
  at(PhysicalTerm::kDepthwise) = demand.depthwise_gflop;
  at(PhysicalTerm::kWindow) = demand.window_gop;
  at(PhysicalTerm::kDepth) = demand.kilo_depth;
  at(PhysicalTerm::kTraffic) = demand.traffic_mb;
  if (is_move(layer.kind)) {
    at(PhysicalTerm::kMoveLaunch) = demand.launches;
    at(PhysicalTerm::kMoveTraffic) = demand.traffic_mb;
  }
  if (is_light(layer.kind)) {
    at(PhysicalTerm::kPoolingLaunch) = demand.launches;
    at(PhysicalTerm::kPoolingTraffic) = demand.traffic_mb;
  }
  return values;
}

std::array<double, kSizes> log_sizes_of(const LayerDemand& demand, const LayerGeometry& layer) {
  const MatrixShape& p = demand.product;
  const double other = demand.depthwise_gflop + demand.window_gop;
  return {log_of(1.0 + p.rows),
          log_of(1.0 + p.columns),
          log_of(1.0 + p.depth),
          log_of(p.groups),
          log_of(1e-4 + demand.traffic_mb),
          log_of(1e-4 + other),
          log_of(std::max(layer.stride_height.value_or(1.0), 1.0)),
          demand.depthwise_gflop > 0.0 ? 1.0 : 0.0};
}

PhysicalTerm product_term(const PhysicalRecipe& recipe, PhysicalTarget target) {
  if (!recipe.tiles) return PhysicalTerm::kMatrix;
  return target == PhysicalTarget::kEnergy ? PhysicalTerm::kTile : PhysicalTerm::kWave;
}

bool uses(const PhysicalRecipe& recipe, PhysicalTarget target, std::size_t term) {
  switch (static_cast<PhysicalTerm>(term)) {
    case PhysicalTerm::kMatrix:
    case PhysicalTerm::kTile:
    case PhysicalTerm::kWave:
      return static_cast<PhysicalTerm>(term) == product_term(recipe, target);
    case PhysicalTerm::kDepth:  // a long chain of additions takes time, and energy by that alone
      return target == PhysicalTarget::kRunTime;
    case PhysicalTerm::kActive:
      return recipe.active && target == PhysicalTarget::kEnergy;
    case PhysicalTerm::kMoveLaunch:
    case PhysicalTerm::kPoolingLaunch:
    case PhysicalTerm::kMoveTraffic:
    case PhysicalTerm::kPoolingTraffic:
      return recipe.families;
    default:
      return true;
  }
}

}  // namespace joulecast
