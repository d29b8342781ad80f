#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/model_tables.h"
#include "cli/subcommand.h"
#include "cli/table.h"
#include "cli/training_figures.h"
#include "cli/training_log.h"
#include "cli/words.h"
#include "config/config.h"
#include "joulecast/cost_model.h"
#include "joulecast/mlflow_model.h"

namespace joulecast::cli {
namespace {

std::string physical_summary_of(const Console& console, const CostModel& model) {
  Table table({{"physical model", Table::Align::kLeft},
               {"rows"},
               {"networks"},
               {"recipes"},
               {"residual"},
               {"held-out RMSPE (%)"}});
  for (const auto& one : model.physical) {
    const auto best = best_held_out_rmspe_percent(one);
    table.add({std::string(to_string(one.target)), count_cell(one.layers), count_cell(one.networks.size()),
               count_cell(one.fits.size()), one.residual ? "yes" : "no", cell(best, 1)});
  }
  return table.text(console.width(), console.colours()) +
         "Error of the best recipe on layers that were held out to choose recipes;\n"
         "`joulecast evaluate` judges.\n" +
         end_to_end_lines(model);
}

std::string summary_of(const Console& console, const CostModel& model) {
  Table table({{"lasso", Table::Align::kLeft, Table::Narrow::kOwnLine},
               {"rows"},
               {"RMSPE (%)"},
               {"held out"},
               {"RMSPE (%)"},
               {"MAPE (%)"},
               {"R2"}});
  std::vector<LassoModel> all = model.lasso;
  all.insert(all.end(), model.relative_lasso.begin(), model.relative_lasso.end());
  for (const auto& lasso : all) {
    const auto& test = lasso.test_metrics;
    const auto figure = [&](double Metrics::* member, double scale, int decimals) {
      return test ? cell((*test).*member * scale, decimals) : std::string("-");
    };
    table.add(
        {fmt::format("{} {}{}", to_string(lasso.kind), to_string(lasso.target),
                     lasso.recipe.relative ? ", relative" : ""),
         count_cell(lasso.train_rows),
         cell(lasso.train_metrics ? std::optional(lasso.train_metrics->rmspe_percent) : std::nullopt, 1),
         count_cell(lasso.test_rows), figure(&Metrics::rmspe_percent, 1.0, 1),
         figure(&Metrics::mape, 100.0, 1), figure(&Metrics::r2, 1.0, 3)});
  }
  return table.text(console.width(), console.colours()) +
         "First the rows fitted, then the rows of networks held out.\n" +
         (model.leaderboard.empty() ? "" : "The leaderboard says where a lasso is believed.\n");
}

/// What the rows say of the board, for figures with idle power included.
void take_board(const TrainingSet& data, TrainOptions& options) {
  for (const auto& row : data.layers) {
    if (!options.idle_power_w && row.idle_power_w && *row.idle_power_w >= 0.0)
      options.idle_power_w = row.idle_power_w;
  }
}

std::string leaderboard_of(const Console& console, const CostModel& model) {
  Table table({{"target", Table::Align::kLeft},
               {"kind", Table::Align::kLeft},
               {"estimator", Table::Align::kLeft},
               {"layers"},
               {"RMSPE (%)"},
               {"", Table::Align::kLeft}});
  for (const auto& entry : model.leaderboard)
    table.add({entry.target, entry.kind, entry.estimator, count_cell(entry.layers),
               cell(entry.rmspe_percent, 1), entry.chosen ? "chosen" : ""});
  return table.text(console.width(), console.colours()) +
         "On layers of networks (or of shapes, where networks are few) that were held out\n"
         "of everything.\n";
}

class TrainCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Learns from the rows in TRAINING what layers cost on their board, and writes "
           "MODELS/model.json, and each model in a folder MODELS/<name> that MLflow and any ONNX runtime can "
           "use.\n\n"
           "'auto', the default, makes two sorts of models: physical ones of run time and energy for all "
           "kinds "
           "of layers, from layers.csv, and the reference's six lassos (convolutional, pooling and dense "
           "layers; power and run time) from its three files. Where there are both, they are compared on "
           "networks that are held out in turn, or on sizes of layers where networks are few; the "
           "leaderboard "
           "says which is chosen for which kind of layer and target, and predict believes that one. A lasso "
           "with relative errors is added where it does best.\n\n"
           "The lasso pipelines and the keys of the configuration file are the reference's. Without TRAINING "
           "the configuration's data.data_dir is read. 'converged' solves each lasso to a small duality gap; "
           "'compat' stops where scikit-learn 1.5.2 stops.\n\n"
           "With --track the training is also recorded on an MLflow server: a run a model, with parameters, "
           "metrics and files, and versions of registered models. A server that cannot be reached does not "
           "fail the training; 'joulecast track resume MODELS' sends it later. MLFLOW_TRACKING_USERNAME and "
           "MLFLOW_TRACKING_PASSWORD (or _TOKEN), or DAGSHUB_USER_TOKEN, say who you are.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast train training_data --out models",
            "joulecast train training_data --out models --config config.yaml --mode compat",
            "joulecast train training_data --out models --track http://localhost:5000"};
  }
  void declare(FlagSet& flags) override {
    flags.add("TRAINING", "", &training_, "Folder that convert wrote, or the reference's training_data");
    flags.add("--out", "MODELS", &out_, "Folder to write the models to").required = true;
    flags.flags.back().alias = "-o";
    flags.add("--config", "FILE", &config_, "The reference's config.yaml, with an optional block 'models'");
    flags
        .add("--estimator", "NAME", &estimator_,
             "auto (the default: physical, and lasso where its rows are there), physical or lasso")
        .choices = {"auto", "physical", "lasso"};
    flags.add("--mode", "MODE", &mode_, "converged (the default) or compat").choices = {"converged",
                                                                                        "compat"};
    flags.add("--device", "NAME", &device_,
              "Board that the rows are of, stored in the models; of rows that name several boards, those of "
              "this one");
    flags.add(
        "--test-networks", "NAMES", &test_networks_,
        "Networks that no model learns from, separated by commas, or 'none'; lassos are judged on them. By "
        "default lassos leave out lenet, resnet18 and vgg16 (or the configuration's), physical models none");
    flags.add("--figures", "", &figures_,
              "Draw a bar chart of each model and held-out network into MODELS/figures; with a server they "
              "are drawn in any case");
    add_track_flags(flags, track_);
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    TrainOptions options;
    options.jobs = common.jobs;
    options.mode = mode_ == "compat" ? LassoMode::kCompat : LassoMode::kConverged;
    std::filesystem::path training = training_;
    std::optional<TrackingConfig> tracking;
    if (!config_.empty()) {
      const auto config = read_config(config_);
      if (!config) return tl::unexpected(config.error());
      for (const auto& warning : config->warnings) console.warning(warning);
      config->apply_to(options);
      tracking = config->tracking;
      if (training.empty() && config->data_dir) training = *config->data_dir;
    }
    if (training.empty())
      return fail(ErrorKind::kUsage, "train needs TRAINING", {},
                  "Name a folder, or one in the configuration as data.data_dir");
    const auto target = track_target(console, track_, tracking);
    if (!target) return tl::unexpected(target.error());
    if (!test_networks_.empty()) {
      options.test_networks = split_at_commas(test_networks_);
      if (options.test_networks == std::vector<std::string>{"none"}) options.test_networks.clear();
    }
    TrainingContext context;
    context.start_ms = now_ms();
    const auto data = read_training_set(training, device_);
    if (!data) return tl::unexpected(data.error());
    for (const auto& warning : data->warnings) console.warning(warning);
    auto device = device_of(*data, device_);
    if (!device) return tl::unexpected(device.error());
    options.device = std::move(*device);
    take_board(*data, options);
    console.detail(fmt::format("held out: {}", fmt::join(options.test_networks, ", ")));
    options.progress = [&console](std::string_view what, std::size_t done, std::size_t total) {
      console.progress("train", done, total, what);
    };
    const auto model = fit(*data, options);
    console.end_progress();
    if (!model) return tl::unexpected(model.error());
    for (const auto& warning : model->warnings) console.warning(warning);
    if (const auto saved = save_cost_model(*model, out_); !saved) return tl::unexpected(saved.error());
    if (const auto saved = save_mlflow_models(*model, out_); !saved) return tl::unexpected(saved.error());
    if (!model->physical.empty()) console.summary(physical_summary_of(console, *model));
    if (!model->leaderboard.empty()) console.summary(leaderboard_of(console, *model));
    if (!model->lasso.empty()) console.summary(summary_of(console, *model));
    const std::size_t models = model->lasso.size() + model->relative_lasso.size() + model->physical.size();
    console.note(fmt::format("{} model{} written to {}", models, models == 1 ? "" : "s",
                             (std::filesystem::path(out_) / "model.json").string()));
    if (figures_ || *target)
      context.figures = draw_training_figures(console, common, *model, *data, out_);
    else
      remove_training_figures(console, out_);
    if (!*target) return 0;
    context.end_ms = now_ms();
    context.promotion = *promotion_from(track_.promote);
    context.estimator = estimator_;
    context.source = training;
    context.test_networks = options.test_networks;
    return log_training(console, common, **target, *model, std::move(context), out_);
  }

  /// With auto a kind of model that the data does not allow is left out; it is an error if none is left.
  Expected<CostModel> fit(const TrainingSet& data, const TrainOptions& options) const {
    if (estimator_ == "lasso") return train_lasso(data, options);
    // Physical models are judged by validation, and so learn from all networks unless some were named.
    const std::vector<std::string> held_out =
        test_networks_.empty() ? std::vector<std::string>{} : options.test_networks;
    if (estimator_ == "physical") return train_physical(data, held_out, options);
    return train_auto(data, held_out, options);
  }

  std::string training_;
  std::string out_;
  std::string config_;
  std::string estimator_ = "auto";
  std::string mode_ = "converged";
  std::string device_;
  std::vector<std::string> test_networks_;
  bool figures_ = false;
  TrackArguments track_;
};

}  // namespace

std::unique_ptr<Subcommand> make_train_command() {
  return std::make_unique<TrainCommand>();
}

}  // namespace joulecast::cli
