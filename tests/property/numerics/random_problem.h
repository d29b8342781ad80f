// Random regression problems with everything that makes one hard: more columns than rows, repeated, opposite,
// constant, zero and nearly equal columns, sums of others, scales from 1e-4 to 1e4, repeated rows, exact
// fits.
#pragma once

#include <rapidcheck.h>

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "joulecast/numerics.h"

namespace joulecast::test {

/// Whether columns differ in scale so much that double precision cannot resolve a gap of 1e-10 ||y||^2 any
/// more.
enum class Scales { kOrdinary, kWild };

struct RandomProblem {
  Matrix x;
  std::vector<double> y;
};

inline void fill_column(Matrix& x, std::size_t j, int kind, Scales scales, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> small(0, 3);
  const std::size_t other = j > 0 ? std::uniform_int_distribution<std::size_t>(0, j - 1)(random) : 0;
  const std::size_t third = j > 0 ? std::uniform_int_distribution<std::size_t>(0, j - 1)(random) : 0;
  const int powers = scales == Scales::kWild ? 4 : 1;
  const double scale = std::pow(10.0, std::uniform_int_distribution<int>(-powers, powers)(random));
  const double nearness = scales == Scales::kWild ? 1e-9 : 1e-2;
  const double offset = normal(random);
  for (std::size_t i = 0; i < x.rows; ++i) {
    double value = normal(random);
    if (j > 0 && kind == 1) value = x(i, other);
    if (j > 0 && kind == 2) value = 2.0 * x(i, other) + offset;
    if (j > 0 && kind == 3) value = -x(i, other);
    if (j > 0 && kind == 4) value = x(i, other) + x(i, third);
    if (j > 0 && kind == 5) value = x(i, other) + nearness * value;
    if (kind == 6) value = offset;
    if (kind == 7) value = 0.0;
    if (kind == 8) value *= scale;
    if (kind == 9) value = small(random);
    x(i, j) = value;
  }
}

/// A problem drawn from rapidcheck's own source, so that a failing one is repeated by its seed and shrunk.
inline RandomProblem random_problem(std::size_t most_rows, std::size_t most_columns,
                                    Scales scales = Scales::kWild) {
  const auto rows = *rc::gen::inRange<std::size_t>(1, most_rows + 1);
  const auto columns = *rc::gen::inRange<std::size_t>(1, most_columns + 1);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto target = *rc::gen::inRange(0, 5);
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  RandomProblem out{Matrix(rows, columns), std::vector<double>(rows)};
  for (std::size_t j = 0; j < columns; ++j) {
    fill_column(out.x, j, std::uniform_int_distribution<int>(0, 14)(random), scales, random);
  }
  if (rows > 2 && seed % 3 == 0) {  // repeated rows
    for (std::size_t j = 0; j < columns; ++j) out.x(rows - 1, j) = out.x(0, j);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    if (target == 0) out.y[i] = 0.0;
    if (target == 1) out.y[i] = 3.5;
    if (target >= 2) out.y[i] = out.x(i, 0) - (columns > 1 ? 0.5 * out.x(i, columns - 1) : 0.0);
    if (target >= 3) out.y[i] += normal(random);
  }
  return out;
}

}  // namespace joulecast::test
