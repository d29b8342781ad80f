// Which columns of a matrix matter to a lasso: constant ones and repeated ones do not.
#pragma once

#include <cstddef>
#include <vector>

#include "joulecast/numerics.h"

namespace joulecast {

/// Columns that are neither constant nor a multiple of another kept one, ascending. `x` is centred (or is to
/// be taken as it is, without an intercept). Of columns that are multiples of each other the longest is kept,
/// the first of equals: it reaches any fit at the least l1 norm, so the others are 0 in a minimiser. With a
/// sign constraint only positive multiples count. Equal means to within a few roundings.
std::vector<std::size_t> distinct_columns(MatrixView x, std::span<const double> means, bool positive);

}  // namespace joulecast
