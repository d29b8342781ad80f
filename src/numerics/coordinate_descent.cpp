// Coordinate descent minimises over one coefficient at a time (Friedman, Hastie, Hoefling, Tibshirani,
// Pathwise coordinate optimization, 2007). With r the residual without column j,
//
//   w_j = soft(x_j . r, penalty) / ||x_j||^2,   soft(z, a) = sign(z) max(|z| - a, 0), and 0 for z < 0 if w >=
//   0.
//
// What makes the iterates scikit-learn's: the sweep is over all columns in order, repeated ones too; each
// path point starts from the last one's w; and the gap is looked at only after a sweep with small updates. An
// early stop at tolerance 1e-4 leaves an answer that depends on each of these.
//
// scikit-learn keeps the residual, or X'X w where rows > columns, and both give the same iterates but for
// rounding. We always keep the gradient X'y - X'X w, with the columns of X'X made when a coefficient first
// moves: a column whose coefficient stays 0, as most do, then costs a comparison instead of a product over
// all rows.
#include "numerics/coordinate_descent.h"

#include <algorithm>
#include <cmath>

#include "numerics/lasso_data.h"
#include "numerics/vector_kernels.h"

namespace joulecast {

CoordinateDescent::CoordinateDescent(MatrixView x, std::span<const double> y, bool positive)
    : gram_(x),
      positive_(positive),
      y_norm2_(dot(y.data(), y.data(), y.size())),
      w_(x.columns, 0.0),
      xy_(x.columns) {
  dot_columns(x.data.data(), x.rows, x.columns, y.data(), x.rows, xy_.data());
}

void CoordinateDescent::restart_gradient() {
  gradient_ = xy_;
  for (std::size_t j = 0; j < w_.size(); ++j) {
    if (w_[j] != 0.0) change(j, w_[j]);
  }
}

/// What adding `difference` to coefficient j does to the gradient.
void CoordinateDescent::change(std::size_t j, double difference) {
  add_scaled(-difference, gram_.column(j), gradient_.data(), gradient_.size());
}

double CoordinateDescent::soft_threshold(double slope, double penalty) const {
  if (positive_ && slope < 0.0) return 0.0;
  return std::copysign(std::max(std::fabs(slope) - penalty, 0.0), slope);
}

CoordinateDescent::Sweep CoordinateDescent::sweep(double penalty) {
  Sweep out;
  for (std::size_t j = 0; j < w_.size(); ++j) {
    const double norm2 = gram_.diagonal(j);
    if (norm2 == 0.0) continue;
    const double before = w_[j];
    const double after = soft_threshold(gradient_[j] + norm2 * before, penalty) / norm2;
    if (after != before) {
      change(j, after - before);
      w_[j] = after;
    }
    out.largest_update = std::max(out.largest_update, std::fabs(after - before));
    out.largest_coefficient = std::max(out.largest_coefficient, std::fabs(after));
  }
  return out;
}

double CoordinateDescent::gap(double penalty) const {
  GapTerms terms;
  double fit_dot_y = 0.0;
  double fit_norm2 = 0.0;
  for (std::size_t j = 0; j < w_.size(); ++j) {
    terms.dual_norm = std::max(terms.dual_norm, positive_ ? gradient_[j] : std::fabs(gradient_[j]));
    terms.l1_norm += std::fabs(w_[j]);
    fit_dot_y += w_[j] * xy_[j];
    fit_norm2 += w_[j] * (xy_[j] - gradient_[j]);
  }
  terms.residual_norm2 = y_norm2_ + fit_norm2 - 2.0 * fit_dot_y;
  terms.residual_dot_y = y_norm2_ - fit_dot_y;
  return duality_gap(terms, penalty);
}

DescentEnd CoordinateDescent::descend(double penalty, const SweepLimits& limits) {
  DescentEnd end;
  restart_gradient();
  const double gap_limit = limits.tolerance * y_norm2_;
  for (end.sweeps = 1; end.sweeps <= limits.max_sweeps; ++end.sweeps) {
    const Sweep last = sweep(penalty);
    if (last.largest_coefficient != 0.0 &&
        !(last.largest_update / last.largest_coefficient < limits.tolerance) &&
        end.sweeps != limits.max_sweeps) {
      continue;
    }
    end.gap = gap(penalty);
    if (end.gap < gap_limit) return end;
    if (last.largest_update == 0.0) break;  // no sweep that is left would change anything
  }
  end.sweeps = limits.max_sweeps;
  end.converged = false;
  return end;
}

}  // namespace joulecast
