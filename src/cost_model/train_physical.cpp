// The physical models of a training set: run time first, since energy may follow it.
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "cost_model/data_hash.h"
#include "cost_model/physical/grouping.h"
#include "cost_model/physical/multiprocessors.h"
#include "cost_model/physical/train.h"
#include "joulecast/cost_model.h"

namespace joulecast {
namespace {

/// What the data leaves open of the device is learnt, and put into the data.
Expected<TrainedPhysical> train_one(PhysicalData& data, std::span<const double> held_out_ms,
                                    std::vector<Warning>& warnings) {
  std::vector<std::uint32_t> units(data.units.size());
  std::iota(units.begin(), units.end(), 0U);
  const Grouping grouping = grouping_for_validation(data, units, HeldOutGroups::kFamily, {});
  const PhysicalTask task{&data, units, grouping.of_unit, held_out_ms};
  learn_multiprocessors(data, task, {});
  auto trained = train_physical(task, {});
  if (!trained) return trained;
  trained->model.intervals = intervals_of(task, *trained, to_string(grouping.groups));
  const PhysicalIntervals& intervals = *trained->model.intervals;
  const std::string_view target = to_string(data.target);
  if (intervals.group_count < 2) {
    trained->model.intervals.reset();
    warnings.push_back({fmt::format("{}: nothing could be held out, so there are no intervals", target)});
  } else if (grouping.groups == HeldOutGroups::kShape) {
    warnings.push_back(
        {fmt::format("{}: {} network(s) only, so intervals come from shapes that were held out, and "
                     "do not cover what differs between networks",
                     target, trained->model.networks.size())});
  } else if (intervals.total_level < intervals.level) {
    warnings.push_back({fmt::format("{}: {} networks give intervals of totals for {:.0f} % at most", target,
                                    trained->model.networks.size(), 100.0 * intervals.total_level)});
  }
  return trained;
}

}  // namespace

Expected<CostModel> train_physical(const TrainingSet& data, std::span<const std::string> held_out,
                                   const TrainOptions& options) {
  const TrainingSet known = without_networks(data, held_out);

  CostModel out;
  for (const std::string& name : held_out) {
    const bool present = std::any_of(data.layers.begin(), data.layers.end(),
                                     [&](const LayerRow& row) { return row.network == name; });
    if (!present)
      out.warnings.push_back({fmt::format("the test network {} is not in the training set", name)});
  }
  out.library_version = JOULECAST_VERSION;
  out.device = options.device;
  out.idle_power_w = options.idle_power_w;
  out.data_hash = hash_of(data);
  out.end_to_end = fit_end_to_end(known);
  PhysicalData times = gather(known.layers, PhysicalTarget::kRunTime);
  PhysicalData energies = gather(known.layers, PhysicalTarget::kEnergy, known.covariance);
  out.warnings.insert(out.warnings.end(), times.warnings.begin(), times.warnings.end());
  const auto tell = [&](std::size_t done) {
    if (options.progress) options.progress("physical models", done, 2);
  };
  tell(0);
  std::vector<double> held_out_ms;
  if (!times.units.empty()) {
    auto trained = train_one(times, {}, out.warnings);
    if (!trained) return tl::unexpected(trained.error());
    held_out_ms = std::move(trained->held_out_ms);
    out.physical.push_back(std::move(trained->model));
  } else {
    out.warnings.push_back({"no layer has a run time: no model of it"});
  }
  tell(1);
  if (!energies.units.empty()) {
    out.warnings.insert(out.warnings.end(), energies.warnings.begin(), energies.warnings.end());
    auto trained = train_one(energies, held_out_ms, out.warnings);
    if (!trained) return tl::unexpected(trained.error());
    out.physical.push_back(std::move(trained->model));
  } else {
    out.warnings.push_back({"no layer has a power or an energy: no model of it"});
  }
  tell(2);
  if (out.physical.empty())
    return fail(ErrorKind::kUnfit, "no layer has a run time or an energy", {},
                "The physical model learns from layers.csv, which `joulecast convert` writes");
  return out;
}

}  // namespace joulecast
