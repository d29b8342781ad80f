// Cyclic coordinate descent for the lasso with the updates and the stopping rule of scikit-learn 1.5.2, so
// that the number of sweeps and the (not fully converged) answer are the same.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "joulecast/numerics.h"
#include "numerics/gram_columns.h"

namespace joulecast {

/// When to stop: after a sweep whose largest update is below tolerance x the largest coefficient, the duality
/// gap is reckoned, and it must be below tolerance x ||y||^2.
struct SweepLimits {
  std::size_t max_sweeps = 10000;
  double tolerance = 1e-4;
};

/// How a descent ended. `gap` is n x that of the objective.
struct DescentEnd {
  double gap = 0.0;
  std::size_t sweeps = 0;
  bool converged = true;
};

/// Descends in  1/2 ||y - X w||^2 + penalty ||w||_1  along a path of penalties, each from the last one's w.
class CoordinateDescent {
 public:
  /// `x` and `y` are centred already and must outlive this.
  CoordinateDescent(MatrixView x, std::span<const double> y, bool positive);

  DescentEnd descend(double penalty, const SweepLimits& limits);
  [[nodiscard]] const std::vector<double>& coefficients() const { return w_; }

 private:
  struct Sweep {
    double largest_update = 0.0;
    double largest_coefficient = 0.0;
  };
  void restart_gradient();
  Sweep sweep(double penalty);
  void change(std::size_t j, double difference);
  [[nodiscard]] double soft_threshold(double slope, double penalty) const;
  [[nodiscard]] double gap(double penalty) const;

  GramColumns gram_;
  bool positive_;
  double y_norm2_ = 0.0;
  std::vector<double> w_;
  std::vector<double> xy_;        // X'y
  std::vector<double> gradient_;  // X'y - X'X w
};

}  // namespace joulecast
