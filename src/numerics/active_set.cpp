// An active-set method in the manner of Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23),
// with the l1 term carried along as a fixed slope on each active variable:
//
//   inner loop   On the active set A with signs s the minimiser t solves X_A'(y - X_A t) = penalty s. If t
//   keeps
//                all signs, take it. If not, go from w towards t until the first variable reaches 0, drop it,
//                repeat.
//   outer loop   The gradient c = X'(y - X w) must have |c_j| <= penalty outside A (c_j <= penalty if w >=
//   0). The
//                variable that breaks this most, in units of its column's length, enters.
//
// Each step lowers the objective and there are finitely many signed sets, so it ends at the exact minimiser,
// not near it: for columns as collinear as a polynomial's, coordinate descent needs 10^5 and more sweeps to
// reach a gap that this reaches at once. From one alpha of a path to the next the set changes by a variable
// or two.
//
// Degenerate cases. A column that depends on the active ones (repeated, or p > n) would make X_A singular.
// Along d = (-X_A^+ x_j s, s) the fit X w does not move while the penalty falls, so one goes until an active
// variable reaches 0 and exchanges the two, as the simplex method does. Where no variable blocks, or a
// variable that just entered would turn back, its violation was rounding: it is barred until the next call.
#include "numerics/active_set.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "numerics/floating_point.h"
#include "numerics/vector_kernels.h"

namespace joulecast {
namespace {

// Violations below this share of the penalty add less than this share of ||y||^2 to the duality gap.
constexpr double kPenaltySlack = 1e-12;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

}  // namespace

ActiveSetSolver::ActiveSetSolver(MatrixView x, std::span<const double> y, bool positive,
                                 double least_distance)
    : x_(x),
      positive_(positive),
      gram_(x),
      factor_(y, least_distance),
      xy_(x.columns),
      length_(x.columns),
      is_out_(x.columns) {
  dot_columns(x.data.data(), x.rows, x.columns, y.data(), x.rows, xy_.data());
  gradient_ = xy_;
  for (std::size_t j = 0; j < x.columns; ++j) {
    length_[j] = std::sqrt(gram_.diagonal(j));
    is_out_[j] = length_[j] > 0.0 ? 1 : 0;
  }
}

bool ActiveSetSolver::solve(double penalty) {
  for (const std::size_t j : barred_) is_out_[j] = 1;
  barred_.clear();
  changes_ = 0;
  settle(penalty);
  const std::size_t most_changes = 100 + 20 * x_.columns;
  while (changes_ < most_changes) {
    update_gradient();
    const std::size_t j = most_violating(penalty);
    if (j == kNone) return true;
    enter(j, penalty);
    ++changes_;
  }
  update_gradient();
  return false;
}

void ActiveSetSolver::settle(double penalty) {
  while (!active_.empty()) {
    target_.resize(active_.size());
    factor_.solve(penalty, sign_, target_);
    double step = 1.0;
    std::size_t blocking = kNone;
    for (std::size_t i = 0; i < active_.size(); ++i) {
      if (sign_[i] * target_[i] > 0.0) continue;
      const double room = w_[i] == target_[i] ? 0.0 : w_[i] / (w_[i] - target_[i]);
      if (blocking == kNone || room < step) {
        step = room;
        blocking = i;
      }
    }
    if (blocking == kNone) {
      w_ = target_;
      return;
    }
    // Exactly, the coefficient of a variable that just entered (still 0) moves towards its sign. Where
    // rounding turns it back, it had no business to enter.
    const bool turned_back = w_[blocking] == 0.0;
    const std::size_t blocking_column = active_[blocking];
    for (std::size_t i = 0; i < active_.size(); ++i) target_[i] -= w_[i];
    move(target_, step, blocking);
    if (turned_back) bar(blocking_column);
  }
}

/// w += step direction, which brings the blocking variable to 0; drops it and whatever else reaches 0 with
/// it.
void ActiveSetSolver::move(std::span<const double> direction, double step, std::size_t blocking) {
  for (std::size_t i = 0; i < active_.size(); ++i) w_[i] += step * direction[i];
  w_[blocking] = 0.0;
  for (std::size_t i = active_.size(); i-- > 0;) {
    if (sign_[i] * w_[i] <= 0.0) drop(i);
  }
}

void ActiveSetSolver::update_gradient() {
  gradient_ = xy_;
  for (std::size_t i = 0; i < active_.size(); ++i) {
    add_scaled(-w_[i], gram_columns_[i], gradient_.data(), gradient_.size());
  }
}

std::size_t ActiveSetSolver::most_violating(double penalty) const {
  double reach = 0.0;  // bounds |x_j.X w| / length_j, and so the rounding of the gradient
  for (std::size_t i = 0; i < active_.size(); ++i) reach += length_[active_[i]] * std::fabs(w_[i]);
  const double bound = penalty * (1.0 + kPenaltySlack);
  const double rounding = 4.0 * kEpsilon;
  double worst = 0.0;
  std::size_t found = kNone;
  for (std::size_t j = 0; j < gradient_.size(); ++j) {
    if (is_out_[j] == 0) continue;
    const double slope = positive_ ? gradient_[j] : std::fabs(gradient_[j]);
    const double excess = slope - bound - rounding * (std::fabs(xy_[j]) + length_[j] * reach);
    if (excess > worst * length_[j]) {
      worst = excess / length_[j];
      found = j;
    }
  }
  return found;
}

void ActiveSetSolver::enter(std::size_t j, double penalty) {
  if (append(j, gradient_[j] > 0.0 ? 1.0 : -1.0, 0.0)) {
    settle(penalty);
  } else if (penalty > 0.0) {
    exchange(j, penalty);
  } else {
    bar(j);  // without a penalty nothing is to be gained along a direction that leaves the fit as it is
  }
}

bool ActiveSetSolver::append(std::size_t j, double sign, double coefficient) {
  if (!factor_.append(x_.column(j))) return false;
  active_.push_back(j);
  gram_columns_.push_back(gram_.column(j));
  sign_.push_back(sign);
  w_.push_back(coefficient);
  is_out_[j] = 0;
  return true;
}

void ActiveSetSolver::exchange(std::size_t j, double penalty) {
  const double sign = gradient_[j] > 0.0 ? 1.0 : -1.0;
  double entered = 0.0;  // |coefficient| that j has reached
  do {
    std::vector<double> direction(active_.size());
    factor_.project(x_.column(j), direction);
    double step = std::numeric_limits<double>::infinity();
    std::size_t blocking = kNone;
    for (std::size_t i = 0; i < direction.size(); ++i) {
      direction[i] *= -sign;
      if (sign_[i] * direction[i] < 0.0 && -w_[i] / direction[i] < step) {
        step = -w_[i] / direction[i];
        blocking = i;
      }
    }
    if (blocking == kNone) {
      bar(j);
      break;
    }
    move(direction, step, blocking);
    entered += step;
  } while (!append(j, sign, sign * entered));
  settle(penalty);
}

void ActiveSetSolver::drop(std::size_t position) {
  is_out_[active_[position]] = 1;
  factor_.remove(position);
  const auto at = static_cast<std::ptrdiff_t>(position);
  active_.erase(active_.begin() + at);
  gram_columns_.erase(gram_columns_.begin() + at);
  sign_.erase(sign_.begin() + at);
  w_.erase(w_.begin() + at);
}

void ActiveSetSolver::bar(std::size_t j) {
  is_out_[j] = 0;
  barred_.push_back(j);
}

}  // namespace joulecast
