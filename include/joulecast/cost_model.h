// Models of what a layer costs, learned from a training set, and the file they live in.
//
// Stage `cost_model`. An estimator turns features into a target (power above idle in W, run time in ms). The
// lasso pipeline is the reference's: [log1p] -> polynomial -> special terms -> scaler -> lasso with
// cross-validation.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "joulecast/numerics.h"
#include "joulecast/physical_model.h"
#include "joulecast/training_set.h"

namespace joulecast {

enum class Target { kPower, kRunTime };
inline constexpr std::array kTargets = {Target::kPower, Target::kRunTime};
/// "power", "runtime": the reference's words, used in names of models and files.
std::string_view to_string(Target target);
std::optional<Target> target_from(std::string_view name);

enum class Scaler { kStandard, kRobust, kMinMax, kNone };
std::string_view to_string(Scaler scaler);
std::optional<Scaler> scaler_from(std::string_view name);

/// Recipe of one lasso pipeline, as the reference's *_features.py and config.yaml hold it.
struct LassoRecipe {
  int degree = 3;
  bool log_scale = false;                               ///< log1p of the features before the polynomial
  std::vector<std::vector<std::string>> special_terms;  ///< each a product of raw feature columns
  Scaler scaler = Scaler::kStandard;
  LassoOptions lasso;
  std::size_t folds = 10;
  bool relative = false;  ///< errors count relative to the measured value, not in W or ms
  /// Of models that come from elsewhere; training has the defaults.
  int least_degree = 1;           ///< lowest degree of the polynomial, but for the bias
  bool interaction_only = false;  ///< no feature stands twice in a product
  bool bias = true;               ///< the polynomial begins with a column of ones
};
/// The reference's recipe for a kind and target (docs/compatibility.md).
LassoRecipe reference_recipe(ReferenceKind kind, Target target);
/// The reference's named special terms: total_conv_ops_per_input, total_pooling_no_ops, ... Empty if unknown.
std::optional<std::vector<std::string>> named_special_term(ReferenceKind kind, std::string_view name);

/// Accuracy figures with the reference's definitions: RMSPE in percent, MAPE a fraction.
struct Metrics {
  double rmspe_percent = 0.0, rmse = 0.0, mse = 0.0, r2 = 0.0, mae = 0.0, mape = 0.0;
};
/// r2 is NaN for a single row. Errors: kUsage if the lengths differ or are 0.
Expected<Metrics> evaluate_metrics(std::span<const double> actual, std::span<const double> predicted);

/// One column of [polynomial | special terms] that the lasso kept: coefficient x (column - center) / scale.
struct LassoTerm {
  std::uint32_t column = 0;
  double coefficient = 0.0;
  double center = 0.0, scale = 1.0;  ///< of the scaler
  friend bool operator==(const LassoTerm&, const LassoTerm&) = default;
};

/// Where a model comes from that joulecast has not trained.
struct ModelOrigin {
  std::string file;     ///< the name that was given, without its folders
  std::string library;  ///< "scikit-learn 1.5.2"
  std::string sha256;   ///< of the file
  std::string run_id;   ///< MLflow's run; empty if unknown
};

/// A fitted lasso pipeline: everything needed to predict, and how it was found.
struct LassoModel {
  ReferenceKind kind = ReferenceKind::kConvolutional;
  Target target = Target::kPower;
  std::vector<std::string> features;
  /// Over the training rows, by feature; empty if unknown (no layer is told as extrapolated then).
  std::vector<double> feature_min, feature_max;
  LassoRecipe recipe;
  std::vector<LassoTerm> terms;  ///< coefficients other than 0, columns ascending
  double intercept = 0.0;
  double alpha = 0.0;
  std::size_t alpha_index = 0, iterations = 0;
  double duality_gap = 0.0;
  std::vector<double> alphas, mean_mse;                    ///< the path of cross-validation
  std::vector<std::string> train_networks, test_networks;  ///< those with rows of this kind, sorted
  std::size_t train_rows = 0, test_rows = 0;
  std::optional<Metrics> train_metrics;  ///< absent of models that come from elsewhere
  std::optional<Metrics> test_metrics;
  std::optional<ModelOrigin> origin;  ///< absent of models that joulecast trained

  /// W or ms for one row of features, as the pipeline defines it. Slow: CompiledLasso is for many rows.
  [[nodiscard]] double predict(std::span<const double> row) const;
};

/// Columns of the recipe's polynomial in scikit-learn's order: bias (no factor), then by degree, combinations
/// with replacement (without, if interaction_only); each the ascending list of its factors' feature indices.
std::vector<std::vector<std::uint32_t>> polynomial_columns(std::size_t features, const LassoRecipe& recipe);
/// "1", "batch_size*input_size_0", ...: names of the columns of [polynomial | special terms]. With log_scale
/// a factor of a polynomial column stands for log1p of the feature; special terms are raw products.
std::vector<std::string> column_names(std::span<const std::string> features, const LassoRecipe& recipe);
/// The whole matrix [polynomial | special terms] of some rows before scaling; `features` is rows x features.
/// Errors: kUsage if a special term names no feature or the degree is not 1 to 6.
Expected<Matrix> expand_features(MatrixView rows, std::span<const std::string> features,
                                 const LassoRecipe& recipe);

/// Center and scale of each column: (x - center) / scale. Standard: mean and population deviation; robust:
/// median and interquartile range; minmax: least value and range. A constant column has scale 1 (the rules of
/// scikit-learn 1.5).
struct FittedScaler {
  std::vector<double> center, scale;
};
FittedScaler fit_scaler(MatrixView columns, Scaler kind);  // kNone: 0 and 1
/// Scales in place.
void apply_scaler(Matrix& columns, const FittedScaler& scaler);

/// A lasso model made ready to predict many rows. Center and scale are folded into the coefficients, and
/// columns with common factors share their products: one multiplication and one addition a term. Agrees with
/// LassoModel::predict to 1e-9 relative (it keeps a term's center where folding would cancel too much).
class CompiledLasso {
 public:
  /// `model` must be well formed (trained or loaded).
  explicit CompiledLasso(const LassoModel& model);
  [[nodiscard]] std::size_t features() const { return feature_count_; }
  /// W or ms for one row.
  [[nodiscard]] double predict(std::span<const double> row) const;
  /// The same for many rows at once, features by column; faster a row. `out` has rows.rows places.
  void predict(MatrixView rows, std::span<double> out) const;
  /// Whether a feature lies outside what the training rows covered.
  [[nodiscard]] bool extrapolates(std::span<const double> row) const;

 private:
  /// A node of the tree of common factors: value = weight + sum over children of factor x child's value.
  struct Node {
    std::uint32_t factor = 0;  ///< index into [log1p or raw features | raw features]
    std::uint32_t first_child = 0, children = 0;
    double weight = 0.0;
  };
  /// A term whose center is kept: weight x (product - center).
  struct CenteredTerm {
    std::vector<std::uint32_t> factors;
    double weight = 0.0, center = 0.0;
  };
  [[nodiscard]] double evaluate(const double* values) const;

  std::size_t feature_count_ = 0;
  bool log_scale_ = false;
  std::vector<std::uint32_t> logged_;  ///< features whose logarithm a term reads
  double constant_ = 0.0;
  std::vector<Node> nodes_;
  std::vector<CenteredTerm> centered_;
  std::vector<double> minimum_, maximum_;
};

/// Recipes that stand in the place of the reference's.
using LassoRecipes = std::map<std::pair<ReferenceKind, Target>, LassoRecipe>;
/// That of a kind and target: its own, or reference_recipe.
LassoRecipe recipe_for(const LassoRecipes& recipes, ReferenceKind kind, Target target);

struct TrainOptions {
  std::vector<std::string> test_networks = {"lenet", "resnet18", "vgg16"};
  LassoRecipes recipes;
  std::vector<std::pair<ReferenceKind, Target>> only;  ///< lasso models to fit; empty: all six
  LassoMode mode = LassoMode::kConverged;
  std::size_t jobs = 0;
  std::optional<double> idle_power_w;  ///< stored in the model, for board figures
  std::string device;                  ///< stored in the model; empty if unknown
  /// Told what is being fitted, and how many of how many are done; from several threads.
  std::function<void(std::string_view what, std::size_t done, std::size_t total)> progress;
};

/// An estimator's error on held-out layers of one kind, where all of its rivals have a prediction too.
struct LeaderboardEntry {
  std::string estimator;  ///< "physical", "lasso", "lasso relative", "mean of the kind"
  std::string target;     ///< "run_time", "power", "energy"
  std::string kind;       ///< "all", or one of the kinds that the lasso knows
  std::size_t layers = 0;
  double rmspe_percent = 0.0;
  bool chosen = false;  ///< least error of those that can predict
};

/// Names of models' runs and of registered models: "<layer>_<target>_model", as the reference's;
/// "<layer>_<target>_relative_model" with relative errors; "physical_run_time_model".
std::string model_name(const LassoModel& model);
std::string model_name(const PhysicalModel& model);

/// All models of one training: one file, model.json (docs/model-file.md).
/// What a call takes beside its layers: latency = sum of layers + call_ms + layer_ms x layers that take time.
/// Part of each of the profiler's events lies in a layer's time, and a call without the profiler has none of
/// them, which makes layer_ms negative; a host that works for each layer makes it positive.
struct EndToEndModel {
  double call_ms = 0.0;   ///< at least 0
  double layer_ms = 0.0;  ///< 0 where validation did not ask for it
  std::size_t networks = 0;
  /// Of networks that were held out, from their measured layers: mean absolute error in percent, and the
  /// |log(measured / told)| that most (90 %, or all of fewer than ten) stay below.
  double held_out_mape_percent = 0.0, held_out_log_ratio = 0.0;
  double sum_mape_percent = 0.0;  ///< the same of the layers' sum alone

  /// Of layers that take `sum_ms` together, so many of them.
  [[nodiscard]] double latency_ms(double sum_ms, std::size_t layers) const {
    return sum_ms + call_ms + layer_ms * static_cast<double>(layers);
  }
};
/// From the networks whose layers that take time all have a run time and that have an end-to-end latency:
/// least squares of relative errors, with or without layer_ms, as it tells networks that are held out better.
/// Nothing where these are fewer than three, or where the sum of their layers tells them as well.
std::optional<EndToEndModel> fit_end_to_end(const TrainingSet& data);

struct CostModel {
  /// The newest that is read, and the one with physical models; docs/model-file.md tells the others.
  static constexpr int kFormatVersion = 6;
  std::string library_version;
  std::string device;     ///< board the data came from; empty if unknown
  std::string data_hash;  ///< SHA-256 over the training rows
  std::optional<double> idle_power_w;
  std::optional<EndToEndModel> end_to_end;  ///< with physical models alone
  std::vector<PhysicalModel> physical;      ///< none, or up to one a target; they come before the lasso ones
  std::vector<LassoModel> lasso;            ///< up to six: the reference's recipes
  /// The same with relative errors, where validation has chosen them.
  std::vector<LassoModel> relative_lasso;
  /// How estimators did in nested validation. Where a lasso is chosen, predictions of the kind and target
  /// come from it (inside the range of its training rows), else from the physical models.
  std::vector<LeaderboardEntry> leaderboard;
  std::vector<Warning> warnings;  ///< of the training or the import, not stored

  [[nodiscard]] const LassoModel* find(ReferenceKind kind, Target target, bool relative = false) const;
  [[nodiscard]] const PhysicalModel* find(PhysicalTarget target) const;
  /// The chosen estimator; empty if there was no choice.
  [[nodiscard]] std::string_view chosen(ReferenceKind kind, Target target) const;
};

/// Fits the six models that the data allows, networks in order of their names. A kind without rows, or with
/// fewer than folds, is left out with a warning; a kind without test rows has no test metrics, which is a
/// warning too. Errors: kUnfit if no model can be fitted; kUsage for a recipe that cannot be.
Expected<CostModel> train_lasso(const TrainingSet& data, const TrainOptions& options);
/// Models of run time and energy from layers.csv. Networks in `held_out` are not trained on. What validation
/// chose is in the models. Warnings tell what is missing (no power, few networks). Errors: kUnfit if no layer
/// has a run time or an energy.
Expected<CostModel> train_physical(const TrainingSet& data, std::span<const std::string> held_out,
                                   const TrainOptions& options);

/// `train --estimator auto`: physical models beside lasso ones. By nested validation (networks are held out
/// in turn, shapes where there are fewer than three) it is chosen for each kind and target which is believed:
/// the leaderboard; where that is the lasso with relative errors, it stands beside the reference's own. A
/// kind of model that the data does not allow, or a validation that cannot be made, is left out with a
/// warning. Errors: those of train_lasso, if neither can be trained.
Expected<CostModel> train_auto(const TrainingSet& data, std::span<const std::string> held_out,
                               const TrainOptions& options);

/// model.json: versioned, readable by a person; numbers are shortest round-trip decimals, so that saving a
/// loaded model gives the same bytes.
/// Errors: kUnfit if a number is NaN or infinite.
Expected<std::string> to_json(const CostModel& model);
Expected<CostModel> parse_cost_model(std::string_view text, std::string_view source);
/// `path` is a models folder, a model.json, or what import_sklearn_models takes (sklearn_import.h), as the
/// reference's tree. Errors: kUnreadable; kMalformed with the JSON path (newer version, missing key, wrong
/// type, NaN); those of the import.
Expected<CostModel> load_cost_model(const std::filesystem::path& path);
Expected<void> save_cost_model(const CostModel& model, const std::filesystem::path& folder);

}  // namespace joulecast
