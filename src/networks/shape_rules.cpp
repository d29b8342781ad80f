#include "networks/shape_rules.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include <fmt/format.h>

namespace joulecast {
namespace {

using Shape = std::vector<std::int64_t>;
using Rule = tl::expected<void, std::string>;

// Sizes of a window's output, in TensorRT's definition (NvInfer.h, enum PaddingMode), per axis:
//   M = I + pre + post, DK = 1 + D (K - 1)
//   explicit, round down: floor((M - DK) / S) + 1;   round up: ceil((M - DK) / S) + 1
//   same upper and lower: ceil(I / S);   of a deconvolution: S (I - 1) + DK - pre - post.
struct Window {
  const std::optional<Shape>& kernel;
  const std::optional<Shape>& stride;
  const std::optional<Shape>& pre;
  const std::optional<Shape>& post;
  const std::optional<Shape>& dilation;
  std::string_view padding_mode;
  bool transposed = false;
};

std::int64_t axis_of(const std::optional<Shape>& values, std::size_t axis, std::int64_t otherwise) {
  return values && axis < values->size() ? (*values)[axis] : otherwise;
}

constexpr bool small(std::int64_t value) {
  return value >= 0 && value <= kMaxDimension;
}

tl::expected<std::int64_t, std::string> window_output(const Window& window, std::size_t axis,
                                                      std::int64_t in) {
  const std::int64_t kernel = axis_of(window.kernel, axis, 0);
  const std::int64_t stride = axis_of(window.stride, axis, 1);
  const std::int64_t dilation = axis_of(window.dilation, axis, 1);
  const std::int64_t pre = axis_of(window.pre, axis, 0);
  const std::int64_t post = axis_of(window.post, axis, 0);
  if (!small(in)) return tl::unexpected(fmt::format("its input has {} of a dimension", in));
  if (kernel < 1 || stride < 1 || dilation < 1 || !small(kernel) || !small(stride) || !small(dilation) ||
      !small(pre) || !small(post))
    return tl::unexpected(std::string("its kernel, stride or padding is missing or absurd"));
  const std::int64_t extent = 1 + dilation * (kernel - 1);
  std::int64_t out = 0;
  if (window.transposed) {
    out = stride * (in - 1) + extent - pre - post;
  } else if (window.padding_mode.starts_with("kSAME")) {
    out = (in + stride - 1) / stride;
  } else {
    const std::int64_t room = in + pre + post - extent;
    const bool up = window.padding_mode.ends_with("ROUND_UP");
    out = room < 0 ? 0 : (room + (up ? stride - 1 : 0)) / stride + 1;
  }
  if (out < 1)
    return tl::unexpected(fmt::format("an input of {} is smaller than its window of {}", in, extent));
  return out;
}

Rule set(Shape& shape, std::size_t axis, std::int64_t size) {
  if (size < 1 || size > kMaxDimension)
    return tl::unexpected(fmt::format("its dimension {} would be {}", axis, size));
  if (shape[axis] == -1) {
    shape[axis] = size;
  } else if (shape[axis] != size) {
    return tl::unexpected(
        fmt::format("its dimension {} would be {}, but the engine fixes it at {}", axis, size, shape[axis]));
  }
  return {};
}

/// Spatial axes follow the first two (batch, channels).
Rule slide(const Window& window, const Shape& in, Shape& out) {
  for (std::size_t axis = 2; axis < out.size(); ++axis) {
    const auto size = window_output(window, axis - 2, in[axis]);
    if (!size) return tl::unexpected(size.error());
    if (auto ok = set(out, axis, *size); !ok) return ok;
  }
  return {};
}

Rule convolution(const Layer& layer, const Shape& in, Shape& out) {
  if (in.size() != out.size() || in.size() < 3)
    return tl::unexpected(std::string("its tensors differ in rank"));
  if (!layer.kernel) return tl::unexpected(std::string("it has no Kernel"));
  if (auto ok = set(out, 0, in[0]); !ok) return ok;
  if (out[1] == -1) {
    if (!layer.output_maps) return tl::unexpected(std::string("its number of output channels is unknown"));
    if (auto ok = set(out, 1, *layer.output_maps); !ok) return ok;
  }
  const bool transposed = layer.type.find("econv") != std::string::npos || layer.type == "ConvTranspose";
  const Window window{layer.kernel,   layer.stride,       layer.pre_padding, layer.post_padding,
                      layer.dilation, layer.padding_mode, transposed};
  if (!layer.window) return slide(window, in, out);
  Shape between(out.size(), -1);  // before the pooling that is fused in
  if (auto ok = slide(window, in, between); !ok) return ok;
  return slide({layer.window, layer.pool_stride, layer.pool_pre_padding, layer.pool_post_padding,
                std::nullopt, layer.pool_padding_mode},
               between, out);
}

Rule pooling(const Layer& layer, const Shape& in, Shape& out) {
  if (in.size() != out.size() || in.size() < 3)
    return tl::unexpected(std::string("its tensors differ in rank"));
  if (!layer.window) return tl::unexpected(std::string("it has no WindowSize"));
  for (std::size_t axis = 0; axis < 2; ++axis) {
    if (auto ok = set(out, axis, in[axis]); !ok) return ok;
  }
  return slide(
      {layer.window, layer.stride, layer.pre_padding, layer.post_padding, std::nullopt, layer.padding_mode},
      in, out);
}

/// Sizes stay; an input dimension of 1 stretches to its neighbour's.
Rule elementwise(const Layer& layer, Shape& out) {
  for (std::size_t axis = 0; axis < out.size(); ++axis) {
    if (out[axis] != -1) continue;
    std::int64_t size = 0;
    for (const Tensor& input : layer.inputs) {
      if (input.dimensions.size() != out.size()) continue;
      const std::int64_t other = input.dimensions[axis];
      if (size > 1 && other > 1 && other != size)
        return tl::unexpected(fmt::format("its inputs differ in dimension {}: {} and {}", axis, size, other));
      size = std::max(size, other);
    }
    if (auto ok = set(out, axis, size); !ok) return ok;
  }
  return {};
}

double element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), 1.0, [](double product, std::int64_t size) {
    return product * static_cast<double>(size);
  });
}

/// One unknown size of a reshape follows from the number of elements.
Rule reshape(const Shape& in, Shape& out) {
  const auto unknown = std::count(out.begin(), out.end(), -1);
  if (unknown > 1 && in.size() == out.size()) {
    for (std::size_t axis = 0; axis < out.size(); ++axis) {
      if (auto ok = set(out, axis, in[axis]); !ok) return ok;
    }
    return {};
  }
  if (unknown > 1 && out.front() == -1 && !in.empty()) out.front() = in.front();
  if (std::count(out.begin(), out.end(), -1) != 1)
    return tl::unexpected(std::string("more than one size of its output is open"));
  const double known = std::abs(element_count(out));
  const double size = element_count(in) / known;
  const auto axis = static_cast<std::size_t>(std::find(out.begin(), out.end(), -1) - out.begin());
  if (known == 0.0 || size < 1.0 || size > static_cast<double>(kMaxDimension) ||
      size != static_cast<double>(static_cast<std::int64_t>(size)))
    return tl::unexpected(fmt::format("{} elements do not fill its output", element_count(in)));
  return set(out, axis, static_cast<std::int64_t>(size));
}

/// What a region or plugin does with a batch: nothing, as far as anyone saw. Other sizes stay unknown.
Rule batch_only(const Shape& in, Shape& out) {
  if (std::count(out.begin() + 1, out.end(), -1) != 0 || in.empty())
    return tl::unexpected(fmt::format("no rule for a layer of this type"));
  return set(out, 0, in[0]);
}

// Sizes that another layer keeps, axis by axis; between different ranks only the batch.
Rule keep(const Shape& in, Shape& out) {
  if (in.size() != out.size()) return batch_only(in, out);
  for (std::size_t axis = 0; axis < out.size(); ++axis) {
    if (out[axis] != -1) continue;
    if (auto ok = set(out, axis, in[axis]); !ok) return ok;
  }
  return {};
}

/// The axis along which inputs are joined is the one where the engine fixes other sizes than the input's.
Rule concatenation(const Layer& layer, Shape& out) {
  const Shape& first = layer.inputs.front().dimensions;
  bool joined = false;
  for (std::size_t axis = 0; axis < std::min(first.size(), out.size()); ++axis)
    joined = joined || (out[axis] != -1 && out[axis] != first[axis]);
  if (!joined) return tl::unexpected(std::string("the axis it joins along cannot be told"));
  return keep(first, out);
}

Rule derive(const Layer& layer, LayerKind kind, const Shape& in, Shape& out) {
  const auto is = [&](std::string_view type) { return layer.type == type; };
  switch (kind) {
    case LayerKind::kConvolutional:
      return convolution(layer, in, out);
    case LayerKind::kDense:
      return layer.kernel && in.size() == out.size() && in.size() > 2 ? convolution(layer, in, out)
                                                                      : batch_only(in, out);
    case LayerKind::kPooling:
      return pooling(layer, in, out);
    case LayerKind::kElementwise:
      return is("kgen") ? batch_only(in, out) : elementwise(layer, out);
    case LayerKind::kNormalisation:
    case LayerKind::kSoftmax:
      return keep(in, out);
    case LayerKind::kReformat:
      if (is("Concat") || is("Concatenation")) return concatenation(layer, out);
      if (is("Reformat") || is("MyelinReformat") || is("Copy") || is("Cast")) return keep(in, out);
      if (is("Shuffle")) return in.size() == out.size() ? batch_only(in, out) : reshape(in, out);
      return batch_only(in, out);
    case LayerKind::kNone:
      return reshape(in, out);
    case LayerKind::kMatmul:
    case LayerKind::kResize:
    case LayerKind::kReduce:
    case LayerKind::kOther:
      break;
  }
  return batch_only(in, out);
}

}  // namespace

Rule derive_output_shapes(Layer& layer) {
  const LayerKind kind = classify(layer);
  for (Tensor& output : layer.outputs) {
    Shape& out = output.dimensions;
    if (std::count(out.begin(), out.end(), -1) == 0) continue;
    if (layer.inputs.empty()) return tl::unexpected(std::string("it has no inputs to derive it from"));
    const Shape in = layer.inputs.front().dimensions;
    if (auto ok = derive(layer, kind, in, out); !ok) return ok;
    if (std::count(out.begin(), out.end(), -1) != 0)
      return tl::unexpected(std::string("a size of its output stays open"));
  }
  return {};
}

}  // namespace joulecast
