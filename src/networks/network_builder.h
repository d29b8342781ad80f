// Builds a network layer by layer as TensorRT 10 would run it in FP16 on an Orin: batch norm, activation and
// residual add are inside the convolution, 1x1 convolutions mostly run as GEMM, concatenation writes in
// place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/networks.h"

namespace joulecast::networks {

/// An activation tensor between two layers.
struct Value {
  std::string tensor;
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  bool linear = false;  ///< row-major: must be reformatted before a convolution takes it
};

enum class Activation { kNone, kRelu, kRelu6 };

/// A convolution with batch norm folded in; padding -1 keeps the size at stride 1.
struct Convolution {
  std::int64_t out = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = -1;
  std::int64_t groups = 1;
  Activation activation = Activation::kRelu;
  const Value* residual = nullptr;  ///< added before the activation
  std::int64_t kernel_width = 0;    ///< 0 = kernel; padding then keeps the size in both directions
};

struct Window {
  std::int64_t kernel = 2;
  std::int64_t stride = 2;
  std::int64_t padding = 0;
  bool round_up = false;
};

class NetworkBuilder {
 public:
  NetworkBuilder(std::string_view name, std::int64_t batch);

  Value input(std::int64_t channels, std::int64_t size);
  /// `path` is the module's path ("layer1/0/conv1"); unique within the network.
  Value convolution(const Value& x, std::string_view path, const Convolution& c);
  Value depthwise(const Value& x, std::string_view path, std::int64_t kernel, std::int64_t stride,
                  Activation activation);
  Value max_pool(const Value& x, std::string_view path, const Window& window);
  Value average_pool(const Value& x, std::string_view path, const Window& window);
  Value global_pool(const Value& x, std::string_view path);
  /// A fully connected layer; a tensor larger than 1x1 is flattened first (reformat, reshape, reformat).
  Value dense(const Value& x, std::string_view path, std::int64_t out, Activation activation);
  /// Batch norm and ReLU before a convolution (DenseNet).
  Value scale(const Value& x, std::string_view path);
  /// An element-wise function that no convolution takes in: silu, hardswish, sigmoid, hardsigmoid, relu.
  Value pointwise(const Value& x, std::string_view path, std::string_view function);
  /// x times a gate of one value per channel.
  Value gate(const Value& x, const Value& gate, std::string_view path);
  /// In place: costs nothing, gives no layer.
  static Value concatenate(std::string_view path, const std::vector<Value>& parts);
  /// A copy into a concatenation that could not be done in place.
  Value copy(const Value& x, std::string_view path);
  /// Half of the channels, a view.
  static Value half(const Value& x, bool second);
  /// Channels interleaved in two groups (ShuffleNet): moves every byte.
  Value shuffle(const Value& x, std::string_view path);
  Value softmax(const Value& x, std::string_view path);

  /// Adds the output's reformat and squeeze, which take no time, and hands out the network.
  Network finish(const Value& output);

 private:
  Tensor tensor(const Value& value, std::string_view format) const;
  Tensor tensor(const Value& value) const;
  Value reformat(const Value& x, std::string_view target, bool to_linear);
  Value pool(const Value& x, std::string name, const Window& window, std::string tactic);
  Layer& add(std::string name, std::string_view type, std::string_view parameter_type, LayerKind kind);

  Network network_;
  std::int64_t batch_;
};

}  // namespace joulecast::networks
