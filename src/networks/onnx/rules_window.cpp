// Convolutions and pooling. Formulas: ONNX's operator pages of Conv, ConvTranspose, MaxPool and AveragePool.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "joulecast/networks.h"
#include "networks/onnx/window_geometry.h"

namespace joulecast::onnx {
namespace {

Shape spatial(const Shape& shape) {
  return shape.size() < 2 ? Shape{} : Shape(shape.begin() + 2, shape.end());
}

Shape list(const Node& node, std::string_view name, std::size_t size, std::int64_t otherwise) {
  const auto* given = node.integers(name);
  return given == nullptr || given->empty() ? Shape(size, otherwise) : *given;
}

bool in_range(const Shape& values, std::int64_t least) {
  return std::all_of(values.begin(), values.end(),
                     [&](std::int64_t v) { return v >= least && v <= kMaxDimension; });
}

Shape with_channels(const Shape& x, std::int64_t channels) {
  return {x[0], channels};
}

/// Weights W are maps x channels / group x kernel; `x_at` and `w_at` are their slots.
Outcome convolve(RuleContext& c, std::size_t w_at, ElementType type) {
  const Shape& x = c.shape(0);
  const Shape& w = c.shape(w_at);
  const std::int64_t groups = c.node().integer("group", 1);
  if (x.size() < 3 || w.size() != x.size())
    return contradiction(
        fmt::format("an input of {} and weights of {} differ in rank", text_of(x), text_of(w)));
  if (groups < 1 || groups > kMaxDimension || w[1] * groups != x[1] || w[0] % groups != 0)
    return contradiction(
        fmt::format("{} channels do not fit weights of {} in {} groups", x[1], text_of(w), groups));
  const auto* attribute = c.node().integers("kernel_shape");
  const auto window = window_geometry(c.node(), x, attribute == nullptr ? spatial(w) : *attribute);
  if (!window) return tl::unexpected(window.error());
  if (window->kernel != spatial(w))
    return contradiction(
        fmt::format("its kernel_shape is {}, its weights are {}", text_of(window->kernel), text_of(w)));
  Shape out = with_channels(x, w[0]);
  for (std::size_t i = 2; i < x.size(); ++i) out.push_back(window_output(*window, i - 2, x[i]));
  return c.set(0, std::move(out), type);
}

Outcome convolution(RuleContext& c) {
  return convolve(c, 1, c.type(0));
}

Outcome integer_convolution(RuleContext& c) {
  return convolve(c, 1, ElementType::kInt32);
}

/// Inputs: x, its scale and zero, w, its scale and zero, those of the output.
Outcome quantised_convolution(RuleContext& c) {
  if (!c.has(3)) return unknown("the shape of its weights is unknown");
  return convolve(c, 3, c.type(7));
}

/// Weights are channels x maps / group x kernel.
/// out = stride (in - 1) + output_padding + (kernel - 1) dilation + 1 - pads; SAME: out = in x stride.
Outcome transposed_convolution(RuleContext& c) {
  const Shape& x = c.shape(0);
  const Shape& w = c.shape(1);
  const Node& node = c.node();
  const std::int64_t groups = node.integer("group", 1);
  if (x.size() < 3 || w.size() != x.size() || w[0] != x[1] || groups < 1 || groups > kMaxDimension)
    return contradiction(fmt::format("an input of {} does not fit weights of {}", text_of(x), text_of(w)));
  const std::size_t axes = x.size() - 2;
  Shape out = with_channels(x, w[1] * groups);
  if (const auto* wanted = node.integers("output_shape"); wanted != nullptr && !wanted->empty()) {
    if (wanted->size() < axes) return contradiction("its output_shape is too short");
    out.insert(out.end(), wanted->end() - static_cast<std::ptrdiff_t>(axes), wanted->end());
    return c.set(0, std::move(out));
  }
  const Shape kernel = spatial(w);
  const Shape stride = list(node, "strides", axes, 1);
  const Shape dilation = list(node, "dilations", axes, 1);
  const Shape extra = list(node, "output_padding", axes, 0);
  const Shape pads = list(node, "pads", 2 * axes, 0);
  if (stride.size() != axes || dilation.size() != axes || extra.size() != axes || pads.size() != 2 * axes ||
      !in_range(stride, 1) || !in_range(dilation, 1) || !in_range(extra, 0) ||
      !in_range(pads, -kMaxDimension))
    return contradiction("its strides, dilations or pads do not fit its input");
  const bool same = node.text("auto_pad", "").starts_with("SAME");
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t full =
        stride[i] * (x[i + 2] - 1) + extra[i] + (kernel[i] - 1) * dilation[i] + 1 - pads[i] - pads[axes + i];
    out.push_back(same ? x[i + 2] * stride[i] : full);
  }
  return c.set(0, std::move(out));
}

Outcome pool(RuleContext& c) {
  const Shape& x = c.shape(0);
  const auto* kernel = c.node().integers("kernel_shape");
  if (kernel == nullptr) return contradiction("it has no kernel_shape");
  if (x.size() < 3) return contradiction("its input " + text_of(x) + " has no spatial axis");
  const auto window = window_geometry(c.node(), x, *kernel);
  if (!window) return tl::unexpected(window.error());
  Shape out = with_channels(x, x[1]);
  for (std::size_t i = 2; i < x.size(); ++i) out.push_back(window_output(*window, i - 2, x[i]));
  if (auto ok = c.set(0, out); !ok) return ok;
  return c.set(1, std::move(out), ElementType::kInt64);  // indices of MaxPool
}

Outcome global_pool(RuleContext& c) {
  Shape out = c.shape(0);
  if (out.size() < 3) return contradiction("its input " + text_of(out) + " has no spatial axis");
  std::fill(out.begin() + 2, out.end(), 1);
  return c.set(0, std::move(out));
}

/// A fixed number of rows per region.
Outcome pool_regions(RuleContext& c) {
  const Shape& x = c.shape(0);
  const Shape& regions = c.shape(1);
  if (x.size() != 4 || regions.size() != 2)
    return contradiction("its input is no image, or its regions no list");
  const auto* pooled = c.node().integers("pooled_shape");
  const std::int64_t height =
      pooled != nullptr && pooled->size() == 2 ? (*pooled)[0] : c.node().integer("output_height", 1);
  const std::int64_t width =
      pooled != nullptr && pooled->size() == 2 ? (*pooled)[1] : c.node().integer("output_width", 1);
  return c.set(0, {regions[0], x[1], height, width});
}

constexpr std::array kWindowRules{
    ShapeRule{"AveragePool", 1, pool},
    ShapeRule{"Conv", 2, convolution},
    ShapeRule{"ConvInteger", 2, integer_convolution},
    ShapeRule{"ConvTranspose", 2, transposed_convolution},
    ShapeRule{"DeformConv", 2, convolution},
    ShapeRule{"GlobalAveragePool", 1, global_pool},
    ShapeRule{"GlobalLpPool", 1, global_pool},
    ShapeRule{"GlobalMaxPool", 1, global_pool},
    ShapeRule{"LpPool", 1, pool},
    ShapeRule{"MaxPool", 1, pool},
    ShapeRule{"MaxRoiPool", 2, pool_regions},
    ShapeRule{"QLinearConv", 1, quantised_convolution},
    ShapeRule{"RoiAlign", 2, pool_regions},
};

}  // namespace

tl::expected<WindowGeometry, Refusal> window_geometry(const Node& node, const Shape& input,
                                                      const Shape& kernel) {
  const std::size_t axes = input.size() - 2;
  WindowGeometry w;
  w.kernel = kernel;
  w.stride = list(node, "strides", axes, 1);
  w.dilation = list(node, "dilations", axes, 1);
  const Shape pads = list(node, "pads", 2 * axes, 0);
  if (w.kernel.size() != axes || w.stride.size() != axes || w.dilation.size() != axes ||
      pads.size() != 2 * axes)
    return contradiction(
        fmt::format("its kernel, strides, dilations or pads do not fit an input of {}", text_of(input)));
  if (!in_range(w.kernel, 1) || !in_range(w.stride, 1) || !in_range(w.dilation, 1) || !in_range(pads, 0))
    return contradiction("its kernel, strides, dilations or pads are absurd");
  w.pre.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
  w.post.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
  w.round_up = node.integer("ceil_mode", 0) != 0;
  const std::string_view automatic = node.text("auto_pad", "NOTSET");
  if (automatic == "VALID") w.pre = w.post = Shape(axes, 0);
  w.same = automatic.starts_with("SAME");
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t extent = w.dilation[i] * (w.kernel[i] - 1) + 1;
    if (w.same) {
      const std::int64_t out = (input[i + 2] + w.stride[i] - 1) / w.stride[i];
      const std::int64_t total = std::max<std::int64_t>((out - 1) * w.stride[i] + extent - input[i + 2], 0);
      w.pre[i] = automatic == "SAME_LOWER" ? total - total / 2 : total / 2;
      w.post[i] = total - w.pre[i];
    }
    if (input[i + 2] + w.pre[i] + w.post[i] < extent)
      return contradiction(
          fmt::format("a window of {} does not fit into an input of {}", extent, text_of(input)));
  }
  return w;
}

std::int64_t window_output(const WindowGeometry& window, std::size_t axis, std::int64_t in) {
  const std::int64_t stride = window.stride[axis];
  if (window.same) return (in + stride - 1) / stride;
  const std::int64_t extent = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
  const std::int64_t room = in + window.pre[axis] + window.post[axis] - extent;
  std::int64_t out = (window.round_up ? (room + stride - 1) / stride : room / stride) + 1;
  // A last window that would start in the padding behind the input is left out.
  if (window.round_up && (out - 1) * stride >= in + window.pre[axis]) --out;
  return out;
}

std::span<const ShapeRule> window_rules() {
  return kWindowRules;
}

}  // namespace joulecast::onnx
