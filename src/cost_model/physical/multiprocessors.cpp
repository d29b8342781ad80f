#include "cost_model/physical/multiprocessors.h"

#include <algorithm>
#include <array>
#include <optional>

#include "cost_model/physical/held_out_errors.h"

namespace joulecast {
namespace {

/// From the smallest boards to the largest cards; 0: without waves.
constexpr std::array kSizesOfDevices = {0.0,  1.0,  2.0,  4.0,  6.0,  8.0,  10.0, 12.0, 14.0,  16.0, 20.0,
                                        24.0, 28.0, 32.0, 40.0, 48.0, 58.0, 70.0, 84.0, 108.0, 128.0};

constexpr std::size_t kLeastUnits = 50;  // of fewer one number fits by chance

bool has_tiles(const PhysicalTask& task) {
  const PhysicalData& data = *task.data;
  for (const std::uint32_t u : task.units)
    for (std::uint32_t i = data.units[u].begin; i < data.units[u].end; ++i)
      if (data.layers[i].tile_rows && data.layers[i].tile_columns && data.demands[i].product.rows > 0.0)
        return true;
  return false;
}

using ErrorsBySize = std::array<std::vector<double>, kSizesOfDevices.size()>;

/// By size of the device, then group: errors of one form of the model, fitted to all units. Empty where it
/// cannot be.
ErrorsBySize errors_by_size(const PhysicalTask& task, const PhysicalChoices& choices) {
  PhysicalFitOptions options;
  options.loss = choices.loss;
  options.without = choices.without;
  const PhysicalRecipe recipe{2.0, true, choices.families, false, false, 0.03};
  PhysicalData trial = *task.data;
  std::optional<PhysicalValues> start;  // the fit of the size before
  std::vector<double> predicted(task.units.size());
  ErrorsBySize errors;
  for (std::size_t s = 0; s < errors.size(); ++s) {
    PhysicalDevice device = trial.device;
    device.multiprocessors = kSizesOfDevices[s];
    set_device(trial, device);
    const auto fit = fit_recipe(trial, task.units, recipe, options, start ? &*start : nullptr);
    if (!fit) return {};
    start = *fit;
    for (std::size_t k = 0; k < predicted.size(); ++k)
      predicted[k] = evaluate_unit(trial, trial.units[task.units[k]], recipe, *fit);
    errors[s] = sums_by_group(task, robust_errors(task, predicted));
  }
  return errors;
}

/// The size of the least error over all groups but one.
std::size_t best_without(const ErrorsBySize& errors, std::optional<std::size_t> group) {
  const auto total = [&](const std::vector<double>& of_size) {
    double sum = 0.0;
    for (std::size_t g = 0; g < of_size.size(); ++g) sum += g == group ? 0.0 : of_size[g];
    return sum;
  };
  const auto less = [&](const auto& a, const auto& b) { return total(a) < total(b); };
  return static_cast<std::size_t>(std::min_element(errors.begin(), errors.end(), less) - errors.begin());
}

}  // namespace

void learn_multiprocessors(PhysicalData& data, const PhysicalTask& task, const PhysicalChoices& choices) {
  const bool open = data.target == PhysicalTarget::kRunTime && data.device.multiprocessors == 0.0;
  const PhysicalTask known{&data, task.units, task.group_of_unit, {}};
  if (!open || !choices.tiles || task.units.size() < kLeastUnits || !has_tiles(known)) return;
  const ErrorsBySize errors = errors_by_size(known, choices);
  std::vector<double> gains;
  for (std::size_t g = 0; g < errors[0].size(); ++g)
    gains.push_back(errors[0][g] - errors[best_without(errors, g)][g]);
  const GroupSum gain = sum_of_groups(gains);
  if (!(gain.sum > gain.standard_error)) return;
  PhysicalDevice device = data.device;
  device.multiprocessors = kSizesOfDevices[best_without(errors, std::nullopt)];
  set_device(data, device);
}

}  // namespace joulecast
