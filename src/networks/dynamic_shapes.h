// Engines built for a range of shapes: dimensions of -1 become numbers.
#pragma once

#include <span>
#include <vector>

#include "joulecast/networks.h"

namespace joulecast {

/// Replaces every -1 in the network, layer by layer in execution order: the shapes given, sizes that the
/// engine states elsewhere for the same tensor, and the shape rules of the layers. A network without dynamic
/// dimensions is left as it is.
/// Errors: kUnfit if no shape is given but an input is open (the hint shows how), or with the first layer
/// that cannot be derived; kUsage if a given shape names no input, or contradicts the engine.
Expected<void> resolve_dynamic_shapes(Network& network, std::span<const ShapeOverride> shapes);

/// The network's inputs with dynamic dimensions, each with an example that fits: 1 for an open batch and 224
/// for other open sizes.
std::vector<ShapeOverride> open_inputs(const Network& network);

}  // namespace joulecast
