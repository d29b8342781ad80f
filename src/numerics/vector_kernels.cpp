#include "numerics/vector_kernels.h"

#include "base/every_processor.h"

namespace joulecast {
namespace {

constexpr std::size_t kWidth = 8;
constexpr std::size_t kStep = 4 * kWidth;

// Eight doubles. Where registers are narrower the compiler splits them, lane by lane the same arithmetic.
using Lanes = double __attribute__((vector_size(kWidth * sizeof(double))));
using UnalignedLanes = double __attribute__((vector_size(kWidth * sizeof(double)), aligned(8), may_alias));

}  // namespace

JOULECAST_EVERY_PROCESSOR
double dot(const double* x, const double* y, std::size_t n) {
  Lanes sum0{};
  Lanes sum1{};
  Lanes sum2{};
  Lanes sum3{};
  std::size_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    const auto* const a = reinterpret_cast<const UnalignedLanes*>(x + i);
    const auto* const b = reinterpret_cast<const UnalignedLanes*>(y + i);
    sum0 += a[0] * b[0];
    sum1 += a[1] * b[1];
    sum2 += a[2] * b[2];
    sum3 += a[3] * b[3];
  }
  for (; i + kWidth <= n; i += kWidth) {
    sum0 += *reinterpret_cast<const UnalignedLanes*>(x + i) * *reinterpret_cast<const UnalignedLanes*>(y + i);
  }
  const Lanes sum = (sum0 + sum1) + (sum2 + sum3);
  double total = ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
  for (; i < n; ++i) total += x[i] * y[i];
  return total;
}

JOULECAST_EVERY_PROCESSOR
void add_scaled(double a, const double* x, double* y, std::size_t n) {
  std::size_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    *reinterpret_cast<UnalignedLanes*>(y + i) += a * *reinterpret_cast<const UnalignedLanes*>(x + i);
  }
  for (; i < n; ++i) y[i] += a * x[i];
}

JOULECAST_EVERY_PROCESSOR
void add_outer_product(const double* row, std::size_t n, double* lower) {
  for (std::size_t j = 0; j < n; ++j, lower += n) {
    const double a = row[j];
    if (a == 0.0) continue;
    std::size_t i = 0;
    for (; i + kWidth <= j + 1; i += kWidth) {
      *reinterpret_cast<UnalignedLanes*>(lower + i) += a * *reinterpret_cast<const UnalignedLanes*>(row + i);
    }
    for (; i <= j; ++i) lower[i] += a * row[i];
  }
}

JOULECAST_EVERY_PROCESSOR
void rotate(double c, double s, double* x, double* y, std::size_t n) {
  std::size_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    auto* const first = reinterpret_cast<UnalignedLanes*>(x + i);
    auto* const second = reinterpret_cast<UnalignedLanes*>(y + i);
    const Lanes a = *first;
    const Lanes b = *second;
    *first = c * a + s * b;
    *second = c * b - s * a;
  }
  for (; i < n; ++i) {
    const double a = x[i];
    x[i] = c * a + s * y[i];
    y[i] = c * y[i] - s * a;
  }
}

void dot_columns(const double* columns, std::size_t stride, std::size_t count, const double* y, std::size_t n,
                 double* out) {
  for (std::size_t j = 0; j < count; ++j) out[j] = dot(columns + j * stride, y, n);
}

}  // namespace joulecast
