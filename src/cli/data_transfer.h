// The operations on datasets that `data`, `data_version` and `dataset` share: work, progress, what is told.
#pragma once

#include <string>

#include "cli/console.h"
#include "cli/flags.h"
#include "joulecast/datasets.h"

namespace joulecast::cli {

struct DataArguments {
  std::string action;  ///< pull, push, status, verify
  std::string remote, path;
  bool force = false, dry_run = false;
  std::string versioning = "dvc", message = {};
  std::string json = {};  ///< file for the report; '-' is standard output, empty: none
};
/// The value is the exit code. Where files failed the error has the kind of the first fault.
Expected<int> run_data(Console& console, const CommonOptions& common, const DataArguments& arguments);

}  // namespace joulecast::cli
