// An ONNX model as a graph: values and nodes by number, nodes in an order in which they can run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "networks/onnx/model.h"

namespace joulecast::onnx {

/// Elements of a small tensor, known before anything runs. Whole numbers and truth values are `ints`.
struct Content {
  bool is_float = false;
  std::vector<std::int64_t> ints;
  std::vector<double> floats;
  [[nodiscard]] std::size_t size() const { return is_float ? floats.size() : ints.size(); }
};

struct Value {
  std::string_view name;
  std::optional<Shape> shape;  ///< without open dimensions; nothing if it cannot be told
  ElementType type = ElementType::kUndefined;
  std::optional<Content> content;
  bool constant = false;  ///< weights, or computed from them: nothing runs for it
  bool is_input = false;
  bool is_output = false;
  int producer = -1;                ///< node; -1 for inputs and initialisers
  std::vector<int> consumers;       ///< nodes, each once, in order
  const ValueInfo* info = nullptr;  ///< what the file says of it, if anything
};

struct Node {
  const NodeProto* proto = nullptr;
  std::string name;           ///< the file's, or operator and number
  std::vector<int> inputs;    ///< values; -1 where an optional input is left out
  std::vector<int> outputs;   ///< values; -1 where an output has no name
  std::vector<int> captured;  ///< values that its subgraphs read

  [[nodiscard]] std::string_view operation() const { return proto->operation; }
  [[nodiscard]] bool is(std::string_view op) const { return proto->domain.empty() && proto->operation == op; }
  [[nodiscard]] const Attribute* attribute(std::string_view name) const;
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  [[nodiscard]] const std::vector<std::int64_t>* integers(std::string_view name) const;
  [[nodiscard]] std::string_view text(std::string_view name, std::string_view otherwise) const;
  [[nodiscard]] int input(std::size_t index) const { return index < inputs.size() ? inputs[index] : -1; }
  [[nodiscard]] int output(std::size_t index) const { return index < outputs.size() ? outputs[index] : -1; }
  /// "node 'x' (Conv)", for messages.
  [[nodiscard]] std::string described() const;
};

struct Graph {
  std::int64_t opset = 0;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<int> inputs;  ///< without initialisers and weights
  std::vector<int> outputs;

  [[nodiscard]] const Value& value(int id) const { return values[static_cast<std::size_t>(id)]; }
  Value& value(int id) { return values[static_cast<std::size_t>(id)]; }
  [[nodiscard]] const Node& node(int id) const { return nodes[static_cast<std::size_t>(id)]; }
  [[nodiscard]] bool is_constant(int id) const { return id >= 0 && value(id).constant; }
};

/// Elements of a tensor if there are at most kMaxContent and they lie in the file.
std::optional<Content> content_of(const TensorProto& tensor);

/// Number of elements; nothing if it does not fit 63 bits.
std::optional<std::int64_t> element_count(const Shape& shape);

/// Views into the model, which must outlive it. Errors, kMalformed with the node's name or the byte: no
/// graph, a value made twice or never, a cycle, a negative dimension of an initialiser.
Expected<Graph> build_graph(const ModelProto& model, std::string_view source);

}  // namespace joulecast::onnx
