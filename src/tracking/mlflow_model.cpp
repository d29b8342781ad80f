// The files of an MLflow model folder. Of MLmodel's keys those are written that MLflow 2 and 3 read when they
// load a model; no time and no run, so that equal models are equal files.
#include "joulecast/mlflow_model.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "base/json_text.h"
#include "base/parallel.h"
#include "cost_model/data_hash.h"
#include "cost_model/model_file.h"
#include "joulecast/onnx_export.h"
#include "tracking/model_flavors.h"
#include "tracking/yaml_text.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 8> kModelFiles = {
    tracking::kMlModel,           tracking::kOnnxFile, kModelFileName, "input_example.json",
    "serving_input_example.json", "requirements.txt",  "conda.yaml",   "python_env.yaml"};

/// Packages without which the folder cannot be loaded; the oldest that know operator set 17.
constexpr std::string_view kRequirements =
    "mlflow\n"
    "numpy\n"
    "onnx>=1.12\n"
    "onnxruntime>=1.12\n"
    "pandas\n";
constexpr std::string_view kCondaYaml =
    "name: mlflow-env\n"
    "channels:\n"
    "- conda-forge\n"
    "dependencies:\n"
    "- python=3.11\n"
    "- pip\n"
    "- pip:\n"
    "  - mlflow\n"
    "  - numpy\n"
    "  - onnx>=1.12\n"
    "  - onnxruntime>=1.12\n"
    "  - pandas\n";
constexpr std::string_view kPythonEnvYaml =
    "python: '3.11'\n"
    "build_dependencies:\n"
    "- pip\n"
    "- setuptools\n"
    "- wheel\n"
    "dependencies:\n"
    "- -r requirements.txt\n";

/// What MLmodel says of a model.
struct Described {
  std::string name, onnx, unit;
  std::vector<std::string> inputs;
  std::string_view output;
  std::vector<std::vector<double>> example;  ///< rows
};

/// The smallest and the largest sizes that it was trained on.
std::vector<std::vector<double>> example_of(const LassoModel& model) {
  if (model.feature_min.empty()) return {std::vector<double>(model.features.size(), 1.0)};
  return {model.feature_min, model.feature_max};
}

/// A convolution of 64 by 64 channels, 3 x 3, over 56 x 56.
std::vector<std::vector<double>> example_of(const PhysicalModel& model) {
  LayerGeometry layer;
  layer.kind = LayerKind::kConvolutional;
  layer.batch_size = layer.groups = layer.stride_height = layer.stride_width = 1.0;
  layer.input_channels = layer.output_channels = 64.0;
  layer.input_height = layer.input_width = layer.output_height = layer.output_width = 56.0;
  layer.kernel_height = layer.kernel_width = 3.0;
  layer.padding_height = layer.padding_width = 2.0;
  layer.input_type = layer.output_type = layer.weight_type = DataType::kFp16;
  const std::vector<std::string> known = physical_input_names();
  constexpr double kRunTimeMs = 0.1;
  const std::vector<double> values = physical_input_values(model.device, layer, kRunTimeMs);
  std::vector<double> row;
  for (const std::string& name : onnx_inputs(model))
    row.push_back(
        values[static_cast<std::size_t>(std::find(known.begin(), known.end(), name) - known.begin())]);
  return {row};
}

template <class Model>
Expected<Described> describe(const Model& model, std::string unit) {
  auto onnx = to_onnx(model);
  if (!onnx) return tl::unexpected(onnx.error());
  return Described{mlflow_model_name(model), std::move(*onnx),          std::move(unit),
                   onnx_inputs(model),       onnx_output(model.target), example_of(model)};
}

/// A column of doubles by name. Tensors, unlike MLflow's column types, take whole numbers for doubles too.
void append_tensor(std::string& to, std::string_view name, std::string_view shape) {
  to += to.ends_with('[') ? "{\"name\": " : ", {\"name\": ";
  append_json_string(to, name);
  to += fmt::format(R"(, "type": "tensor", "tensor-spec": {{"dtype": "float64", "shape": {}}}}})", shape);
}

std::string ml_model(const Described& model, const CostModel& training) {
  std::string text = "flavors:\n  onnx:\n    code: null\n";
  text += fmt::format("    data: {}\n    onnx_version: {}\n    providers:\n    - {}\n", tracking::kOnnxFile,
                      tracking::kOnnxVersion, tracking::kProvider);
  text += fmt::format(
      "  python_function:\n    data: {}\n    env:\n      conda: conda.yaml\n      virtualenv: "
      "python_env.yaml\n"
      "    loader_module: {}\n    python_version: '3.11'\n",
      tracking::kOnnxFile, tracking::kLoader);
  const auto add = [&](std::string_view key, std::string_view value) {
    text += fmt::format("  {}: ", key);
    tracking::append_yaml_string(text, value);
    text += '\n';
  };
  text += "metadata:\n";
  add("joulecast_version", training.library_version);
  add("model", model.name);
  add("unit", model.unit);
  add("device", training.device);
  add("data_hash", training.data_hash);
  constexpr std::size_t kUuidDigits = 32;
  text += fmt::format("model_uuid: {}\n", sha256_of(model.onnx).substr(0, kUuidDigits));
  text +=
      "saved_input_example_info:\n  artifact_path: input_example.json\n  pandas_orient: split\n"
      "  serving_input_path: serving_input_example.json\n  type: dataframe\n";
  text += "signature:\n";
  std::string inputs = "[";
  for (const std::string& name : model.inputs) append_tensor(inputs, name, "[-1, 1]");
  add("inputs", inputs + "]");
  std::string outputs = "[";
  append_tensor(outputs, model.output, "[-1]");
  add("outputs", outputs + "]");
  text += "  params: null\n";
  return text;
}

/// As pandas writes a frame with orient='split'.
void write_example(JsonWriter& json, const Described& model) {
  json.begin_object().member("columns", model.inputs).key("data").begin_array();
  for (const std::vector<double>& row : model.example) json.value(row);
  json.end_array().end_object();
}

Expected<Described> describe_only(const CostModel& one) {
  if (one.lasso.size() + one.relative_lasso.size() + one.physical.size() != 1)
    return fail(ErrorKind::kUsage, "an MLflow model folder holds one model", {}, "Take one model out of all");
  if (!one.physical.empty())
    return describe(one.physical.front(), std::string(unit_of(one.physical.front().target)));
  const LassoModel& lasso = one.lasso.empty() ? one.relative_lasso.front() : one.lasso.front();
  return describe(lasso, std::string(unit_of(lasso.target)));
}

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
  for (const std::string_view name : kModelFiles) fs::remove(folder / name, ignored);
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

Expected<std::vector<ModelFile>> mlflow_model_files(const CostModel& one) {
  auto model = describe_only(one);
  if (!model) return tl::unexpected(model.error());
  auto text = to_json(one);
  if (!text) return tl::unexpected(text.error());
  JsonWriter example;
  write_example(example, *model);
  JsonWriter serving;
  serving.begin_object().key("dataframe_split");
  write_example(serving, *model);
  serving.end_object();
  std::string description = ml_model(*model, one);
  std::array<std::string, kModelFiles.size()> contents = {
      std::move(description),  std::move(model->onnx),
      std::move(*text),        example.take(),
      serving.take(),          std::string(kRequirements),
      std::string(kCondaYaml), std::string(kPythonEnvYaml)};
  std::vector<ModelFile> files;
  for (std::size_t i = 0; i < contents.size(); ++i)
    files.push_back({std::string(kModelFiles[i]), std::move(contents[i])});
  return files;
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
  std::vector<Expected<void>> done(parts.size());
  // A thread a model, whatever the cores: file systems let a file wait that takes another's name.
  parallel_for(parts.size(), parts.size(),
               [&](std::size_t i) { done[i] = save_model_folder(parts[i], models / names[i]); });
  for (const Expected<void>& one : done)
    if (!one) return one;
  for (const std::string& name : all_model_names())
    if (std::find(names.begin(), names.end(), name) == names.end()) remove_model_folder(models / name);
  return {};
}

}  // namespace joulecast
