#include "joulecast/sklearn_import.h"

#include <fmt/format.h>

#include "base/input_file.h"
#include "cost_model/data_hash.h"
#include "cost_model/model_file.h"
#include "cost_model/sklearn/mlflow_model.h"
#include "cost_model/sklearn/pickle_machine.h"
#include "cost_model/sklearn/pipeline.h"
#include "cost_model/sklearn/skops_file.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code code;
  return fs::exists(path, code) && !fs::is_directory(path, code);
}

/// Fills in what is not given, from .../<kind>/<target>[/model.pkl] or <kind>_<target>_model.
SklearnTarget told_by(const fs::path& folder, std::string_view registered_as, SklearnTarget what) {
  std::error_code code;
  const fs::path whole = fs::absolute(folder, code).lexically_normal();
  const fs::path last = whole.has_filename() ? whole : whole.parent_path();
  SklearnTarget told{reference_kind_from(last.parent_path().filename().string()),
                     target_from(last.filename().string())};
  if (!told.kind || !told.target) told = sklearn_target_of(registered_as);
  if (told.kind && told.target) {
    if (!what.kind) what.kind = told.kind;
    if (!what.target) what.target = told.target;
  }
  return what;
}

bool is_skops(std::string_view bytes) {
  return bytes.starts_with("PK");
}

Expected<sklearn::Pickled> read_values(std::string_view bytes, std::string_view source) {
  return is_skops(bytes) ? sklearn::read_skops(bytes, source) : sklearn::read_pickle(bytes, source);
}

}  // namespace

Expected<ImportedLasso> parse_sklearn(std::string_view bytes, std::string_view source, ReferenceKind kind,
                                      Target target) {
  const auto pickled = read_values(bytes, source);
  if (!pickled) return tl::unexpected(pickled.error());
  sklearn::ValueReader reader(pickled->values, source, !is_skops(bytes));
  auto pipeline = sklearn::read_pipeline(reader, {pickled->root, {}}, reference_feature_names(kind));

  ImportedLasso out;
  LassoModel& model = out.model;
  model.kind = kind;
  model.target = target;
  for (const std::string_view name : reference_feature_names(kind)) model.features.emplace_back(name);
  sklearn::read_lasso(reader, pipeline, model);
  if (reader.error()) return tl::unexpected(*reader.error());
  model.origin = {fs::path(source).filename().string(),
                  pipeline.version.empty() ? "scikit-learn" : "scikit-learn " + pipeline.version,
                  sha256_of(bytes),
                  {}};
  out.warnings = std::move(pipeline.warnings);
  for (Warning& warning : out.warnings) warning.location.file = source;
  return out;
}

Expected<ImportedLasso> import_sklearn(const fs::path& path, const SklearnTarget& what) {
  std::error_code code;
  sklearn::MlflowModel place{path, {}, {}};
  const bool is_folder = fs::is_directory(path, code);
  if (is_folder && !is_file(path / sklearn::kMlModelFile))
    return fail(ErrorKind::kUnreadable,
                "the folder has no models: neither model.json nor MLmodel nor a tree of them",
                {path.string()}, "Name a folder that joulecast or MLflow has put models into");
  if (is_folder) {
    auto found = sklearn::read_mlflow_model(path);
    if (!found) return tl::unexpected(found.error());
    place = std::move(*found);
  }
  const SklearnTarget known =
      told_by(is_folder ? path : fs::absolute(path, code).parent_path(), place.registered_as, what);
  const auto bytes = read_whole_file(place.file, sklearn::kMaxModelBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!known.kind || !known.target) {
    // Of a file that is no model nobody needs to tell what it is of.
    if (auto values = read_values(*bytes, place.file.string()); !values)
      return tl::unexpected(values.error());
    return fail(ErrorKind::kUsage, "it is not known of which layers and of what the model is",
                {path.string()},
                "Import it with --layer and --target (joulecast models import), or name a folder "
                ".../<layer>/<target>");
  }
  auto imported = parse_sklearn(*bytes, place.file.string(), *known.kind, *known.target);
  if (imported) imported->model.origin->run_id = place.run_id;
  return imported;
}

SklearnTarget sklearn_target_of(std::string_view registered_name) {
  for (const ReferenceKind kind : kReferenceKinds)
    for (const Target target : kTargets)
      if (registered_name == fmt::format("{}_{}_model", to_string(kind), to_string(target)))
        return {kind, target};
  return {};
}

bool is_sklearn_tree(const fs::path& folder) {
  for (const ReferenceKind kind : kReferenceKinds)
    for (const Target target : kTargets)
      if (is_file(folder / to_string(kind) / to_string(target) / sklearn::kMlModelFile)) return true;
  return false;
}

bool is_sklearn_model(const fs::path& path) {
  if (is_file(path)) return path.extension() == ".pkl" || path.extension() == ".skops";
  return is_file(path / sklearn::kMlModelFile) || is_sklearn_tree(path);
}

namespace {

/// A place of the tree with a model of joulecast's own, as `models pull` puts it there.
Expected<void> take_own(const fs::path& place, ReferenceKind kind, Target target, CostModel& out) {
  auto own = load_cost_model(place);
  if (!own) return tl::unexpected(own.error());
  const LassoModel* model = own->find(kind, target);
  if (model == nullptr)
    return fail(ErrorKind::kUnfit, fmt::format("holds no model {} {}", to_string(kind), to_string(target)),
                {place.string()}, "Put it where its kind and target say, or name the folder itself");
  if (!out.device.empty() && !own->device.empty() && out.device != own->device)
    return fail(ErrorKind::kUnfit,
                fmt::format("the tree has models of the boards '{}' and '{}'", out.device, own->device),
                {place.string()}, "Keep the models of each board in a tree of their own");
  if (!own->device.empty()) out.device = own->device;
  if (own->idle_power_w) out.idle_power_w = own->idle_power_w;
  out.lasso.push_back(*model);
  return {};
}

}  // namespace

Expected<CostModel> import_sklearn_models(const fs::path& path, const SklearnTarget& what) {
  CostModel out;
  out.library_version = JOULECAST_VERSION;
  const auto take = [&](const fs::path& from, const SklearnTarget& of) -> Expected<void> {
    auto imported = import_sklearn(from, of);
    if (!imported) return tl::unexpected(imported.error());
    out.warnings.insert(out.warnings.end(), imported->warnings.begin(), imported->warnings.end());
    out.lasso.push_back(std::move(imported->model));
    return {};
  };
  if (!is_sklearn_tree(path)) {
    if (auto ok = take(path, what); !ok) return tl::unexpected(ok.error());
    return out;
  }
  if (what.kind || what.target)
    return fail(ErrorKind::kUsage, "the tree says itself what its models are of", {path.string()},
                "Leave out --layer and --target, or name one of its folders");
  for (const ReferenceKind kind : kReferenceKinds) {
    for (const Target target : kTargets) {
      const fs::path place = path / to_string(kind) / to_string(target);
      if (is_file(place / kModelFileName)) {
        if (auto ok = take_own(place, kind, target, out); !ok) return tl::unexpected(ok.error());
      } else if (!is_file(place / sklearn::kMlModelFile)) {
        out.warnings.push_back(
            {fmt::format("the tree has no model {} {}", to_string(kind), to_string(target)),
             {place.string()}});
      } else if (auto ok = take(place, {kind, target}); !ok) {
        return tl::unexpected(ok.error());
      }
    }
  }
  return out;
}

}  // namespace joulecast
