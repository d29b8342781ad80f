// The folders of a training's models: their names, written where they changed and removed where they are of
// no model any more.
#include "joulecast/mlflow_model.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "base/parallel.h"
#include "cost_model/model_file.h"
#include "tracking/model_flavors.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

/// The training without its models.
CostModel without_models(const CostModel& training) {
  CostModel part;
  part.library_version = training.library_version;
  part.device = training.device;
  part.data_hash = training.data_hash;
  part.idle_power_w = training.idle_power_w;
  return part;
}

/// Every name that a model of a training can have.
std::vector<std::string> all_model_names() {
  std::vector<std::string> names;
  for (const ReferenceKind kind : kReferenceKinds)
    for (const Target target : kTargets)
      for (const bool relative : {false, true}) {
        LassoModel model;
        model.kind = kind;
        model.target = target;
        model.recipe.relative = relative;
        names.push_back(mlflow_model_name(model));
      }
  for (const PhysicalTarget target : {PhysicalTarget::kRunTime, PhysicalTarget::kEnergy}) {
    PhysicalModel model;
    model.target = target;
    names.push_back(mlflow_model_name(model));
  }
  return names;
}

/// Files that are there already as they shall be are left alone.
Expected<void> save_model_folder(const CostModel& one, const fs::path& folder) {
  const auto files = mlflow_model_files(one);
  if (!files) return tl::unexpected(files.error());
  for (const ModelFile& file : *files) {
    const fs::path place = folder / file.name;
    std::error_code code;
    if (fs::file_size(place, code) == file.content.size() && !code) {
      const auto old = read_whole_file(place);
      if (old && *old == file.content) continue;
    }
    if (auto ok = write_file_atomically(place, file.content); !ok) return ok;
  }
  return {};
}

/// If it is one of ours: our own files alone, and the folder if nothing else is in it.
void remove_model_folder(const fs::path& folder) {
  std::error_code ignored;
  for (const std::string_view name : {tracking::kMlModel, tracking::kOnnxFile, kModelFileName})
    if (!fs::exists(folder / name, ignored)) return;
  for (const std::string_view name : tracking::kModelFiles) fs::remove(folder / name, ignored);
  fs::remove(folder, ignored);
}

}  // namespace

std::string mlflow_model_name(const LassoModel& model) {
  return fmt::format("{}_{}{}_model", to_string(model.kind), to_string(model.target),
                     model.recipe.relative ? "_relative" : "");
}

std::string mlflow_model_name(const PhysicalModel& model) {
  return fmt::format("physical_{}_model", to_string(model.target));
}

CostModel alone(const LassoModel& model, const CostModel& training) {
  CostModel part = without_models(training);
  (model.recipe.relative ? part.relative_lasso : part.lasso).push_back(model);
  return part;
}

CostModel alone(const PhysicalModel& model, const CostModel& training) {
  CostModel part = without_models(training);
  part.physical.push_back(model);
  return part;
}

Expected<void> save_mlflow_models(const CostModel& model, const fs::path& models) {
  std::vector<std::string> names;
  std::vector<CostModel> parts;
  const auto add = [&](const auto& one) {
    names.push_back(mlflow_model_name(one));
    parts.push_back(alone(one, model));
  };
  for (const LassoModel& one : model.lasso) add(one);
  for (const LassoModel& one : model.relative_lasso) add(one);
  for (const PhysicalModel& one : model.physical) add(one);
  // A thread a model, whatever the cores: file systems let a file wait that takes another's name.
  const auto save = [&](std::size_t i) { return save_model_folder(parts[i], models / names[i]); };
  if (auto done = parallel_until_fault(parts.size(), parts.size(), save); !done) return done;
  for (const std::string& name : all_model_names())
    if (std::find(names.begin(), names.end(), name) == names.end()) remove_model_folder(models / name);
  return {};
}

}  // namespace joulecast
