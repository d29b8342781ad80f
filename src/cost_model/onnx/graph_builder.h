// An ONNX graph in double precision, put together node by node.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "networks/onnx/wire_writer.h"

namespace joulecast::onnx_export {

/// The name of a value in the graph.
using Value = std::string;

class GraphBuilder {
 public:
  /// Columns [N,1] from outside, put side by side: [N,F]. Names must not repeat.
  Value inputs(std::span<const std::string> names);
  /// What a node makes of its inputs; `axis` is the attribute of that name.
  Value node(std::string_view operation, std::initializer_list<Value> inputs,
             std::optional<std::int64_t> axis = std::nullopt);
  Value concat(std::span<const Value> columns);
  /// Columns of a matrix; itself if they are all of its `width` columns in their order.
  Value gather(const Value& matrix, std::span<const std::int64_t> columns, std::size_t width);

  /// A number, for any shape.
  Value constant(double number);
  /// A matrix by rows.
  Value constant(std::span<const double> numbers, std::size_t rows, std::size_t columns);

  // Broadcasting arithmetic.
  Value add(const Value& a, const Value& b) { return node("Add", {a, b}); }
  Value subtract(const Value& a, const Value& b) { return node("Sub", {a, b}); }
  Value multiply(const Value& a, const Value& b) { return node("Mul", {a, b}); }
  Value divide(const Value& a, const Value& b) { return node("Div", {a, b}); }
  Value product(const Value& a, const Value& b) { return node("MatMul", {a, b}); }

  using Metadata = std::vector<std::pair<std::string, std::string>>;
  /// The file's bytes: the graph whose result is `column`, [N,1], as a vector [N] called `output`. The last
  /// call.
  std::string model(std::string_view name, const Value& column, std::string_view output,
                    const Metadata& metadata);

 private:
  std::string fresh_name();
  void initialiser(const std::string& name, std::span<const std::int64_t> dimensions, std::uint64_t type,
                   std::string_view raw);
  Value integers(std::span<const std::int64_t> numbers);
  void append_node(std::string_view operation, std::span<const Value> inputs, const std::string& output,
                   std::optional<std::int64_t> axis);

  std::set<std::string, std::less<>> taken_;  ///< names of inputs
  std::size_t count_ = 0;                     ///< names given so far
  onnx::MessageWriter nodes_, initialisers_, value_infos_;
};

}  // namespace joulecast::onnx_export
