// Nodes that leave nothing to do at run time.
#pragma once

#include "networks/onnx/graph.h"

namespace joulecast::onnx {

enum class Fate { kRuns, kFolded, kElided };

/// What becomes of each node. Consumers of an elided node's output read its input from then on.
std::vector<Fate> elide(Graph& graph);

/// No output but the first is read.
bool only_first_output_used(const Graph& graph, const Node& node);

/// The value's only consumer; -1 if there are several, none, or it is an output of the network.
int sole_consumer(const Graph& graph, int value);

}  // namespace joulecast::onnx
