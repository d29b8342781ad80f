// How well models predict layers and networks that they have not seen.
//
// Part of stage `cost_model`. Whole groups (networks, families of networks, or shapes of layers) are held out
// in turn; everything that training chooses, it chooses again without them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "joulecast/cost_model.h"

namespace joulecast {

enum class HeldOutGroups { kNetwork, kFamily, kShape };
/// "network", "family", "shape".
std::string_view to_string(HeldOutGroups groups);
std::optional<HeldOutGroups> held_out_groups_from(std::string_view name);

/// Family of a network by its name: letters before the first digit or mark, so that resnet18 and resnet50 are
/// one; the stem of a well-known family wherever it stands (wide_resnet50 -> resnet).
std::string family_of(std::string_view network);
/// A table with the columns network and family. A doubt about the file (a last line that may be cut) goes to
/// `warnings`. Errors: kUnreadable; kMalformed with the line.
Expected<std::map<std::string, std::string>> read_families(const std::filesystem::path& path,
                                                           std::vector<Warning>* warnings = nullptr);

struct EvaluationOptions {
  HeldOutGroups groups = HeldOutGroups::kFamily;
  std::size_t shape_folds = 10;                 ///< groups of shapes are held out in so many parts
  std::map<std::string, std::string> families;  ///< by network; others by family_of
  PhysicalChoices choices;
  bool lasso = true;  ///< also the reference's recipe, and the same with relative errors, on the same splits
  bool judge_lasso = false;  ///< all figures are those of the reference's recipe, where it has a prediction;
                             ///< predictions below 0 count as 0, as `predict` takes them
  LassoRecipes recipes;
  std::size_t jobs = 0;
};

/// A layer, or a block of layers, when it was held out.
struct HeldOutLayer {
  std::string network, layer_name;
  LayerKind kind = LayerKind::kOther;
  double measured = 0.0, predicted = 0.0;  ///< ms, W or mJ
  std::optional<double> low, high;         ///< 90 % interval
  std::optional<double> physical;          ///< the physical models' prediction
  std::optional<double> naive, lasso;      ///< mean of the kind; the reference's recipe, where it has one
  std::optional<double> relative_lasso;    ///< the reference's recipe with relative errors
  double distance = 0.0;                   ///< outside the training layers' sizes, in ranges of them
};

/// Errors are relative to the measured value, in percent. NaN where there is nothing to tell.
struct Accuracy {
  std::size_t layers = 0;
  double rmspe_percent = 0.0, mape_percent = 0.0, median_ape_percent = 0.0;
  double time_weighted_rmspe_percent = 0.0;                ///< weights = measured values
  double within_5_percent = 0.0, within_10_percent = 0.0;  ///< share of layers, in percent
  double log_ratio_percent = 0.0;  ///< median |log(predicted / measured)| of predictions above 0
  double spearman = 0.0;
  double sum_error_percent = 0.0;  ///< of all layers together, signed
  double coverage_percent = 0.0;   ///< layers whose interval holds the measured value
  double naive_rmspe_percent = 0.0;
  double lasso_rmspe_percent = 0.0;  ///< over the layers that the reference's recipe covers
  double relative_lasso_rmspe_percent = 0.0;
  std::size_t lasso_layers = 0;
};
Accuracy accuracy_of(std::span<const HeldOutLayer> layers);

struct NetworkTotal {
  std::string network;
  double measured = 0.0, predicted = 0.0;
  std::optional<double> low, high;
  double level = 0.0;  ///< that the interval is made for
};

struct TargetEvaluation {
  std::string target;  ///< "run_time", "power", "energy"
  Accuracy all;
  std::map<std::string, Accuracy> by_kind;  ///< by kind; also "convolutional+dense"
  std::map<std::string, Accuracy> by_network;
  std::vector<NetworkTotal> totals;  ///< none for power, nor where shapes were held out
  std::vector<HeldOutLayer> layers;
};

struct Evaluation {
  HeldOutGroups groups = HeldOutGroups::kFamily;
  std::size_t group_count = 0;
  std::vector<TargetEvaluation> targets;      ///< those that were measured
  std::vector<LeaderboardEntry> leaderboard;  ///< by target and kind, least error first
  std::vector<Warning> warnings;

  [[nodiscard]] const TargetEvaluation* find(std::string_view target) const;
};

/// Errors: kUnfit if nothing was measured, or there is one group only.
Expected<Evaluation> evaluate(const TrainingSet& data, const EvaluationOptions& options);

/// The JSON of docs/interface.md.
std::string to_json(const Evaluation& evaluation);

}  // namespace joulecast
