// Which nodes run together as one layer, as TensorRT fuses them. docs/onnx.md holds the rules and their
// evidence.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "networks/onnx/graph.h"

namespace joulecast::onnx {

enum class UnitKind {
  kFolded,       ///< computed from constants and shapes when the engine is built
  kElided,       ///< changes nothing at run time: Identity, Dropout, a reshape to the same shape, unused
  kConvolution,  ///< with padding, batch norm, residual add and activation
  kDense,        ///< a matrix product with weights, bias and activation
  kMatmul,       ///< of two activations
  kPooling,      ///< also a mean over height and width
  kPointwise,    ///< a chain of element-wise functions
  kScale,        ///< batch norm without a convolution before it, and its activation
  kReshape,      ///< moves nothing
  kShuffle,      ///< transposes and the reshapes around them
  kConcat,
  kSlice,   ///< one layer per output
  kSingle,  ///< any other operator, alone
};

struct Unit {
  UnitKind kind = UnitKind::kSingle;
  std::vector<int> nodes;  ///< in the order they run
  int anchor = -1;         ///< the node that gives the layer its geometry
  int residual = -1;       ///< value added inside
  std::string activation;  ///< TensorRT's word: RELU, CLIPPED_RELU, GENERIC
};

/// Every node of the graph in exactly one unit; units in an order in which they can run. A unit hands on the
/// outputs of its last node alone. Values of elided nodes are replaced in the graph by what they stand for.
std::vector<Unit> fuse(Graph& graph);

/// "Conv_0 + Add_2 + Relu_3", "PWN(PWN(Sigmoid_1), Mul_2)".
std::string unit_name(const Graph& graph, const Unit& unit);

bool is_elementwise(const Node& node);
/// A convolution or product that runs as a matrix product over positions (1x1, stride 1, small map).
bool convolution_is_gemm(const Graph& graph, const Node& node);

}  // namespace joulecast::onnx
