#include "networks/onnx/graph.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <queue>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "joulecast/networks.h"

namespace joulecast::onnx {
namespace {

/// Inputs of operators that hold weights. A model whose weights were taken out may still list them as inputs.
bool is_weight_slot(const Node& node, std::size_t slot) {
  struct Slots {
    std::string_view operation;
    std::size_t first, last;
  };
  constexpr std::array<Slots, 8> kSlots = {{{"Conv", 1, 2},
                                            {"ConvTranspose", 1, 2},
                                            {"BatchNormalization", 1, 4},
                                            {"InstanceNormalization", 1, 2},
                                            {"LayerNormalization", 1, 2},
                                            {"GroupNormalization", 1, 2},
                                            {"Gemm", 1, 2},
                                            {"PRelu", 1, 1}}};
  if (!node.proto->domain.empty()) return false;
  return std::any_of(kSlots.begin(), kSlots.end(), [&](const Slots& s) {
    return s.operation == node.operation() && slot >= s.first && slot <= s.last;
  });
}

class GraphBuilder {
 public:
  GraphBuilder(const ModelProto& model, std::string_view source) : model_(model), source_(source) {}

  Expected<Graph> build() {
    graph_.opset = model_.opset;
    if (auto ok = add_initialisers(); !ok) return tl::unexpected(ok.error());
    for (const ValueInfo& input : model_.graph.inputs) {
      const int id = value_of(input.name);
      Value& value = graph_.value(id);
      if (value.info == nullptr) value.info = &input;
      if (value.constant || value.is_input) continue;
      value.is_input = true;
      value.type = input.type;
      graph_.inputs.push_back(id);
    }
    if (auto ok = add_nodes(); !ok) return tl::unexpected(ok.error());
    for (const ValueInfo& info : model_.graph.values) {
      const auto known = by_name_.find(info.name);
      if (known != by_name_.end() && graph_.value(known->second).info == nullptr)
        graph_.value(known->second).info = &info;
    }
    if (auto ok = add_outputs(); !ok) return tl::unexpected(ok.error());
    if (auto ok = sort(); !ok) return tl::unexpected(ok.error());
    connect();
    take_stripped_weights();
    return std::move(graph_);
  }

 private:
  tl::unexpected<Error> refuse(std::string message, std::uint64_t byte, std::string hint = {}) {
    return fail(ErrorKind::kMalformed, std::move(message), {std::string(source_), 0, byte},
                hint.empty() ? "The model is damaged: export or copy it again" : std::move(hint));
  }

  int value_of(std::string_view name) {
    const auto [at, is_new] = by_name_.emplace(name, static_cast<int>(graph_.values.size()));
    if (is_new) graph_.values.emplace_back().name = name;
    return at->second;
  }

  Expected<void> add_initialisers() {
    for (const TensorProto& tensor : model_.graph.initialisers) {
      Value& value = graph_.value(value_of(tensor.name));
      if (std::any_of(tensor.dimensions.begin(), tensor.dimensions.end(),
                      [](std::int64_t d) { return d < 0 || d > kMaxDimension; }))
        return refuse(fmt::format("initialiser '{}' has an impossible dimension", tensor.name),
                      tensor.offset);
      value.constant = true;
      value.shape = tensor.dimensions;
      value.type = tensor.type;
      value.content = content_of(tensor);
    }
    return {};
  }

  Expected<void> add_nodes() {
    std::unordered_map<std::string_view, int> made;
    for (const NodeProto& proto : model_.graph.nodes) {
      Node node;
      node.proto = &proto;
      node.name = proto.name.empty() ? fmt::format("{}_{}", proto.operation, graph_.nodes.size())
                                     : std::string(proto.name);
      for (const std::string_view output : proto.outputs) {
        node.outputs.push_back(output.empty() ? -1 : value_of(output));
        if (output.empty()) continue;
        const Value& value = graph_.value(node.outputs.back());
        if (!made.emplace(output, 0).second || value.is_input || value.constant)
          return refuse(
              fmt::format("{} makes '{}', which something else makes too", node.described(), output),
              proto.offset);
      }
      graph_.nodes.push_back(std::move(node));
    }
    for (Node& node : graph_.nodes) {
      for (const std::string_view input : node.proto->inputs) {
        if (input.empty()) {
          node.inputs.push_back(-1);
          continue;
        }
        const auto known = by_name_.find(input);
        if (known == by_name_.end())
          return refuse(fmt::format("{} reads '{}', which nothing makes", node.described(), input),
                        node.proto->offset);
        node.inputs.push_back(known->second);
      }
      for (const Attribute& attribute : node.proto->attributes) {
        for (const std::string_view name : attribute.captured) {
          const auto known = by_name_.find(name);  // others are the subgraph's own
          if (known != by_name_.end()) node.captured.push_back(known->second);
        }
      }
    }
    return {};
  }

  Expected<void> add_outputs() {
    for (const ValueInfo& output : model_.graph.outputs) {
      const auto known = by_name_.find(output.name);
      if (known == by_name_.end())
        return refuse(fmt::format("the model's output '{}' is made by nothing", output.name), output.offset);
      Value& value = graph_.value(known->second);
      if (value.info == nullptr) value.info = &output;
      if (!value.is_output) graph_.outputs.push_back(known->second);
      value.is_output = true;
    }
    if (graph_.outputs.empty())
      return fail(ErrorKind::kMalformed, "the model has no output", {std::string(source_)},
                  "Export it again, with its outputs named");
    return {};
  }

  [[nodiscard]] std::vector<int> makers(const std::vector<Node>& nodes, std::size_t node,
                                        const std::vector<int>& producer) const {
    std::vector<int> all;
    for (const auto* list : {&nodes[node].inputs, &nodes[node].captured}) {
      for (const int id : *list) {
        if (id >= 0 && producer[static_cast<std::size_t>(id)] >= 0)
          all.push_back(producer[static_cast<std::size_t>(id)]);
      }
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  /// Kahn's algorithm (1962); of the nodes that could run next, the one that stands first in the file.
  Expected<void> sort() {
    const std::size_t count = graph_.nodes.size();
    std::vector<int> producer(graph_.values.size(), -1);
    for (std::size_t i = 0; i < count; ++i) {
      for (const int id : graph_.nodes[i].outputs) {
        if (id >= 0) producer[static_cast<std::size_t>(id)] = static_cast<int>(i);
      }
    }
    std::vector<std::vector<int>> followers(count);
    std::vector<std::size_t> waits(count);
    std::priority_queue<int, std::vector<int>, std::greater<>> ready;
    for (std::size_t i = 0; i < count; ++i) {
      const auto before = makers(graph_.nodes, i, producer);
      waits[i] = before.size();
      for (const int maker : before)
        followers[static_cast<std::size_t>(maker)].push_back(static_cast<int>(i));
      if (before.empty()) ready.push(static_cast<int>(i));
    }
    std::vector<Node> sorted;
    sorted.reserve(count);
    while (!ready.empty()) {
      const auto next = static_cast<std::size_t>(ready.top());
      ready.pop();
      for (const int follower : followers[next]) {
        if (--waits[static_cast<std::size_t>(follower)] == 0) ready.push(follower);
      }
      sorted.push_back(graph_.nodes[next]);
    }
    if (sorted.size() != count) return refuse_cycle(waits, producer);
    graph_.nodes = std::move(sorted);
    return {};
  }

  /// Some nodes wait for ever; going from one to a maker that waits too ends in a circle.
  Expected<void> refuse_cycle(const std::vector<std::size_t>& waits, const std::vector<int>& producer) {
    std::vector<bool> seen(waits.size());
    auto at = static_cast<std::size_t>(
        std::find_if(waits.begin(), waits.end(), [](std::size_t n) { return n != 0; }) - waits.begin());
    while (!seen[at]) {
      seen[at] = true;
      for (const int maker : makers(graph_.nodes, at, producer)) {
        if (waits[static_cast<std::size_t>(maker)] == 0) continue;
        at = static_cast<std::size_t>(maker);
        break;
      }
    }
    const Node& node = graph_.nodes[at];
    return refuse(fmt::format("{} needs its own result: the graph has a cycle", node.described()),
                  node.proto->offset);
  }

  void connect() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      for (const int id : node.outputs) {
        if (id >= 0) graph_.value(id).producer = static_cast<int>(i);
      }
      for (const auto* list : {&node.inputs, &node.captured}) {
        for (const int id : *list) {
          if (id < 0) continue;
          auto& consumers = graph_.value(id).consumers;
          if (consumers.empty() || consumers.back() != static_cast<int>(i))
            consumers.push_back(static_cast<int>(i));
        }
      }
    }
  }

  void take_stripped_weights() {
    std::vector<int> kept;
    for (const int id : graph_.inputs) {
      Value& value = graph_.value(id);
      bool weights = !value.consumers.empty() && !value.is_output;
      for (const int consumer : value.consumers) {
        const Node& node = graph_.node(consumer);
        for (std::size_t slot = 0; slot < node.inputs.size(); ++slot) {
          if (node.inputs[slot] == id) weights = weights && is_weight_slot(node, slot);
        }
        weights = weights && std::count(node.captured.begin(), node.captured.end(), id) == 0;
      }
      if (weights) {
        value.constant = true;
        value.is_input = false;
      } else {
        kept.push_back(id);
      }
    }
    graph_.inputs = std::move(kept);
  }

  const ModelProto& model_;
  std::string_view source_;
  Graph graph_;
  std::unordered_map<std::string_view, int> by_name_;
};

template <class Word>
void append_words(std::string_view raw, std::vector<std::int64_t>& to) {
  for (std::size_t at = 0; at + sizeof(Word) <= raw.size() && to.size() <= kMaxContent; at += sizeof(Word)) {
    std::uint64_t bits = 0;  // little-endian in the file, whatever the machine
    for (std::size_t i = 0; i < sizeof(Word); ++i)
      bits |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(raw[at + i])) << (8 * i);
    to.push_back(static_cast<Word>(bits));
  }
}

}  // namespace

const Attribute* Node::attribute(std::string_view wanted) const {
  for (const Attribute& one : proto->attributes) {
    if (one.name == wanted) return &one;
  }
  return nullptr;
}

std::int64_t Node::integer(std::string_view wanted, std::int64_t otherwise) const {
  const Attribute* found = attribute(wanted);
  return found == nullptr ? otherwise : found->i;
}

const std::vector<std::int64_t>* Node::integers(std::string_view wanted) const {
  const Attribute* found = attribute(wanted);
  return found == nullptr ? nullptr : &found->ints;
}

std::string_view Node::text(std::string_view wanted, std::string_view otherwise) const {
  const Attribute* found = attribute(wanted);
  return found == nullptr ? otherwise : found->s;
}

std::string Node::described() const {
  return fmt::format("node '{}' ({})", name, proto->operation);
}

std::optional<std::int64_t> element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    if (__builtin_mul_overflow(count, size, &count)) return std::nullopt;
  }
  return count;
}

std::optional<Content> content_of(const TensorProto& tensor) {
  const auto count = element_count(tensor.dimensions);
  if (tensor.external || !count || *count < 0 || *count > static_cast<std::int64_t>(kMaxContent))
    return std::nullopt;
  Content content;
  switch (tensor.type) {
    case ElementType::kFloat:
    case ElementType::kDouble:
      content.is_float = true;
      content.floats = tensor.floats;
      if (!tensor.raw.empty()) {
        std::vector<std::int64_t> bits;
        const bool wide = tensor.type == ElementType::kDouble;
        wide ? append_words<std::int64_t>(tensor.raw, bits) : append_words<std::int32_t>(tensor.raw, bits);
        content.floats.clear();
        for (const std::int64_t one : bits)
          content.floats.push_back(wide ? std::bit_cast<double>(one)
                                        : double{std::bit_cast<float>(static_cast<std::int32_t>(one))});
      }
      break;
    case ElementType::kInt64:
    case ElementType::kInt32:
    case ElementType::kBool:
    case ElementType::kUint8:
    case ElementType::kInt8:
      content.ints = tensor.ints;
      if (tensor.raw.empty()) break;
      content.ints.clear();
      if (tensor.type == ElementType::kInt64) append_words<std::int64_t>(tensor.raw, content.ints);
      if (tensor.type == ElementType::kInt32) append_words<std::int32_t>(tensor.raw, content.ints);
      if (tensor.type == ElementType::kInt8) append_words<std::int8_t>(tensor.raw, content.ints);
      if (tensor.type == ElementType::kUint8 || tensor.type == ElementType::kBool)
        append_words<std::uint8_t>(tensor.raw, content.ints);
      break;
    default:
      return std::nullopt;
  }
  if (content.size() != static_cast<std::size_t>(*count)) return std::nullopt;  // stripped
  return content;
}

Expected<Graph> build_graph(const ModelProto& model, std::string_view source) {
  if (!model.has_graph)
    return fail(ErrorKind::kMalformed, "not an ONNX model: it holds no graph", {std::string(source)},
                "Give a file that torch.onnx.export or another exporter wrote");
  return GraphBuilder(model, source).build();
}

}  // namespace joulecast::onnx
