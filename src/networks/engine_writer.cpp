// Engine information as TensorRT 10 writes it: the keys of each kind of layer, in TensorRT's order.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "joulecast/networks.h"

namespace joulecast {
namespace {

using Json = nlohmann::ordered_json;

std::string_view weight_type_name(DataType type) {
  switch (type) {
    case DataType::kFp32:
      return "Float";
    case DataType::kInt8:
      return "Int8";
    case DataType::kFp8:
      return "FP8";
    case DataType::kBf16:
      return "BFloat16";
    case DataType::kInt32:
      return "Int32";
    default:
      return "Half";
  }
}

// Any number that is the same for the same kernel.
std::string tactic_value(std::string_view tactic) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : tactic) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return fmt::format("0x{:016x}", tactic.empty() ? 0 : hash);
}

Json tensors(const std::vector<Tensor>& list) {
  Json result = Json::array();
  for (const Tensor& tensor : list) {
    result.push_back({{"Name", tensor.name},
                      {"Location", "Device"},
                      {"Dimensions", tensor.dimensions},
                      {"Format/Datatype", tensor.format}});
  }
  return result;
}

void put(Json& to, const char* key, const std::optional<std::vector<std::int64_t>>& list) {
  if (list) to[key] = *list;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void put_convolution(Json& to, const Layer& layer) {
  const std::string_view type = weight_type_name(layer.weight_type);
  put(to, "Kernel", layer.kernel);
  to["PaddingMode"] = layer.padding_mode.empty() ? "kEXPLICIT_ROUND_DOWN" : layer.padding_mode;
  put(to, "PrePadding", layer.pre_padding);
  put(to, "PostPadding", layer.post_padding);
  put(to, "Stride", layer.stride);
  put(to, "Dilation", layer.dilation);
  if (layer.output_maps) to["OutMaps"] = *layer.output_maps;
  if (layer.groups) to["Groups"] = *layer.groups;
  if (layer.weight_count) to["Weights"] = {{"Type", type}, {"Count", *layer.weight_count}};
  if (layer.output_maps) to["Bias"] = {{"Type", type}, {"Count", *layer.output_maps}};
  to["HasSparseWeights"] = 0;
  to["HasDynamicFilter"] = 0;
  to["HasDynamicBias"] = 0;
  to["HasResidual"] = layer.has_residual ? 1 : 0;
  to["ConvXAsActInputIdx"] = -1;
  to["BiasAsActInputIdx"] = -1;
  to["ResAsActInputIdx"] = -1;
  to["Activation"] = layer.activation.empty() ? "NONE" : layer.activation;
  if (layer.kind == LayerKind::kConvolutional) {
    to["HasBias"] = 1;
    to["HasReLU"] = layer.activation == "RELU" ? 1 : 0;
  }
}

void put_pooling(Json& to, const Layer& layer) {
  const bool maximum = contains(layer.tactic, "MAX") || contains(layer.name, "[MAX]");
  to["PoolingType"] = maximum ? "MAX" : "AVERAGE";
  put(to, "WindowSize", layer.window);
  to["PaddingMode"] = layer.padding_mode.empty() ? "kEXPLICIT_ROUND_DOWN" : layer.padding_mode;
  put(to, "PrePadding", layer.pre_padding);
  put(to, "PostPadding", layer.post_padding);
  put(to, "Stride", layer.stride);
  to["BlendFactor"] = 0;
  to["AverageCountExcludesPadding"] = 1;
}

void put_others(Json& to, const Layer& layer) {
  if (layer.parameter_type == "Reformat") to["Origin"] = "REFORMAT";
  if (layer.parameter_type == "ElementWise") {
    to["ElementWiseOperation"] = contains(layer.name, "mul") ? "PROD" : "SUM";
    to["Activation"] = layer.activation.empty() ? "NONE" : layer.activation;
  }
  if (layer.parameter_type == "SoftMax") {
    to["Axes"] = 2;
    to["HasLog"] = 0;
  }
}

Json to_json(const Layer& layer) {
  Json to{{"Name", layer.name},
          {"LayerType", layer.type},
          {"Inputs", tensors(layer.inputs)},
          {"Outputs", tensors(layer.outputs)}};
  if (!layer.parameter_type.empty()) to["ParameterType"] = layer.parameter_type;
  if (layer.kernel) {
    put_convolution(to, layer);
  } else if (layer.window) {
    put_pooling(to, layer);
  } else {
    put_others(to, layer);
  }
  if (!layer.tactic.empty()) to["TacticName"] = layer.tactic;
  to["TacticValue"] = tactic_value(layer.tactic);
  to["StreamId"] = 0;
  to["Metadata"] = "";
  return to;
}

}  // namespace

std::string to_engine_json(const Network& network) {
  Json layers = Json::array();
  for (const Layer& layer : network.layers) layers.push_back(to_json(layer));
  const Json engine{{"Layers", std::move(layers)}, {"Bindings", network.bindings}};
  return engine.dump(4, ' ', false, Json::error_handler_t::replace);
}

}  // namespace joulecast
