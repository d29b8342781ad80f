// Fused nodes become layers with tensors in the formats that kernels read.
#pragma once

#include <string_view>
#include <vector>

#include "joulecast/networks.h"
#include "networks/onnx/fusion.h"

namespace joulecast::onnx {

/// Layers in execution order, with reformats where formats or types change. `precision` is that of the
/// weights and of float activations. Error kUnfit, with the node's name: a tensor without elements.
Expected<Network> lower(const Graph& graph, const std::vector<Unit>& units, DataType precision,
                        std::string_view source);

}  // namespace joulecast::onnx
