// What joulecast reads of an ONNX model, for comparison with the ONNX library: onnx_dump MODEL [PRECISION]
// prints a line of JSON:
// {"nodes":[[operator,name,inputs,outputs,attributes]...],"values":{name:[type,[dims]]...},
// "units":[[kind,[node names]]...],"layers":[[name,type,kind,[input dims],[output dims]]...]} or
// {"error":...}.
#include <fmt/core.h>

#include <array>
#include <nlohmann/json.hpp>

#include "networks/onnx/input_shapes.h"
#include "networks/onnx/lowering.h"
#include "networks/onnx/mapped_file.h"
#include "networks/onnx/shape_rule.h"

namespace {

using nlohmann::json;
using namespace joulecast;

json nodes_of(const onnx::ModelProto& model) {
  json nodes = json::array();
  for (const auto& node : model.graph.nodes) {
    json attributes = json::object();
    for (const auto& one : node.attributes)
      attributes[std::string(one.name)] = {one.i, one.f, std::string(one.s), one.ints, one.floats};
    nodes.push_back({std::string(node.operation), std::string(node.name),
                     std::vector<std::string>(node.inputs.begin(), node.inputs.end()),
                     std::vector<std::string>(node.outputs.begin(), node.outputs.end()), attributes});
  }
  return nodes;
}

json initialisers_of(const onnx::ModelProto& model) {
  json all = json::object();
  for (const auto& tensor : model.graph.initialisers) {
    const auto content = onnx::content_of(tensor);
    json& entry = all[std::string(tensor.name)] = {static_cast<int>(tensor.type), tensor.dimensions};
    if (content) entry.push_back(content->is_float ? json(content->floats) : json(content->ints));
  }
  return all;
}

json values_of(const onnx::Graph& graph) {
  json values = json::object();
  for (const auto& value : graph.values) {
    json& entry = values[std::string(value.name)] = {static_cast<int>(value.type)};
    entry.push_back(value.shape ? json(*value.shape) : json(nullptr));
    if (value.content)
      entry.push_back(value.content->is_float ? json(value.content->floats) : json(value.content->ints));
  }
  return values;
}

json dimensions_of(const std::vector<Tensor>& tensors) {
  json all = json::array();
  for (const auto& tensor : tensors) all.push_back({tensor.dimensions, tensor.format});
  return all;
}

/// Fills `out` as far as the model can be read.
Expected<void> dump(const std::string& path, DataType precision, json& out) {
  const auto file = onnx::MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const auto model = onnx::read_model(file->bytes(), path);
  if (!model) return tl::unexpected(model.error());
  out = json{{"opset", model->opset}, {"nodes", nodes_of(*model)}, {"initialisers", initialisers_of(*model)}};
  auto graph = onnx::build_graph(*model, path);
  if (!graph) return tl::unexpected(graph.error());
  std::vector<Warning> warnings;
  if (auto ok = onnx::give_input_shapes(*graph, {}, path, warnings); !ok) return tl::unexpected(ok.error());
  if (auto ok = onnx::infer_shapes(*graph, path); !ok) return tl::unexpected(ok.error());
  out["values"] = values_of(*graph);
  constexpr std::array kKinds = {"folded",  "elided",    "convolution", "dense",   "matmul",
                                 "pooling", "pointwise", "scale",       "reshape", "shuffle",
                                 "concat",  "slice",     "single"};
  const auto units = onnx::fuse(*graph);
  out["units"] = json::array();
  for (const auto& unit : units) {
    std::vector<std::string> names;
    for (const int node : unit.nodes) names.push_back(graph->node(node).name);
    out["units"].push_back({kKinds.at(static_cast<std::size_t>(unit.kind)), names});
  }
  const auto network = onnx::lower(*graph, units, precision, path);
  if (!network) return tl::unexpected(network.error());
  out["layers"] = json::array();
  for (const Layer& layer : network->layers)
    out["layers"].push_back({layer.name, layer.type, std::string(to_string(layer.kind)),
                             dimensions_of(layer.inputs), dimensions_of(layer.outputs), layer.faults});
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const auto precision = data_type_from(argc > 2 ? argv[2] : "fp16");
  json out = json::object();
  const auto result = dump(argv[1], precision.value_or(DataType::kFp16), out);
  if (!result) out["error"] = result.error().describe();
  fmt::print("{}\n", out.dump(-1, ' ', false, json::error_handler_t::replace));
  return 0;
}
