#include "cost_model/physical/fit.h"

#include <algorithm>
#include <cmath>

namespace joulecast {
namespace {

constexpr int kSteps = 12;
constexpr double kEnough = 1e-6;  // relative fall of the loss that is not worth a step more

/// Derivative of (a^p + b^p)^(1/p) by a, at a / (a^p + b^p)^(1/p).
double corner_slope(double share, double p) {
  if (p == 2.0) return share;
  if (p == 4.0) return share * share * share;
  return std::pow(share, p - 1.0);
}

/// One unit's derivatives by coefficient.
PhysicalValues gradient_of(const PhysicalData& data, const PhysicalUnit& unit, const PhysicalRecipe& recipe,
                           const PhysicalValues& at) {
  PhysicalValues row{};
  for (std::uint32_t i = unit.begin; i < unit.end; ++i) {
    const PhysicalValues& values = data.values[i];
    std::array<double, 4> slope = {1.0, 1.0, 1.0, 1.0};  // by TermGroup
    if (recipe.corner != 1.0) {
      const TermSums sums = sums_of(values, at);
      if (const double corner = corner_of(sums, recipe); corner > 0.0) {
        if (recipe.overlap) slope[1] = corner_slope(sums.launches / corner, recipe.corner);
        slope[2] = corner_slope(sums.arithmetic / corner, recipe.corner);
        slope[3] = corner_slope(sums.traffic / corner, recipe.corner);
      }
    }
    for (std::size_t j = 0; j < kPhysicalTerms; ++j)
      row[j] += values[j] * slope[static_cast<std::size_t>(group_of(j))];
  }
  return row;
}

class RecipeFit {
 public:
  RecipeFit(const PhysicalData& data, std::span<const std::uint32_t> units, const PhysicalRecipe& recipe,
            const PhysicalFitOptions& options)
      : data_(data), units_(units), recipe_(recipe), options_(options) {
    for (std::size_t j = 0; j < kPhysicalTerms; ++j)
      if (uses(recipe, data.target, j) && std::find(options.without.begin(), options.without.end(),
                                                    static_cast<PhysicalTerm>(j)) == options.without.end())
        terms_.push_back(j);
    double largest = 0.0;
    for (const std::uint32_t u : units) largest = std::max(largest, data.units[u].measured);
    for (const std::uint32_t u : units) {
      const PhysicalUnit& unit = data.units[u];
      const double model = options.model_sd;
      const double trust = model / std::sqrt(model * model + unit.relative_sd * unit.relative_sd);
      scale_.push_back(options.loss == PhysicalLoss::kRelative ? trust / unit.measured : 1.0 / largest);
    }
  }

  Expected<PhysicalValues> run(const PhysicalValues* start) {
    PhysicalValues at{};
    if (start != nullptr) {
      at = *start;
    } else {
      PhysicalRecipe linear = recipe_;
      linear.corner = 1.0;
      auto first = step(linear, at);
      if (!first || recipe_.corner == 1.0) return first;
      at = *first;
    }
    if (recipe_.corner == 1.0) return step(recipe_, at);
    keep_alive(at);
    double loss = loss_of(at);
    for (int i = 0; i < kSteps; ++i) {
      auto next = step(recipe_, at);
      if (!next) return next;
      double share = 1.0;
      PhysicalValues trial = *next;
      double after = loss_of(trial);
      for (int halving = 0; halving < 6 && !(after < loss); ++halving) {
        share /= 2.0;
        for (std::size_t j = 0; j < kPhysicalTerms; ++j) trial[j] = at[j] + share * ((*next)[j] - at[j]);
        after = loss_of(trial);
      }
      if (!(after < loss)) break;
      const bool enough = loss - after < kEnough * loss;
      at = trial;
      loss = after;
      if (enough) break;
    }
    return at;
  }

 private:
  /// A group of terms at 0 has no slope with p > 1, and could never come back.
  void keep_alive(PhysicalValues& at) const {
    for (const PhysicalTerm term :
         {PhysicalTerm::kLaunch, recipe_.tiles ? PhysicalTerm::kTile : PhysicalTerm::kMatrix,
          PhysicalTerm::kTraffic}) {
      double& coefficient = at[index(term)];
      if (coefficient > 0.0) continue;
      double sum = 0.0;
      std::size_t count = 0;
      for (const std::uint32_t u : units_) {
        for (std::uint32_t i = data_.units[u].begin; i < data_.units[u].end; ++i) {
          if (!(data_.values[i][index(term)] > 0.0)) continue;
          sum += data_.units[u].measured / data_.values[i][index(term)];
          ++count;
        }
      }
      if (count != 0) coefficient = 0.1 * sum / static_cast<double>(count);
    }
  }

  double loss_of(const PhysicalValues& at) const {
    double loss = 0.0;
    for (std::size_t k = 0; k < units_.size(); ++k) {
      const PhysicalUnit& unit = data_.units[units_[k]];
      const double error = (evaluate_unit(data_, unit, recipe_, at) - unit.measured) * scale_[k];
      loss += error * error;
    }
    return loss;
  }

  Expected<PhysicalValues> step(const PhysicalRecipe& recipe, const PhysicalValues& at) const {
    const std::size_t p = terms_.size();
    Matrix gram(p, p);
    std::vector<double> right(p, 0.0);
    std::array<double, kPhysicalTerms> row{};
    for (std::size_t k = 0; k < units_.size(); ++k) {
      const PhysicalUnit& unit = data_.units[units_[k]];
      const PhysicalValues slope = gradient_of(data_, unit, recipe, at);
      for (std::size_t j = 0; j < p; ++j) row[j] = slope[terms_[j]] * scale_[k];
      const double target = unit.measured * scale_[k];
      for (std::size_t j = 0; j < p; ++j) {
        if (row[j] == 0.0) continue;
        right[j] += row[j] * target;
        for (std::size_t i = 0; i <= j; ++i) gram(i, j) += row[i] * row[j];
      }
    }
    std::vector<double> unit_length(p, 0.0);
    for (std::size_t j = 0; j < p; ++j) unit_length[j] = gram(j, j) > 0.0 ? 1.0 / std::sqrt(gram(j, j)) : 0.0;
    for (std::size_t j = 0; j < p; ++j) {
      right[j] *= unit_length[j];
      for (std::size_t i = 0; i <= j; ++i) gram(j, i) = gram(i, j) *= unit_length[i] * unit_length[j];
      if (unit_length[j] > 0.0) gram(j, j) = 1.0 + options_.ridge;
    }
    const auto solved = nnls_from_gram(gram.view(), right);
    if (!solved) return tl::unexpected(solved.error());
    PhysicalValues out{};
    for (std::size_t j = 0; j < p; ++j) out[terms_[j]] = solved->x[j] * unit_length[j];
    return out;
  }

  const PhysicalData& data_;
  std::span<const std::uint32_t> units_;
  const PhysicalRecipe& recipe_;
  const PhysicalFitOptions& options_;
  std::vector<std::size_t> terms_;
  std::vector<double> scale_;  // of each unit's row
};

}  // namespace

double evaluate_unit(const PhysicalData& data, const PhysicalUnit& unit, const PhysicalRecipe& recipe,
                     const PhysicalValues& coefficients, std::span<const double> active_ms) {
  double sum = 0.0;
  for (std::uint32_t i = unit.begin; i < unit.end; ++i) {
    sum += evaluate(data.values[i], coefficients, recipe);
    if (!active_ms.empty())
      sum += coefficients[index(PhysicalTerm::kActive)] *
             (active_ms[i] - data.values[i][index(PhysicalTerm::kActive)]);
  }
  return sum;
}

Expected<PhysicalValues> fit_recipe(const PhysicalData& data, std::span<const std::uint32_t> units,
                                    const PhysicalRecipe& recipe, const PhysicalFitOptions& options,
                                    const PhysicalValues* start) {
  if (units.empty())
    return fail(ErrorKind::kUnfit, "no measured layer to fit to", {},
                "Measure more networks; layers.csv must hold run times or energies");
  return RecipeFit(data, units, recipe, options).run(start);
}

}  // namespace joulecast
