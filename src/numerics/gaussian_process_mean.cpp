// The sum that every prediction of a Gaussian process takes, in wide instructions: plain loops over blocks
// that stay in the L1 cache, an exponential without a branch, no fused multiply-add, so that every processor
// gives the same bits.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/every_processor.h"
#include "numerics/gaussian_process.h"

namespace joulecast {
namespace {

constexpr std::size_t kBlock = 64;

/// exp(-s) of s >= 0: s = k ln 2 + r, |r| <= ln 2 / 2, Taylor's polynomial of degree 13 (error below 5e-18),
/// 2^-k put into the exponent's bits. Beyond 700, where the result is below 1e-304, s counts as 700.
inline double exp_of_minus(double s) {
  constexpr double kLog2E = 1.4426950408889634;
  constexpr double kLn2High = 6.93147180369123816490e-01;  // its last 32 bits are zero: k * kLn2High is exact
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  constexpr double kRound =
      6755399441055744.0;  // 1.5 * 2^52: adding it leaves the nearest integer in the low bits
  const double x = s < 700.0 ? -s : -700.0;
  const double shifted = x * kLog2E + kRound;
  const double k = shifted - kRound;
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  const auto power = std::bit_cast<std::uint64_t>(shifted) << 52U;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(p) + power);
}

}  // namespace

JOULECAST_EVERY_PROCESSOR
double gaussian_process_mean(MatrixView points, std::span<const double> weights, double length,
                             std::span<const double> at) {
  const std::size_t n = points.rows;
  const double scale = std::sqrt(5.0) / length;
  double sum = 0.0;
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t count = n - begin < kBlock ? n - begin : kBlock;
    std::array<double, kBlock> values{};
    for (std::size_t j = 0; j < points.columns; ++j) {
      const double* const column = points.data.data() + j * n + begin;
      const double place = at[j];
      for (std::size_t i = 0; i < count; ++i) {
        const double difference = column[i] - place;
        values[i] += difference * difference;
      }
    }
    double* const v = values.data();
    for (std::size_t i = 0; i < kBlock; ++i) v[i] = scale * std::sqrt(v[i]);
    for (std::size_t i = 0; i < kBlock; ++i)
      v[i] = (1.0 + v[i] + v[i] * v[i] * (1.0 / 3.0)) * exp_of_minus(v[i]);
    for (std::size_t i = 0; i < count; ++i) sum += weights[begin + i] * values[i];
  }
  return sum;
}

}  // namespace joulecast
