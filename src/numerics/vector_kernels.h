// The inner loops the solvers spend their time in, written so that the same input gives the same bits
// on every processor: the order of additions is fixed (32 running sums, added as a tree), only the width of
// the instructions varies, and multiply-add is never fused.
#pragma once

#include <cstddef>

namespace joulecast {

/// Sum of x[i] y[i], i < n.
double dot(const double* x, const double* y, std::size_t n);

/// y[i] += a x[i], i < n. x and y must not overlap.
void add_scaled(double a, const double* x, double* y, std::size_t n);

/// lower[j * n + i] += row[j] row[i], i <= j < n: a row's part in a Gram matrix, of which the lower triangle
/// is kept by rows. Entries of 0 cost nothing.
void add_outer_product(const double* row, std::size_t n, double* lower);

/// (x[i], y[i]) := (c x[i] + s y[i], c y[i] - s x[i]), i < n. x and y must not overlap.
void rotate(double c, double s, double* x, double* y, std::size_t n);

/// out[j] = dot(columns + j * stride, y) for j < count: a matrix's columns against one vector.
void dot_columns(const double* columns, std::size_t stride, std::size_t count, const double* y, std::size_t n,
                 double* out);

}  // namespace joulecast
