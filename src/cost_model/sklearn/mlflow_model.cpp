#include "cost_model/sklearn/mlflow_model.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/input_file.h"

namespace joulecast::sklearn {
namespace {

constexpr std::uint64_t kMaxMlModelBytes = 4U << 20U;
constexpr const char* kWhatFolder = "Name a folder that mlflow.sklearn wrote, with its MLmodel";

std::string text_at(const YAML::Node& node, const char* key) {
  if (!node.IsMap()) return {};
  const YAML::Node found = node[key];
  return found && found.IsScalar() ? found.Scalar() : std::string();
}

Expected<YAML::Node> load(const std::filesystem::path& path) {
  const auto text = read_whole_file(path, kMaxMlModelBytes);
  if (!text) return tl::unexpected(text.error());
  try {
    YAML::Node root = YAML::Load(*text);
    if (root.IsMap()) return root;
    return fail(ErrorKind::kMalformed, "is no mapping of keys to values", {path.string(), 1}, kWhatFolder);
  } catch (const YAML::Exception& fault) {
    const auto line = fault.mark.is_null() ? 0 : static_cast<std::uint64_t>(fault.mark.line) + 1;
    return fail(ErrorKind::kMalformed, fmt::format("is no YAML: {}", fault.msg), {path.string(), line},
                kWhatFolder);
  }
}

std::string flavors_of(const YAML::Node& flavors) {
  std::string names;
  if (!flavors || !flavors.IsMap()) return "none";
  for (const auto& flavor : flavors)
    if (flavor.first.IsScalar()) names += (names.empty() ? "" : ", ") + flavor.first.Scalar();
  return names.empty() ? "none" : names;
}

/// A name within the folder, without ways out of it.
bool stays_inside(const std::filesystem::path& name) {
  if (name.empty() || name.is_absolute()) return false;
  return std::none_of(name.begin(), name.end(), [](const auto& part) { return part == ".."; });
}

}  // namespace

Expected<MlflowModel> read_mlflow_model(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kMlModelFile;
  const auto root = load(path);
  if (!root) return tl::unexpected(root.error());
  const YAML::Node flavors = (*root)["flavors"];
  const bool is_sklearn = flavors && flavors.IsMap() && flavors["sklearn"] && flavors["sklearn"].IsMap();
  if (!is_sklearn)
    return fail(
        ErrorKind::kUnfit,
        fmt::format("the model is not of MLflow's flavor sklearn (its flavors: {})", flavors_of(flavors)),
        {path.string()}, kWhatFolder);
  std::string name = text_at(flavors["sklearn"], "pickled_model");
  if (name.empty() && flavors["python_function"]) name = text_at(flavors["python_function"], "model_path");
  if (!stays_inside(name))
    return fail(ErrorKind::kUnfit, fmt::format("the name of the model's file is '{}'", name), {path.string()},
                kWhatFolder);
  MlflowModel model{folder / name, text_at(*root, "run_id"), {}};
  std::error_code code;
  if (const auto meta = folder / "registered_model_meta"; std::filesystem::exists(meta, code)) {
    const auto registered = load(meta);
    if (registered) model.registered_as = text_at(*registered, "model_name");
  }
  return model;
}

}  // namespace joulecast::sklearn
