#include "numerics/gram_columns.h"

#include "numerics/vector_kernels.h"

namespace joulecast {

GramColumns::GramColumns(MatrixView x) : x_(x), diagonal_(x.columns), columns_(x.columns) {
  for (std::size_t j = 0; j < x.columns; ++j) {
    diagonal_[j] = dot(x.column(j).data(), x.column(j).data(), x.rows);
  }
}

const double* GramColumns::column(std::size_t j) {
  if (columns_[j].empty()) {
    columns_[j].resize(x_.columns);
    dot_columns(x_.data.data(), x_.rows, x_.columns, x_.column(j).data(), x_.rows, columns_[j].data());
  }
  return columns_[j].data();
}

}  // namespace joulecast
