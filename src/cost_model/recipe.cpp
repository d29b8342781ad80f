// Names, and the six recipes of the reference (docs/compatibility.md).
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "joulecast/cost_model.h"

namespace joulecast {
namespace {

using Term = std::vector<std::string>;

/// The reference's second output size stands in both convolution terms: its own choice, kept.
const std::array<std::pair<std::string_view, Term>, 2>& convolution_terms() {
  static const std::array<std::pair<std::string_view, Term>, 2> terms = {{
      {"total_conv_ops_per_input",
       {"input_size_0", "input_size_1", "input_size_2", "kernel_0", "kernel_1", "output_size_2"}},
      {"total_conv_ops_per_batch",
       {"input_size_0", "input_size_1", "input_size_2", "kernel_0", "kernel_1", "output_size_2",
        "batch_size"}},
  }};
  return terms;
}

const std::array<std::pair<std::string_view, Term>, 3>& pooling_terms() {
  static const std::array<std::pair<std::string_view, Term>, 3> terms = {{
      {"total_pooling_input_features", {"batch_size", "input_size_0", "input_size_1", "input_size_2"}},
      {"total_pooling_output_features", {"batch_size", "output_size_0", "output_size_1", "output_size_2"}},
      {"total_pooling_no_ops",
       {"batch_size", "input_size_0", "input_size_1", "input_size_2", "kernel_0", "kernel_1"}},
  }};
  return terms;
}

std::span<const std::pair<std::string_view, Term>> terms_of(ReferenceKind kind) {
  if (kind == ReferenceKind::kConvolutional) return convolution_terms();
  if (kind == ReferenceKind::kPooling) return pooling_terms();
  return {};
}

}  // namespace

std::string_view to_string(Target target) {
  return target == Target::kPower ? "power" : "runtime";
}

std::optional<Target> target_from(std::string_view name) {
  for (const Target target : kTargets)
    if (name == to_string(target)) return target;
  return std::nullopt;
}

std::string model_name(const LassoModel& model) {
  return fmt::format("{}_{}{}_model", to_string(model.kind), to_string(model.target),
                     model.recipe.relative ? "_relative" : "");
}

std::string model_name(const PhysicalModel& model) {
  return fmt::format("physical_{}_model", to_string(model.target));
}

std::string_view to_string(Scaler scaler) {
  switch (scaler) {
    case Scaler::kStandard:
      return "standard";
    case Scaler::kRobust:
      return "robust";
    case Scaler::kMinMax:
      return "minmax";
    case Scaler::kNone:
      return "none";
  }
  return "";
}

std::optional<Scaler> scaler_from(std::string_view name) {
  for (const Scaler scaler : {Scaler::kStandard, Scaler::kRobust, Scaler::kMinMax, Scaler::kNone})
    if (name == to_string(scaler)) return scaler;
  return std::nullopt;
}

std::optional<std::vector<std::string>> named_special_term(ReferenceKind kind, std::string_view name) {
  for (const auto& [known, factors] : terms_of(kind))
    if (known == name) return factors;
  return std::nullopt;
}

LassoRecipe reference_recipe(ReferenceKind kind, Target target) {
  LassoRecipe recipe;
  for (const auto& [name, factors] : terms_of(kind)) recipe.special_terms.push_back(factors);
  recipe.log_scale = kind == ReferenceKind::kConvolutional && target == Target::kPower;
  const bool pooling = kind == ReferenceKind::kPooling;
  recipe.scaler = pooling && target == Target::kPower ? Scaler::kRobust : Scaler::kStandard;
  recipe.lasso.positive = !(pooling && target == Target::kRunTime);
  return recipe;
}

LassoRecipe recipe_for(const LassoRecipes& recipes, ReferenceKind kind, Target target) {
  const auto own = recipes.find({kind, target});
  return own != recipes.end() ? own->second : reference_recipe(kind, target);
}

const LassoModel* CostModel::find(ReferenceKind kind, Target target, bool relative) const {
  for (const LassoModel& model : relative ? relative_lasso : lasso)
    if (model.kind == kind && model.target == target) return &model;
  return nullptr;
}

const PhysicalModel* CostModel::find(PhysicalTarget target) const {
  const auto found = std::find_if(physical.begin(), physical.end(),
                                  [&](const auto& model) { return model.target == target; });
  return found == physical.end() ? nullptr : &*found;
}

std::string_view CostModel::chosen(ReferenceKind kind, Target target) const {
  const std::string_view name = target == Target::kRunTime ? "run_time" : "power";
  const auto found = std::find_if(leaderboard.begin(), leaderboard.end(), [&](const LeaderboardEntry& entry) {
    return entry.chosen && entry.target == name && entry.kind == to_string(kind);
  });
  return found == leaderboard.end() ? std::string_view() : std::string_view(found->estimator);
}

}  // namespace joulecast
