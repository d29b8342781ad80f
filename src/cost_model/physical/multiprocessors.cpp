#include "cost_model/physical/multiprocessors.h"

#include <array>
#include <numeric>
#include <optional>

#include "cost_model/physical/held_out_errors.h"

namespace joulecast {
namespace {

/// From the smallest boards to the largest cards.
constexpr std::array kSizesOfDevices = {1.0,  2.0,  4.0,  6.0,  8.0,  10.0, 12.0, 14.0, 16.0,  20.0,
                                        24.0, 28.0, 32.0, 40.0, 48.0, 58.0, 70.0, 84.0, 108.0, 128.0};

constexpr std::size_t kLeastUnits = 50;  // of fewer one number fits by chance

/// The task's units whose layers all have a run time, as data of run times; covariance is of energies.
PhysicalData run_times_of(const PhysicalData& data, const PhysicalTask& task,
                          std::vector<std::uint32_t>& group_of_unit) {
  PhysicalData out = data;
  out.target = PhysicalTarget::kRunTime;
  out.covariance.clear();
  out.units.clear();
  for (const std::uint32_t u : task.units) {
    PhysicalUnit unit = data.units[u];
    if (data.target == PhysicalTarget::kEnergy) {
      unit.measured = 0.0;
      unit.relative_sd = 0.0;
      bool known = true;
      for (std::uint32_t i = unit.begin; i < unit.end; ++i) {
        unit.measured += out.run_time_ms[i];
        known = known && out.run_time_ms[i] > 0.0;
      }
      if (!known) continue;
    }
    out.units.push_back(unit);
    group_of_unit.push_back(task.group_of_unit[u]);
  }
  return out;
}

bool has_tiles(const PhysicalData& data) {
  for (const PhysicalUnit& unit : data.units)
    for (std::uint32_t i = unit.begin; i < unit.end; ++i)
      if (data.layers[i].tile_rows && data.demands[i].product.rows > 0.0) return true;
  return false;
}

}  // namespace

void learn_multiprocessors(PhysicalData& data, const PhysicalTask& task, const PhysicalChoices& choices) {
  if (data.device.multiprocessors > 0.0 || !choices.tiles) return;
  std::vector<std::uint32_t> group_of_unit;
  PhysicalData trial = run_times_of(data, task, group_of_unit);
  if (trial.units.size() < kLeastUnits || !has_tiles(trial)) return;
  std::vector<std::uint32_t> units(trial.units.size());
  std::iota(units.begin(), units.end(), 0U);
  const PhysicalTask times{&trial, units, group_of_unit, {}};
  PhysicalFitOptions options;
  options.loss = choices.loss;
  options.without = choices.without;
  const PhysicalRecipe recipe{2.0, true, choices.families, false, false, 0.03};
  PhysicalDevice device = data.device;
  std::optional<PhysicalValues> start;  // the fit of the number before
  const auto errors_with = [&](double count) {
    device.multiprocessors = count;
    set_device(trial, device);
    std::vector<double> predicted(units.size(), 0.0);
    auto fit = fit_recipe(trial, units, recipe, options, start ? &*start : nullptr);
    if (!fit) return robust_errors(times, predicted);
    start = *fit;
    for (const std::uint32_t u : units) predicted[u] = evaluate_unit(trial, trial.units[u], recipe, *fit);
    return robust_errors(times, predicted);
  };
  const std::vector<double> without = errors_with(0.0);
  GroupSum best;
  double chosen = 0.0;
  for (const double count : kSizesOfDevices) {
    const GroupSum gain = gain_of(times, without, errors_with(count));
    if (!(gain.sum > best.sum)) continue;
    best = gain;
    chosen = count;
  }
  if (!(best.sum > best.standard_error)) return;
  device.multiprocessors = chosen;
  set_device(data, device);
}

}  // namespace joulecast
