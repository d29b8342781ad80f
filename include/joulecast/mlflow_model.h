// Fitted models as MLflow model folders: an ONNX file and what MLflow wants to know of it, so that any MLflow
// loads, serves and runs them without joulecast. Beside the stages; docs/tracking.md has the files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "joulecast/cost_model.h"

namespace joulecast {

/// Name of a model's run, registered model and folder: "dense_power_model", "dense_power_relative_model",
/// "physical_energy_model".
std::string mlflow_model_name(const LassoModel& model);
std::string mlflow_model_name(const PhysicalModel& model);

/// One of the training's models by itself, with what is known of the training.
CostModel alone(const LassoModel& model, const CostModel& training);
CostModel alone(const PhysicalModel& model, const CostModel& training);

struct ModelFile {
  std::string name;
  std::string content;
};
/// Files of the MLflow model folder of a cost model of one model: MLmodel, model.onnx, model.json, examples
/// of inputs, and the Python packages that MLflow needs. No time and no chance is in them. Errors: those of
/// to_onnx and to_json; kUsage if there is not exactly one model.
Expected<std::vector<ModelFile>> mlflow_model_files(const CostModel& one);

/// Writes MODELS/<name>/ of every model, and removes what an earlier training has left there of models that
/// this one does not have. Errors: those above; kNotWritable.
Expected<void> save_mlflow_models(const CostModel& model, const std::filesystem::path& models);

}  // namespace joulecast
