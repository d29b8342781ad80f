// Engine information in JSON: what IEngineInspector writes with LayerInformationFormat::kJSON.
#pragma once

#include <cstddef>
#include <string_view>

#include "joulecast/networks.h"

namespace joulecast {

/// Layers and bindings as they stand, in the file's order; kinds and shapes are not derived yet. Keys match
/// whatever their case; of a repeated key the last value holds. What is wrong within a layer becomes a fault
/// of that layer; only a text that is no JSON, or has no list of layers, is an error (kMalformed).
/// `readable_behind`: bytes behind the text that belong to the same memory; with 64 it is not copied.
Expected<Network> read_engine_json(std::string_view text, std::string_view source,
                                   std::size_t readable_behind = 0);

}  // namespace joulecast
