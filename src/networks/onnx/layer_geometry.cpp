#include "networks/onnx/layer_geometry.h"

#include <algorithm>

#include "networks/onnx/window_geometry.h"

namespace joulecast::onnx {
namespace {

const Shape* shape_of(const Graph& graph, int value) {
  return value >= 0 && graph.value(value).shape ? &*graph.value(value).shape : nullptr;
}

/// The second dimension of a one-dimensional kernel.
void widen(LayerGeometry& g) {
  if (g.kernel.size() != 1) return;
  g.kernel.push_back(1);
  g.stride.push_back(1);
  g.dilation.push_back(1);
  g.pre.push_back(0);
  g.post.push_back(0);
}

void take(LayerGeometry& g, const WindowGeometry& window) {
  g.kernel = window.kernel;
  g.stride = window.stride;
  g.dilation = window.dilation;
  g.pre = window.pre;
  g.post = window.post;
  g.round_up = window.round_up;
}

/// Zeros that a Pad node before the convolution adds.
void add_padding(const Graph& graph, const Node& pad, LayerGeometry& g) {
  const std::vector<std::int64_t>* pads = pad.integers("pads");
  if (pads == nullptr) pads = &graph.value(pad.input(1)).content->ints;
  const std::size_t rank = pads->size() / 2;
  for (std::size_t i = 0; i < g.pre.size() && i + 2 < rank; ++i) {
    g.pre[i] += (*pads)[i + 2];
    g.post[i] += (*pads)[rank + i + 2];
  }
}

std::string convolution_type(const Graph& graph, const Unit& unit, const LayerGeometry& g,
                             std::int64_t channels) {
  const Node& node = graph.node(unit.anchor);
  if (node.is("ConvTranspose")) return "CaskDeconvolutionV2";
  if (convolution_is_gemm(graph, node)) return "CaskGemmConvolution";
  const bool depthwise = g.groups == channels && g.groups > 1;
  const bool large = std::any_of(g.kernel.begin(), g.kernel.end(), [](std::int64_t k) { return k > 3; });
  return depthwise && large ? "CudaDepthwiseConvolution" : "CaskConvolution";
}

}  // namespace

std::optional<LayerGeometry> convolution_geometry(const Graph& graph, const Unit& unit) {
  const Node& node = graph.node(unit.anchor);
  const bool transposed = node.is("ConvTranspose");
  const Shape* x = shape_of(graph, node.input(0));
  const Shape* w = shape_of(graph, node.input(node.is("QLinearConv") ? 3 : 1));
  if (x == nullptr || w == nullptr || w->size() != x->size() || w->size() < 3) return std::nullopt;
  LayerGeometry g;
  g.groups = node.integer("group", 1);
  g.output_maps = transposed ? (*w)[1] * g.groups : (*w)[0];
  g.weights = element_count(*w).value_or(0);
  if (transposed) {
    // Its padding cuts the result; where only the result's size is given, the padding follows from it.
    g.kernel.assign(w->begin() + 2, w->end());
    const auto list = [&](std::string_view name, std::size_t size, std::int64_t otherwise) {
      const auto* given = node.integers(name);
      return given != nullptr && given->size() == size ? *given : Shape(size, otherwise);
    };
    const std::size_t axes = g.kernel.size();
    g.stride = list("strides", axes, 1);
    g.dilation = list("dilations", axes, 1);
    const Shape pads = list("pads", 2 * axes, 0);
    g.pre.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
    g.post.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
  } else {
    const auto window = window_geometry(node, *x, Shape(w->begin() + 2, w->end()));
    if (!window) return std::nullopt;
    take(g, *window);
  }
  g.input = node.input(0);
  g.type = convolution_type(graph, unit, g, (*x)[1]);
  const Node& first = graph.node(unit.nodes.front());
  if (first.is("Pad")) {
    add_padding(graph, first, g);
    g.input = first.input(0);
  }
  widen(g);
  return g;
}

std::optional<LayerGeometry> pooling_geometry(const Graph& graph, const Unit& unit) {
  const Node& node = graph.node(unit.anchor);
  const Shape* x = shape_of(graph, node.input(0));
  if (x == nullptr || x->size() < 3) return std::nullopt;
  LayerGeometry g;
  g.pooling = true;
  const std::size_t axes = x->size() - 2;
  const auto* kernel = node.integers("kernel_shape");
  if (kernel == nullptr) {  // over the whole map
    g.kernel.assign(x->begin() + 2, x->end());
    g.stride = g.dilation = Shape(axes, 1);
    g.pre = g.post = Shape(axes, 0);
  } else {
    const auto window = window_geometry(node, *x, *kernel);
    if (!window) return std::nullopt;
    take(g, *window);
  }
  widen(g);
  return g;
}

void fill(Layer& layer, const LayerGeometry& g) {
  (g.pooling ? layer.window : layer.kernel) = g.kernel;
  layer.stride = g.stride;
  layer.pre_padding = g.pre;
  layer.post_padding = g.post;
  layer.padding_mode = g.round_up ? "kEXPLICIT_ROUND_UP" : "kEXPLICIT_ROUND_DOWN";
  if (g.pooling) return;
  layer.dilation = g.dilation;
  layer.groups = g.groups;
  layer.output_maps = g.output_maps;
  layer.weight_count = g.weights;
}

std::optional<DenseGeometry> dense_geometry(const Graph& graph, const Unit& unit) {
  const Node& node = graph.node(unit.anchor);
  const std::size_t b_at = node.is("QLinearMatMul") ? 3 : 1;
  const bool weights_first = graph.is_constant(node.input(0));
  const Shape* a = shape_of(graph, node.input(0));
  const Shape* b = shape_of(graph, node.input(b_at));
  const Shape* out = shape_of(graph, node.output(0));
  if (a == nullptr || b == nullptr || out == nullptr || out->empty() || b->empty() || a->empty())
    return std::nullopt;
  DenseGeometry g;
  g.input = node.input(weights_first ? b_at : 0);
  g.weights = element_count(weights_first ? *a : *b).value_or(0);
  const auto results = element_count(*out);
  const auto inputs = element_count(weights_first ? *b : *a);
  if (!results || !inputs || b->size() > 2 || *results == 0) return std::nullopt;
  if (weights_first) {
    if (out->size() != 2) return std::nullopt;
    g.columns = (*out)[0];
    g.rows = (*out)[1];
  } else {
    g.columns = b->size() == 1 ? 1 : out->back();
    g.rows = *results / g.columns;
  }
  g.depth = *inputs / g.rows;
  return g;
}

}  // namespace joulecast::onnx
