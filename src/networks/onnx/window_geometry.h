// Kernel, stride, padding and dilation of a convolution or pooling node, resolved against the size of its
// input.
#pragma once

#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {

struct WindowGeometry {
  Shape kernel, stride, dilation, pre, post;  ///< one entry per spatial axis
  bool round_up = false;
  bool same = false;  ///< auto_pad SAME_UPPER or SAME_LOWER
};

/// `kernel` is the node's attribute or, where it has none, the weights' spatial sizes.
tl::expected<WindowGeometry, Refusal> window_geometry(const Node& node, const Shape& input,
                                                      const Shape& kernel);

/// Size of the output along a spatial axis.
std::int64_t window_output(const WindowGeometry& window, std::size_t axis, std::int64_t in);

}  // namespace joulecast::onnx
