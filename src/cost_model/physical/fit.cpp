#include "cost_model/physical/fit.h"

#include <algorithm>
#include <cmath>

#include "numerics/vector_kernels.h"

namespace joulecast {
namespace {

constexpr int kSteps = 12;
constexpr double kEnough = 1e-3;  // relative fall of the loss that is not worth a step more

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

/// Turns the errors of a network's units, which hang together, into ones that do not: L^-1 e for a covariance
/// L L' (generalised least squares).
struct Whitening {
  std::vector<std::size_t> places;  ///< of the units in the task
  std::vector<double> factor;       ///< L, row-major

  /// Of each of `columns` values a unit; `rows` is row-major, a row a unit of the task.
  void apply(std::vector<double>& rows, std::size_t columns) const {
    const std::size_t n = places.size();
    for (std::size_t i = 0; i < n; ++i) {
      double* const row = rows.data() + places[i] * columns;
      for (std::size_t k = 0; k < i; ++k)
        add_scaled(-factor[i * n + k], rows.data() + places[k] * columns, row, columns);
      for (std::size_t j = 0; j < columns; ++j) row[j] /= factor[i * n + i];
    }
  }
};

/// Cholesky factor in place of the lower triangle; false if the matrix is not positive definite.
bool factorise(std::vector<double>& matrix, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = matrix[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= matrix[i * n + k] * matrix[j * n + k];
      if (i != j) {
        matrix[i * n + j] = sum / matrix[j * n + j];
      } else if (sum > 0.0) {
        matrix[i * n + i] = std::sqrt(sum);
      } else {
        return false;
      }
    }
  }
  return true;
}

class RecipeFit {
 public:
  RecipeFit(const PhysicalData& data, std::span<const std::uint32_t> units, const PhysicalRecipe& recipe,
            const PhysicalFitOptions& options)
      : data_(data), units_(units), recipe_(recipe), options_(options), whitened_(units.size(), false) {
    for (std::size_t j = 0; j < kPhysicalTerms; ++j)
      if (uses(recipe, data.target, j) && std::find(options.without.begin(), options.without.end(),
                                                    static_cast<PhysicalTerm>(j)) == options.without.end())
        terms_.push_back(j);
    double largest = 0.0;
    for (const std::uint32_t u : units) largest = std::max(largest, data.units[u].measured);
    if (options.loss != PhysicalLoss::kSquared)
      for (const UnitCovariance& network : data.covariance) take(network);
    for (std::size_t k = 0; k < units.size(); ++k) {
      const PhysicalUnit& unit = data.units[units[k]];
      if (whitened_[k]) {
        scale_.push_back(1.0 / unit.measured);
        continue;
      }
      const double model = options.model_sd;
      const double trust = model / std::sqrt(model * model + unit.relative_sd * unit.relative_sd);
      scale_.push_back(options.loss == PhysicalLoss::kSquared ? 1.0 / largest : trust / unit.measured);
    }
  }

  Expected<PhysicalValues> run(const PhysicalValues* start) {
    PhysicalRecipe linear = recipe_;
    linear.corner = 1.0;
    auto first = step(linear, {});
    if (!first) return first;
    if (options_.loss == PhysicalLoss::kSymmetric) make_symmetric(linear, *first);
    if (recipe_.corner == 1.0)
      return options_.loss == PhysicalLoss::kSymmetric ? step(recipe_, *first) : first;
    PhysicalValues at = start != nullptr ? *start : *first;
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
  /// A covariance of the model's own spread and the measurements' errors, in units of the former, so that
  /// figures without errors count as elsewhere.
  void take(const UnitCovariance& network) {
    Whitening out;
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < network.units.size(); ++i) {
      // Units of a task ascend.
      const auto found = std::lower_bound(units_.begin(), units_.end(), network.units[i]);
      if (found == units_.end() || *found != network.units[i]) continue;
      out.places.push_back(static_cast<std::size_t>(found - units_.begin()));
      members.push_back(i);
    }
    const std::size_t n = members.size();
    const double variance = options_.model_sd * options_.model_sd;
    out.factor.resize(n * n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k)
        out.factor[i * n + k] = network.relative[members[i] * network.units.size() + members[k]] / variance +
                                (i == k ? 1.0 : 0.0);
    if (n == 0 || !factorise(out.factor, n)) return;
    for (const std::size_t place : out.places) whitened_[place] = true;
    whitenings_.push_back(std::move(out));
  }

  void make_symmetric(const PhysicalRecipe& recipe, const PhysicalValues& at) {
    for (std::size_t k = 0; k < units_.size(); ++k) {
      const PhysicalUnit& unit = data_.units[units_[k]];
      scale_[k] /= std::sqrt(std::clamp(evaluate_unit(data_, unit, recipe, at) / unit.measured, 0.5, 2.0));
    }
  }

  /// A group of terms at 0 has no slope with p > 1, and could never come back.
  void keep_alive(PhysicalValues& at) const {
    for (const PhysicalTerm term :
         {PhysicalTerm::kLaunch, product_term(recipe_, data_.target), PhysicalTerm::kTraffic}) {
      double& coefficient = at[index(term)];
      if (coefficient > 0.0) continue;
      // A tenth of what the term would take if it stood alone.
      double product = 0.0;
      double square = 0.0;
      for (std::size_t k = 0; k < units_.size(); ++k) {
        const PhysicalUnit& unit = data_.units[units_[k]];
        double value = 0.0;
        for (std::uint32_t i = unit.begin; i < unit.end; ++i) value += data_.values[i][index(term)];
        product += unit.measured * value * scale_[k] * scale_[k];
        square += value * value * scale_[k] * scale_[k];
      }
      if (square > 0.0) coefficient = 0.1 * product / square;
    }
  }

  double loss_of(const PhysicalValues& at) const {
    std::vector<double> errors(units_.size());
    for (std::size_t k = 0; k < units_.size(); ++k) {
      const PhysicalUnit& unit = data_.units[units_[k]];
      errors[k] = (evaluate_unit(data_, unit, recipe_, at) - unit.measured) * scale_[k];
    }
    for (const Whitening& network : whitenings_) network.apply(errors, 1);
    double loss = 0.0;
    for (const double error : errors) loss += error * error;
    return loss;
  }

  Expected<PhysicalValues> step(const PhysicalRecipe& recipe, const PhysicalValues& at) const {
    const std::size_t p = terms_.size();
    const std::size_t n = units_.size();
    // The last column is the target, so that the last row of the Gram matrix is the right side.
    const std::size_t width = p + 1;
    std::vector<double> rows(n * width);
    for (std::size_t k = 0; k < n; ++k) {
      const PhysicalUnit& unit = data_.units[units_[k]];
      const PhysicalValues slope = gradient_of(data_, unit, recipe, at);
      double* const row = rows.data() + k * width;
      for (std::size_t j = 0; j < p; ++j) row[j] = slope[terms_[j]] * scale_[k];
      row[p] = unit.measured * scale_[k];
    }
    for (const Whitening& network : whitenings_) network.apply(rows, width);
    std::vector<double> lower(width * width, 0.0);
    for (std::size_t k = 0; k < n; ++k) add_outer_product(rows.data() + k * width, width, lower.data());

    std::vector<double> unit_length(p, 0.0);
    for (std::size_t j = 0; j < p; ++j) {
      const double square = lower[j * width + j];
      unit_length[j] = square > 0.0 ? 1.0 / std::sqrt(square) : 0.0;
    }
    Matrix gram(p, p);
    std::vector<double> right(p, 0.0);
    for (std::size_t j = 0; j < p; ++j) {
      right[j] = lower[p * width + j] * unit_length[j];
      for (std::size_t i = 0; i <= j; ++i)
        gram(j, i) = gram(i, j) = lower[j * width + i] * (unit_length[i] * unit_length[j]);
      if (unit_length[j] > 0.0) gram(j, j) = 1.0 + ridge_of(terms_[j]);
    }
    const auto solved = nnls_from_gram(gram.view(), right);
    if (!solved) return tl::unexpected(solved.error());
    PhysicalValues out{};
    for (std::size_t j = 0; j < p; ++j) out[terms_[j]] = solved->x[j] * unit_length[j];
    return out;
  }

  double ridge_of(std::size_t term) const {
    switch (static_cast<PhysicalTerm>(term)) {
      case PhysicalTerm::kCall:
      case PhysicalTerm::kActive:
      case PhysicalTerm::kLaunch:
      case PhysicalTerm::kMatrix:
      case PhysicalTerm::kTile:
      case PhysicalTerm::kWave:
      case PhysicalTerm::kDepth:
      case PhysicalTerm::kTraffic:
        return options_.ridge;
      default:
        return std::max(options_.ridge, recipe_.shrinkage);
    }
  }

  const PhysicalData& data_;
  std::span<const std::uint32_t> units_;
  const PhysicalRecipe& recipe_;
  const PhysicalFitOptions& options_;
  std::vector<std::size_t> terms_;
  std::vector<double> scale_;   // of each unit's row
  std::vector<bool> whitened_;  // by position in units
  std::vector<Whitening> whitenings_;
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
