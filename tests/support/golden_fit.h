// The reference's fitted models, as the golden files hold them.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "joulecast/cost_model.h"

namespace joulecast::test {

inline std::filesystem::path golden_folder() {
  return std::filesystem::path(JOULECAST_SHARED_DIR) / "golden";
}

/// fits/<set>/<kind>_<target>_<mode>.json; null if there is no such file.
inline nlohmann::json golden_fit(const std::string& set, ReferenceKind kind, Target target,
                                 const std::string& mode) {
  const auto name =
      std::string(to_string(kind)) + "_" + std::string(to_string(target)) + "_" + mode + ".json";
  std::ifstream file(golden_folder() / "fits" / set / name);
  return file ? nlohmann::json::parse(file) : nlohmann::json();
}

/// The training data that a set of fits was made from.
inline std::filesystem::path golden_training_data(const std::string& set) {
  return golden_folder() / (set == "large" ? "training_data_large" : "training_data");
}

inline double relative_difference(double a, double b) {
  return a == b ? 0.0 : std::abs(a - b) / std::max(std::abs(a), std::abs(b));
}

/// Largest relative difference of two lists; infinite if their lengths differ.
inline double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double worst = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, relative_difference(a[i], b[i]));
  return worst;
}

/// A model with the golden coefficients, ready to predict.
inline LassoModel model_from_golden(const nlohmann::json& fit, ReferenceKind kind, Target target) {
  LassoModel model;
  model.kind = kind;
  model.target = target;
  model.features = fit["features"].get<std::vector<std::string>>();
  model.recipe = reference_recipe(kind, target);
  model.intercept = fit["intercept"];
  for (const auto& term : fit["nonzero"]) {
    const std::size_t column = term["column"];
    model.terms.push_back({static_cast<std::uint32_t>(column), term["coef"], fit["scaler_center"][column],
                           fit["scaler_scale"][column]});
  }
  return model;
}

}  // namespace joulecast::test
