// models push: the models of a folder onto an MLflow server, without a training.
#pragma once

#include <string>

#include "cli/console.h"
#include "cli/training_log.h"
#include "joulecast/error.h"

namespace joulecast::cli {

struct ModelsPushArguments {
  std::string models;
  TrackArguments track;
};
/// The value is the exit code. Errors: kUsage without a server; those of load_cost_model; those of sending,
/// in which case what was not sent waits in the folder.
Expected<int> run_models_push(Console& console, const ModelsPushArguments& arguments);

}  // namespace joulecast::cli
