#include "measurements/regression/normal_equations.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "base/every_processor.h"

namespace joulecast::regression {
namespace {

struct RowSpan {
  const std::uint16_t* column;
  const float* value;
  std::size_t size;
};

RowSpan row_of(const DesignRows& rows, std::size_t m) {
  const std::uint32_t b = rows.begin[m];
  return {rows.column.data() + b, rows.value.data() + b, rows.begin[m + 1] - b};
}

void append_scaled(const RowSpan& row, float scale, WhiteRows& out) {
  for (std::size_t i = 0; i < row.size; ++i) {
    out.column.push_back(row.column[i]);
    out.value.push_back(scale * row.value[i]);
  }
}

/// now - rho x before, both sorted by column.
void append_difference(const RowSpan& now, const RowSpan& before, float rho, WhiteRows& out) {
  std::size_t a = 0;
  std::size_t b = 0;
  while (a < now.size || b < before.size) {
    const std::uint16_t ca = a < now.size ? now.column[a] : StateColumns::kNone;
    const std::uint16_t cb = b < before.size ? before.column[b] : StateColumns::kNone;
    float value = 0.0F;
    if (ca <= cb) value += now.value[a++];
    if (cb <= ca) value -= rho * before.value[b++];
    out.column.push_back(ca < cb ? ca : cb);
    out.value.push_back(value);
  }
}

constexpr std::size_t kTogether = 4;

/// Columns that follow each other.
struct ColumnRun {
  std::size_t first;
  std::size_t size;
};

/// Some rows side by side: a dense row of values each, and the columns that any of them uses.
struct RowGroup {
  explicit RowGroup(std::size_t columns_)
      : columns(columns_), values(kTogether * columns_, 0.0), used((columns_ + 63) / 64, 0) {}

  void add(const RowSpan& row, double row_weight, double row_target) {
    double* const to = values.data() + size * columns;
    for (std::size_t i = 0; i < row.size; ++i) {
      const std::size_t c = row.column[i];
      to[c] = static_cast<double>(row.value[i]);
      used[c / 64] |= std::uint64_t{1} << (c % 64);
    }
    weight[size] = row_weight;
    target[size] = row_target;
    ++size;
  }
  void find_runs() {
    runs.clear();
    for (std::size_t word = 0; word < used.size(); ++word) {
      for (std::uint64_t bits = used[word]; bits != 0; bits &= bits - 1) {
        const std::size_t c = 64 * word + static_cast<std::size_t>(std::countr_zero(bits));
        if (!runs.empty() && runs.back().first + runs.back().size == c) {
          ++runs.back().size;
        } else {
          runs.push_back({c, 1});
        }
      }
    }
  }
  void clear() {
    for (const ColumnRun& run : runs) {
      for (std::size_t r = 0; r < kTogether; ++r)
        std::fill_n(values.data() + r * columns + run.first, run.size, 0.0);
    }
    std::fill(used.begin(), used.end(), 0);
    weight = {};
    target = {};
    size = 0;
  }

  std::size_t columns;
  std::size_t size = 0;
  std::array<double, kTogether> weight{};  ///< 0 where there is no row
  std::array<double, kTogether> target{};
  std::vector<double> values;  ///< kTogether x columns
  std::vector<std::uint64_t> used;
  std::vector<ColumnRun> runs;
};

/// Lower triangle of gram += sum of weight x x', right += sum of weight target x over the group's rows. Four
/// rows at once: what is added up is read and written once for all of them.
JOULECAST_EVERY_PROCESSOR
void add_outer(const ColumnRun* runs, std::size_t count, const double* x, const double* weight,
               const double* target, std::size_t columns, double* gram, double* right) {
  const double* const x0 = x;
  const double* const x1 = x0 + columns;
  const double* const x2 = x1 + columns;
  const double* const x3 = x2 + columns;
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t i = runs[r].first; i < runs[r].first + runs[r].size; ++i) {
      const double s0 = weight[0] * x0[i];
      const double s1 = weight[1] * x1[i];
      const double s2 = weight[2] * x2[i];
      const double s3 = weight[3] * x3[i];
      right[i] += (s0 * target[0] + s1 * target[1]) + (s2 * target[2] + s3 * target[3]);
      double* const to = gram + i * columns;
      for (std::size_t q = r; q < count; ++q) {
        const std::size_t end = runs[q].first + runs[q].size;
        for (std::size_t j = q == r ? i : runs[q].first; j < end; ++j) {
          to[j] += (s0 * x0[j] + s1 * x1[j]) + (s2 * x2[j] + s3 * x3[j]);
        }
      }
    }
  }
}

/// Rows by their place in the inference, so that neighbours use the same columns. 128 places are enough;
/// within one the order stays.
std::vector<std::uint32_t> by_phase(const WhiteRows& rows, std::span<const double> weights) {
  constexpr std::size_t kPlaces = 128;
  float longest = 0.0F;
  for (const float phase : rows.phase_us) longest = std::max(longest, phase);
  const float scale = longest > 0.0F ? static_cast<float>(kPlaces - 1) / longest : 0.0F;
  const auto place = [&](std::size_t m) {
    return static_cast<std::size_t>(std::max(0.0F, scale * rows.phase_us[m]));
  };
  std::array<std::uint32_t, kPlaces + 1> next{};
  for (std::size_t m = 0; m < rows.rows(); ++m) {
    if (weights[m] != 0.0) ++next[place(m) + 1];
  }
  for (std::size_t p = 0; p < kPlaces; ++p) next[p + 1] += next[p];
  std::vector<std::uint32_t> order(next[kPlaces]);
  for (std::size_t m = 0; m < rows.rows(); ++m) {
    if (weights[m] != 0.0) order[next[place(m)]++] = static_cast<std::uint32_t>(m);
  }
  return order;
}

RowSpan row_of(const WhiteRows& rows, std::size_t m) {
  const std::uint32_t b = rows.begin[m];
  return {rows.column.data() + b, rows.value.data() + b, rows.begin[m + 1] - b};
}

}  // namespace

void whiten(const DesignRows& rows, std::span<const Conversion> conversions, std::span<const double> targets,
            std::span<const char> mask, double rho, WhiteRows& out) {
  out.begin.assign(1, 0);
  out.column.clear();
  out.value.clear();
  out.target.clear();
  out.phase_us.clear();
  out.source.clear();
  out.columns = rows.columns;
  const double alone = std::sqrt(1.0 - rho * rho);
  for (std::size_t m = 0; m < rows.rows(); ++m) {
    if (!rows.usable[m] || !mask[m]) continue;
    const bool joined =
        rho != 0.0 && m > 0 && conversions[m].follows_previous && rows.usable[m - 1] && mask[m - 1];
    if (joined) {
      append_difference(row_of(rows, m), row_of(rows, m - 1), static_cast<float>(rho), out);
      out.target.push_back(targets[m] - rho * targets[m - 1]);
    } else {
      append_scaled(row_of(rows, m), static_cast<float>(alone), out);
      out.target.push_back(alone * targets[m]);
    }
    out.begin.push_back(static_cast<std::uint32_t>(out.column.size()));
    out.phase_us.push_back(rows.phase_us[m]);
    out.source.push_back(static_cast<std::uint32_t>(m));
  }
}

void accumulate(const WhiteRows& rows, std::span<const double> weights, Eigen::MatrixXd& gram,
                Eigen::VectorXd& right) {
  const auto p = static_cast<Eigen::Index>(rows.columns);
  gram.setZero(p, p);
  right.setZero(p);
  RowGroup group(rows.columns);
  const std::vector<std::uint32_t> order = by_phase(rows, weights);
  for (std::size_t i = 0; i < order.size();) {
    for (; i < order.size() && group.size < kTogether; ++i) {
      const std::size_t m = order[i];
      group.add(row_of(rows, m), weights[m], rows.target[m]);
    }
    group.find_runs();
    add_outer(group.runs.data(), group.runs.size(), group.values.data(), group.weight.data(),
              group.target.data(), rows.columns, gram.data(), right.data());
    group.clear();
  }
  // Column-major storage: what was filled is (row >= column), the lower triangle.
  gram.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
}

void residuals(const WhiteRows& rows, const Eigen::VectorXd& powers, std::vector<double>& out) {
  out.resize(rows.rows());
  for (std::size_t m = 0; m < rows.rows(); ++m) {
    double fitted = 0.0;
    for (std::uint32_t i = rows.begin[m]; i < rows.begin[m + 1]; ++i) {
      fitted += static_cast<double>(rows.value[i]) * powers[rows.column[i]];
    }
    out[m] = rows.target[m] - fitted;
  }
}

}  // namespace joulecast::regression
