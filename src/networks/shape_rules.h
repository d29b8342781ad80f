// Shape rules of single layers: sizes of the outputs from sizes of the inputs.
#pragma once

#include "joulecast/networks.h"

namespace joulecast {

/// Fills the dynamic (-1) dimensions of the layer's outputs from its inputs, which have none left. Error: why
/// a size cannot be derived, or does not fit a size that the engine fixes; in words, without the layer's
/// name.
tl::expected<void, std::string> derive_output_shapes(Layer& layer);

}  // namespace joulecast
