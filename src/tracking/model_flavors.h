// What MLflow is told of a model folder, in its MLmodel and in the run.
#pragma once

#include <string_view>

namespace joulecast::tracking {

inline constexpr std::string_view kMlModel = "MLmodel";
inline constexpr std::string_view kOnnxFile = "model.onnx";
inline constexpr std::string_view kOnnxVersion = "1.12.0";  // the oldest with operator set 17
inline constexpr std::string_view kProvider = "CPUExecutionProvider";
inline constexpr std::string_view kLoader = "mlflow.onnx";
/// Tag of a run in which MLflow lists the models that were logged to it.
inline constexpr std::string_view kLoggedModelsTag = "mlflow.log-model.history";

}  // namespace joulecast::tracking
