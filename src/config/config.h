// config.yaml as typed options: the reference's keys as they are, and a block of models with what its
// *_features.py files hold.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "joulecast/cost_model.h"

namespace joulecast {

/// The `mlflow:` block.
struct TrackingConfig {
  bool enable_tracking = false;
  std::string experiment_name;  ///< mlflow_experiment_name
  std::string dagshub_repo_owner, dagshub_repo_name;
};

/// What a configuration file says; absent parts stay empty, so that the caller's defaults and command-line
/// flags can take their place.
struct Config {
  std::optional<std::filesystem::path> data_dir;          ///< data.data_dir, relative to the working folder
  std::optional<std::vector<std::string>> test_networks;  ///< data.test_models
  std::optional<std::size_t> cross_validation;            ///< model.cross_validation: folds of every model
  std::optional<TrackingConfig> tracking;
  /// `models:`; each recipe starts from the reference's and takes what the file says.
  LassoRecipes recipes;
  std::vector<Warning> warnings;  ///< unknown keys, with their lines

  /// Puts test networks, recipes and folds into the options of a training. A recipe's own `cv` goes before
  /// model.cross_validation.
  void apply_to(TrainOptions& options) const;
};

/// Errors: kUnreadable; kMalformed with the line (not YAML, a wrong type, a value out of range).
Expected<Config> read_config(const std::filesystem::path& path);
Expected<Config> parse_config(std::string_view text, std::string_view source);

}  // namespace joulecast
