#include "numerics/distinct_columns.h"

#include <algorithm>
#include <cmath>

#include "numerics/floating_point.h"
#include "numerics/vector_kernels.h"

namespace joulecast {
namespace {

constexpr double kSameDirection = 16.0 * kEpsilon;  // by element, of columns scaled to length 1

struct Direction {
  std::size_t column = 0;
  double length = 0.0;
  double key = 0.0;  // projection of the unit column on a fixed vector: equal columns have equal keys
};

// A fixed vector with no regularity that data could share (splitmix64, Steele et al. 2014).
std::vector<double> irregular_vector(std::size_t n) {
  std::vector<double> out(n);
  std::uint64_t state = 0;
  for (double& value : out) {
    state += 0x9e3779b97f4a7c15U;
    std::uint64_t z = (state ^ (state >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    value = static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1p-53 - 0.5;
  }
  return out;
}

// Only rounding is left of a constant column after centring.
bool is_constant(std::span<const double> column, double mean, double length) {
  const double size = std::sqrt(static_cast<double>(column.size()));
  return !(length > 4.0 * kEpsilon * std::fabs(mean) * size);
}

bool same_direction(MatrixView x, const Direction& a, const Direction& b, double sign) {
  const std::span<const double> first = x.column(a.column);
  const std::span<const double> second = x.column(b.column);
  const double first_unit = 1.0 / a.length;
  const double second_unit = sign / b.length;
  for (std::size_t i = 0; i < x.rows; ++i) {
    if (std::fabs(first[i] * first_unit - second[i] * second_unit) > kSameDirection) return false;
  }
  return true;
}

}  // namespace

std::vector<std::size_t> distinct_columns(MatrixView x, std::span<const double> means, bool positive) {
  const std::vector<double> probe = irregular_vector(x.rows);
  const double probe_length = std::sqrt(dot(probe.data(), probe.data(), x.rows));
  std::vector<Direction> directions;
  for (std::size_t j = 0; j < x.columns; ++j) {
    const double* const column = x.column(j).data();
    const double length = std::sqrt(dot(column, column, x.rows));
    if (length == 0.0 || is_constant(x.column(j), means[j], length)) continue;
    const double projection = dot(column, probe.data(), x.rows) / length;
    directions.push_back({j, length, positive ? projection : std::fabs(projection)});
  }
  std::sort(directions.begin(), directions.end(), [](const Direction& a, const Direction& b) {
    return a.key < b.key || (a.key == b.key && a.column < b.column);
  });
  // Unit columns within kSameDirection of each other by element have keys within this.
  const double key_slack =
      probe_length * std::sqrt(static_cast<double>(x.rows)) * kSameDirection + 64.0 * kEpsilon * probe_length;
  std::vector<char> is_repeated(directions.size(), 0);
  for (std::size_t a = 0; a < directions.size(); ++a) {
    if (is_repeated[a] != 0) continue;
    std::size_t kept = a;
    for (std::size_t b = a + 1; b < directions.size() && directions[b].key - directions[a].key <= key_slack;
         ++b) {
      if (is_repeated[b] != 0) continue;
      if (!same_direction(x, directions[a], directions[b], 1.0) &&
          (positive || !same_direction(x, directions[a], directions[b], -1.0))) {
        continue;
      }
      const bool is_longer = directions[b].length > directions[kept].length * (1.0 + kSameDirection);
      const bool is_earlier = directions[b].length >= directions[kept].length * (1.0 - kSameDirection) &&
                              directions[b].column < directions[kept].column;
      is_repeated[is_longer || is_earlier ? kept : b] = 1;
      if (is_longer || is_earlier) kept = b;
    }
  }
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < directions.size(); ++i) {
    if (is_repeated[i] == 0) out.push_back(directions[i].column);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace joulecast
