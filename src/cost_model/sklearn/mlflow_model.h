// The MLmodel file of an MLflow model folder, as far as a scikit-learn model needs it.
#pragma once

#include <filesystem>
#include <string>

#include "joulecast/error.h"

namespace joulecast::sklearn {

inline constexpr std::string_view kMlModelFile = "MLmodel";

struct MlflowModel {
  std::filesystem::path file;  ///< the pickle or skops file
  std::string run_id;          ///< empty if unknown
  std::string registered_as;   ///< name in the registry; empty if unknown
};

/// Errors: kUnreadable; kMalformed with the line; kUnfit for a model of another flavor, or whose file lies
/// outside the folder.
Expected<MlflowModel> read_mlflow_model(const std::filesystem::path& folder);

}  // namespace joulecast::sklearn
