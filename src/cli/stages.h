// The two stages that both their own subcommands and `dataset` run: work, progress, summary and faults in one
// place.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/flags.h"
#include "joulecast/error.h"

namespace joulecast::cli {

struct AttributeArguments {
  std::string raw_data;
  std::string out;
  std::string method = "window";
  std::vector<std::string> only;
};
/// attribute RAW_DATA --out PREPROCESSED. The value is the exit code.
Expected<int> run_attribute(Console& console, const CommonOptions& common,
                            const AttributeArguments& arguments);

struct ConvertArguments {
  std::string preprocessed;
  std::string out;
  std::uint64_t per_layer_measurements = 10;
};
/// convert PREPROCESSED --out TRAINING. The value is the exit code.
Expected<int> run_convert(Console& console, const CommonOptions& common, const ConvertArguments& arguments);

}  // namespace joulecast::cli
