#include "networks/onnx/input_shapes.h"

#include <algorithm>

#include <fmt/format.h>

#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

/// A shape of the input's rank: its own sizes, and usual ones where it has none.
ShapeOverride example_of(const Value& value) {
  const ValueInfo* info = value.info;
  if (info == nullptr || !info->has_shape || info->dimensions.empty())
    return {std::string(value.name), {1, 3, 224, 224}};
  ShapeOverride example{std::string(value.name), {}};
  for (std::size_t i = 0; i < info->dimensions.size(); ++i) {
    const std::int64_t size = info->dimensions[i].value;
    example.dimensions.push_back(size > 0 ? size : (i == 0 ? 1 : (i == 1 ? 3 : 224)));
  }
  return example;
}

std::string example_hint(const Value& value) {
  return "Give its shape, like " + shape_flag(example_of(value));
}

bool is_computable(const Shape& shape) {
  return shape.size() <= kMaxRank && element_count(shape) &&
         std::all_of(shape.begin(), shape.end(), [](std::int64_t d) { return d >= 1 && d <= kMaxDimension; });
}

/// A first dimension that is left open, and not the only one.
bool is_open_batch(const ValueInfo& info, std::size_t axis) {
  return axis == 0 && info.dimensions.size() > 1 && info.dimensions[axis].value < 0;
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
          where, example_hint(value));
    if (given == nullptr && !stated)
      return fail(ErrorKind::kUnfit,
                  fmt::format("the model does not say the shape of its input '{}'", value.name), where,
                  example_hint(value));
    Shape shape = given != nullptr ? given->dimensions : Shape{};
    for (std::size_t i = 0; given == nullptr && i < info->dimensions.size(); ++i) {
      const Dimension& dimension = info->dimensions[i];
      std::int64_t size = dimension.value;
      if (i == 0 && options.batch) {
        size = *options.batch;
      } else if (is_open_batch(*info, i)) {
        size = 1;
        warnings.push_back(
            {fmt::format("the batch of input '{}' is open: 1 is taken; --batch sets it", value.name), where});
      }
      if (size < 0)
        return fail(ErrorKind::kUnfit,
                    fmt::format("dimension {} of input '{}' is open{}", i, value.name,
                                dimension.name.empty() ? "" : fmt::format(" ('{}')", dimension.name)),
                    where, example_hint(value));
      shape.push_back(size);
    }
    if (!is_computable(shape))
      return fail(ErrorKind::kUnfit,
                  fmt::format("input '{}' of {} cannot be computed", value.name, text_of(shape)), where,
                  example_hint(value));
    value.shape = std::move(shape);
  }
  return {};
}

std::vector<ShapeOverride> inputs_without_shape(const Graph& graph) {
  std::vector<ShapeOverride> out;
  for (const int id : graph.inputs) {
    const Value& value = graph.value(id);
    Shape shape;
    const bool stated = value.info != nullptr && value.info->has_shape;
    for (std::size_t i = 0; stated && i < value.info->dimensions.size(); ++i)
      shape.push_back(is_open_batch(*value.info, i) ? 1 : value.info->dimensions[i].value);
    // A shape that is given must have as many dimensions as the file's, so that too many stay too many.
    if (!stated || (shape.size() <= kMaxRank && !is_computable(shape))) out.push_back(example_of(value));
  }
  return out;
}

}  // namespace joulecast::onnx
