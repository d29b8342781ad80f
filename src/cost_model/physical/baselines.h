// What the physical model is compared with.
#pragma once

#include "joulecast/evaluation.h"

namespace joulecast {

/// The reference's six lasso pipelines, trained on some rows and asked for others, by row of `test`; nothing
/// for rows of other LayerTypes or where the training rows do not suffice. `train` and `test` are indices
/// into `rows`. `recipes` stand in the place of the reference's. `relative`: the same with relative errors.
struct LassoPredictions {
  std::vector<std::optional<double>> power_w, run_time_ms;
};
LassoPredictions lasso_predictions(std::span<const LayerRow> rows, std::span<const std::size_t> train,
                                   std::span<const std::size_t> test, const LassoRecipes& recipes,
                                   bool relative = false);

}  // namespace joulecast
