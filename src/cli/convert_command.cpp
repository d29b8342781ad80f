#include <map>

#include <fmt/format.h>

#include "cli/fault_tally.h"
#include "cli/stages.h"
#include "cli/subcommand.h"
#include "cli/table.h"
#include "joulecast/training_set.h"

namespace joulecast::cli {
namespace {

std::string summary_of(const Console& console, const std::vector<ConvertOutcome>& outcomes) {
  Table table({{"network", Table::Align::kLeft, Table::Narrow::kOwnLine},
               {"convolutional"},
               {"pooling"},
               {"dense"},
               {"all layers"},
               {"rejects"},
               {"status", Table::Align::kLeft}});
  std::array<std::size_t, 3> rows{};
  std::size_t layers = 0;
  std::size_t rejects = 0;
  for (const auto& outcome : outcomes) {
    const auto& r = outcome.rows;
    table.add({outcome.network, count_cell(r[0]), count_cell(r[1]), count_cell(r[2]),
               count_cell(outcome.layers), count_cell(outcome.rejects.size()),
               outcome.status == ConvertOutcome::Status::kDone ? "done" : "skipped"});
    for (std::size_t k = 0; k < rows.size(); ++k) rows[k] += r[k];
    layers += outcome.layers;
    rejects += outcome.rejects.size();
  }
  table.rule();
  table.add({"all", count_cell(rows[0]), count_cell(rows[1]), count_cell(rows[2]), count_cell(layers),
             count_cell(rejects), ""});
  return table.text(console.width(), console.colours());
}

/// "Left out: 12 x no power, 3 x ..."; the list itself is in rejects.csv.
void name_rejects(Console& console, const std::vector<ConvertOutcome>& outcomes) {
  std::map<std::string, std::size_t> reasons;
  for (const auto& outcome : outcomes)
    for (const auto& reject : outcome.rejects) ++reasons[reject.reason];
  for (const auto& [reason, count] : reasons)
    console.note(fmt::format("{} left out: {} (see rejects.csv)", count_cell(count), reason));
}

class ConvertCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Turns the measurements of each network in PREPROCESSED into training rows: the reference's "
           "convolutional.csv, pooling.csv "
           "and dense.csv, layers.csv with every layer, and rejects.csv with what was left out and why. The "
           "statistics of power and "
           "run time by layer are written beside the measurements.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast convert preprocessed_data --out training_data",
            "joulecast convert preprocessed_data --out training_data --per-layer-measurements 20"};
  }
  void declare(FlagSet& flags) override {
    flags.add("PREPROCESSED", "", &arguments_.preprocessed, "Folder that attribute wrote").required = true;
    flags.add("--out", "TRAINING", &arguments_.out, "Folder to write to").required = true;
    flags.flags.back().alias = "-o";
    add_conversion_flags(flags, arguments_);
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    return run_convert(console, common, arguments_);
  }

  ConvertArguments arguments_;
};

}  // namespace

void add_conversion_flags(FlagSet& flags, ConvertArguments& arguments) {
  flags.add(
      "--per-layer-measurements", "N", &arguments.per_layer_measurements,
      "A network is left out if one of its layers has fewer values of power or run time; 10 by default");
  flags.add("--device", "NAME", &arguments.device,
            "Name of the board, for layers.csv; models learned from it know whose they are");
}

Expected<int> run_convert(Console& console, const CommonOptions& common, const ConvertArguments& arguments) {
  ConvertOptions options;
  options.per_layer_measurements = arguments.per_layer_measurements;
  options.device = arguments.device;
  options.unusable = arguments.unusable;
  options.jobs = common.jobs;
  options.progress = [&console](std::size_t done, std::size_t total) {
    console.progress("convert", done, total, "networks");
  };
  const auto outcomes = convert_folder(arguments.preprocessed, arguments.out, options);
  console.end_progress();
  if (!outcomes) return tl::unexpected(outcomes.error());
  FaultTally faults;
  bool produced = false;
  for (const auto& outcome : *outcomes) {
    for (const auto& warning : outcome.warnings) console.warning(warning, outcome.network);
    if (outcome.reason)
      faults.skipped(console, outcome.network, *outcome.reason);
    else
      produced = true;
  }
  name_rejects(console, *outcomes);
  console.summary(summary_of(console, *outcomes));
  return faults.verdict(produced, common.strict, "no network could be used");
}

std::unique_ptr<Subcommand> make_convert_command() {
  return std::make_unique<ConvertCommand>();
}

}  // namespace joulecast::cli
