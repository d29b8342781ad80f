// models pull: registered models of an MLflow server, into a folder.
#pragma once

#include <string>

#include "cli/console.h"
#include "cli/flags.h"
#include "joulecast/error.h"

namespace joulecast::cli {

struct ModelsPullArguments {
  std::string model;  ///< models:/NAME/VERSION, @ALIAS or /latest; empty: the reference's six
  std::string out;
  std::string uri;  ///< empty: MLFLOW_TRACKING_URI
};
/// The value is the exit code. Errors: kUsage without a server; those of pull_model; of the six, that none
/// could be pulled.
Expected<int> run_models_pull(Console& console, const CommonOptions& common,
                              const ModelsPullArguments& arguments);

}  // namespace joulecast::cli
