// The reference's three training CSV files.
#pragma once

#include <span>
#include <string>

#include "joulecast/training_set.h"

namespace joulecast {

/// One of convolutional.csv, pooling.csv, dense.csv: features as integers, then power (microwatt), runtime
/// (ms), layer_name. A NaN power is an empty cell.
std::string reference_csv(ReferenceKind kind, std::span<const ReferenceRow> rows);

}  // namespace joulecast
