// The Gaussian process on what the physical terms leave unexplained.
#pragma once

#include "cost_model/physical/train.h"
#include "numerics/gaussian_process.h"

namespace joulecast {

/// Log ratios of measured to modelled figures as observations: a block's ratio is, to first order, the mean
/// of its layers' ones, weighed by their shares of the modelled figure.
class ResidualData {
 public:
  /// Of at most `most` units, evenly picked.
  ResidualData(const PhysicalModel& base, const PhysicalData& data, std::span<const std::uint32_t> units,
               std::size_t most = 400);
  [[nodiscard]] GaussianObservations observations() const {
    return {points_.view(), shares_, begin_, values_};
  }
  /// Errors: those of fit_gaussian_process.
  [[nodiscard]] Expected<PhysicalResidual> fit(const GaussianProcessParameters& parameters) const;

 private:
  Matrix points_;
  std::vector<double> shares_, values_, center_, scale_;
  std::vector<std::uint32_t> begin_ = {0};
};

/// log(measured / predicted) expected for a layer.
double residual_at(const PhysicalResidual& residual, const std::array<double, kSizes>& sizes);

}  // namespace joulecast
