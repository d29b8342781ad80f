// Orthogonal factors of the columns in an active set, kept up to date while variables enter and leave.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace joulecast {

/// X_A = Q R for an ordered set A of columns that grows at its end and shrinks anywhere; O(n k) a change,
/// O(k^2) a solve. The Cholesky factor of X_A'X_A would be cheaper, but nearly collinear columns have the
/// square of their condition there: it loses the distance of a column to the others below 1e-8 of its length,
/// this below 1e-15.
class ActiveQr {
 public:
  /// Orthogonalising leaves this share of a column's length as rounding.
  static constexpr double kRounding = 1e-13;

  /// For the right side `y`, of as many rows as the columns to come. A column whose distance to the span of
  /// the others is below `least_distance` of its length counts as dependent.
  explicit ActiveQr(std::span<const double> y, double least_distance = kRounding)
      : y_(y.begin(), y.end()), least_distance_(least_distance) {}

  [[nodiscard]] std::size_t size() const { return size_; }

  /// Appends a column. If it depends on the present ones, nothing is changed and the answer is false.
  bool append(std::span<const double> column);

  /// Removes the column at `position`; later ones move up.
  void remove(std::size_t position);

  /// t := argmin 1/2 ||y - X_A t||^2 + penalty signs.t
  void solve(double penalty, std::span<const double> signs, std::span<double> t) const;

  /// u := argmin ||column - X_A u||
  void project(std::span<const double> column, std::span<double> u) const;

 private:
  void grow();
  void orthogonalise(std::vector<double>& column, std::span<double> products) const;
  void back_substitute(std::span<double> b) const;
  [[nodiscard]] const double* q_column(std::size_t j) const { return &q_[j * y_.size()]; }

  std::vector<double> y_;
  double least_distance_;
  std::size_t size_ = 0;
  std::size_t stride_ = 0;
  std::vector<double> q_;        // n x stride_, column-major
  std::vector<double> r_;        // upper triangle, column-major, stride_ x stride_
  std::vector<double> q_dot_y_;  // Q'y
};

}  // namespace joulecast
