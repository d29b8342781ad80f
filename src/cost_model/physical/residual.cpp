#include "cost_model/physical/residual.h"

#include <algorithm>
#include <cmath>

namespace joulecast {
namespace {

/// Least spread by which a coordinate is divided: below half an octave sizes count as equal.
constexpr double kLeastScale = 0.35;

}  // namespace

ResidualData::ResidualData(const PhysicalModel& base, const PhysicalData& data,
                           std::span<const std::uint32_t> units, std::size_t most) {
  const std::size_t count = std::min(units.size(), most);
  std::vector<const std::array<double, kSizes>*> rows;
  for (std::size_t k = 0; k < count; ++k) {
    const PhysicalUnit& unit = data.units[units[k * units.size() / count]];
    const double whole = model_value(base, data, unit);
    if (!(whole > 0.0)) continue;
    for (std::uint32_t i = unit.begin; i < unit.end; ++i) {
      rows.push_back(&data.sizes[i]);
      shares_.push_back(model_value(base, data.values[i], data.sizes[i]) / whole);
    }
    begin_.push_back(static_cast<std::uint32_t>(rows.size()));
    values_.push_back(std::clamp(std::log(unit.measured / whole), -1.5, 1.5));
  }
  points_ = Matrix(rows.size(), kSizes);
  for (std::size_t j = 0; j < kSizes; ++j) {
    double sum = 0.0;
    double squares = 0.0;
    for (const auto* row : rows) {
      sum += (*row)[j];
      squares += (*row)[j] * (*row)[j];
    }
    const double n = std::max(static_cast<double>(rows.size()), 1.0);
    center_.push_back(sum / n);
    scale_.push_back(std::max(std::sqrt(std::max(squares / n - sum / n * sum / n, 0.0)), kLeastScale));
    for (std::size_t i = 0; i < rows.size(); ++i) points_(i, j) = ((*rows[i])[j] - center_[j]) / scale_[j];
  }
}

Expected<PhysicalResidual> ResidualData::fit(const GaussianProcessParameters& parameters) const {
  auto process = fit_gaussian_process(observations(), parameters);
  if (!process) return tl::unexpected(process.error());
  return PhysicalResidual{parameters.length, process->signal_sd,         process->noise_sd, center_, scale_,
                          points_.data,      std::move(process->weights)};
}

double residual_at(const PhysicalResidual& residual, const std::array<double, kSizes>& sizes) {
  std::array<double, kSizes> at{};
  for (std::size_t j = 0; j < kSizes; ++j) at[j] = (sizes[j] - residual.center[j]) / residual.scale[j];
  const MatrixView points{residual.points, residual.weights.size(), kSizes};
  return gaussian_process_mean(points, residual.weights, residual.length, at);
}

}  // namespace joulecast
