// Matrices as literals.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "joulecast/numerics.h"

namespace joulecast::test {

/// Of `rows` rows, from its columns one after the other.
inline Matrix matrix(std::size_t rows, std::vector<double> columns) {
  Matrix out(rows, columns.size() / rows);
  out.data = std::move(columns);
  return out;
}

}  // namespace joulecast::test
