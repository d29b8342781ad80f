#include "networks/onnx/elision.h"

#include <algorithm>
#include <array>

#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

bool is_float(ElementType type) {
  return type == ElementType::kFloat || type == ElementType::kFloat16 || type == ElementType::kDouble ||
         type == ElementType::kBfloat16 || type == ElementType::kUndefined;
}

/// Casts between float types: the precision is the engine's choice. Dequantisation happens inside its
/// consumer.
bool changes_nothing(const Graph& graph, const Node& node) {
  if (!node.proto->domain.empty() || node.input(0) < 0 || node.output(0) < 0) return false;
  const Value& in = graph.value(node.input(0));
  if (in.constant) return false;
  const Value& out = graph.value(node.output(0));
  if (node.is("Identity") || node.is("Dropout")) return only_first_output_used(graph, node);
  if (node.is("Cast")) return is_float(in.type) && is_float(out.type);
  if (node.is("DequantizeLinear")) return in.producer >= 0 && graph.node(in.producer).is("QuantizeLinear");
  if (!in.shape || !out.shape || *in.shape != *out.shape) return false;
  if (node.is("Concat") || node.is("Sum") || node.is("Max") || node.is("Min")) return node.inputs.size() == 1;
  constexpr std::array<std::string_view, 9> kIfSameShape = {
      "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Split", "Tile", "Pad", "Upsample"};
  if (std::any_of(kIfSameShape.begin(), kIfSameShape.end(), [&](std::string_view op) { return node.is(op); }))
    return true;
  if (node.is("Slice")) {  // one that turns an axis round keeps the shape too
    const int steps = node.input(4);
    if (steps < 0) return true;
    const auto& content = graph.value(steps).content;
    return content &&
           std::all_of(content->ints.begin(), content->ints.end(), [](std::int64_t s) { return s == 1; });
  }
  if (node.is("AveragePool") ||
      node.is("MaxPool")) {  // of single pixels; an export of adaptive pooling has it
    const auto* kernel = node.integers("kernel_shape");
    return kernel != nullptr && only_first_output_used(graph, node) &&
           std::all_of(kernel->begin(), kernel->end(), [](std::int64_t k) { return k == 1; });
  }
  if (node.is("Transpose")) {
    const auto* order = node.integers("perm");
    return order != nullptr && !order->empty() && std::is_sorted(order->begin(), order->end());
  }
  return false;
}

/// Nodes from whose results no output of the network follows: the engine is built without them. `dead` holds
/// those that are worked out beforehand and so read nothing.
std::vector<bool> unused(const Graph& graph, std::vector<bool> dead) {
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    dead[i] =
        dead[i] || std::all_of(graph.nodes[i].outputs.begin(), graph.nodes[i].outputs.end(), [&](int id) {
          if (id < 0) return true;
          const Value& value = graph.value(id);
          return !value.is_output &&
                 std::all_of(value.consumers.begin(), value.consumers.end(),
                             [&](int node) { return dead[static_cast<std::size_t>(node)]; });
        });
  }
  return dead;
}

void forget_consumer(Value& value, int node) {
  value.consumers.erase(std::remove(value.consumers.begin(), value.consumers.end(), node),
                        value.consumers.end());
}

void replace(Graph& graph, int node_id, int old_value, int new_value) {
  Value& from = graph.value(old_value);
  Value& to = graph.value(new_value);
  forget_consumer(to, node_id);
  for (const int consumer : from.consumers) {
    Node& node = graph.nodes[static_cast<std::size_t>(consumer)];
    std::replace(node.inputs.begin(), node.inputs.end(), old_value, new_value);
    std::replace(node.captured.begin(), node.captured.end(), old_value, new_value);
    if (std::count(to.consumers.begin(), to.consumers.end(), consumer) == 0) to.consumers.push_back(consumer);
  }
  std::sort(to.consumers.begin(), to.consumers.end());
  from.consumers.clear();
  if (from.is_output) to.is_output = true;
}

/// Known before anything runs: all that it makes is constant.
std::vector<bool> folded(const Graph& graph) {
  std::vector<bool> all;
  for (const Node& node : graph.nodes) {
    all.push_back(!node.outputs.empty() && std::all_of(node.outputs.begin(), node.outputs.end(), [&](int id) {
      return id < 0 || graph.value(id).constant;
    }));
  }
  return all;
}

}  // namespace

bool only_first_output_used(const Graph& graph, const Node& node) {
  for (std::size_t i = 1; i < node.outputs.size(); ++i) {
    if (node.outputs[i] < 0) continue;
    const Value& value = graph.value(node.outputs[i]);
    if (value.is_output || !value.consumers.empty()) return false;
  }
  return true;
}

int sole_consumer(const Graph& graph, int value) {
  const Value& v = graph.value(value);
  return !v.is_output && v.consumers.size() == 1 ? v.consumers.front() : -1;
}

std::vector<Fate> elide(Graph& graph) {
  std::vector<Fate> fate(graph.nodes.size(), Fate::kRuns);
  const auto constant = folded(graph);
  const auto dead = unused(graph, constant);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (constant[i]) {
      fate[i] = Fate::kFolded;
    } else if (dead[i]) {
      fate[i] = Fate::kElided;
    } else if (changes_nothing(graph, node)) {
      fate[i] = Fate::kElided;
      replace(graph, static_cast<int>(i), node.outputs.front(), node.inputs.front());
      continue;
    }
    if (fate[i] == Fate::kRuns) continue;
    for (const auto* list : {&node.inputs, &node.captured}) {
      for (const int id : *list) {
        if (id >= 0) forget_consumer(graph.value(id), static_cast<int>(i));
      }
    }
  }
  return fate;
}

}  // namespace joulecast::onnx
