#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "cli/subcommand.h"
#include "cli/table.h"
#include "cli/words.h"
#include "joulecast/evaluation.h"

namespace joulecast::cli {
namespace {

std::string figure(double value, int decimals = 1) {
  return std::isfinite(value) ? cell(value, decimals) : "-";
}

void add_row(Table& table, const std::string& what, const Accuracy& a) {
  table.add({what, count_cell(a.layers), figure(a.rmspe_percent), figure(a.mape_percent),
             figure(a.within_10_percent, 0), figure(a.sum_error_percent), figure(a.coverage_percent, 0),
             figure(a.naive_rmspe_percent, 0), figure(a.lasso_rmspe_percent, 0)});
}

/// One table a target: errors in percent, by network or by kind.
std::string accuracy_tables(const Evaluation& evaluation, bool networks, const Console& console) {
  std::string text;
  for (const auto& target : evaluation.targets) {
    Table table({{networks ? "network" : "kind", Table::Align::kLeft, Table::Narrow::kOwnLine},
                 {"layers"},
                 {"RMSPE"},
                 {"MAPE"},
                 {"<10 %"},
                 {"sum"},
                 {"covered"},
                 {"mean"},
                 {"lasso"}});
    const auto& groups = networks ? target.by_network : target.by_kind;
    for (const auto& [name, accuracy] : groups) add_row(table, name, accuracy);
    add_row(table, "all", target.all);
    text += target.target + ", in %\n" + table.text(console.width(), console.colours()) + "\n";
  }
  return text;
}

std::string worst_table(const Evaluation& evaluation, const Console& console) {
  constexpr std::size_t kWorst = 5;
  Table table({{"worst", Table::Align::kLeft},
               {"layer", Table::Align::kLeft, Table::Narrow::kShorten},
               {"measured"},
               {"predicted"},
               {"outside"}});
  for (const auto& target : evaluation.targets) {
    std::vector<const HeldOutLayer*> order;
    for (const auto& layer : target.layers) order.push_back(&layer);
    const auto size = [](const auto* l) { return std::abs(std::log(l->predicted / l->measured)); };
    std::stable_sort(order.begin(), order.end(),
                     [&](const auto* a, const auto* b) { return size(a) > size(b); });
    for (std::size_t i = 0; i < std::min(order.size(), kWorst); ++i)
      table.add({target.target, fmt::format("{}: {}", order[i]->network, order[i]->layer_name),
                 cell(order[i]->measured, 4), cell(order[i]->predicted, 4), cell(order[i]->distance, 2)});
  }
  return table.text(console.width(), console.colours());
}

/// Leaves a part of the physical model out.
Expected<void> leave_out(const std::string& part, PhysicalChoices& choices) {
  if (part == "symmetric-loss") {
    choices.loss = PhysicalLoss::kRelative;
  } else if (part == "relative-loss") {
    choices.loss = PhysicalLoss::kSquared;
  } else if (part == "refinements") {
    constexpr double kNone = 1e9;  // a ridge that leaves nothing of a term
    choices.shrinkages = {kNone};
  } else if (part == "corner") {
    choices.corners = {1.0};
  } else if (part == "tiles") {
    choices.tiles = false;
    choices.without.push_back(PhysicalTerm::kSplitLaunch);
  } else if (part == "families") {
    choices.families = false;
  } else if (part == "residual") {
    choices.residual = false;
  } else if (part == "average") {
    choices.average = false;
  } else {
    return fail(
        ErrorKind::kUsage, "the physical model has no part '" + part + "'", {},
        "Name symmetric-loss, relative-loss, refinements, corner, tiles, families, residual or average");
  }
  return {};
}

class EvaluateCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Tells how well the physical model predicts what it has not seen: networks, families of networks "
           "or shapes "
           "of layers are held out in turn, and everything that training chooses is chosen again without "
           "them. Beside "
           "it stand the mean of the kind and the reference's lasso recipe on the same splits.\n\n"
           "Families are told by the networks' names; --families FILE, a table with the columns network and "
           "family, "
           "overrides that.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast evaluate training_data",
            "joulecast evaluate training_data --group network --json accuracy.json"};
  }
  void declare(FlagSet& flags) override {
    flags.add("TRAINING", "", &training_, "Folder that convert wrote").required = true;
    flags.add("--group", "WHAT", &group_, "What is held out together: network, family (the default) or shape")
        .choices = {"network", "family", "shape"};
    flags.add("--families", "FILE", &families_, "Table of network and family");
    flags
        .add("--estimator", "NAME", &estimator_,
             "Whose accuracy: auto (the default: physical, and lasso beside it), physical or lasso")
        .choices = {"auto", "physical", "lasso"};
    flags.add(
        "--without", "PARTS", &without_,
        "What the accuracy is without parts of the physical model: symmetric-loss, relative-loss, "
        "refinements (all terms but a roofline's), corner, tiles, families, residual, average (the best "
        "recipe instead of their mean); separated by commas");
    flags.add("--device", "NAME", &device_, "Of rows that name several boards, those of this one");
    flags.add("--json", "FILE", &json_, "Write all figures to this file");
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    EvaluationOptions options;
    options.jobs = common.jobs;
    options.groups = *held_out_groups_from(group_);
    options.lasso = estimator_ == "auto";
    options.judge_lasso = estimator_ == "lasso";
    if (options.judge_lasso && !without_.empty())
      return fail(ErrorKind::kUsage, "--without leaves out parts of the physical model, not of a lasso", {},
                  "Leave out --without, or --estimator lasso");
    for (const std::string& part : split_at_commas(without_))
      if (auto ok = leave_out(part, options.choices); !ok) return tl::unexpected(ok.error());
    if (!families_.empty()) {
      std::vector<Warning> doubts;
      auto families = read_families(families_, &doubts);
      if (!families) return tl::unexpected(families.error());
      for (const auto& doubt : doubts) console.warning(doubt);
      options.families = std::move(*families);
    }
    const auto data = read_training_set(training_, device_);
    if (!data) return tl::unexpected(data.error());
    for (const auto& warning : data->warnings) console.warning(warning);
    if (const auto device = device_of(*data, device_); !device) return tl::unexpected(device.error());
    const auto evaluation = evaluate(*data, options);
    if (!evaluation) return tl::unexpected(evaluation.error());
    for (const auto& warning : evaluation->warnings) console.warning(warning);
    if (json_ == "-") {
      console.result(to_json(*evaluation));
      return 0;
    }
    if (!json_.empty())
      if (auto ok = write_file_atomically(json_, to_json(*evaluation)); !ok)
        return tl::unexpected(ok.error());
    console.summary(
        fmt::format("{} held out in turn\n\n",
                    evaluation->group_count == 1 ? "1 " + group_ : plural(evaluation->group_count)) +
        accuracy_tables(*evaluation, false, console) + accuracy_tables(*evaluation, true, console) +
        worst_table(*evaluation, console) +
        "\n<10 %: layers with an error below 10 %; sum: error of all layers together;\n"
        "covered: layers within their 90 % interval; mean, lasso: RMSPE of the mean of\n"
        "the kind and of the reference's recipe; outside: how far the layer's sizes lie\n"
        "outside those of the training layers, in ranges of them.\n" +
        (options.judge_lasso ? "Predictions below 0 count as 0, but not in the column lasso.\n" : ""));
    return 0;
  }

  [[nodiscard]] std::string plural(std::size_t count) const {
    return fmt::format("{} {}", count, group_ == "family" ? "families" : group_ + "s");
  }

  std::string training_;
  std::string group_ = "family";
  std::string families_;
  std::string estimator_ = "auto";
  std::string device_;
  std::vector<std::string> without_;
  std::string json_;
};

}  // namespace

std::unique_ptr<Subcommand> make_evaluate_command() {
  return std::make_unique<EvaluateCommand>();
}

}  // namespace joulecast::cli
