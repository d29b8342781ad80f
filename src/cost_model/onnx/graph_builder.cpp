// Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
#include "cost_model/onnx/graph_builder.h"

#include <array>
#include <bit>

namespace joulecast::onnx_export {
namespace {

using onnx::MessageWriter;

static_assert(std::endian::native == std::endian::little, "raw_data holds the lowest byte first");

constexpr std::uint64_t kInt64Type = 7;
constexpr std::uint64_t kDoubleType = 11;
/// The oldest of both that has all operators in the form used here, so that old runtimes take the file.
constexpr std::uint64_t kIrVersion = 8;
constexpr std::uint64_t kOperatorSet = 17;

template <class Number>
std::string_view raw_bytes(std::span<const Number> numbers) {
  const std::span<const std::byte> bytes = std::as_bytes(numbers);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A value from outside or to there: doubles of N rows, and one column if `is_column`. The checker of ONNX
/// wants the shapes of outputs too.
MessageWriter value_info(std::string_view name, bool is_column) {
  MessageWriter shape;
  shape.message(1, MessageWriter().bytes(2, "N"));
  if (is_column) shape.message(1, MessageWriter().number(1, 1));
  MessageWriter tensor;
  tensor.number(1, kDoubleType).message(2, shape);
  return MessageWriter().bytes(1, name).message(2, MessageWriter().message(1, tensor));
}

}  // namespace

std::string GraphBuilder::fresh_name() {
  std::string name;
  do name = "value_" + std::to_string(count_++);
  while (taken_.contains(name));
  return name;
}

void GraphBuilder::initialiser(const std::string& name, std::span<const std::int64_t> dimensions,
                               std::uint64_t type, std::string_view raw) {
  MessageWriter tensor;
  for (const std::int64_t dimension : dimensions) tensor.number(1, static_cast<std::uint64_t>(dimension));
  tensor.number(2, type).bytes(8, name).bytes(9, raw);
  initialisers_.message(5, tensor);
}

void GraphBuilder::append_node(std::string_view operation, std::span<const Value> inputs,
                               const std::string& output, std::optional<std::int64_t> axis) {
  constexpr std::uint64_t kIntAttribute = 2;
  MessageWriter node;
  for (const Value& input : inputs) node.bytes(1, input);
  node.bytes(2, output).bytes(3, output).bytes(4, operation);
  if (axis)
    node.message(5, MessageWriter()
                        .bytes(1, "axis")
                        .number(3, static_cast<std::uint64_t>(*axis))
                        .number(20, kIntAttribute));
  nodes_.message(1, node);
}

Value GraphBuilder::inputs(std::span<const std::string> names) {
  for (const std::string& name : names) {
    taken_.insert(name);
    value_infos_.message(11, value_info(name, true));
  }
  return concat(names);
}

Value GraphBuilder::node(std::string_view operation, std::initializer_list<Value> inputs,
                         std::optional<std::int64_t> axis) {
  std::string output = fresh_name();
  append_node(operation, {inputs.begin(), inputs.size()}, output, axis);
  return output;
}

Value GraphBuilder::concat(std::span<const Value> columns) {
  if (columns.size() == 1) return columns.front();
  std::string output = fresh_name();
  append_node("Concat", columns, output, 1);
  return output;
}

Value GraphBuilder::gather(const Value& matrix, std::span<const std::int64_t> columns, std::size_t width) {
  bool all = columns.size() == width;
  for (std::size_t i = 0; i < columns.size() && all; ++i) all = columns[i] == static_cast<std::int64_t>(i);
  return all ? matrix : node("Gather", {matrix, integers(columns)}, 1);
}

Value GraphBuilder::integers(std::span<const std::int64_t> numbers) {
  std::string name = fresh_name();
  initialiser(name, std::array{static_cast<std::int64_t>(numbers.size())}, kInt64Type, raw_bytes(numbers));
  return name;
}

Value GraphBuilder::constant(double number) {
  std::string name = fresh_name();
  initialiser(name, {}, kDoubleType, raw_bytes(std::span<const double>(&number, 1)));
  return name;
}

Value GraphBuilder::constant(std::span<const double> numbers, std::size_t rows, std::size_t columns) {
  std::string name = fresh_name();
  initialiser(name, std::array{static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)},
              kDoubleType, raw_bytes(numbers));
  return name;
}

std::string GraphBuilder::model(std::string_view name, const Value& column, std::string_view output,
                                const Metadata& metadata) {
  constexpr std::int64_t kAllRows = -1;
  append_node("Reshape", std::array{column, integers(std::array{kAllRows})}, std::string(output),
              std::nullopt);
  value_infos_.message(12, value_info(output, false));
  // Nodes, name, initialisers, inputs and outputs: repeated fields may stand in any order, so that the three
  // parts are simply joined.
  std::string graph = nodes_.take();
  graph += MessageWriter().bytes(2, name).text();
  graph += initialisers_.text();
  graph += value_infos_.text();
  MessageWriter model;
  model.number(1, kIrVersion).bytes(2, "joulecast").bytes(3, JOULECAST_VERSION).bytes(7, graph);
  model.message(8, MessageWriter().bytes(1, "").number(2, kOperatorSet));
  for (const auto& [key, value] : metadata) model.message(14, MessageWriter().bytes(1, key).bytes(2, value));
  return model.take();
}

}  // namespace joulecast::onnx_export
