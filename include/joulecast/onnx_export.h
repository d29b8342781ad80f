// Fitted models as ONNX files: what any ONNX runtime needs to predict with them, without joulecast.
//
// Part of stage `cost_model`. A graph holds the whole of a model in double precision: of a lasso log1p,
// polynomial, special terms, scaling and sum; of a physical model the formula, the average of its recipes and
// the Gaussian process. One input tensor(double) [N,1] a column, one output tensor(double) [N]; operator set
// 17, IR version 8. docs/onnx-export.md has names and form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "joulecast/cost_model.h"

namespace joulecast {

/// The bytes of a model.onnx. Its result is LassoModel::predict of each row, rounding apart: below 0 it stays
/// below 0, which `Predictor` does not let through. Errors: kUsage for a recipe without columns.
Expected<std::string> to_onnx(const LassoModel& model);
/// The same of a physical model, with onnx_inputs() as inputs.
Expected<std::string> to_onnx(const PhysicalModel& model);

/// Names of a graph's inputs, in order. Of a lasso its features; of a physical model the terms but `call`
/// (`active_ms` of energy alone), and log sizes where it has a residual.
std::vector<std::string> onnx_inputs(const LassoModel& model);
std::vector<std::string> onnx_inputs(const PhysicalModel& model);
/// Names of all terms but `call`, then of all log sizes: whatever a physical model takes is among them.
std::vector<std::string> physical_input_names();
/// One layer's values of physical_input_names(). `run_time_ms` is the term active_ms.
std::vector<double> physical_input_values(const PhysicalDevice& device, const LayerGeometry& layer,
                                          double run_time_ms);

/// Name of the graph's output, with its unit: "power_w" (above idle), "run_time_ms", "energy_mj".
std::string_view onnx_output(Target target);
std::string_view onnx_output(PhysicalTarget target);

}  // namespace joulecast
