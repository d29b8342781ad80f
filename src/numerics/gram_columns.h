// Columns of a Gram matrix X'X, each made when it is first asked for: along a lasso path only few variables
// are ever active.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "joulecast/numerics.h"

namespace joulecast {

/// X'X of an n x p matrix, by columns. Keeps a view of X, which must outlive it. One thread at a time.
class GramColumns {
 public:
  explicit GramColumns(MatrixView x);

  [[nodiscard]] std::size_t size() const { return diagonal_.size(); }
  [[nodiscard]] double diagonal(std::size_t j) const { return diagonal_[j]; }
  /// p values. Stays valid as long as this object.
  const double* column(std::size_t j);

 private:
  MatrixView x_;
  std::vector<double> diagonal_;
  std::vector<std::vector<double>> columns_;  // empty until asked for
};

}  // namespace joulecast
