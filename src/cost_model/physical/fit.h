// Coefficients of one recipe.
#pragma once

#include "cost_model/physical/data.h"
#include "joulecast/numerics.h"

namespace joulecast {

struct PhysicalFitOptions {
  PhysicalLoss loss = PhysicalLoss::kSymmetric;
  double ridge = 1e-3;                    ///< on columns of length 1
  std::span<const PhysicalTerm> without;  ///< terms to do without
  double model_sd = 0.1;  ///< spread of measured / model that is no measurement error, for the weights
};

/// Non-negative coefficients that minimise the loss over units (ascending), uncertain figures counting less:
/// by their covariance, where the data has it (generalised least squares). The first fit of the symmetric
/// loss has no corner; its factor from the measured value counts up to 2. With a corner p > 1 the model is no
/// longer linear, but homogeneous of degree 1 in its coefficients, so each Gauss-Newton step is itself a
/// non-negative least-squares problem with the measured values on the right side. `start`: coefficients to
/// begin from.
Expected<PhysicalValues> fit_recipe(const PhysicalData& data, std::span<const std::uint32_t> units,
                                    const PhysicalRecipe& recipe, const PhysicalFitOptions& options = {},
                                    const PhysicalValues* start = nullptr);

/// Sum of a unit's layers; `active_ms` by layer, if given, stands in for the measured run time.
double evaluate_unit(const PhysicalData& data, const PhysicalUnit& unit, const PhysicalRecipe& recipe,
                     const PhysicalValues& coefficients, std::span<const double> active_ms = {});

}  // namespace joulecast
