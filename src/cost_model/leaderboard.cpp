#include "cost_model/leaderboard.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace joulecast {
namespace {

constexpr std::string_view kNaive = "mean of the kind";

struct Candidate {
  std::string_view name;
  std::optional<double> (*prediction)(const HeldOutLayer&);
};
constexpr std::array<Candidate, 4> kCandidates = {
    {{"physical", [](const HeldOutLayer& layer) { return std::optional(layer.predicted); }},
     {"lasso", [](const HeldOutLayer& layer) { return layer.lasso; }},
     {"lasso relative", [](const HeldOutLayer& layer) { return layer.relative_lasso; }},
     {kNaive, [](const HeldOutLayer& layer) { return layer.naive; }}}};

void rank_layers(const std::vector<const HeldOutLayer*>& layers, std::string_view target,
                 std::string_view kind, std::vector<LeaderboardEntry>& board) {
  std::vector<const Candidate*> rivals;
  for (const Candidate& candidate : kCandidates) {
    const auto knows = [&](const HeldOutLayer* layer) { return candidate.prediction(*layer).has_value(); };
    if (std::any_of(layers.begin(), layers.end(), knows)) rivals.push_back(&candidate);
  }
  std::vector<double> sums(rivals.size(), 0.0);
  std::size_t count = 0;
  for (const HeldOutLayer* layer : layers) {
    if (!std::all_of(rivals.begin(), rivals.end(),
                     [&](const Candidate* rival) { return rival->prediction(*layer).has_value(); }))
      continue;
    ++count;
    for (std::size_t r = 0; r < rivals.size(); ++r) {
      const double error = *rivals[r]->prediction(*layer) / layer->measured - 1.0;
      sums[r] += error * error;
    }
  }
  if (count == 0) return;
  std::vector<LeaderboardEntry> entries;
  for (std::size_t r = 0; r < rivals.size(); ++r)
    entries.push_back({std::string(rivals[r]->name), std::string(target), std::string(kind), count,
                       100.0 * std::sqrt(sums[r] / static_cast<double>(count)), false});
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.rmspe_percent < b.rmspe_percent; });
  const auto best = std::find_if(entries.begin(), entries.end(),
                                 [](const auto& entry) { return entry.estimator != kNaive; });
  if (best != entries.end()) best->chosen = true;
  board.insert(board.end(), entries.begin(), entries.end());
}

}  // namespace

void rank(const TargetEvaluation& target, std::vector<LeaderboardEntry>& board) {
  std::vector<const HeldOutLayer*> all;
  for (const HeldOutLayer& layer : target.layers) all.push_back(&layer);
  rank_layers(all, target.target, "all", board);
  for (const LayerKind kind : {LayerKind::kConvolutional, LayerKind::kPooling, LayerKind::kDense}) {
    std::vector<const HeldOutLayer*> some;
    std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                 [&](const HeldOutLayer* layer) { return layer->kind == kind; });
    rank_layers(some, target.target, to_string(kind), board);
  }
}

std::string_view CostModel::chosen(ReferenceKind kind, Target target) const {
  const std::string_view name = target == Target::kRunTime ? "run_time" : "power";
  const auto found = std::find_if(leaderboard.begin(), leaderboard.end(), [&](const LeaderboardEntry& entry) {
    return entry.chosen && entry.target == name && entry.kind == to_string(kind);
  });
  return found == leaderboard.end() ? std::string_view() : std::string_view(found->estimator);
}

Expected<CostModel> train_auto(const TrainingSet& data, std::span<const std::string> held_out,
                               const TrainOptions& options) {
  auto physical = train_physical(data, held_out, options);
  const bool has_reference_rows = std::any_of(data.reference.begin(), data.reference.end(),
                                              [](const auto& tables) { return !tables.empty(); });
  if (physical && !has_reference_rows) return physical;
  TrainOptions lasso_options = options;
  std::vector<LeaderboardEntry> board;
  if (physical) {
    TrainingSet known;
    known.covariance = data.covariance;
    std::copy_if(data.layers.begin(), data.layers.end(), std::back_inserter(known.layers),
                 [&](const LayerRow& row) {
                   return std::find(held_out.begin(), held_out.end(), row.network) == held_out.end();
                 });
    EvaluationOptions judge;
    judge.jobs = options.jobs;
    constexpr std::size_t kNetworksToJudge = 3;
    const bool networks = physical->physical.front().networks.size() >= kNetworksToJudge;
    judge.groups = networks ? HeldOutGroups::kNetwork : HeldOutGroups::kShape;
    if (const auto evaluation = evaluate(known, judge)) board = evaluation->leaderboard;
    CostModel choice;
    choice.leaderboard = board;
    for (const ReferenceKind kind : kReferenceKinds) {
      for (const Target target : kTargets) {
        const auto given = options.recipes.find({kind, target});
        LassoRecipe recipe = given != options.recipes.end() ? given->second : reference_recipe(kind, target);
        recipe.relative = choice.chosen(kind, target) == "lasso relative";
        lasso_options.recipes[{kind, target}] = std::move(recipe);
      }
    }
  }
  auto lasso = train_lasso(data, lasso_options);
  if (!lasso && physical) {
    physical->warnings.push_back({"no lasso models: " + lasso.error().message});
    return physical;
  }
  if (!lasso) return lasso;
  if (!physical) {
    lasso->warnings.push_back({"no physical models: " + physical.error().message});
    return lasso;
  }
  lasso->physical = std::move(physical->physical);
  lasso->leaderboard = std::move(board);
  lasso->warnings.insert(lasso->warnings.begin(), physical->warnings.begin(), physical->warnings.end());
  return lasso;
}

}  // namespace joulecast
