#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/folder_listing.h"
#include "base/json_text.h"
#include "cli/fault_tally.h"
#include "cli/model_tables.h"
#include "cli/models_pull.h"
#include "cli/models_push.h"
#include "cli/named_models.h"
#include "cli/subcommand.h"
#include "cli/table.h"
#include "cost_model/model_file.h"
#include "joulecast/sklearn_import.h"

namespace joulecast::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 4;  // folders below the one to list

/// A place with models, and what they are; nothing of a file that does not say of which layers it is.
struct FoundModels {
  std::string path;
  std::string format;
  std::optional<CostModel> model;

  [[nodiscard]] std::size_t physical() const { return model ? model->physical.size() : 0; }
  [[nodiscard]] std::size_t lasso() const {
    return model ? model->lasso.size() + model->relative_lasso.size() : 1;
  }
  [[nodiscard]] std::string device() const { return model ? model->device : ""; }
};

class ModelsCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "import takes over models that were trained with scikit-learn, as the reference registers them: a "
           "pickle or skops file, an MLflow model folder, or the reference's tree "
           "trained_models/<layer>/<target>. Nothing in a file is ever run; what cannot be taken over "
           "exactly "
           "is refused by name (docs/scikit-learn.md). Several imports into one folder add up.\n\n"
           "list finds the models in a folder and below it; show tells what they are, and of one lasso model "
           "its terms.\n\n"
           "pull downloads a registered model from an MLflow server; without a name the reference's six, "
           "<layer>_<target>_model (the champion, else the latest version), into DIR/<layer>/<target>, where "
           "predict --models finds them.\n\n"
           "push registers the models of a folder on an MLflow server, as train --track does, without a "
           "training. What a failing server has not got stays in the folder for 'joulecast track resume'.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {
        "joulecast models import trained_models --out models",
        "joulecast models import model.pkl --layer dense --target power --out models",
        "joulecast models show models",
        "joulecast models list .",
        "joulecast models pull models:/dense_power_model/1 --out dense_power --track http://localhost:5000",
        "joulecast models push models --track http://localhost:5000 --promote always"};
  }
  void declare(FlagSet& flags) override {
    auto& action = flags.add("ACTION", "", &action_, "import, list, show, pull or push");
    action.required = true;
    action.choices = {"import", "list", "show", "pull", "push"};
    flags.add(
        "PATH", "", &path_,
        "A file or folder of models; of pull and show also a registered one, models:/NAME/VERSION, @ALIAS or "
        "/latest");
    flags.add("--out", "DIR", &out_, "Folder for the model.json of an import, or for what is pulled");
    flags.add("--track", "URI", &track_.uri,
              "MLflow server of registered models; by default MLFLOW_TRACKING_URI");
    flags.add("--experiment", "NAME", &track_.experiment,
              "Experiment of what is pushed; by default MLFLOW_EXPERIMENT_NAME, or 'joulecast'");
    add_promote_flag(flags, track_);
    flags.add("--layer", "KIND", &layer_, "Layers of the model: convolutional, pooling or dense").choices = {
        "convolutional", "pooling", "dense"};
    flags.add("--target", "WHAT", &target_, "What the model predicts: power or runtime").choices = {
        "power", "runtime"};
    flags.add("--json", "FILE", &json_, "Write what list or show tells to this file; '-' is standard output");
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    const bool pulls = action_ == "pull";
    if ((action_ == "import" || pulls) == out_.empty())
      return fail(ErrorKind::kUsage,
                  out_.empty() ? fmt::format("models {} needs --out DIR", action_)
                               : "--out belongs to models import and pull",
                  {}, "See 'joulecast models --help'");
    if (pulls) return run_models_pull(console, common, {path_, out_, track_.uri});
    if (path_.empty())
      return fail(ErrorKind::kUsage, fmt::format("models {} needs PATH", action_), {},
                  "See 'joulecast models --help'");
    if (action_ == "list") return list(console, common);
    if (action_ == "push") return run_models_push(console, {path_, track_});
    auto model = action_ == "show" && is_registered_model(path_) ? load_registered(console) : load();
    if (!model) return tl::unexpected(model.error());
    for (const Warning& warning : model->warnings) console.warning(warning);
    return action_ == "import" ? import(console, std::move(*model)) : show(console, *model);
  }

  [[nodiscard]] Expected<CostModel> load_registered(Console& console) const {
    auto named = load_named_models(console, path_, track_.uri);
    if (!named) return tl::unexpected(named.error());
    return std::move(named->model);
  }

  /// Models of any form. Only those of scikit-learn can be in doubt about what they are of.
  [[nodiscard]] Expected<CostModel> load() const {
    std::error_code code;
    const bool ours =
        fs::exists(fs::path(path_) / kModelFileName, code) || fs::path(path_).extension() == ".json";
    if (!ours && fs::exists(path_, code))
      return import_sklearn_models(path_, {reference_kind_from(layer_), target_from(target_)});
    auto model = load_cost_model(path_);
    if (model && action_ == "import")
      return fail(ErrorKind::kUsage, "these models are joulecast's own already", {path_},
                  "Use them as they are: joulecast predict --models");
    return model;
  }

  Expected<int> import(Console& console, CostModel model) const {
    const std::size_t imported = model.lasso.size();
    if (auto ok = add_earlier(model); !ok) return tl::unexpected(ok.error());
    if (auto ok = save_cost_model(model, out_); !ok) return tl::unexpected(ok.error());
    console.summary(
        model_table(model, console.width(), console.colours()) +
        fmt::format("\n{} imported to {}\n", imported, (fs::path(out_) / kModelFileName).string()));
    return 0;
  }

  /// Those that an earlier import has put there, but for what is imported again.
  [[nodiscard]] Expected<void> add_earlier(CostModel& model) const {
    std::error_code code;
    if (!fs::exists(fs::path(out_) / kModelFileName, code)) return {};
    auto earlier = load_cost_model(out_);
    if (!earlier) return tl::unexpected(earlier.error());
    const bool all_imported =
        earlier->physical.empty() && earlier->relative_lasso.empty() &&
        std::all_of(earlier->lasso.begin(), earlier->lasso.end(), [](const auto& one) { return one.origin; });
    if (!all_imported)
      return fail(ErrorKind::kUsage, "the folder holds models that joulecast trained", {out_},
                  "Name another folder: imported models are kept apart from them");
    for (LassoModel& one : earlier->lasso)
      if (model.find(one.kind, one.target) == nullptr) model.lasso.push_back(std::move(one));
    const auto key = [](const LassoModel& one) { return std::pair(one.kind, one.target); };
    std::sort(model.lasso.begin(), model.lasso.end(),
              [&](const LassoModel& a, const LassoModel& b) { return key(a) < key(b); });
    return {};
  }

  Expected<int> show(Console& console, const CostModel& model) const {
    if (!json_.empty()) {
      const auto text = to_json(model);
      if (!text) return tl::unexpected(text.error());
      if (auto ok = deliver(console, *text); !ok) return tl::unexpected(ok.error());
    }
    if (json_ != "-") console.result(model_table(model, console.width(), console.colours()));
    return 0;
  }

  Expected<int> list(Console& console, const CommonOptions& common) const {
    std::vector<FoundModels> found;
    FaultTally faults;
    if (auto ok = find_models(path_, 0, console, faults, found); !ok) return tl::unexpected(ok.error());
    if (!json_.empty()) {
      if (auto ok = deliver(console, list_json(found)); !ok) return tl::unexpected(ok.error());
    }
    if (json_ != "-" && !found.empty()) console.result(list_table(found, console));
    auto verdict = faults.verdict(!found.empty(), common.strict, "no model was found");
    if (verdict && found.empty())
      return fail(ErrorKind::kUnfit, "no model was found", {path_},
                  "Name a folder that joulecast or MLflow has put models into, or one above it");
    return verdict;
  }

  static std::string format_of(const fs::path& path, bool ours) {
    std::error_code code;
    if (ours) return "joulecast";
    if (is_sklearn_tree(path)) return "scikit-learn tree";
    if (fs::is_directory(path, code)) return "MLflow scikit-learn";
    return path.extension() == ".skops" ? "skops" : "pickle";
  }

  /// A folder that holds models is listed as one; else those in it are.
  static Expected<void> find_models(const fs::path& path, int depth, Console& console, FaultTally& faults,
                                    std::vector<FoundModels>& found) {
    std::error_code code;
    const bool ours = fs::exists(path / kModelFileName, code);
    if (ours || is_sklearn_model(path)) {
      const std::string format = format_of(path, ours);
      auto model = load_cost_model(path);
      if (model)
        found.push_back({path.string(), format, std::move(*model)});
      else if (model.error().kind == ErrorKind::kUsage)  // of what it is, only its owner knows
        found.push_back({path.string(), format, {}});
      else
        faults.skipped(console, path.string(), model.error());
      return {};
    }
    if (depth != 0 && (!fs::is_directory(path, code) || depth > kDeepest || fs::is_symlink(path, code)))
      return {};
    const auto names = sorted_names(path, "Name a folder with models in it or below it");
    if (!names) return depth == 0 ? Expected<void>(tl::unexpected(names.error())) : Expected<void>();
    for (const std::string& name : *names)
      if (!name.starts_with('.'))
        if (auto ok = find_models(path / name, depth + 1, console, faults, found); !ok) return ok;
    return {};
  }

  static std::string list_table(const std::vector<FoundModels>& found, const Console& console) {
    Table table({{"models", Table::Align::kLeft, Table::Narrow::kOwnLine},
                 {"format", Table::Align::kLeft},
                 {"physical"},
                 {"lasso"},
                 {"board", Table::Align::kLeft, Table::Narrow::kShorten}});
    for (const FoundModels& one : found)
      table.add({one.path, one.format, count_cell(one.physical()), count_cell(one.lasso()),
                 one.device().empty() ? "-" : one.device()});
    return table.text(console.width(), console.colours());
  }

  static std::string list_json(const std::vector<FoundModels>& found) {
    JsonWriter json;
    json.begin_array();
    for (const FoundModels& one : found) {
      json.begin_object(JsonWriter::kInline).member("path", one.path).member("format", one.format);
      json.member("physical", std::uint64_t{one.physical()});
      json.member("lasso", std::uint64_t{one.lasso()});
      json.member("device", one.device()).end_object();
    }
    json.end_array();
    return json.take();
  }

  Expected<void> deliver(Console& console, const std::string& text) const {
    if (json_ != "-") return write_file_atomically(json_, text);
    console.result(text);
    return {};
  }

  std::string action_, path_, out_, layer_, target_, json_;
  TrackArguments track_;
};

}  // namespace

std::unique_ptr<Subcommand> make_models_command() {
  return std::make_unique<ModelsCommand>();
}

}  // namespace joulecast::cli
