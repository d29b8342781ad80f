#include <filesystem>

#include "base/exit_code.h"
#include "cli/data_transfer.h"
#include "cli/stages.h"
#include "cli/subcommand.h"
#include "http/url.h"

namespace joulecast::cli {
namespace {

class DatasetCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Runs attribute and convert one after the other: RAW_DATA becomes DIR/preprocessed_data and "
           "DIR/training_data. What is in DIR/preprocessed_data already, of other networks, is converted "
           "too.\n\n"
           "--pull fetches RAW_DATA first, and --push sends both results afterwards: from and to "
           "dagshub://OWNER/NAME[@BRANCH]/PATH, where PATH is the folder's own name, raw_data, "
           "preprocessed_data or training_data; or a DVC remote (see 'joulecast data --help').";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast dataset raw_data --out .",
            "joulecast dataset raw_data --out results --per-layer-measurements 20 --quiet",
            "joulecast dataset raw_data --out . --remote dagshub://OWNER/NAME --pull --push"};
  }
  void declare(FlagSet& flags) override {
    flags
        .add("RAW_DATA", "", &attribution_.raw_data, "Folder with idling_power.json and one folder a network")
        .required = true;
    flags.add("--out", "DIR", &out_, "Folder to write both results to").required = true;
    flags.flags.back().alias = "-o";
    add_conversion_flags(flags, conversion_);
    add_attribution_flags(flags, attribution_);
    flags.add("--remote", "URL", &remote_,
              "dagshub://OWNER/NAME[@BRANCH], or a DVC remote; by default that of the DVC repository");
    flags.add("--pull", "", &pull_, "Fetch RAW_DATA from the remote first");
    flags.add("--push", "", &push_, "Send both results to the remote afterwards");
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    if (!remote_.empty() && !pull_ && !push_)
      return fail(ErrorKind::kUsage, "--remote is given without --pull or --push", {},
                  "Give one of the two, or leave --remote out");
    if (pull_)
      if (const auto pulled = move(console, common, "pull", attribution_.raw_data); !pulled || *pulled != 0)
        return pulled;
    auto made = make(console, common);
    if (!push_ || !made || *made != 0) return made;
    for (const char* folder : {"preprocessed_data", "training_data"})
      if (const auto pushed = move(console, common, "push", std::filesystem::path(out_) / folder);
          !pushed || *pushed != 0)
        return pushed;
    return made;
  }

  /// A folder from its counterpart on the remote, or to it.
  Expected<int> move(Console& console, const CommonOptions& common, const char* action,
                     std::filesystem::path folder) const {
    if (!folder.has_filename()) folder = folder.parent_path();
    DataArguments arguments;
    arguments.action = action;
    arguments.path = folder.string();
    arguments.remote = remote_;
    if (remote_.starts_with("dagshub://"))
      arguments.remote +=
          (remote_.ends_with('/') ? "" : "/") + http::percent_encoded(folder.filename().string());
    return run_data(console, common, arguments);
  }

  Expected<int> make(Console& console, const CommonOptions& common) {
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
  std::string out_, remote_;
  bool pull_ = false;
  bool push_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_dataset_command() {
  return std::make_unique<DatasetCommand>();
}

}  // namespace joulecast::cli
