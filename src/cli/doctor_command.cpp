#include <filesystem>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "cli/examine.h"
#include "cli/recording_tables.h"
#include "cli/stages.h"
#include "cli/subcommand.h"

namespace joulecast::cli {
namespace {

namespace fs = std::filesystem;

class DoctorCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Looks at data, models and engines, says what each PATH is, what is wrong with it, and which "
           "command comes next. Of raw data it says what the logs can tell about single layers, before any "
           "fit: "
           "rates, gaps, the sensor's refresh, which phases of the inference it saw, the interval to expect "
           "for "
           "each layer's power (of one network, or with --verbose of all), and what to change in the "
           "recording. "
           "Without "
           "PATH it looks for raw_data, preprocessed_data, training_data and models in the working folder.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast doctor", "joulecast doctor raw_data --only resnet18",
            "joulecast doctor raw_data models examples/orin_resnet18/trt_engine_info.json"};
  }
  void declare(FlagSet& flags) override {
    flags.add("PATH", "", &paths_, "Folder or file to look at");
    flags.add("--only", "NETWORK", &log_form_.only,
              "Of raw data, look at this network's recording alone; may be given several times");
    add_power_log_flags(flags, log_form_);
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    if (paths_.empty()) {
      std::error_code code;
      for (const char* usual : {"raw_data", "preprocessed_data", "training_data", "models"})
        if (fs::exists(usual, code)) paths_.emplace_back(usual);
      if (paths_.empty())
        return fail(ErrorKind::kUnreadable,
                    "nothing to look at: the working folder has no raw_data, preprocessed_data, "
                    "training_data or models",
                    {}, "Name a folder, or make data with 'joulecast simulate --out raw_data --truth truth'");
    }
    const auto options = power_log_options(log_form_);
    if (!options) return tl::unexpected(options.error());
    int code = 0;
    for (const auto& path : paths_) {
      for (const Finding& finding : examine(path, *options))
        tell(console, finding, *options, common.verbose, code);
    }
    return code;
  }

  /// `code` becomes that of the first fault.
  void tell(Console& console, const Finding& finding, const PowerLogOptions& options, bool verbose,
            int& code) {
    for (const auto& warning : finding.warnings) console.warning(warning);
    std::size_t faults = finding.faults.size();
    for (const auto& fault : finding.faults) {
      console.error(fault);
      if (code == 0) code = exit_code(fault.kind);
    }
    std::size_t doubts = finding.warnings.size();
    if (finding.is_raw_data) {
      const auto told = tell_recordings(console, finding.path, verbose, log_form_.only, options);
      if (code == 0) code = told.exit_code;
      faults += told.faults;
      doubts += told.doubts;
    }
    std::string line = fmt::format("{}: {}", finding.path, finding.is);
    if (!finding.detail.empty()) line += fmt::format(" ({})", finding.detail);
    const auto counted = [](std::size_t count, std::string_view what) {
      return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
    };
    line += faults != 0   ? ": " + counted(faults, "fault")
            : doubts != 0 ? ": usable, " + counted(doubts, "doubt")
                          : ": good";
    console.result(line + "\n");
    if (faults == 0 && !finding.next.empty()) console.result(fmt::format("  next: {}\n", finding.next));
  }

  std::vector<std::string> paths_;
  AttributeArguments log_form_;
};

}  // namespace

std::unique_ptr<Subcommand> make_doctor_command() {
  return std::make_unique<DoctorCommand>();
}

}  // namespace joulecast::cli
