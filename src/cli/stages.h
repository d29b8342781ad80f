// The two stages that both their own subcommands and `dataset` run: work, progress, summary and faults in one
// place.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/flags.h"
#include "joulecast/error.h"
#include "joulecast/raw_logs.h"

namespace joulecast::cli {

struct AttributeArguments {
  std::string raw_data;
  std::string out;
  std::string method = "regression";
  std::vector<std::string> only = {};
  std::string prior = {};  ///< folder of models; empty: none
  std::uint64_t seed = 1;
  bool alone = false;  ///< networks tell each other nothing of the sensor
  std::string power_format = "auto";
  std::vector<std::string> rails = {};
  std::string time_zone = {};
};
/// Flags of the choice of networks, of the method and of the power logs' form.
void add_attribution_flags(FlagSet& flags, AttributeArguments& arguments);
/// The last part alone, for commands that only read power logs.
void add_power_log_flags(FlagSet& flags, AttributeArguments& arguments);
/// Error kUsage for a time zone that there is not.
Expected<PowerLogOptions> power_log_options(const AttributeArguments& arguments);
/// How an attribution ended.
struct AttributeRun {
  Expected<int> verdict;             ///< exit code, or the error that no network could be used
  std::vector<std::string> skipped;  ///< networks that could not be used, in the order of their names
};
/// attribute RAW_DATA --out PREPROCESSED. Errors: what keeps the work from beginning.
Expected<AttributeRun> run_attribute(Console& console, const CommonOptions& common,
                                     const AttributeArguments& arguments);

struct ConvertArguments {
  std::string preprocessed;
  std::string out;
  std::uint64_t per_layer_measurements = 10;
  std::string device = {};
  std::vector<std::string> unusable = {};  ///< as ConvertOptions::unusable
};
/// Flags of the gate and of the board's name.
void add_conversion_flags(FlagSet& flags, ConvertArguments& arguments);
/// convert PREPROCESSED --out TRAINING. The value is the exit code.
Expected<int> run_convert(Console& console, const CommonOptions& common, const ConvertArguments& arguments);

}  // namespace joulecast::cli
