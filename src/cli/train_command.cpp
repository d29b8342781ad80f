#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/subcommand.h"
#include "cli/table.h"
#include "cli/words.h"
#include "config/config.h"
#include "joulecast/cost_model.h"

namespace joulecast::cli {
namespace {

std::string summary_of(const Console& console, const CostModel& model) {
  Table table({{"model", Table::Align::kLeft},
               {"rows"},
               {"RMSPE (%)"},
               {"held out"},
               {"RMSPE (%)"},
               {"MAPE (%)"},
               {"R2"}});
  for (const auto& lasso : model.lasso) {
    const auto& test = lasso.test_metrics;
    const auto figure = [&](double Metrics::* member, double scale, int decimals) {
      return test ? cell((*test).*member * scale, decimals) : std::string("-");
    };
    table.add({fmt::format("{} {}", to_string(lasso.kind), to_string(lasso.target)),
               count_cell(lasso.train_rows), cell(lasso.train_metrics.rmspe_percent, 1),
               count_cell(lasso.test_rows), figure(&Metrics::rmspe_percent, 1.0, 1),
               figure(&Metrics::mape, 100.0, 1), figure(&Metrics::r2, 1.0, 3)});
  }
  return table.text(console.width(), console.colours()) +
         "First the rows fitted, then the rows of networks held out.\n";
}

/// What the rows say of the board, for figures with idle power included.
void take_board(const TrainingSet& data, TrainOptions& options) {
  for (const auto& row : data.layers) {
    if (!options.idle_power_w && row.idle_power_w) options.idle_power_w = row.idle_power_w;
    if (options.device.empty()) options.device = row.device;
  }
}

class TrainCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Fits six models (convolutional, pooling and dense layers; power and run time) to the rows in "
           "TRAINING, evaluates them on "
           "networks that are held out, and writes MODELS/model.json.\n\n"
           "The lasso pipelines and the keys of the configuration file are the reference's. Without TRAINING "
           "the configuration's "
           "data.data_dir is read. 'converged' solves each fit to a small duality gap; 'compat' stops where "
           "scikit-learn 1.5.2 stops.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast train training_data --out models",
            "joulecast train training_data --out models --config config.yaml --mode compat"};
  }
  void declare(FlagSet& flags) override {
    flags.add("TRAINING", "", &training_, "Folder that convert wrote, or the reference's training_data");
    flags.add("--out", "MODELS", &out_, "Folder to write the models to").required = true;
    flags.flags.back().alias = "-o";
    flags.add("--config", "FILE", &config_, "The reference's config.yaml, with an optional block 'models'");
    flags.add("--estimator", "NAME", &estimator_, "lasso, the only one in this version").choices = {"lasso"};
    flags.add("--mode", "MODE", &mode_, "converged (the default) or compat").choices = {"converged",
                                                                                        "compat"};
    flags.add(
        "--test-networks", "NAMES", &test_networks_,
        "Networks to hold out, separated by commas; lenet, resnet18 and vgg16 by default, none for 'none'");
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    TrainOptions options;
    options.jobs = common.jobs;
    options.mode = mode_ == "compat" ? LassoMode::kCompat : LassoMode::kConverged;
    std::filesystem::path training = training_;
    if (!config_.empty()) {
      const auto config = read_config(config_);
      if (!config) return tl::unexpected(config.error());
      for (const auto& warning : config->warnings) console.warning(warning);
      config->apply_to(options);
      if (training.empty() && config->data_dir) training = *config->data_dir;
    }
    if (training.empty())
      return fail(ErrorKind::kUsage, "train needs TRAINING", {},
                  "Name a folder, or one in the configuration as data.data_dir");
    if (!test_networks_.empty()) {
      options.test_networks = split_at_commas(test_networks_);
      if (options.test_networks == std::vector<std::string>{"none"}) options.test_networks.clear();
    }
    const auto data = read_training_set(training);
    if (!data) return tl::unexpected(data.error());
    for (const auto& warning : data->warnings) console.warning(warning);
    take_board(*data, options);
    console.detail(fmt::format("held out: {}", fmt::join(options.test_networks, ", ")));
    const auto model = train_lasso(*data, options);
    if (!model) return tl::unexpected(model.error());
    for (const auto& warning : model->warnings) console.warning(warning);
    if (const auto saved = save_cost_model(*model, out_); !saved) return tl::unexpected(saved.error());
    console.summary(summary_of(console, *model));
    console.note(fmt::format("{} models written to {}", model->lasso.size(),
                             (std::filesystem::path(out_) / "model.json").string()));
    return 0;
  }

  std::string training_;
  std::string out_;
  std::string config_;
  std::string estimator_ = "lasso";
  std::string mode_ = "converged";
  std::vector<std::string> test_networks_;
};

}  // namespace

std::unique_ptr<Subcommand> make_train_command() {
  return std::make_unique<TrainCommand>();
}

}  // namespace joulecast::cli
