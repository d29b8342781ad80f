// An ONNX file to layers: messages, graph, shapes, fusion, layers.
#include <filesystem>

#include <fmt/format.h>

#include "joulecast/networks.h"
#include "networks/dynamic_shapes.h"
#include "networks/onnx/input_shapes.h"
#include "networks/onnx/lowering.h"
#include "networks/onnx/mapped_file.h"
#include "networks/onnx/shape_rule.h"

namespace joulecast {
namespace {

constexpr std::int64_t kOldestOpset = 7;
constexpr std::int64_t kNewestOpset = 22;
constexpr std::int64_t kAbsurdOpset = 1000;

Expected<void> check_opset(const onnx::ModelProto& model, std::string_view source,
                           std::vector<Warning>& warnings) {
  const Location where{std::string(source)};
  if (!model.has_graph)
    return fail(ErrorKind::kMalformed, "not an ONNX model: it holds no graph", where,
                "Give a file that torch.onnx.export or another exporter wrote");
  if (model.opset == 0)
    return fail(ErrorKind::kMalformed, "the model does not say which operator set it uses", where,
                "Export it again with a current exporter");
  if (model.opset < kOldestOpset || model.opset > kAbsurdOpset)
    return fail(ErrorKind::kUnfit,
                fmt::format("operator set {}; {} to {} are read", model.opset, kOldestOpset, kNewestOpset),
                where, "Convert it with onnx.version_converter, or export it again");
  if (model.opset > kNewestOpset)
    warnings.push_back({fmt::format("operator set {} is newer than {}, the newest whose rules are known",
                                    model.opset, kNewestOpset),
                        where});
  return {};
}

Expected<onnx::ModelProto> read_model_of_known_opset(std::string_view bytes, std::string_view source,
                                                     std::vector<Warning>& warnings) {
  if (bytes.empty())
    return fail(ErrorKind::kMalformed, "empty", {std::string(source), 0, 0}, "Export the model again");
  auto model = onnx::read_model(bytes, source);
  if (!model) return model;
  if (auto ok = check_opset(*model, source, warnings); !ok) return tl::unexpected(ok.error());
  return model;
}

std::string stem(std::string_view source) {
  const std::string file = std::filesystem::path(source).filename().string();
  const std::size_t end = file.find(".onnx");
  return end == std::string::npos || end == 0 ? std::filesystem::path(file).stem().string()
                                              : file.substr(0, end);
}

/// The first field of a model is a number below 32 in every file that a library wrote; engine information
/// starts with a brace, a letter or white space.
bool looks_like_onnx(std::string_view bytes, std::string_view source) {
  if (source.ends_with(".onnx") || source.ends_with(".onnx.gz") || source.ends_with(".onnx.zst")) return true;
  if (bytes.empty()) return false;
  const auto first = static_cast<unsigned char>(bytes.front());
  return first < 0x20 && first != '\t' && first != '\n' && first != '\r';
}

void warn_of_idle_options(Network& network, const OnnxOptions& options) {
  if (options.batch || options.precision)
    network.warnings.push_back(
        {"an engine has its batch and precision already: --batch and --precision are for ONNX "
         "models",
         {network.source}});
}

}  // namespace

Expected<Network> parse_onnx(std::string_view bytes, std::string_view source, const OnnxOptions& options) {
  const DataType precision = options.precision.value_or(DataType::kFp16);
  if (precision != DataType::kFp16 && precision != DataType::kFp32 && precision != DataType::kInt8)
    return fail(ErrorKind::kUsage, fmt::format("no precision of engines: {}", to_string(precision)), {},
                "One of fp16, int8, fp32");
  std::vector<Warning> warnings;
  const auto model = read_model_of_known_opset(bytes, source, warnings);
  if (!model) return tl::unexpected(model.error());
  auto graph = onnx::build_graph(*model, source);
  if (!graph) return tl::unexpected(graph.error());
  if (auto ok = onnx::give_input_shapes(*graph, options, source, warnings); !ok)
    return tl::unexpected(ok.error());
  if (auto ok = onnx::infer_shapes(*graph, source); !ok) return tl::unexpected(ok.error());
  const auto units = onnx::fuse(*graph);
  auto network = onnx::lower(*graph, units, precision, source);
  if (!network) return network;
  network->name = stem(source);
  network->source = source;
  network->warnings.insert(network->warnings.begin(), warnings.begin(), warnings.end());
  return network;
}

Expected<Network> read_onnx(const std::filesystem::path& path, const OnnxOptions& options) {
  const auto file = onnx::MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  return parse_onnx(file->bytes(), path.string(), options);
}

Expected<Network> read_network(const std::filesystem::path& path, const OnnxOptions& options) {
  const auto file = onnx::MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  if (looks_like_onnx(file->bytes(), path.string())) return parse_onnx(file->bytes(), path.string(), options);
  auto network = file->is_mapped() ? read_engine(path, options.shapes)
                                   : parse_engine(file->bytes(), path.string(), options.shapes);
  if (network) warn_of_idle_options(*network, options);
  return network;
}

Expected<std::vector<ShapeOverride>> inputs_without_shape(const std::filesystem::path& path) {
  const auto file = onnx::MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const std::string source = path.string();
  if (!looks_like_onnx(file->bytes(), source)) {
    const auto network = read_engine_as_written(path);
    if (!network) return tl::unexpected(network.error());
    return open_inputs(*network);
  }
  std::vector<Warning> warnings;
  const auto model = read_model_of_known_opset(file->bytes(), source, warnings);
  if (!model) return tl::unexpected(model.error());
  const auto graph = onnx::build_graph(*model, source);
  if (!graph) return tl::unexpected(graph.error());
  return onnx::inputs_without_shape(*graph);
}

}  // namespace joulecast
