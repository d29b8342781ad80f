// Weighted normal equations of sparse rows with serially correlated noise.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "measurements/regression/design_rows.h"

namespace joulecast::regression {

/// Rows ready for least squares: whitened, unusable ones left out.
struct WhiteRows {
  std::vector<std::uint32_t> begin;  ///< rows + 1
  std::vector<std::uint16_t> column;
  std::vector<float> value;
  std::vector<double> target;
  std::vector<float> phase_us;
  std::vector<std::uint32_t> source;  ///< row of the design
  std::size_t columns = 0;
  [[nodiscard]] std::size_t rows() const { return target.size(); }
};

/// Noise as AR(1) between successive conversions: row and target become x_m - rho x_(m-1), y_m - rho y_(m-1);
/// a row without usable predecessor is scaled by sqrt(1 - rho^2). `mask` (by conversion) leaves rows out.
void whiten(const DesignRows& rows, std::span<const Conversion> conversions, std::span<const double> targets,
            std::span<const char> mask, double rho, WhiteRows& out);

/// gram = sum w x x', right = sum w x y over all columns; `weights` by row.
void accumulate(const WhiteRows& rows, std::span<const double> weights, Eigen::MatrixXd& gram,
                Eigen::VectorXd& right);

/// target - x'p by row.
void residuals(const WhiteRows& rows, const Eigen::VectorXd& powers, std::vector<double>& out);

}  // namespace joulecast::regression
