#include "networks/onnx/input_shapes.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/shell_text.h"
#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

std::string example(std::string_view name, const ValueInfo* info) {
  std::string sizes = "1x3x224x224";
  if (info != nullptr && info->has_shape && !info->dimensions.empty()) {
    sizes.clear();
    for (std::size_t i = 0; i < info->dimensions.size(); ++i) {
      const std::int64_t size = info->dimensions[i].value;
      sizes += fmt::format("{}{}", i == 0 ? "" : "x", size > 0 ? size : (i == 0 ? 1 : (i == 1 ? 3 : 224)));
    }
  }
  return "Give its shape, like --shape " + shell_quoted(fmt::format("{}={}", name, sizes));
}

const ShapeOverride* override_of(const OnnxOptions& options, std::string_view name) {
  for (const ShapeOverride& shape : options.shapes) {
    if (shape.tensor == name) return &shape;
  }
  return nullptr;
}

std::string input_names(const Graph& graph) {
  std::string names;
  for (const int id : graph.inputs)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", graph.value(id).name);
  return names.empty() ? "none" : names;
}

}  // namespace

Expected<void> give_input_shapes(Graph& graph, const OnnxOptions& options, std::string_view source,
                                 std::vector<Warning>& warnings) {
  const Location where{std::string(source)};
  if (options.batch && (*options.batch < 1 || *options.batch > kMaxDimension))
    return fail(ErrorKind::kUsage, fmt::format("a batch of {} is none", *options.batch), {},
                fmt::format("Give a number from 1 to {}", kMaxDimension));
  for (const ShapeOverride& shape : options.shapes) {
    const auto named = [&](int id) { return graph.value(id).name == shape.tensor; };
    if (std::none_of(graph.inputs.begin(), graph.inputs.end(), named))
      return fail(ErrorKind::kUsage, fmt::format("--shape {}: the network has no such input", shape.tensor),
                  where, "Its inputs: " + input_names(graph));
  }
  for (const int id : graph.inputs) {
    Value& value = graph.value(id);
    const ValueInfo* info = value.info;
    const ShapeOverride* given = override_of(options, value.name);
    const bool stated = info != nullptr && info->has_shape;
    if (given != nullptr && stated && given->dimensions.size() != info->dimensions.size())
      return fail(
          ErrorKind::kUsage,
          fmt::format("--shape {}: the input has {} dimensions", given->tensor, info->dimensions.size()),
          where, example(value.name, info));
    if (given == nullptr && !stated)
      return fail(ErrorKind::kUnfit,
                  fmt::format("the model does not say the shape of its input '{}'", value.name), where,
                  example(value.name, info));
    Shape shape = given != nullptr ? given->dimensions : Shape{};
    for (std::size_t i = 0; given == nullptr && i < info->dimensions.size(); ++i) {
      const Dimension& dimension = info->dimensions[i];
      std::int64_t size = dimension.value;
      if (i == 0 && options.batch) {
        size = *options.batch;
      } else if (size < 0 && i == 0 && info->dimensions.size() > 1) {
        size = 1;
        warnings.push_back(
            {fmt::format("the batch of input '{}' is open: 1 is taken; --batch sets it", value.name), where});
      }
      if (size < 0)
        return fail(ErrorKind::kUnfit,
                    fmt::format("dimension {} of input '{}' is open{}", i, value.name,
                                dimension.name.empty() ? "" : fmt::format(" ('{}')", dimension.name)),
                    where, example(value.name, info));
      shape.push_back(size);
    }
    const auto count = element_count(shape);
    if (shape.size() > kMaxRank || !count ||
        std::any_of(shape.begin(), shape.end(), [](std::int64_t d) { return d < 1 || d > kMaxDimension; }))
      return fail(ErrorKind::kUnfit,
                  fmt::format("input '{}' of {} cannot be computed", value.name, text_of(shape)), where,
                  example(value.name, info));
    value.shape = std::move(shape);
  }
  return {};
}

}  // namespace joulecast::onnx
