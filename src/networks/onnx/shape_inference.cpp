#include <algorithm>

#include <fmt/format.h>

#include "joulecast/networks.h"
#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

/// The shape that the file states, if all its dimensions are numbers.
std::optional<Shape> stated_shape(const ValueInfo& info) {
  if (!info.has_shape || info.dimensions.size() > kMaxRank) return std::nullopt;
  Shape shape;
  for (const Dimension& dimension : info.dimensions) {
    if (dimension.value < 0 || dimension.value > kMaxDimension) return std::nullopt;
    shape.push_back(dimension.value);
  }
  return shape;
}

void take_stated(Value& value) {
  if (value.info == nullptr) return;
  if (!value.shape) value.shape = stated_shape(*value.info);
  if (value.type == ElementType::kUndefined) value.type = value.info->type;
}

bool reads_constants_alone(const Graph& graph, const Node& node) {
  const auto constant = [&](int id) { return id < 0 || graph.value(id).constant; };
  return std::all_of(node.inputs.begin(), node.inputs.end(), constant) &&
         std::all_of(node.captured.begin(), node.captured.end(), constant) &&
         !(node.inputs.empty() && node.operation().starts_with("Random"));
}

Outcome apply_rule(Graph& graph, const Node& node, const ShapeRule& rule) {
  RuleContext context(graph, node);
  for (std::size_t i = 0; i < rule.required; ++i) {
    if (!context.given(i)) return contradiction("an input is missing");
    if (!context.has(i)) {
      const Value& value = graph.value(node.input(i));
      return unknown(fmt::format("the shape of its input '{}' is unknown", value.name));
    }
  }
  return rule.apply(context);
}

Expected<void> infer(Graph& graph, const Node& node, std::string_view source) {
  const bool constant = reads_constants_alone(graph, node);
  bool ruled = false;
  if (const ShapeRule* rule = find_rule(node)) {
    const Outcome outcome = apply_rule(graph, node, *rule);
    ruled = outcome.has_value();
    if (!outcome && outcome.error().contradictory)
      return fail(ErrorKind::kUnfit, fmt::format("{}: {}", node.described(), outcome.error().why),
                  {std::string(source)}, "Check the model, and the sizes given with --shape and --batch");
  }
  for (const int id : node.outputs) {
    if (id < 0) continue;
    Value& value = graph.value(id);
    take_stated(value);
    value.constant = value.constant || constant;
  }
  // What follows from shapes alone is known too, though the tensor is not constant: Shape reads an
  // activation.
  // Only by a rule's shape: one that the file states may be wrong.
  if (ruled && node.output(0) >= 0 && !graph.value(node.output(0)).content) {
    if (auto content = fold(graph, node)) graph.value(node.output(0)).content = std::move(content);
  }
  if (node.output(0) >= 0 && graph.value(node.output(0)).content) graph.value(node.output(0)).constant = true;
  return {};
}

}  // namespace

ElementType RuleContext::type(std::size_t index) const {
  const int id = node_.input(index);
  return id < 0 ? ElementType::kUndefined : graph_.value(id).type;
}

const std::vector<std::int64_t>* RuleContext::integers(std::size_t index) const {
  const int id = node_.input(index);
  if (id < 0) return nullptr;
  const auto& content = graph_.value(id).content;
  return content && !content->is_float ? &content->ints : nullptr;
}

const std::vector<double>* RuleContext::floats(std::size_t index) const {
  const int id = node_.input(index);
  if (id < 0) return nullptr;
  const auto& content = graph_.value(id).content;
  return content && content->is_float ? &content->floats : nullptr;
}

const std::vector<std::int64_t>* RuleContext::attribute_or_input(std::string_view attribute,
                                                                 std::size_t index) const {
  if (const auto* list = node_.integers(attribute)) return list;
  return integers(index);
}

Outcome RuleContext::set(std::size_t index, Shape shape, ElementType type) {
  const int id = node_.output(index);
  if (id < 0) return {};
  if (shape.size() > kMaxRank) return contradiction("its result has more than 8 dimensions");
  for (const std::int64_t size : shape) {
    if (size < 0 || size > kMaxDimension)
      return contradiction(fmt::format("its result would be {}", text_of(shape)));
  }
  if (!element_count(shape))
    return contradiction(fmt::format("its result of {} is too large", text_of(shape)));
  Value& value = graph_.value(id);
  value.shape = std::move(shape);
  value.type = type;
  return {};
}

void RuleContext::set_content(std::size_t index, Content content) {
  const int id = node_.output(index);
  if (id >= 0) graph_.value(id).content = std::move(content);
}

const ShapeRule* find_rule(const Node& node) {
  if (!node.proto->domain.empty()) return nullptr;
  for (const auto family : {elementwise_rules(), window_rules(), product_rules(), layout_rules(),
                            indexing_rules(), reduction_rules(), constant_rules()}) {
    for (const ShapeRule& rule : family) {
      if (rule.operation == node.operation()) return &rule;
    }
  }
  return nullptr;
}

std::optional<std::size_t> axis_of(std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) return std::nullopt;
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  const std::size_t ahead = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& size = out[ahead + i];
    if (size == 1) {
      size = shorter[i];
    } else if (shorter[i] != 1 && shorter[i] != size) {
      return std::nullopt;
    }
  }
  return out;
}

std::string text_of(const Shape& shape) {
  return shape.empty() ? "a scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

Expected<void> infer_shapes(Graph& graph, std::string_view source) {
  for (Value& value : graph.values) {
    if (value.producer < 0) take_stated(value);
  }
  for (const Node& node : graph.nodes) {
    if (auto ok = infer(graph, node, source); !ok) return ok;
  }
  return {};
}

}  // namespace joulecast::onnx
