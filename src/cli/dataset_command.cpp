#include <filesystem>

#include "base/exit_code.h"
#include "cli/stages.h"
#include "cli/subcommand.h"

namespace joulecast::cli {
namespace {

class DatasetCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Runs attribute and convert one after the other: RAW_DATA becomes DIR/preprocessed_data and "
           "DIR/training_data. What is in DIR/preprocessed_data already, of other networks, is converted "
           "too. "
           "This version has no support for remotes: fetch RAW_DATA and send the results by other means.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast dataset raw_data --out .",
            "joulecast dataset raw_data --out results --per-layer-measurements 20 --quiet"};
  }
  void declare(FlagSet& flags) override {
    flags
        .add("RAW_DATA", "", &attribution_.raw_data, "Folder with idling_power.json and one folder a network")
        .required = true;
    flags.add("--out", "DIR", &out_, "Folder to write both results to").required = true;
    flags.flags.back().alias = "-o";
    add_conversion_flags(flags, conversion_);
    add_attribution_flags(flags, attribution_);
    flags.add("--pull", "", &pull_, "Refused: this version cannot fetch from a remote");
    flags.add("--push", "", &push_, "Refused: this version cannot send to a remote");
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    if (pull_ || push_) {
      return fail(
          ErrorKind::kUsage,
          std::string(pull_ ? "--pull" : "--push") + " is not in this version: it has no support for remotes",
          {}, "Leave it out; 'dvc pull' and 'dvc push' move the folders meanwhile");
    }
    const auto preprocessed = std::filesystem::path(out_) / "preprocessed_data";
    const auto training = std::filesystem::path(out_) / "training_data";
    console.detail("attribute: " + attribution_.raw_data + " -> " + preprocessed.string());
    attribution_.out = preprocessed.string();
    const auto attributed = run_attribute(console, common, attribution_);
    if (!attributed) return tl::unexpected(attributed.error());
    // With a full disk no verdict was reached on the network in hand: everything stays as it is.
    const bool full = attributed->verdict ? *attributed->verdict == exit_code(ErrorKind::kNotWritable)
                                          : attributed->verdict.error().kind == ErrorKind::kNotWritable;
    if (full) return attributed->verdict;
    conversion_.preprocessed = preprocessed.string();
    conversion_.out = training.string();
    // Networks of another RAW_DATA, measured into the same DIR earlier, are converted as ever.
    conversion_.unusable = attributed->skipped;
    std::error_code code;
    if (!attributed->verdict && !std::filesystem::exists(preprocessed, code)) return attributed->verdict;
    console.summary("\n");
    console.detail("convert: " + preprocessed.string() + " -> " + training.string());
    auto converted = run_convert(console, common, conversion_);
    if (!attributed->verdict || (converted && *attributed->verdict != 0)) return attributed->verdict;
    return converted;
  }

  AttributeArguments attribution_;
  ConvertArguments conversion_;
  std::string out_;
  bool pull_ = false;
  bool push_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_dataset_command() {
  return std::make_unique<DatasetCommand>();
}

}  // namespace joulecast::cli
