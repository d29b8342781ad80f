#include "networks/layer_work.h"

#include <algorithm>

#include "networks/format_words.h"

namespace joulecast {
namespace {

double elements(const Tensor& tensor) {
  double count = 1.0;
  for (const std::int64_t d : tensor.dimensions) count *= static_cast<double>(std::max<std::int64_t>(d, 0));
  return tensor.dimensions.empty() ? 0.0 : count;
}

double bytes(const Tensor& tensor) {
  return elements(tensor) * assumed_bytes_per_element(tensor.type);
}

double product(const std::optional<std::vector<std::int64_t>>& sizes) {
  double result = 1.0;
  if (sizes) {
    for (const std::int64_t s : *sizes) result *= static_cast<double>(std::max<std::int64_t>(s, 1));
  }
  return result;
}

double groups(const Layer& layer) {
  return static_cast<double>(std::max<std::int64_t>(layer.groups.value_or(1), 1));
}

double input_channels(const Layer& layer) {
  if (layer.inputs.empty() || layer.inputs[0].dimensions.size() < 2) return 0.0;
  return static_cast<double>(layer.inputs[0].dimensions[1]);
}

double weight_count(const Layer& layer) {
  if (layer.weight_count) return static_cast<double>(*layer.weight_count);
  if (!layer.kernel || layer.outputs.empty() || layer.outputs[0].dimensions.size() < 2) return 0.0;
  const double maps = static_cast<double>(layer.outputs[0].dimensions[1]);
  return product(layer.kernel) * maps * input_channels(layer) / groups(layer);
}

double operations(const Layer& layer, double outputs) {
  const bool shaped = !layer.inputs.empty() && !layer.inputs[0].dimensions.empty();
  switch (layer.kind) {
    case LayerKind::kConvolutional:
    case LayerKind::kDense:
      if (layer.kernel) return 2.0 * outputs * product(layer.kernel) * input_channels(layer) / groups(layer);
      if (layer.kind == LayerKind::kDense && shaped) {
        const double batch = static_cast<double>(std::max<std::int64_t>(layer.inputs[0].dimensions[0], 1));
        return 2.0 * outputs * elements(layer.inputs[0]) / batch;
      }
      return outputs;
    case LayerKind::kMatmul:
      return shaped ? 2.0 * outputs * static_cast<double>(layer.inputs[0].dimensions.back()) : outputs;
    case LayerKind::kPooling:
      return outputs * product(layer.window ? layer.window : layer.kernel);
    case LayerKind::kNone:
      return 0.0;
    default:
      return outputs;
  }
}

}  // namespace

LayerWork layer_work(const Layer& layer) {
  LayerWork work;
  if (layer.kind == LayerKind::kNone) return work;
  double outputs = 0.0;
  for (const Tensor& t : layer.inputs) work.bytes_in += bytes(t);
  for (const Tensor& t : layer.outputs) {
    work.bytes_out += bytes(t);
    outputs += elements(t);
  }
  const bool has_weights = layer.kind == LayerKind::kConvolutional || layer.kind == LayerKind::kDense;
  if (has_weights) work.bytes_weights = weight_count(layer) * assumed_bytes_per_element(layer.weight_type);
  work.flops = operations(layer, outputs);
  return work;
}

}  // namespace joulecast
