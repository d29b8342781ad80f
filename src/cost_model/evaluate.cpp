// Nested evaluation: groups are held out in turn, and all that training chooses is chosen without them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/parallel.h"
#include "cost_model/leaderboard.h"
#include "cost_model/physical/baselines.h"
#include "cost_model/physical/grouping.h"
#include "cost_model/physical/multiprocessors.h"
#include "cost_model/physical/train.h"
#include "joulecast/evaluation.h"

namespace joulecast {
namespace {

/// What one fold says of a unit that it held out.
struct UnitResult {
  double predicted = kUnknown, log_ratio = 0.0, power_log_ratio = 0.0, distance = 0.0, naive = kUnknown;
  std::optional<double> lasso;
};

struct Outcome {
  PhysicalData data;
  std::vector<std::uint32_t> group_of_unit;
  std::vector<Fold> folds;
  std::vector<std::pair<double, double>> fold_total;  // by fold: ratio and level of its totals
  std::vector<std::optional<Error>> fold_error;       // by fold
  std::vector<UnitResult> units;
  std::vector<double> layer_ms;                  ///< held-out run times by layer
  std::vector<double> total_ratio, total_level;  ///< by network: of the fold that held it out; 0 for shapes
  std::optional<Error> error;
};

std::vector<std::uint32_t> groups_of(const PhysicalData& data, const EvaluationOptions& options) {
  return grouping_by(data, options.groups, options.families).of_unit;
}

double naive_of(const PhysicalData& data, std::span<const std::uint32_t> units, LayerKind kind) {
  double sum = 0.0;
  double all = 0.0;
  std::size_t count = 0;
  for (const std::uint32_t u : units) {
    all += data.units[u].measured;
    if (data.units[u].kind != kind) continue;
    sum += data.units[u].measured;
    ++count;
  }
  return count != 0 ? sum / static_cast<double>(count) : all / static_cast<double>(units.size());
}

void run_fold(Outcome& outcome, std::size_t f, const EvaluationOptions& options,
              std::span<const double> held_out_ms) {
  const PhysicalData& data = outcome.data;
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> test;
  const Fold& fold = outcome.folds[f];
  for (std::uint32_t u = 0; u < data.units.size(); ++u)
    (std::binary_search(fold.begin(), fold.end(), u) ? test : train).push_back(u);
  const Grouping inner = grouping_for_validation(data, train, options.groups, options.families);
  PhysicalData seen = data;  // with what this fold learns of the device
  const PhysicalTask task{&seen, train, inner.of_unit, held_out_ms};
  learn_multiprocessors(seen, task, options.choices);
  auto trained = train_physical(task, options.choices);
  if (!trained) {
    outcome.fold_error[f] = trained.error();
    return;
  }
  PhysicalModel& model = trained->model;
  model.intervals = intervals_of(task, *trained, to_string(inner.groups));
  for (const std::uint32_t u : test) {
    const PhysicalUnit& unit = data.units[u];
    UnitResult& result = outcome.units[u];
    result.predicted = model_value(model, seen, unit, held_out_ms);
    result.naive = naive_of(data, train, unit.kind);
    for (std::uint32_t i = unit.begin; i < unit.end; ++i) {
      const PhysicalPrediction one = predict(model, data.layers[i]);
      result.distance = std::max(result.distance, one.distance);
      result.log_ratio = std::max(result.log_ratio, one.log_ratio);
      result.power_log_ratio = std::max(result.power_log_ratio, one.power_log_ratio);
      if (data.target == PhysicalTarget::kRunTime)
        outcome.layer_ms[i] = model_value(model, seen.values[i], seen.sizes[i]);
    }
  }
  outcome.fold_total[f] = {model.intervals->total_log_ratio, model.intervals->total_level};
}

/// The first fold's error, and intervals of the networks' totals: each of the fold that held the network out.
/// Where shapes are held out a network is in several folds, and has no totals.
void take_totals(Outcome& outcome, HeldOutGroups groups) {
  for (std::size_t f = 0; f < outcome.folds.size(); ++f) {
    if (outcome.fold_error[f] && !outcome.error) outcome.error = outcome.fold_error[f];
    if (groups == HeldOutGroups::kShape) continue;
    const auto [ratio, level] = outcome.fold_total[f];
    for (const std::size_t u : outcome.folds[f]) {
      const auto network = outcome.data.units[u].network;
      outcome.total_ratio[network] = ratio;
      outcome.total_level[network] = level;
    }
  }
}

Outcome hold_out(const TrainingSet& set, PhysicalTarget target, const EvaluationOptions& options,
                 std::span<const double> held_out_ms) {
  Outcome outcome;
  outcome.data = gather(set.layers, target, set.covariance);
  const PhysicalData& data = outcome.data;
  outcome.units.resize(data.units.size());
  outcome.layer_ms.assign(data.layers.size(), kUnknown);
  outcome.total_ratio.assign(data.networks.size(), 0.0);
  outcome.total_level.assign(data.networks.size(), 0.0);
  outcome.group_of_unit = groups_of(data, options);
  const std::vector<std::size_t> groups(outcome.group_of_unit.begin(), outcome.group_of_unit.end());
  const std::size_t distinct = std::set<std::size_t>(groups.begin(), groups.end()).size();
  if (distinct < 2) return outcome;
  const std::size_t folds =
      options.groups == HeldOutGroups::kShape ? std::min(options.shape_folds, distinct) : distinct;
  auto held = grouped_folds(groups, folds);
  if (!held) {
    outcome.error = held.error();
    return outcome;
  }
  outcome.folds = std::move(*held);
  outcome.fold_total.assign(outcome.folds.size(), {0.0, 0.0});
  outcome.fold_error.resize(outcome.folds.size());
  parallel_for(outcome.folds.size(), options.jobs,
               [&](std::size_t f) { run_fold(outcome, f, options, held_out_ms); });
  take_totals(outcome, options.groups);
  return outcome;
}

/// Layers that no fold held out (unmeasured ones) get no run time; energies must not wait for them.
std::vector<double> known_times(const Outcome& times) {
  std::vector<double> out = times.layer_ms;
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!std::isfinite(out[i])) out[i] = times.data.run_time_ms[i];
  return out;
}

HeldOutLayer layer_of(const PhysicalData& data, const PhysicalUnit& unit,
                      std::span<const std::string> names) {
  HeldOutLayer layer;
  layer.network = data.networks[unit.network];
  layer.layer_name = names[unit.begin];
  layer.kind = unit.kind;
  layer.measured = unit.measured;
  return layer;
}

void set_interval(HeldOutLayer& layer, double log_ratio) {
  if (!(log_ratio > 0.0)) return;
  layer.low = layer.predicted * std::exp(-log_ratio);
  layer.high = layer.predicted * std::exp(log_ratio);
}

void summarise(TargetEvaluation& target) {
  target.all = accuracy_of(target.layers);
  std::map<std::string, std::vector<HeldOutLayer>> by_kind;
  std::map<std::string, std::vector<HeldOutLayer>> by_network;
  for (const HeldOutLayer& layer : target.layers) {
    by_kind[std::string(to_string(layer.kind))].push_back(layer);
    if (layer.kind == LayerKind::kConvolutional || layer.kind == LayerKind::kDense)
      by_kind["convolutional+dense"].push_back(layer);
    by_network[layer.network].push_back(layer);
  }
  for (const auto& [kind, layers] : by_kind) target.by_kind[kind] = accuracy_of(layers);
  for (const auto& [network, layers] : by_network) target.by_network[network] = accuracy_of(layers);
}

/// A recipe's held-out predictions by layer; the reference knows no sums.
struct Lasso {
  std::vector<std::optional<double>> power, time;

  [[nodiscard]] std::optional<double> power_of(const PhysicalUnit& unit) const {
    return power.empty() || unit.end - unit.begin != 1 ? std::nullopt : power[unit.begin];
  }
  [[nodiscard]] std::optional<double> of(const PhysicalUnit& unit, PhysicalTarget target) const {
    if (time.empty() || unit.end - unit.begin != 1) return std::nullopt;
    if (target == PhysicalTarget::kRunTime) return time[unit.begin];
    return time[unit.begin] && power[unit.begin] ? std::optional(*time[unit.begin] * *power[unit.begin])
                                                 : std::nullopt;
  }
};

/// False if the reference's recipe has no prediction.
bool put_lasso_first(HeldOutLayer& layer) {
  if (!layer.lasso) return false;
  layer.predicted = std::max(*layer.lasso, 0.0);
  layer.low = layer.high = std::nullopt;
  return true;
}

class Evaluating {
 public:
  Evaluating(const TrainingSet& data, const EvaluationOptions& options)
      : data_(data), rows_(data.layers), options_(options) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].kind == LayerKind::kNone) continue;
      row_of_layer_.push_back(i);
      names_.push_back(rows_[i].block.empty() || !rows_[i].status.empty() ? rows_[i].layer_name
                                                                          : rows_[i].block);
    }
  }

  Expected<Evaluation> run() {
    Evaluation out;
    out.groups = options_.groups;
    const Outcome times = hold_out(data_, PhysicalTarget::kRunTime, options_, {});
    if (times.error) return tl::unexpected(*times.error);
    const std::vector<double> layer_ms = known_times(times);
    const Outcome energies = hold_out(data_, PhysicalTarget::kEnergy, options_, layer_ms);
    if (energies.error) return tl::unexpected(*energies.error);
    out.group_count = std::max(times.folds.size(), energies.folds.size());
    if (out.group_count == 0)
      return fail(
          ErrorKind::kUnfit,
          times.data.units.empty() && energies.data.units.empty()
              ? std::string("no layer has a run time or an energy")
              : fmt::format("all layers are of one {}: nothing can be held out", to_string(options_.groups)),
          {}, hint_without_groups(std::max(times.data.networks.size(), energies.data.networks.size())));
    for (const Outcome* outcome : {&times, &energies})
      out.warnings.insert(out.warnings.end(), outcome->data.warnings.begin(), outcome->data.warnings.end());
    if ((options_.lasso || options_.judge_lasso) && !times.folds.empty()) compare_with_lasso(times);
    if (!times.folds.empty()) out.targets.push_back(target_of(times, "run_time"));
    if (!energies.folds.empty()) {
      if (!times.folds.empty()) out.targets.push_back(power_of(energies, layer_ms));
      out.targets.push_back(target_of(energies, "energy"));
    }
    for (TargetEvaluation& target : out.targets) {
      summarise(target);
      rank(target, out.leaderboard);
    }
    return out;
  }

 private:
  std::string hint_without_groups(std::size_t networks) const {
    if (options_.groups == HeldOutGroups::kShape) return "Measure layers of other sizes";
    const bool by_network = options_.groups == HeldOutGroups::kFamily && networks > 1;
    return fmt::format("Measure more networks, or hold out by --group {}", by_network ? "network" : "shape");
  }

  void compare_with_lasso(const Outcome& times) {
    for (Lasso* lasso : {&lasso_, &relative_lasso_}) {
      lasso->power.resize(names_.size());
      lasso->time.resize(names_.size());
    }
    parallel_for(times.folds.size(), options_.jobs, [&](std::size_t f) {
      std::vector<std::size_t> train;
      std::vector<std::size_t> test;
      std::vector<std::size_t> layers;
      for (std::uint32_t u = 0; u < times.data.units.size(); ++u) {
        const PhysicalUnit& unit = times.data.units[u];
        if (unit.end - unit.begin != 1) continue;  // the reference knows no sums
        const bool out = std::binary_search(times.folds[f].begin(), times.folds[f].end(), u);
        (out ? test : train).push_back(row_of_layer_[unit.begin]);
        if (out) layers.push_back(unit.begin);
      }
      for (const bool relative : {false, true}) {
        const LassoPredictions predictions =
            lasso_predictions(rows_, train, test, options_.recipes, relative);
        Lasso& lasso = relative ? relative_lasso_ : lasso_;
        for (std::size_t k = 0; k < layers.size(); ++k) {
          lasso.power[layers[k]] = predictions.power_w[k];
          lasso.time[layers[k]] = predictions.run_time_ms[k];
        }
      }
    });
  }

  TargetEvaluation target_of(const Outcome& outcome, std::string_view name) {
    TargetEvaluation target;
    target.target = name;
    std::vector<NetworkTotal> totals(outcome.data.networks.size());
    for (std::size_t u = 0; u < outcome.units.size(); ++u) {
      const PhysicalUnit& unit = outcome.data.units[u];
      const UnitResult& result = outcome.units[u];
      if (!(result.predicted > 0.0)) continue;
      HeldOutLayer& layer = target.layers.emplace_back(layer_of(outcome.data, unit, names_));
      layer.predicted = result.predicted;
      layer.physical = result.predicted;
      layer.naive = result.naive;
      layer.distance = result.distance;
      layer.lasso = lasso_.of(unit, outcome.data.target);
      layer.relative_lasso = relative_lasso_.of(unit, outcome.data.target);
      set_interval(layer, result.log_ratio);
      if (options_.judge_lasso && !put_lasso_first(layer)) {
        target.layers.pop_back();
        continue;
      }
      NetworkTotal& total = totals[unit.network];
      total.network = outcome.data.networks[unit.network];
      total.measured += unit.measured;
      total.predicted += layer.predicted;
    }
    if (options_.groups == HeldOutGroups::kShape) return target;
    for (std::size_t n = 0; n < totals.size(); ++n) {
      NetworkTotal& total = totals[n];
      if (total.network.empty()) continue;
      total.level = outcome.total_level[n];
      if (outcome.total_ratio[n] > 0.0 && !options_.judge_lasso) {
        total.low = total.predicted * std::exp(-outcome.total_ratio[n]);
        total.high = total.predicted * std::exp(outcome.total_ratio[n]);
      }
      target.totals.push_back(total);
    }
    return target;
  }

  /// Energy over run time, where both were measured.
  TargetEvaluation power_of(const Outcome& energies, std::span<const double> layer_ms) const {
    TargetEvaluation target;
    target.target = "power";
    const PhysicalData& data = energies.data;
    for (std::size_t u = 0; u < energies.units.size(); ++u) {
      const PhysicalUnit& unit = data.units[u];
      double measured_ms = 0.0;
      double predicted_ms = 0.0;
      for (std::uint32_t i = unit.begin; i < unit.end; ++i) {
        measured_ms += data.run_time_ms[i];
        predicted_ms += layer_ms[i];
      }
      if (!(measured_ms > 0.0) || !(predicted_ms > 0.0) || !(energies.units[u].predicted > 0.0)) continue;
      HeldOutLayer& layer = target.layers.emplace_back(layer_of(data, unit, names_));
      layer.measured = unit.measured / measured_ms;
      layer.predicted = energies.units[u].predicted / predicted_ms;
      layer.physical = layer.predicted;
      layer.distance = energies.units[u].distance;
      layer.lasso = lasso_.power_of(unit);
      layer.relative_lasso = relative_lasso_.power_of(unit);
      set_interval(layer, energies.units[u].power_log_ratio);
      if (options_.judge_lasso && !put_lasso_first(layer)) target.layers.pop_back();
    }
    double sum = 0.0;
    for (const HeldOutLayer& layer : target.layers) sum += layer.measured;
    for (HeldOutLayer& layer : target.layers) layer.naive = sum / static_cast<double>(target.layers.size());
    return target;
  }

  const TrainingSet& data_;
  std::span<const LayerRow> rows_;
  const EvaluationOptions& options_;
  std::vector<std::size_t> row_of_layer_;
  std::vector<std::string> names_;
  Lasso lasso_, relative_lasso_;
};

}  // namespace

const TargetEvaluation* Evaluation::find(std::string_view target) const {
  const auto found =
      std::find_if(targets.begin(), targets.end(), [&](const auto& t) { return t.target == target; });
  return found == targets.end() ? nullptr : &*found;
}

Expected<Evaluation> evaluate(const TrainingSet& data, const EvaluationOptions& options) {
  if (data.layers.empty())
    return fail(ErrorKind::kUnfit, "no layers.csv in the training set", {},
                "Write it with `joulecast convert`");
  return Evaluating(data, options).run();
}

}  // namespace joulecast
