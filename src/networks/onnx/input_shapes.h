// The sizes a network is to run with.
#pragma once

#include "joulecast/networks.h"
#include "networks/onnx/graph.h"

namespace joulecast::onnx {

/// Gives every input of the graph a shape: the options' shape, else the file's with the batch put in. A batch
/// that neither says is 1, with a warning. Errors: kUsage for a shape that names no input or differs in rank;
/// kUnfit for an input with other open sizes (the hint shows the flag), or without elements.
Expected<void> give_input_shapes(Graph& graph, const OnnxOptions& options, std::string_view source,
                                 std::vector<Warning>& warnings);

/// Inputs that give_input_shapes refuses unless the options have their shape, each with an example of one.
std::vector<ShapeOverride> inputs_without_shape(const Graph& graph);

}  // namespace joulecast::onnx
