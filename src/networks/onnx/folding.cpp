// Shape arithmetic: exporters write `x.view(x.size(0), -1)` as Shape, Gather, Unsqueeze, Concat, Reshape.
// With the input sizes known all of it can be worked out. Integer operators on a few elements; floats where
// sizes are scaled.
#include <algorithm>
#include <cmath>
#include <functional>

#include "joulecast/networks.h"
#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

using Integers = std::vector<std::int64_t>;

const Content* content(const Graph& graph, const Node& node, std::size_t index) {
  const int id = node.input(index);
  return id >= 0 && graph.value(id).content ? &*graph.value(id).content : nullptr;
}

std::size_t count_of(const Shape& shape) {
  return static_cast<std::size_t>(element_count(shape).value_or(0));
}

/// Where the element of a stretched input lies that belongs to the output's element `flat`.
std::size_t stretched(std::size_t flat, const Shape& out, const Shape& in) {
  std::size_t at = 0;
  std::size_t step = 1;
  for (std::size_t back = 1; back <= out.size(); ++back) {
    const auto size = static_cast<std::size_t>(out[out.size() - back]);
    const std::size_t index = flat % size;
    flat /= size;
    if (back > in.size()) continue;
    const auto own = static_cast<std::size_t>(in[in.size() - back]);
    if (own != 1) at += index * step;
    step *= own;
  }
  return at;
}

std::optional<std::int64_t> apply(std::string_view op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (op == "Add") return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  if (op == "Sub") return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  if (op == "Mul") return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  if (op == "Div")
    return b == 0 || b == -1 ? (b == 0 ? std::nullopt : apply("Sub", 0, a)) : std::optional(a / b);
  if (op == "Mod") {
    if (b == 0 || b == -1) return b == 0 ? std::nullopt : std::optional<std::int64_t>(0);
    result = a % b;
    return result != 0 && (result < 0) != (b < 0) ? result + b : result;
  }
  if (op == "Max") return std::max(a, b);
  if (op == "Min") return std::min(a, b);
  if (op == "Equal") return a == b;
  if (op == "Less") return a < b;
  if (op == "LessOrEqual") return a <= b;
  if (op == "Greater") return a > b;
  if (op == "GreaterOrEqual") return a >= b;
  if (op == "And") return (a != 0) && (b != 0);
  if (op == "Or") return (a != 0) || (b != 0);
  return std::nullopt;
}

std::optional<double> apply(std::string_view op, double a, double b) {
  if (op == "Add") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return a / b;
  if (op == "Max") return std::max(a, b);
  if (op == "Min") return std::min(a, b);
  return std::nullopt;
}

std::optional<Content> binary(const Graph& graph, const Node& node, const Shape& out) {
  const Content* a = content(graph, node, 0);
  const Content* b = content(graph, node, 1);
  if (a == nullptr || b == nullptr || a->is_float != b->is_float || node.inputs.size() != 2)
    return std::nullopt;
  const Shape& shape_a = *graph.value(node.inputs[0]).shape;
  const Shape& shape_b = *graph.value(node.inputs[1]).shape;
  Content result;
  result.is_float = a->is_float;
  for (std::size_t i = 0; i < count_of(out); ++i) {
    const std::size_t at_a = stretched(i, out, shape_a);
    const std::size_t at_b = stretched(i, out, shape_b);
    if (a->is_float) {
      const auto one = apply(node.operation(), a->floats[at_a], b->floats[at_b]);
      if (!one) return std::nullopt;
      result.floats.push_back(*one);
    } else {
      const auto one = apply(node.operation(), a->ints[at_a], b->ints[at_b]);
      if (!one) return std::nullopt;
      result.ints.push_back(*one);
    }
  }
  return result;
}

std::optional<Content> where(const Graph& graph, const Node& node, const Shape& out) {
  const Content* condition = content(graph, node, 0);
  const Content* a = content(graph, node, 1);
  const Content* b = content(graph, node, 2);
  if (condition == nullptr || a == nullptr || b == nullptr || condition->is_float || a->is_float ||
      b->is_float)
    return std::nullopt;
  Content result;
  for (std::size_t i = 0; i < count_of(out); ++i) {
    const bool first = condition->ints[stretched(i, out, *graph.value(node.inputs[0]).shape)] != 0;
    const Content& from = first ? *a : *b;
    result.ints.push_back(from.ints[stretched(i, out, *graph.value(node.inputs[first ? 1 : 2]).shape)]);
  }
  return result;
}

/// Of vectors: all that shapes are.
std::optional<Content> gather(const Graph& graph, const Node& node) {
  const Content* data = content(graph, node, 0);
  const Content* indices = content(graph, node, 1);
  if (data == nullptr || indices == nullptr || indices->is_float) return std::nullopt;
  if (graph.value(node.inputs[0]).shape->size() != 1) return std::nullopt;
  Content result;
  result.is_float = data->is_float;
  const auto size = static_cast<std::int64_t>(data->size());
  for (std::int64_t at : indices->ints) {
    if (at < 0) at += size;
    if (at < 0 || at >= size) return std::nullopt;
    if (data->is_float) {
      result.floats.push_back(data->floats[static_cast<std::size_t>(at)]);
    } else {
      result.ints.push_back(data->ints[static_cast<std::size_t>(at)]);
    }
  }
  return result;
}

std::optional<Content> concatenate(const Graph& graph, const Node& node, const Shape& out) {
  if (out.size() != 1) return std::nullopt;
  Content result;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Content* part = content(graph, node, i);
    if (part == nullptr) return std::nullopt;
    if (i == 0) result.is_float = part->is_float;
    if (part->is_float != result.is_float) return std::nullopt;
    result.ints.insert(result.ints.end(), part->ints.begin(), part->ints.end());
    result.floats.insert(result.floats.end(), part->floats.begin(), part->floats.end());
  }
  return result;
}

/// Of a vector; the rule has worked out how many elements there are, not where the first one is.
std::optional<Content> slice(const Graph& graph, const Node& node, const Shape& out) {
  const Content* data = content(graph, node, 0);
  if (data == nullptr || out.size() != 1 || data->is_float) return std::nullopt;
  const auto one = [&](std::string_view attribute, std::size_t index, std::int64_t otherwise) {
    if (const auto* list = node.integers(attribute); list != nullptr && list->size() == 1)
      return list->front();
    const Content* given = content(graph, node, index);
    return given != nullptr && !given->is_float && given->size() == 1 ? given->ints.front() : otherwise;
  };
  const auto size = static_cast<std::int64_t>(data->size());
  const std::int64_t step = one("", 4, 1);
  std::int64_t at = one("starts", 1, 0);
  if (at < 0) at += size;
  at = std::clamp<std::int64_t>(at, 0, step > 0 ? size : size - 1);
  Content result;
  for (std::int64_t i = 0; i < out[0]; ++i) {
    if (at < 0 || at >= size) return std::nullopt;
    result.ints.push_back(data->ints[static_cast<std::size_t>(at)]);
    if (__builtin_add_overflow(at, step, &at)) at = -1;
  }
  return result;
}

/// A cast to a whole number cuts off, as C does.
std::optional<Content> cast(const Content& from, ElementType to) {
  const bool to_float = to == ElementType::kFloat || to == ElementType::kDouble;
  const bool to_int = to == ElementType::kInt64 || to == ElementType::kInt32;
  if (!to_float && !to_int && to != ElementType::kBool) return std::nullopt;
  if (from.is_float == to_float && to != ElementType::kBool) return from;
  Content result;
  result.is_float = to_float;
  for (const std::int64_t one : from.ints) {
    if (to_float) {
      result.floats.push_back(static_cast<double>(one));
    } else {
      result.ints.push_back(one != 0 ? 1 : 0);
    }
  }
  for (const double one : from.floats) {
    if (!(std::abs(one) < 9e18)) return std::nullopt;
    result.ints.push_back(to_int ? static_cast<std::int64_t>(one) : static_cast<std::int64_t>(one != 0.0));
  }
  return result;
}

template <class Integer, class Floating>
Content map(const Content& from, Integer of_int, Floating of_float) {
  Content result = from;
  for (auto& one : result.ints) one = of_int(one);
  for (auto& one : result.floats) one = of_float(one);
  return result;
}

std::optional<Content> product(const Content& from) {
  std::int64_t result = 1;
  for (const std::int64_t one : from.ints) {
    if (__builtin_mul_overflow(result, one, &result)) return std::nullopt;
  }
  return from.is_float ? std::nullopt : std::optional(Content{false, {result}, {}});
}

}  // namespace

std::optional<Content> fold(const Graph& graph, const Node& node) {
  if (!node.proto->domain.empty() || node.output(0) < 0) return std::nullopt;
  const Value& out = graph.value(node.output(0));
  const auto count = out.shape ? element_count(*out.shape) : std::nullopt;
  if (!count || *count > static_cast<std::int64_t>(kMaxContent)) return std::nullopt;
  const std::string_view op = node.operation();
  if (op == "Concat") return concatenate(graph, node, *out.shape);
  if (op == "Gather") return gather(graph, node);
  if (op == "Slice") return slice(graph, node, *out.shape);
  if (op == "Where") return where(graph, node, *out.shape);
  const Content* in = content(graph, node, 0);
  if (in == nullptr) return std::nullopt;
  if (op == "Reshape" || op == "Squeeze" || op == "Unsqueeze" || op == "Identity" || op == "Flatten")
    return *in;
  if (op == "Cast") return cast(*in, out.type);
  if (op == "Expand") {
    Content result;
    result.is_float = in->is_float;
    for (std::size_t i = 0; i < static_cast<std::size_t>(*count); ++i) {
      const std::size_t at = stretched(i, *out.shape, *graph.value(node.inputs[0]).shape);
      in->is_float ? result.floats.push_back(in->floats[at]) : result.ints.push_back(in->ints[at]);
    }
    return result;
  }
  const auto same = [](std::int64_t one) { return one; };
  if (op == "Floor") return map(*in, same, [](double x) { return std::floor(x); });
  if (op == "Ceil") return map(*in, same, [](double x) { return std::ceil(x); });
  if (op == "Round") return map(*in, same, [](double x) { return std::nearbyint(x); });
  if (op == "Not") return map(*in, [](std::int64_t x) { return x == 0 ? 1 : 0; }, [](double x) { return x; });
  if (op == "ReduceProd" && *count == 1) return product(*in);
  return binary(graph, node, *out.shape);
}

}  // namespace joulecast::onnx
