// Reads a skops file (what MLflow writes by default since 3.17) as the same inert values as a pickle.
#pragma once

#include <string_view>

#include "cost_model/sklearn/pickle_machine.h"

namespace joulecast::sklearn {

/// A ZIP archive of schema.json (protocol 2) and one .npy for each array. Nodes that models do without become
/// values that nobody can use. `bytes` must outlive the result; its values have no offsets.
/// Errors: kMalformed, kUnfit (a newer protocol, a reference to another node, too much).
Expected<Pickled> read_skops(std::string_view bytes, std::string_view source);

}  // namespace joulecast::sklearn
