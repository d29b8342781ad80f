// What must hold for an ONNX model made of any bytes; shared by the fuzzer and the test of its corpus.
#pragma once

#include <string>
#include <string_view>

#include "joulecast/networks.h"

namespace joulecast::fuzzing {

/// Empty if the bytes are read well or refused well; else what is wrong.
inline std::string onnx_fault(std::string_view bytes) {
  const auto network = parse_onnx(bytes, "fuzz.onnx");
  if (!network) {
    const ErrorKind kind = network.error().kind;
    if (kind != ErrorKind::kMalformed && kind != ErrorKind::kUnfit)
      return "an error of the wrong kind: " + network.error().describe();
    return network.error().message.empty() ? "an error without words" : "";
  }
  for (const Layer& layer : network->layers) {
    if (layer_kind_from(to_string(layer.kind)) != layer.kind) return "a kind without a name";
    for (const auto* tensors : {&layer.inputs, &layer.outputs}) {
      for (const Tensor& tensor : *tensors) {
        if (tensor.dimensions.size() > kMaxRank) return "a tensor of too high a rank";
        for (const std::int64_t size : tensor.dimensions) {
          if (size < 1 || size > kMaxDimension) return "an impossible dimension is left in " + layer.name;
        }
      }
    }
  }
  to_engine_json(*network);
  return {};
}

}  // namespace joulecast::fuzzing
