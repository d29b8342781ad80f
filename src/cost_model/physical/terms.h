// From a layer to the terms of the physical model.
#pragma once

#include <array>
#include <cmath>

#include "joulecast/physical_model.h"
#include "networks/layer_demand.h"

namespace joulecast {

/// All terms but kActive and kCall, which are no layer's own.
PhysicalValues terms_of(const LayerDemand& demand, const LayerGeometry& layer, const PhysicalDevice& device);

inline constexpr std::size_t kSizes = 8;
/// Logs of sizes, the coordinates of the residual and of "like the training layers": rows, columns, depth,
/// groups of a product, traffic, work off the matrix units, stride, kind of work.
std::array<double, kSizes> log_sizes_of(const LayerDemand& demand, const LayerGeometry& layer);

/// Where a term stands in the formula.
enum class TermGroup : std::uint8_t { kFixed, kLaunches, kArithmetic, kTraffic };
constexpr std::size_t index(PhysicalTerm term) {
  return static_cast<std::size_t>(term);
}

constexpr TermGroup group_of(std::size_t term) {
  if (term < index(PhysicalTerm::kLaunch)) return TermGroup::kFixed;
  if (term < index(PhysicalTerm::kMatrix)) return TermGroup::kLaunches;
  return term < index(PhysicalTerm::kTraffic) ? TermGroup::kArithmetic : TermGroup::kTraffic;
}

/// Which of kMatrix, kTile and kWave a recipe counts products by.
PhysicalTerm product_term(const PhysicalRecipe& recipe, PhysicalTarget target);
/// Whether a recipe has the term at all.
bool uses(const PhysicalRecipe& recipe, PhysicalTarget target, std::size_t term);

/// The four sums of the formula.
struct TermSums {
  double fixed = 0.0, launches = 0.0, arithmetic = 0.0, traffic = 0.0;
};
inline TermSums sums_of(const PhysicalValues& values, const PhysicalValues& coefficients) {
  const auto sum = [&](PhysicalTerm first, std::size_t end) {
    double total = 0.0;
    for (std::size_t j = index(first); j < end; ++j) total += values[j] * coefficients[j];
    return total;
  };
  return {sum(PhysicalTerm::kCall, index(PhysicalTerm::kLaunch)),
          sum(PhysicalTerm::kLaunch, index(PhysicalTerm::kMatrix)),
          sum(PhysicalTerm::kMatrix, index(PhysicalTerm::kTraffic)),
          sum(PhysicalTerm::kTraffic, kPhysicalTerms)};
}
/// (a^p + b^p + c^p)^(1/p), for p of 1, 2, 4 without a call of pow.
inline double soft_maximum(double a, double b, double c, double p) {
  if (p == 1.0) return a + b + c;
  if (p == 2.0) return std::sqrt(a * a + b * b + c * c);
  const auto fourth = [](double x) { return x * x * x * x; };
  if (p == 4.0) return std::sqrt(std::sqrt(fourth(a) + fourth(b) + fourth(c)));
  return std::pow(std::pow(a, p) + std::pow(b, p) + std::pow(c, p), 1.0 / p);
}
/// Of the sums, those inside the corner.
inline double corner_of(const TermSums& sums, const PhysicalRecipe& recipe) {
  return soft_maximum(recipe.overlap ? sums.launches : 0.0, sums.arithmetic, sums.traffic, recipe.corner);
}
inline double evaluate(const PhysicalValues& values, const PhysicalValues& coefficients,
                       const PhysicalRecipe& recipe) {
  const TermSums sums = sums_of(values, coefficients);
  return sums.fixed + (recipe.overlap ? 0.0 : sums.launches) + corner_of(sums, recipe);
}

}  // namespace joulecast
