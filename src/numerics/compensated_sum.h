// Sums of doubles whose last digit matters: three published orders of adding, each reproduced exactly.
//
// Adding doubles is not associative, so a file that must equal another program's byte for byte needs that
// program's own order of additions. These are the orders of Python 3.12's sum(), pandas' group means and
// NumPy's reductions. None of them sorts or skips anything; a caller drops missing values first.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace joulecast {

/// Neumaier's compensated sum, as Python >= 3.12 `sum()` of floats: the error of each addition is gathered
/// beside the sum and added once at the end.
/// Source: A. Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, ZAMM 54
/// (1974).
class NeumaierSum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    // The smaller operand is the one that lost digits.
    if (std::fabs(sum_) >= std::fabs(value)) {
      lost_ += (sum_ - next) + value;
    } else {
      lost_ += (value - next) + sum_;
    }
    sum_ = next;
  }

  /// An infinite sum stays infinite: its "error" is NaN and must not be added.
  [[nodiscard]] double value() const { return std::isfinite(lost_) ? sum_ + lost_ : sum_; }

 private:
  double sum_ = 0.0;
  double lost_ = 0.0;
};

/// Kahan's compensated sum, as pandas' group means: the error of one addition is taken off the next summand.
/// Source: W. Kahan, Further remarks on reducing truncation errors, CACM 8 (1965).
class KahanSum {
 public:
  void add(double value) {
    const double corrected = value - lost_;
    const double next = sum_ + corrected;
    lost_ = (next - sum_) - corrected;
    if (std::isnan(lost_)) lost_ = 0.0;  // after an infinity: keep the infinity
    sum_ = next;
  }

  [[nodiscard]] double value() const { return sum_; }

 private:
  double sum_ = 0.0;
  double lost_ = 0.0;
};

/// Neumaier's sum of all values in order; 0 for none.
inline double neumaier_sum(std::span<const double> values) {
  NeumaierSum sum;
  for (const double value : values) sum.add(value);
  return sum.value();
}

/// Kahan's sum of all values in order; 0 for none.
inline double kahan_sum(std::span<const double> values) {
  KahanSum sum;
  for (const double value : values) sum.add(value);
  return sum.value();
}

/// Pairwise sum as NumPy adds a contiguous array: fewer than 8 values in order; up to 128 with 8 running
/// sums; more are cut in two at a multiple of 8. The error grows with log n instead of n.
inline double pairwise_sum(std::span<const double> values) {
  constexpr std::size_t kLanes = 8;
  constexpr std::size_t kBlock = 128;
  const std::size_t n = values.size();
  if (n < kLanes) {
    double sum = 0.0;
    for (const double value : values) sum += value;
    return sum;
  }
  if (n <= kBlock) {
    std::array<double, kLanes> lane{};
    for (std::size_t k = 0; k < kLanes; ++k) lane[k] = values[k];
    std::size_t i = kLanes;
    for (; i + kLanes <= n; i += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) lane[k] += values[i + k];
    }
    double sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (; i < n; ++i) sum += values[i];
    return sum;
  }
  const std::size_t half = n / 2 - (n / 2) % kLanes;
  return pairwise_sum(values.first(half)) + pairwise_sum(values.subspan(half));
}

}  // namespace joulecast
