// Shape rules of ONNX's operators, sets 7 to 22: shapes and types of a node's outputs from its inputs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "networks/onnx/graph.h"

namespace joulecast::onnx {

/// Why a rule gives no shape. Contradictory: the model cannot run; else the shape depends on data, or on
/// something that is not in the file.
struct Refusal {
  std::string why;
  bool contradictory = false;
};
using Outcome = tl::expected<void, Refusal>;

inline tl::unexpected<Refusal> unknown(std::string why) {
  return tl::unexpected<Refusal>({std::move(why), false});
}
inline tl::unexpected<Refusal> contradiction(std::string why) {
  return tl::unexpected<Refusal>({std::move(why), true});
}

/// A node with its values, as a rule sees it.
class RuleContext {
 public:
  RuleContext(Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  [[nodiscard]] const Node& node() const { return node_; }
  [[nodiscard]] std::int64_t opset() const { return graph_.opset; }
  [[nodiscard]] std::size_t input_count() const { return node_.inputs.size(); }
  [[nodiscard]] std::size_t output_count() const { return node_.outputs.size(); }
  /// An input that is there and whose shape is known.
  [[nodiscard]] bool has(std::size_t index) const {
    const int id = node_.input(index);
    return id >= 0 && graph_.value(id).shape.has_value();
  }
  /// Only if has(index).
  [[nodiscard]] const Shape& shape(std::size_t index) const {
    return *graph_.value(node_.input(index)).shape;
  }
  [[nodiscard]] ElementType type(std::size_t index) const;
  /// Elements of a small constant input of whole numbers; null if unknown or left out.
  [[nodiscard]] const std::vector<std::int64_t>* integers(std::size_t index) const;
  [[nodiscard]] const std::vector<double>* floats(std::size_t index) const;
  /// Whole numbers that are an attribute in old operator sets and an input in new ones; null if neither.
  [[nodiscard]] const std::vector<std::int64_t>* attribute_or_input(std::string_view attribute,
                                                                    std::size_t index) const;
  /// True if the input is there, whether its elements are known or not.
  [[nodiscard]] bool given(std::size_t index) const { return node_.input(index) >= 0; }

  /// Checks sizes and rank and sets an output; one without a name is ignored.
  Outcome set(std::size_t index, Shape shape, ElementType type);
  Outcome set(std::size_t index, Shape shape) { return set(index, std::move(shape), type(0)); }
  void set_content(std::size_t index, Content content);

 private:
  Graph& graph_;
  const Node& node_;
};

struct ShapeRule {
  std::string_view operation;
  std::size_t required;  ///< the first so many inputs must be there with known shapes
  Outcome (*apply)(RuleContext&);
};

/// The families of rules, each in its file.
std::span<const ShapeRule> elementwise_rules();
std::span<const ShapeRule> window_rules();
std::span<const ShapeRule> product_rules();
std::span<const ShapeRule> layout_rules();
std::span<const ShapeRule> indexing_rules();
std::span<const ShapeRule> reduction_rules();
std::span<const ShapeRule> constant_rules();

/// Null for an operator without a rule.
const ShapeRule* find_rule(const Node& node);

/// An axis counted from the end made positive; nothing if it lies outside.
std::optional<std::size_t> axis_of(std::int64_t axis, std::size_t rank);
/// The shape of numpy's broadcasting; nothing if the two do not fit.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);
std::string text_of(const Shape& shape);

/// The content of the node's first output, where all that it reads is known and small (shape arithmetic).
std::optional<Content> fold(const Graph& graph, const Node& node);

/// Shapes, types and small constants of all values; nodes that read constants alone make constants. Where a
/// rule gives none, the shape that the file states is taken. Errors: kUnfit with the node's name for a model
/// that cannot run with these input sizes.
Expected<void> infer_shapes(Graph& graph, std::string_view source);

}  // namespace joulecast::onnx
