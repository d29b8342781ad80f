// The files of an MLflow model folder. Of MLmodel's keys those are written that MLflow 2 and 3 read when they
// load a model; no time and no run, so that equal models are equal files.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json_text.h"
#include "cost_model/data_hash.h"
#include "joulecast/mlflow_model.h"
#include "joulecast/onnx_export.h"
#include "tracking/model_flavors.h"
#include "tracking/yaml_text.h"

namespace joulecast {
namespace {

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

}  // namespace

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
  std::array<std::string, tracking::kModelFiles.size()> contents = {
      std::move(description),  std::move(model->onnx),
      std::move(*text),        example.take(),
      serving.take(),          std::string(kRequirements),
      std::string(kCondaYaml), std::string(kPythonEnvYaml)};
  std::vector<ModelFile> files;
  for (std::size_t i = 0; i < contents.size(); ++i)
    files.push_back({std::string(tracking::kModelFiles[i]), std::move(contents[i])});
  return files;
}

}  // namespace joulecast
