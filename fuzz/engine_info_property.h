// What must hold for engine information made of any bytes; shared by the fuzzer and the test of its corpus.
#pragma once

#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/networks.h"

namespace joulecast::fuzzing {

/// Empty if the bytes are read well or refused well; else what is wrong.
inline std::string engine_info_fault(std::string_view bytes) {
  const std::vector<ShapeOverride> shapes = {{"x", {2, 3, 64, 48}}};
  for (const std::size_t given : {0U, 1U}) {
    const auto network = parse_engine(bytes, "fuzz", std::span(shapes).first(given));
    if (!network) {
      const ErrorKind kind = network.error().kind;
      if (kind != ErrorKind::kMalformed && kind != ErrorKind::kUnfit &&
          !(given == 1 && kind == ErrorKind::kUsage))
        return "an error of the wrong kind: " + network.error().describe();
      if (network.error().message.empty()) return "an error without words";
      continue;
    }
    for (const Layer& layer : network->layers) {
      if (layer_kind_from(to_string(layer.kind)) != layer.kind) return "a kind without a name";
      if (layer.name.empty() && layer.faults.empty() && bytes.find("\"\"") == std::string_view::npos &&
          bytes.find("Name: ,") == std::string_view::npos)
        return "a layer without a name and without a fault";
      for (const auto* tensors : {&layer.inputs, &layer.outputs}) {
        for (const Tensor& tensor : *tensors) {
          for (const std::int64_t size : tensor.dimensions) {
            if (size == -1) return "a dynamic dimension is left";
          }
        }
      }
    }
  }
  return {};
}

}  // namespace joulecast::fuzzing
