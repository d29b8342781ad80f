#include "numerics/active_qr.h"

#include <algorithm>
#include <cmath>

#include "numerics/vector_kernels.h"

namespace joulecast {

void ActiveQr::grow() {
  const std::size_t stride = std::max<std::size_t>(16, 2 * stride_);
  std::vector<double> r(stride * stride);
  for (std::size_t j = 0; j < size_; ++j) std::copy_n(&r_[j * stride_], j + 1, &r[j * stride]);
  r_.swap(r);
  q_.resize(stride * y_.size());
  q_dot_y_.resize(stride);
  stride_ = stride;
}

/// Takes the span of Q out of `column`; products += Q'column. Gram-Schmidt in its modified form, twice: the
/// second pass removes what rounding left of the first (Giraud and Langou, 2002).
void ActiveQr::orthogonalise(std::vector<double>& column, std::span<double> products) const {
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t j = 0; j < size_; ++j) {
      const double product = dot(q_column(j), column.data(), column.size());
      add_scaled(-product, q_column(j), column.data(), column.size());
      products[j] += product;
    }
  }
}

bool ActiveQr::append(std::span<const double> column) {
  if (size_ >= y_.size()) return false;
  if (size_ == stride_) grow();
  std::vector<double> rest(column.begin(), column.end());
  const std::span<double> products(&r_[size_ * stride_], size_ + 1);
  std::fill(products.begin(), products.end(), 0.0);
  orthogonalise(rest, products);
  const double distance = std::sqrt(dot(rest.data(), rest.data(), rest.size()));
  const double length = std::sqrt(dot(column.data(), column.data(), column.size()));
  if (!(distance > least_distance_ * length)) return false;
  products[size_] = distance;
  double* const q = &q_[size_ * y_.size()];
  for (std::size_t i = 0; i < rest.size(); ++i) q[i] = rest[i] / distance;
  q_dot_y_[size_] = dot(q, y_.data(), y_.size());
  ++size_;
  return true;
}

void ActiveQr::remove(std::size_t position) {
  --size_;
  for (std::size_t j = position; j < size_; ++j) {
    std::copy_n(&r_[(j + 1) * stride_], j + 2, &r_[j * stride_]);
  }
  // The columns that moved up have one entry below the diagonal; rotations of neighbouring rows remove it.
  for (std::size_t j = position; j < size_; ++j) {
    double* const pivot = &r_[j * stride_ + j];
    const double length = std::hypot(pivot[0], pivot[1]);
    const double cosine = pivot[0] / length;
    const double sine = pivot[1] / length;
    pivot[0] = length;
    for (std::size_t k = j + 1; k < size_; ++k) {
      double* const pair = &r_[k * stride_ + j];
      const double upper = pair[0];
      pair[0] = cosine * upper + sine * pair[1];
      pair[1] = cosine * pair[1] - sine * upper;
    }
    rotate(cosine, sine, &q_[j * y_.size()], &q_[(j + 1) * y_.size()], y_.size());
    const double upper = q_dot_y_[j];
    q_dot_y_[j] = cosine * upper + sine * q_dot_y_[j + 1];
    q_dot_y_[j + 1] = cosine * q_dot_y_[j + 1] - sine * upper;
  }
}

void ActiveQr::back_substitute(std::span<double> b) const {
  for (std::size_t j = size_; j-- > 0;) {
    const double* const column = &r_[j * stride_];
    b[j] /= column[j];
    add_scaled(-b[j], column, b.data(), j);
  }
}

void ActiveQr::solve(double penalty, std::span<const double> signs, std::span<double> t) const {
  // R'R t = R'Q'y - penalty s, so R t = Q'y - penalty R'^-1 s: R is never squared.
  for (std::size_t j = 0; j < size_; ++j) {
    const double* const column = &r_[j * stride_];
    t[j] = (signs[j] - dot(column, t.data(), j)) / column[j];
  }
  for (std::size_t j = 0; j < size_; ++j) t[j] = q_dot_y_[j] - penalty * t[j];
  back_substitute(t.first(size_));
}

void ActiveQr::project(std::span<const double> column, std::span<double> u) const {
  std::vector<double> rest(column.begin(), column.end());
  std::fill(u.begin(), u.end(), 0.0);
  orthogonalise(rest, u);
  back_substitute(u);
}

}  // namespace joulecast
