// Conformal intervals with groups (networks) as the exchangeable unit: each group's scores have the same
// weight together (the pooled distribution of Dunn, Wasserman, Ramdas 2018, arXiv 1809.07441). The group to
// come may differ from all: with few groups the level is raised by (G + 1) / G, which is enough whatever it
// is like, and more than enough where groups are alike. With more groups the data tell how alike they are:
// the level is raised until each group is covered by the quantile of the others, on average over the groups.
// Scores are |log(measured / predicted)| over what prediction multiplies the quantile by: spread of the kind
// and distance from the training layers.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "cost_model/physical/train.h"

namespace joulecast {
namespace {

constexpr double kShrinkage = 10.0;  // layers that the spread of all kinds counts as

constexpr std::size_t kGroupsToTell = 5;    // fewer do not tell how alike groups are
constexpr std::size_t kGroupsEnough = 200;  // of so many, one more or less changes nothing

struct Score {
  double value = 0.0, weight = 0.0;
  std::uint32_t group = 0;
};

/// Of ascending scores, one group left out if there is one.
double quantile(const std::vector<Score>& scores, double level, std::optional<std::uint32_t> without = {}) {
  double total = 0.0;
  for (const Score& score : scores)
    if (score.group != without) total += score.weight;
  double below = 0.0;
  double last = 0.0;
  for (const Score& score : scores) {
    if (score.group == without) continue;
    below += score.weight;
    last = score.value;
    if (below >= level * total * (1.0 - 1e-12)) break;
  }
  return last;
}

/// Share of a group's scores that the quantile of the others covers, on average over groups; groups weigh 1.
double coverage_of_others(const std::vector<Score>& scores, const std::set<std::uint32_t>& groups,
                          double level) {
  double covered = 0.0;
  for (const std::uint32_t group : groups) {
    const double limit = quantile(scores, level, group);
    for (const Score& score : scores)
      if (score.group == group && score.value <= limit) covered += score.weight;
  }
  return covered / static_cast<double>(groups.size());
}

/// The score that `level` of a new group's layers stay below.
double calibrated(std::vector<Score> scores, double level) {
  std::sort(scores.begin(), scores.end(), [](const Score& a, const Score& b) { return a.value < b.value; });
  std::set<std::uint32_t> groups;
  for (const Score& score : scores) groups.insert(score.group);
  const double g = static_cast<double>(groups.size());
  const double safe = std::min(1.0, level * (g + 1.0) / g);
  if (groups.size() < kGroupsToTell || groups.size() > kGroupsEnough) return quantile(scores, safe);
  constexpr int kLevels = 10;
  for (int step = 0; step < kLevels; ++step) {
    const double raised = level + (safe - level) * step / kLevels;
    if (coverage_of_others(scores, groups, raised) >= level) return quantile(scores, raised);
  }
  return quantile(scores, safe);
}

/// log(measured / predicted) of a unit's run time, where the task has held-out ones; infinite otherwise.
double log_time_ratio(const PhysicalTask& task, const PhysicalUnit& unit) {
  if (task.held_out_ms.empty()) return std::log(0.0);
  double measured = 0.0;
  double predicted = 0.0;
  for (std::uint32_t i = unit.begin; i < unit.end; ++i) {
    measured += task.data->run_time_ms[i];
    predicted += task.held_out_ms[i];
  }
  return std::log(measured / predicted);
}

}  // namespace

PhysicalIntervals intervals_of(const PhysicalTask& task, const TrainedPhysical& trained,
                               std::string_view groups) {
  const PhysicalData& data = *task.data;
  const std::vector<double>& held_out = trained.held_out;
  PhysicalIntervals out;
  out.groups = groups;
  std::map<std::uint32_t, std::size_t> group_size;
  std::vector<double> ratio(task.units.size());
  std::vector<double> kind_sum(kLayerKinds, 0.0);
  std::vector<double> kind_count(kLayerKinds, 0.0);
  double sum = 0.0;
  double count = 0.0;
  for (std::size_t k = 0; k < task.units.size(); ++k) {
    if (!(held_out[k] > 0.0)) continue;
    const PhysicalUnit& unit = data.units[task.units[k]];
    ratio[k] = std::log(unit.measured / held_out[k]);
    ++group_size[task.group_of_unit[task.units[k]]];
    kind_sum[static_cast<std::size_t>(unit.kind)] += ratio[k] * ratio[k];
    kind_count[static_cast<std::size_t>(unit.kind)] += 1.0;
    sum += ratio[k] * ratio[k];
    count += 1.0;
  }
  out.group_count = group_size.size();
  if (count == 0.0) {  // nothing was held out: no widths, but a model of the usual form
    out.kind_scale.assign(kLayerKinds, 1.0);
    return out;
  }
  const double all = std::max(sum / count, 1e-12);
  for (std::size_t kind = 0; kind < kLayerKinds; ++kind)
    out.kind_scale.push_back(
        std::sqrt((kind_sum[kind] + kShrinkage * all) / (kind_count[kind] + kShrinkage)));

  std::vector<Score> layers;
  std::vector<Score> powers;
  std::map<std::uint32_t, std::pair<double, double>> totals;
  for (std::size_t k = 0; k < task.units.size(); ++k) {
    if (!(held_out[k] > 0.0)) continue;
    const PhysicalUnit& unit = data.units[task.units[k]];
    const std::uint32_t group = task.group_of_unit[task.units[k]];
    const double scale =
        out.kind_scale[static_cast<std::size_t>(unit.kind)] * widening_at(trained.held_out_distance[k]);
    const double weight = 1.0 / static_cast<double>(group_size[group]);
    layers.push_back({std::abs(ratio[k]) / scale, weight, group});
    const double time_ratio = log_time_ratio(task, unit);
    if (std::isfinite(time_ratio)) powers.push_back({std::abs(ratio[k] - time_ratio) / scale, weight, group});
    totals[unit.network].first += unit.measured;
    totals[unit.network].second += held_out[k];
  }
  out.layer_log_ratio = calibrated(std::move(layers), out.level);
  if (!powers.empty()) out.power_log_ratio = calibrated(std::move(powers), out.level);
  if (groups == "shape") return out;

  std::vector<Score> sums;
  for (const auto& [network, total] : totals)
    sums.push_back({std::abs(std::log(total.first / total.second)), 1.0, network});
  const double n = static_cast<double>(sums.size());
  out.total_level = std::min(out.level, n / (n + 1.0));
  std::sort(sums.begin(), sums.end(), [](const Score& a, const Score& b) { return a.value < b.value; });
  out.total_log_ratio = quantile(sums, std::min(1.0, out.level * (n + 1.0) / n));
  return out;
}

}  // namespace joulecast
