// What the layers of a network ask of the hardware, read from an engine's description or an ONNX model:
// features_dump NETWORK [PRECISION] prints a line of JSON,
// [{"name":...,"kind":...,"window":[h,w],"input":[dims],"output":[dims],"formats":[in,out],"residual":...,
// "features":{name:value}}...], layers that take no
// time left out, or {"error":...}.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "networks/layer_demand.h"

namespace {

using nlohmann::json;
using namespace joulecast;

json features_of(const LayerDemand& demand) {
  const MatrixShape& p = demand.product;
  return {{"rows", p.rows},
          {"columns", p.columns},
          {"depth", p.depth},
          {"groups", p.groups},
          {"launches", demand.launches},
          {"matrix_gflop", demand.matrix_gflop},
          {"image_gflop", demand.image_gflop},
          {"depthwise_gflop", demand.depthwise_gflop},
          {"window_gop", demand.window_gop},
          {"kilo_depth", demand.kilo_depth},
          {"operand_mb", demand.operand_mb},
          {"input_mb", demand.input_mb},
          {"output_mb", demand.output_mb},
          {"traffic_mb", demand.traffic_mb}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  OnnxOptions options;
  if (argc > 2) options.precision = data_type_from(argv[2]).value_or(DataType::kFp16);
  const auto network = read_network(argv[1], options);
  if (!network) {
    fmt::print("{}\n", json{{"error", network.error().describe()}}.dump());
    return 0;
  }
  json layers = json::array();
  for (const Layer& layer : network->layers) {
    const LayerGeometry geometry = geometry_of(layer);
    if (geometry.kind == LayerKind::kNone || layer.inputs.empty() || layer.outputs.empty()) continue;
    layers.push_back({{"name", layer.name},
                      {"kind", std::string(to_string(geometry.kind))},
                      {"input", layer.inputs.front().dimensions},
                      {"output", layer.outputs.front().dimensions},
                      {"window", {geometry.kernel_height.value_or(0.0), geometry.kernel_width.value_or(0.0)}},
                      {"formats", {layer.inputs.front().format, layer.outputs.front().format}},
                      {"residual", geometry.residual.value_or(false)},
                      {"features", features_of(demand_of(geometry))}});
  }
  fmt::print("{}\n", layers.dump(-1, ' ', false, json::error_handler_t::replace));
  return 0;
}
