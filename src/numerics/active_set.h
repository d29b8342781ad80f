// Exact minimiser of a least-squares sum with an absolute-value penalty and, if wanted, a sign constraint:
// the engine of the lasso path (penalty > 0) and of non-negative least squares (penalty 0, w >= 0).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "joulecast/numerics.h"
#include "numerics/active_qr.h"
#include "numerics/gram_columns.h"

namespace joulecast {

/// Minimises  1/2 ||y - X w||^2 + penalty ||w||_1,  w >= 0 if `positive`, from the answer of the previous
/// call. X may have more columns than rows, and columns that depend on each other or differ in scale by many
/// powers of ten. Time is O((n + p) k) a change of the k active variables, and O(n p) when one is active for
/// the first time.
class ActiveSetSolver {
 public:
  /// `x` and `y` must outlive the solver; they are taken as they are, not centred. `least_distance`: see
  /// ActiveQr; to be raised where x itself is less exact than its digits.
  ActiveSetSolver(MatrixView x, std::span<const double> y, bool positive,
                  double least_distance = ActiveQr::kRounding);

  /// True if the optimality conditions hold at return to within rounding; false if the bound on changes of
  /// the active set was reached first.
  bool solve(double penalty);

  [[nodiscard]] std::span<const std::size_t> active() const { return active_; }
  /// Coefficients of active(), in its order; all others are 0.
  [[nodiscard]] std::span<const double> coefficients() const { return w_; }
  /// X'(y - X w), all p values, at the answer.
  [[nodiscard]] std::span<const double> gradient() const { return gradient_; }
  /// X'y
  [[nodiscard]] std::span<const double> correlations() const { return xy_; }
  /// Changes of the active set by the last call.
  [[nodiscard]] std::size_t changes() const { return changes_; }

 private:
  void settle(double penalty);
  void update_gradient();
  [[nodiscard]] std::size_t most_violating(double penalty) const;
  void enter(std::size_t j, double penalty);
  bool append(std::size_t j, double sign, double coefficient);
  void exchange(std::size_t j, double penalty);
  void move(std::span<const double> direction, double step, std::size_t blocking);
  void drop(std::size_t position);
  void bar(std::size_t j);

  MatrixView x_;
  bool positive_;
  GramColumns gram_;
  ActiveQr factor_;
  std::vector<double> xy_;
  std::vector<double> length_;  // of each column; 0 = one that can never enter
  std::vector<std::size_t> active_;
  std::vector<const double*> gram_columns_;  // of active_
  std::vector<double> sign_;
  std::vector<double> w_;
  std::vector<double> gradient_;
  std::vector<char> is_out_;  // neither active nor barred
  std::vector<std::size_t> barred_;
  std::vector<double> target_;
  std::size_t changes_ = 0;
};

}  // namespace joulecast
