// Columns of [polynomial | special terms], shared by training, prediction and the model file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "joulecast/cost_model.h"

namespace joulecast {

/// One column before scaling: the product of its factors (feature indices).
struct Column {
  std::vector<std::uint32_t> factors;
  bool special = false;  ///< product of raw features; otherwise of log1p(feature) where the recipe says so
};

/// All columns in order. Errors: kUsage (degree out of range, too many columns, unknown feature in a term).
Expected<std::vector<Column>> pipeline_columns(std::span<const std::string> features,
                                               const LassoRecipe& recipe);

/// "1" for the bias, else the factors joined by '*'.
std::string column_name(const Column& column, std::span<const std::string> features);

/// Value for one row of raw features.
double column_value(const Column& column, std::span<const double> row, bool log_scale);

}  // namespace joulecast
