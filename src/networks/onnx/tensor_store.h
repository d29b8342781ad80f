// The tensors that layers hand to each other: which value lies where, in which shape, type and format.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "joulecast/networks.h"
#include "networks/onnx/graph.h"

namespace joulecast::onnx {

enum class Layout { kLinear, kPacked };

/// A tensor in memory. A value of a matrix product is kept as rows x columns x 1 x 1, as TensorRT does.
struct Stored {
  Tensor tensor;
  Layout layout = Layout::kLinear;
};

class TensorStore {
 public:
  TensorStore(const Graph& graph, DataType precision, Network& network);

  /// A layer's result. Types without packed formats stay linear.
  const Tensor& put(int value, Shape shape, Layout layout);
  /// `value` is the same tensor as `of`.
  void alias(int value, int of) { stored_[value] = stored_.at(of); }
  [[nodiscard]] const Stored& get(int value) const { return stored_.at(value); }
  [[nodiscard]] bool has(int value) const { return stored_.contains(value); }

  /// The value in this layout and in the type that layers compute with, for input `index` of the layer
  /// `reader`: adds a Reformat, or a NoOp where no byte moves, unless an earlier reader has had it made.
  Tensor read(int value, Layout layout, std::string_view reader, std::size_t index);
  /// The same, in the layout it lies in.
  Tensor read_as_is(int value, std::string_view reader, std::size_t index);
  /// Adds a NoOp that gives the value another shape; reads and leaves it linear.
  Tensor reshape(int value, Shape shape, std::string name);
  /// Brings an output of the network into its own type, shape and linear layout.
  void write_output(int value, std::string_view maker);

  /// The value in its own shape, where it is kept in another.
  void restore_shape(int value);

  [[nodiscard]] DataType type_of(int value, Layout layout) const;
  [[nodiscard]] Layout layout_of(int value) const { return stored_.at(value).layout; }

 private:
  [[nodiscard]] Stored make(std::string name, Shape shape, Layout layout, DataType type) const;
  void add_layer(std::string_view type, std::string name, Tensor from, Tensor to);
  void reformat(const Stored& from, const Stored& to, std::string name);

  const Graph& graph_;
  DataType precision_;
  Network& network_;
  std::map<int, Stored> stored_;
  std::map<std::pair<int, Layout>, Stored> reformatted_;
};

/// Rank 3 becomes rank 4 with a last dimension of 1, as one-dimensional convolutions run.
Shape at_least_four(Shape shape);

}  // namespace joulecast::onnx
