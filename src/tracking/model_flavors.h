// What MLflow is told of a model folder, in its MLmodel and in the run.
#pragma once

#include <array>
#include <string_view>

#include "cost_model/model_file.h"

namespace joulecast::tracking {

inline constexpr std::string_view kMlModel = "MLmodel";
inline constexpr std::string_view kOnnxFile = "model.onnx";
inline constexpr std::string_view kOnnxVersion = "1.12.0";  // the oldest with operator set 17
inline constexpr std::string_view kProvider = "CPUExecutionProvider";
inline constexpr std::string_view kLoader = "mlflow.onnx";
/// The files of a model's folder.
inline constexpr std::array<std::string_view, 8> kModelFiles = {
    kMlModel,           kOnnxFile,    kModelFileName,   "input_example.json", "serving_input_example.json",
    "requirements.txt", "conda.yaml", "python_env.yaml"};
/// Tag of a run in which MLflow lists the models that were logged to it.
inline constexpr std::string_view kLoggedModelsTag = "mlflow.log-model.history";

}  // namespace joulecast::tracking
