#include "measurements/regression/normal_equations.h"

#include <cmath>

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

/// Entries of one row whose columns follow each other.
struct ColumnRun {
  std::size_t first;  // entry within the row
  std::size_t column;
  std::size_t size;
};

/// Lower triangle of gram += weight x x', right += weight target x, x in runs of columns: wide instructions.
JOULECAST_EVERY_PROCESSOR
void add_outer(const ColumnRun* runs, std::size_t count, const double* x, double weight, double target,
               std::size_t columns, double* gram, double* right) {
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t i = 0; i < runs[r].size; ++i) {
      const double scaled = weight * x[runs[r].first + i];
      const std::size_t column = runs[r].column + i;
      right[column] += scaled * target;
      double* const to = gram + column * columns;
      for (std::size_t q = r; q < count; ++q) {
        const std::size_t skip = q == r ? i : 0;
        const double* const v = x + runs[q].first;
        double* const t = to + runs[q].column;
        for (std::size_t j = skip; j < runs[q].size; ++j) t[j] += scaled * v[j];
      }
    }
  }
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
  std::vector<double> dense(rows.columns);
  std::vector<ColumnRun> runs;
  for (std::size_t m = 0; m < rows.rows(); ++m) {
    if (weights[m] == 0.0) continue;
    const std::size_t begin = rows.begin[m];
    const std::size_t size = rows.begin[m + 1] - begin;
    const std::uint16_t* const column = rows.column.data() + begin;
    runs.clear();
    for (std::size_t i = 0; i < size; ++i) {
      dense[i] = static_cast<double>(rows.value[begin + i]);
      if (i > 0 && column[i] == column[i - 1] + 1) {
        ++runs.back().size;
      } else {
        runs.push_back({i, column[i], 1});
      }
    }
    add_outer(runs.data(), runs.size(), dense.data(), weights[m], rows.target[m], rows.columns, gram.data(),
              right.data());
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
