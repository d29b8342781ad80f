#include "cost_model/physical/train.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "cost_model/physical/held_out_errors.h"
#include "cost_model/physical/residual.h"

namespace joulecast {
namespace {

constexpr std::size_t kLeastResidualUnits = 50;  // fewer teach a Gaussian process nothing
constexpr std::size_t kUnitsToChooseBy = 200;    // its length and noise; more do not change them

struct Part {
  std::vector<std::uint32_t> train, test;  // units
  std::vector<std::size_t> test_place;     // positions of the test units in the task
};

/// Folds of whole groups. One group alone cannot be held out: no folds.
std::vector<Part> parts_of(const PhysicalTask& task, std::size_t folds) {
  std::vector<std::size_t> groups;
  for (const std::uint32_t u : task.units) groups.push_back(task.group_of_unit[u]);
  const std::size_t distinct = std::set<std::size_t>(groups.begin(), groups.end()).size();
  if (distinct < 2) return {};
  const auto held = grouped_folds(groups, std::min(folds, distinct));
  if (!held) return {};
  std::vector<Part> parts;
  for (const Fold& fold : *held) {
    Part& part = parts.emplace_back();
    std::size_t next = 0;
    for (std::size_t i = 0; i < task.units.size(); ++i) {
      const bool out = next < fold.size() && fold[next] == i;
      (out ? part.test : part.train).push_back(task.units[i]);
      if (!out) continue;
      part.test_place.push_back(i);
      ++next;
    }
  }
  return parts;
}

std::vector<PhysicalRecipe> recipes_for(const PhysicalTask& task, const PhysicalChoices& choices) {
  bool tiles = false;
  bool families = false;
  for (const std::uint32_t u : task.units) {
    for (std::uint32_t i = task.data->units[u].begin; i < task.data->units[u].end; ++i) {
      const PhysicalValues& values = task.data->values[i];
      const PhysicalTerm whole = product_term({.tiles = true}, task.data->target);
      tiles = tiles || values[index(whole)] != values[index(PhysicalTerm::kMatrix)];
      families = families || values[index(PhysicalTerm::kMoveLaunch)] != 0.0 ||
                 values[index(PhysicalTerm::kPoolingLaunch)] != 0.0;
    }
  }
  const bool energy = task.data->target == PhysicalTarget::kEnergy;
  std::vector<PhysicalRecipe> recipes;
  for (const double corner : choices.corners)
    for (const bool tile : {false, true})
      for (const bool family : {false, true})
        for (const bool overlap : {false, true})
          for (const bool active : {false, true})
            for (const double shrinkage : choices.shrinkages) {
              const bool absent =
                  (tile && !(tiles && choices.tiles)) || (family && !(families && choices.families)) ||
                  (overlap && !(corner > 1.0 && choices.overlap)) || (active && !(energy && choices.active));
              if (!absent) recipes.push_back({corner, tile, family, overlap, active, shrinkage});
            }
  return recipes;
}

class Training {
 public:
  Training(const PhysicalTask& task, const PhysicalChoices& choices)
      : task_(task), data_(*task.data), choices_(choices), parts_(parts_of(task, choices.folds)) {
    fit_options_.loss = choices.loss;
    fit_options_.without = choices.without;
  }

  Expected<TrainedPhysical> run() {
    TrainedPhysical out;
    out.model.target = data_.target;
    out.model.power_basis = data_.power_basis;
    out.model.device = data_.device;
    recipes_ = recipes_for(task_, choices_);
    if (auto ok = fit_all(out.model); !ok) return tl::unexpected(ok.error());
    weigh(out.model);
    out.held_out = held_out_of(out.model);
    if (auto ok = consider_residual(out); !ok) return tl::unexpected(ok.error());
    drop_light_recipes(out.model);
    if (data_.target == PhysicalTarget::kRunTime) out.held_out_ms = held_out_layers(out.model);
    describe(out.model);
    out.held_out_distance = held_out_distances();
    return out;
  }

 private:
  /// Every recipe on all units, and on those outside each fold.
  Expected<void> fit_all(PhysicalModel& model) {
    fold_fits_.resize(parts_.size());
    for (const PhysicalRecipe& recipe : recipes_) {
      auto whole = fit_recipe(data_, task_.units, recipe, fit_options_);
      if (!whole) return tl::unexpected(whole.error());
      model.fits.push_back({recipe, 1.0, std::nullopt, *whole});
      for (std::size_t f = 0; f < parts_.size(); ++f) {
        auto fold = fit_recipe(data_, parts_[f].train, recipe, fit_options_, &*whole);
        if (!fold) return tl::unexpected(fold.error());
        fold_fits_[f].push_back({recipe, 1.0, std::nullopt, *fold});
      }
    }
    return {};
  }

  std::vector<double> held_out_of_recipe(std::size_t r) const {
    std::vector<double> predicted(task_.units.size());
    for (std::size_t f = 0; f < parts_.size(); ++f)
      for (std::size_t k = 0; k < parts_[f].test.size(); ++k)
        predicted[parts_[f].test_place[k]] = evaluate_unit(data_, data_.units[parts_[f].test[k]], recipes_[r],
                                                           fold_fits_[f][r].coefficients, task_.held_out_ms);
    return predicted;
  }

  /// Each recipe by the inverse of its mean squared held-out error (Bates, Granger: The combination of
  /// forecasts, 1969): recipes err alike, and a mean of many beats the one that validation likes best. Where
  /// groups agree that a recipe is worse than the best one it counts less, by evidence_for().
  void weigh(PhysicalModel& model) {
    const std::size_t count = model.fits.size();
    std::vector<std::vector<double>> errors(count);  // by group
    std::vector<double> sums(count, 1.0);
    for (std::size_t r = 0; r < count && !parts_.empty(); ++r) {
      const std::vector<double> predicted = held_out_of_recipe(r);
      errors[r] = sums_by_group(task_, robust_errors(task_, predicted));
      sums[r] = std::max(std::accumulate(errors[r].begin(), errors[r].end(), 0.0), 1e-12);
      model.fits[r].held_out_rmspe_percent = 100.0 * relative_error(data_, task_.units, predicted);
    }
    const auto best = static_cast<std::size_t>(std::min_element(sums.begin(), sums.end()) - sums.begin());
    double sum = 0.0;
    for (std::size_t r = 0; r < count; ++r) {
      std::vector<double> excess = errors[r];
      for (std::size_t g = 0; g < excess.size(); ++g) excess[g] -= errors[best][g];
      const double share = sums[best] / sums[r] * evidence_for(excess);
      model.fits[r].weight = choices_.average ? share : r == best ? 1.0 : 0.0;
      sum += model.fits[r].weight;
    }
    for (std::size_t r = 0; r < count; ++r) {
      model.fits[r].weight /= sum;
      for (auto& fold : fold_fits_) fold[r].weight = model.fits[r].weight;
    }
  }

  PhysicalModel fold_model(const PhysicalModel& model, std::size_t fold) const {
    PhysicalModel out;
    out.target = model.target;
    out.fits = fold_fits_[fold];
    if (fold < fold_residuals_.size()) out.residual = fold_residuals_[fold];
    return out;
  }

  std::vector<double> held_out_of(const PhysicalModel& model) const {
    std::vector<double> held_out(task_.units.size(), kUnknown);
    for (std::size_t f = 0; f < parts_.size(); ++f) {
      const PhysicalModel fold = fold_model(model, f);
      for (std::size_t k = 0; k < parts_[f].test.size(); ++k)
        held_out[parts_[f].test_place[k]] =
            model_value(fold, data_, data_.units[parts_[f].test[k]], task_.held_out_ms);
    }
    return held_out;
  }

  /// By layer, for every layer of a unit: what a fold that held the unit out says of it.
  std::vector<double> held_out_layers(const PhysicalModel& model) const {
    std::vector<double> out(data_.layers.size(), kUnknown);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = model_value(model, data_.values[i], data_.sizes[i]);
    for (std::size_t f = 0; f < parts_.size(); ++f) {
      const PhysicalModel fold = fold_model(model, f);
      for (const std::uint32_t u : parts_[f].test)
        for (std::uint32_t i = data_.units[u].begin; i < data_.units[u].end; ++i)
          out[i] = model_value(fold, data_.values[i], data_.sizes[i]);
    }
    return out;
  }

  /// Kept if it lowers the held-out error by more than the standard error of that gain over groups.
  Expected<void> consider_residual(TrainedPhysical& trained) {
    if (!choices_.residual || parts_.size() < 3 || task_.units.size() < kLeastResidualUnits) return {};
    const ResidualData some(trained.model, data_, task_.units, kUnitsToChooseBy);
    const auto parameters = choose_gaussian_process(some.observations());
    if (!parameters) return tl::unexpected(parameters.error());
    for (std::size_t f = 0; f < parts_.size(); ++f) {
      auto fold = ResidualData(fold_model(trained.model, f), data_, parts_[f].train).fit(*parameters);
      if (!fold) return tl::unexpected(fold.error());
      fold_residuals_.push_back(std::move(*fold));
    }
    std::vector<double> with = held_out_of(trained.model);
    std::vector<double> gains = sums_by_group(task_, robust_errors(task_, trained.held_out));
    const std::vector<double> after = sums_by_group(task_, robust_errors(task_, with));
    for (std::size_t g = 0; g < gains.size(); ++g) gains[g] -= after[g];
    const GroupSum gain = sum_of_groups(gains);
    if (!(gain.sum > gain.standard_error)) {
      fold_residuals_.clear();
      return {};
    }
    auto residual = ResidualData(trained.model, data_, task_.units).fit(*parameters);
    if (!residual) return tl::unexpected(residual.error());
    trained.model.residual = std::move(*residual);
    trained.held_out = std::move(with);
    return {};
  }

  SizeRange range_of(std::span<const std::uint32_t> units) const {
    SizeRange range;
    for (const std::uint32_t u : units)
      for (std::uint32_t i = data_.units[u].begin; i < data_.units[u].end; ++i) range.take(data_.sizes[i]);
    return range;
  }

  std::vector<double> held_out_distances() const {
    std::vector<double> out(task_.units.size(), 0.0);
    for (const Part& part : parts_) {
      const SizeRange range = range_of(part.train);
      for (std::size_t k = 0; k < part.test.size(); ++k) {
        const PhysicalUnit& unit = data_.units[part.test[k]];
        for (std::uint32_t i = unit.begin; i < unit.end; ++i)
          out[part.test_place[k]] =
              std::max(out[part.test_place[k]], distance_outside(range.least, range.most, data_.sizes[i]));
      }
    }
    return out;
  }

  static void drop_light_recipes(PhysicalModel& model) {
    constexpr double kLight = 1e-3;
    std::erase_if(model.fits, [](const PhysicalFit& fit) { return fit.weight < kLight; });
    double sum = 0.0;
    for (const PhysicalFit& fit : model.fits) sum += fit.weight;
    for (PhysicalFit& fit : model.fits) fit.weight /= sum;
  }

  void describe(PhysicalModel& model) const {
    std::set<std::string> networks;
    for (const std::uint32_t u : task_.units) networks.insert(data_.networks[data_.units[u].network]);
    SizeRange range = range_of(task_.units);
    model.size_min = std::move(range.least);
    model.size_max = std::move(range.most);
    model.networks.assign(networks.begin(), networks.end());
    model.layers = task_.units.size();
  }

  const PhysicalTask& task_;
  const PhysicalData& data_;
  const PhysicalChoices& choices_;
  std::vector<Part> parts_;
  PhysicalFitOptions fit_options_;
  std::vector<PhysicalRecipe> recipes_;
  std::vector<std::vector<PhysicalFit>> fold_fits_;  // by fold, then recipe
  std::vector<PhysicalResidual> fold_residuals_;     // by fold; empty without a residual
};

}  // namespace

double relative_error(const PhysicalData& data, std::span<const std::uint32_t> units,
                      std::span<const double> predicted) {
  double sum = 0.0;
  for (std::size_t k = 0; k < units.size(); ++k)
    sum += std::pow(predicted[k] / data.units[units[k]].measured - 1.0, 2);
  return std::sqrt(sum / static_cast<double>(units.size()));
}

double model_value(const PhysicalModel& model, const PhysicalValues& values,
                   const std::array<double, kSizes>& sizes) {
  double sum = 0.0;
  for (const PhysicalFit& fit : model.fits)
    sum += fit.weight * evaluate(values, fit.coefficients, fit.recipe);
  return model.residual ? sum * std::exp(residual_at(*model.residual, sizes)) : sum;
}

double model_value(const PhysicalModel& model, const PhysicalData& data, const PhysicalUnit& unit,
                   std::span<const double> active_ms) {
  double sum = 0.0;
  for (std::uint32_t i = unit.begin; i < unit.end; ++i) {
    PhysicalValues values = data.values[i];
    if (!active_ms.empty()) values[index(PhysicalTerm::kActive)] = active_ms[i];
    sum += model_value(model, values, data.sizes[i]);
  }
  return sum;
}

Expected<TrainedPhysical> train_physical(const PhysicalTask& task, const PhysicalChoices& choices) {
  if (task.units.empty())
    return fail(ErrorKind::kUnfit, "no measured layer to learn from", {},
                "Measure more networks; layers.csv must hold run times or energies");
  return Training(task, choices).run();
}

}  // namespace joulecast
