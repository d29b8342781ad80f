// Constants, and what is known once shapes are.
#include <algorithm>
#include <array>
#include <cmath>

#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

Outcome tensor_value(RuleContext& c, const TensorProto& tensor) {
  if (auto ok = c.set(0, tensor.dimensions, tensor.type); !ok) return ok;
  if (auto content = content_of(tensor)) c.set_content(0, std::move(*content));
  return {};
}

Outcome constant(RuleContext& c) {
  const Node& node = c.node();
  if (const Attribute* value = node.attribute("value"); value != nullptr && !value->tensors.empty())
    return tensor_value(c, value->tensors.front());
  Content content;
  Shape shape;
  if (const Attribute* value = node.attribute("value_int")) {
    content.ints = {value->i};
  } else if (const Attribute* list = node.attribute("value_ints")) {
    content.ints = list->ints;
    shape = {static_cast<std::int64_t>(list->ints.size())};
  } else if (const Attribute* number = node.attribute("value_float")) {
    content = {true, {}, {number->f}};
  } else if (const Attribute* numbers = node.attribute("value_floats")) {
    content = {true, {}, {numbers->floats.begin(), numbers->floats.end()}};
    shape = {static_cast<std::int64_t>(numbers->floats.size())};
  } else {
    return unknown("what it holds is no tensor of numbers");
  }
  if (auto ok = c.set(0, std::move(shape), content.is_float ? ElementType::kFloat : ElementType::kInt64); !ok)
    return ok;
  if (content.size() <= kMaxContent) c.set_content(0, std::move(content));
  return {};
}

/// The value, a tensor of one element, is 0.0f if left out.
Outcome constant_of_shape(RuleContext& c) {
  const auto* shape = c.integers(0);
  if (shape == nullptr) return unknown("the shape it gives depends on data");
  Content one{true, {}, {0.0}};
  ElementType type = ElementType::kFloat;
  if (const Attribute* value = c.node().attribute("value"); value != nullptr && !value->tensors.empty()) {
    type = value->tensors.front().type;
    const auto held = content_of(value->tensors.front());
    one = held && held->size() == 1 ? *held : Content{};
  }
  if (auto ok = c.set(0, *shape, type); !ok) return ok;
  const auto count = element_count(*shape);
  if (one.size() != 1 || !count || *count > static_cast<std::int64_t>(kMaxContent)) return {};
  const auto times = static_cast<std::size_t>(*count);
  Content content;
  content.is_float = one.is_float;
  if (one.is_float) {
    content.floats.assign(times, one.floats.front());
  } else {
    content.ints.assign(times, one.ints.front());
  }
  c.set_content(0, std::move(content));
  return {};
}

/// Part of the shape since set 15.
Outcome shape_of(RuleContext& c) {
  const Shape& in = c.shape(0);
  const auto rank = static_cast<std::int64_t>(in.size());
  const auto bound = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t from = bound(c.node().integer("start", 0));
  const std::int64_t to = std::max(from, bound(c.node().integer("end", rank)));
  Content content{false, {in.begin() + from, in.begin() + to}, {}};
  if (auto ok = c.set(0, {to - from}, ElementType::kInt64); !ok) return ok;
  c.set_content(0, std::move(content));
  return {};
}

Outcome size_of(RuleContext& c) {
  const auto count = element_count(c.shape(0));
  if (auto ok = c.set(0, {}, ElementType::kInt64); !ok) return ok;
  if (count) c.set_content(0, {false, {*count}, {}});
  return {};
}

Outcome range(RuleContext& c) {
  const auto element = [&](std::size_t index) -> std::optional<double> {
    if (const auto* ints = c.integers(index); ints != nullptr && ints->size() == 1)
      return static_cast<double>(ints->front());
    if (const auto* floats = c.floats(index); floats != nullptr && floats->size() == 1)
      return floats->front();
    return std::nullopt;
  };
  const auto start = element(0);
  const auto limit = element(1);
  const auto delta = element(2);
  if (!start || !limit || !delta) return unknown("its bounds depend on data");
  if (*delta == 0.0) return contradiction("its step is 0");
  const double count = std::max(std::ceil((*limit - *start) / *delta), 0.0);
  if (!(count <= 1e9)) return contradiction("its result is too large");
  if (auto ok = c.set(0, {static_cast<std::int64_t>(count)}); !ok) return ok;
  if (count > static_cast<double>(kMaxContent) || c.integers(0) == nullptr) return {};
  Content content;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(count); ++i)
    content.ints.push_back(c.integers(0)->front() + i * c.integers(2)->front());
  c.set_content(0, std::move(content));
  return {};
}

/// RandomNormal and RandomUniform: the shape is an attribute.
Outcome random(RuleContext& c) {
  const auto* shape = c.node().integers("shape");
  if (shape == nullptr) return contradiction("it has no shape");
  return c.set(0, *shape, static_cast<ElementType>(c.node().integer("dtype", 1)));
}

Outcome random_like(RuleContext& c) {
  const std::int64_t type = c.node().integer("dtype", 0);
  return c.set(0, c.shape(0), type == 0 ? c.type(0) : static_cast<ElementType>(type));
}

constexpr std::array kConstantRules{
    ShapeRule{"Constant", 0, constant},    ShapeRule{"ConstantOfShape", 1, constant_of_shape},
    ShapeRule{"RandomNormal", 0, random},  ShapeRule{"RandomNormalLike", 1, random_like},
    ShapeRule{"RandomUniform", 0, random}, ShapeRule{"RandomUniformLike", 1, random_like},
    ShapeRule{"Range", 3, range},          ShapeRule{"Shape", 1, shape_of},
    ShapeRule{"Size", 1, size_of},
};

}  // namespace

std::span<const ShapeRule> constant_rules() {
  return kConstantRules;
}

}  // namespace joulecast::onnx
