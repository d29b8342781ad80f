// Both kinds of models, and which of them is believed.
#include <algorithm>

#include "joulecast/evaluation.h"

namespace joulecast {
namespace {

/// Nested validation of all estimators on the networks that are trained on.
Expected<std::vector<LeaderboardEntry>> judge(const TrainingSet& data, std::span<const std::string> held_out,
                                              std::size_t networks, const TrainOptions& options) {
  const TrainingSet known = without_networks(data, held_out);
  EvaluationOptions judge;
  judge.jobs = options.jobs;
  judge.recipes = options.recipes;
  constexpr std::size_t kNetworksToJudge = 3;
  judge.groups = networks >= kNetworksToJudge ? HeldOutGroups::kNetwork : HeldOutGroups::kShape;
  auto evaluation = evaluate(known, judge);
  if (!evaluation) return tl::unexpected(evaluation.error());
  return std::move(evaluation->leaderboard);
}

/// The lassos with relative errors that validation prefers, fitted to all rows.
void add_relative(const TrainingSet& data, const TrainOptions& options, CostModel& model) {
  TrainOptions relative = options;
  relative.mode = LassoMode::kConverged;
  for (const ReferenceKind kind : kReferenceKinds) {
    for (const Target target : kTargets) {
      if (model.chosen(kind, target) != "lasso relative") continue;
      relative.only.emplace_back(kind, target);
      LassoRecipe& recipe = relative.recipes[{kind, target}];
      recipe = recipe_for(options.recipes, kind, target);
      recipe.relative = true;
    }
  }
  if (relative.only.empty()) return;
  auto fitted = train_lasso(data, relative);
  if (!fitted) {
    model.warnings.push_back(
        {"no lasso with relative errors, though validation prefers it: " + fitted.error().message});
    return;
  }
  model.relative_lasso = std::move(fitted->relative_lasso);
}

}  // namespace

Expected<CostModel> train_auto(const TrainingSet& data, std::span<const std::string> held_out,
                               const TrainOptions& options) {
  auto physical = train_physical(data, held_out, options);
  const bool has_reference_rows = std::any_of(data.reference.begin(), data.reference.end(),
                                              [](const auto& tables) { return !tables.empty(); });
  if (!has_reference_rows) return physical;
  auto lasso = train_lasso(data, options);
  if (!lasso && physical) {
    physical->warnings.push_back({"no lasso models: " + lasso.error().message});
    return physical;
  }
  if (!lasso) return lasso;
  if (!physical) {
    lasso->warnings.push_back({"no physical models: " + physical.error().message});
    return lasso;
  }
  for (const Warning& warning : physical->warnings)  // both may miss a test network
    std::erase_if(lasso->warnings, [&](const Warning& other) { return other.message == warning.message; });
  lasso->warnings.insert(lasso->warnings.begin(), physical->warnings.begin(), physical->warnings.end());
  auto board = judge(data, held_out, physical->physical.front().networks.size(), options);
  lasso->physical = std::move(physical->physical);
  lasso->end_to_end = physical->end_to_end;
  if (!board) {
    lasso->warnings.push_back(
        {"estimators were not compared, and physical models come first: " + board.error().message});
    return lasso;
  }
  lasso->leaderboard = std::move(*board);
  add_relative(data, options, *lasso);
  return lasso;
}

}  // namespace joulecast
