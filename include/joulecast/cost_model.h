// Models of what a layer costs, learned from a training set, and the file they live in.
//
// Stage `cost_model`. An estimator turns features into a target (power above idle in W, run time in ms). The
// lasso pipeline is the reference's: [log1p] -> polynomial -> special terms -> scaler -> lasso with
// cross-validation.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "joulecast/numerics.h"
#include "joulecast/training_set.h"

namespace joulecast {

enum class Target { kPower, kRunTime };
inline constexpr std::array kTargets = {Target::kPower, Target::kRunTime};
/// "power", "runtime": the reference's words, used in names of models and files.
std::string_view to_string(Target target);

enum class Scaler { kStandard, kRobust, kMinMax };
std::string_view to_string(Scaler scaler);

/// Recipe of one lasso pipeline, as the reference's *_features.py and config.yaml hold it.
struct LassoRecipe {
  int degree = 3;
  bool log_scale = false;                               ///< log1p of the features before the polynomial
  std::vector<std::vector<std::string>> special_terms;  ///< each a product of raw feature columns
  Scaler scaler = Scaler::kStandard;
  LassoOptions lasso;
  std::size_t folds = 10;
};
/// The reference's recipe for a kind and target (docs/compatibility.md).
LassoRecipe reference_recipe(ReferenceKind kind, Target target);

/// Accuracy figures with the reference's definitions: RMSPE in percent, MAPE a fraction.
struct Metrics {
  double rmspe_percent = 0.0, rmse = 0.0, mse = 0.0, r2 = 0.0, mae = 0.0, mape = 0.0;
};
/// Errors: kUsage if the lengths differ or are 0.
Expected<Metrics> evaluate_metrics(std::span<const double> actual, std::span<const double> predicted);

/// A fitted lasso pipeline: everything needed to predict, and how it was found.
struct LassoModel {
  ReferenceKind kind = ReferenceKind::kConvolutional;
  Target target = Target::kPower;
  std::vector<std::string> features;
  LassoRecipe recipe;
  std::vector<double> center, scale;  ///< of the scaler, by column of [polynomial | special terms]
  std::vector<double> coefficients;
  double intercept = 0.0;
  double alpha = 0.0;
  std::size_t alpha_index = 0, iterations = 0;
  double duality_gap = 0.0;
  std::vector<double> alphas, mean_mse;  ///< the path of cross-validation
  std::vector<std::string> train_networks, test_networks;
  std::size_t train_rows = 0;
  Metrics train_metrics;
  std::optional<Metrics> test_metrics;

  /// W or ms for one row of features. Complexity: columns of the polynomial.
  [[nodiscard]] double predict(std::span<const double> row) const;
};

/// Column names of the expanded matrix, scikit-learn's order: bias, then by degree, combinations with
/// replacement.
std::vector<std::vector<int>> polynomial_powers(std::size_t features, int degree);

struct TrainOptions {
  std::vector<std::string> test_networks = {"lenet", "resnet18", "vgg16"};
  std::map<std::pair<ReferenceKind, Target>, LassoRecipe> recipes;  ///< empty entries: reference_recipe
  LassoMode mode = LassoMode::kConverged;
  std::size_t jobs = 0;
  std::optional<double> idle_power_w;  ///< stored in the model, for board figures
};

/// All models of one training: one file, model.json.
struct CostModel {
  static constexpr int kFormatVersion = 1;
  std::string library_version;
  std::string device;     ///< board the data came from; empty if unknown
  std::string data_hash;  ///< SHA-256 over the training rows
  std::optional<double> idle_power_w;
  std::vector<LassoModel> lasso;  ///< up to six
  std::vector<Warning> warnings;  ///< of the training, not stored

  [[nodiscard]] const LassoModel* find(ReferenceKind kind, Target target) const;
};

/// Fits the six models that the data allows. A kind without rows, or too few, is left out with a warning.
/// Errors: kUnfit if no model can be fitted.
Expected<CostModel> train_lasso(const TrainingSet& data, const TrainOptions& options);

/// model.json: versioned, readable by a person; numbers are shortest round-trip decimals, so that saving a
/// loaded model gives the same bytes.
std::string to_json(const CostModel& model);
Expected<CostModel> parse_cost_model(std::string_view text, std::string_view source);
/// `path` is a models folder or a model.json. Errors: kUnreadable; kMalformed with the JSON path (newer
/// version, missing key, wrong type, NaN).
Expected<CostModel> load_cost_model(const std::filesystem::path& path);
Expected<void> save_cost_model(const CostModel& model, const std::filesystem::path& folder);

}  // namespace joulecast
