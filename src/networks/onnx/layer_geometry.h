// Sizes of a fused unit's kernel, as a layer states them.
#pragma once

#include <optional>
#include <string>

#include "joulecast/networks.h"
#include "networks/onnx/fusion.h"

namespace joulecast::onnx {

struct LayerGeometry {
  std::string type;  ///< LayerType of a convolution
  int input = -1;    ///< the activation that the kernel slides over
  Shape kernel, stride, pre, post, dilation;
  bool pooling = false;
  bool round_up = false;
  std::int64_t groups = 1;
  std::int64_t output_maps = 0;
  std::int64_t weights = 0;
};

/// Nothing if a shape is unknown. One-dimensional kernels are given a second dimension of 1.
std::optional<LayerGeometry> convolution_geometry(const Graph& graph, const Unit& unit);
std::optional<LayerGeometry> pooling_geometry(const Graph& graph, const Unit& unit);
void fill(Layer& layer, const LayerGeometry& geometry);

/// A product with weights: rows x depth times depth x columns.
struct DenseGeometry {
  int input = -1;
  std::int64_t rows = 0;
  std::int64_t depth = 0;
  std::int64_t columns = 0;
  std::int64_t weights = 0;
};
std::optional<DenseGeometry> dense_geometry(const Graph& graph, const Unit& unit);

}  // namespace joulecast::onnx
