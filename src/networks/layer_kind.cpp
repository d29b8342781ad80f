#include <algorithm>
#include <array>
#include <utility>

#include "joulecast/networks.h"
#include "networks/format_words.h"

namespace joulecast {
namespace {

constexpr std::array<std::pair<LayerKind, std::string_view>, 12> kKindNames = {{
    {LayerKind::kConvolutional, "convolutional"},
    {LayerKind::kDense, "dense"},
    {LayerKind::kMatmul, "matmul"},
    {LayerKind::kPooling, "pooling"},
    {LayerKind::kElementwise, "elementwise"},
    {LayerKind::kReformat, "reformat"},
    {LayerKind::kNormalisation, "normalisation"},
    {LayerKind::kSoftmax, "softmax"},
    {LayerKind::kResize, "resize"},
    {LayerKind::kReduce, "reduce"},
    {LayerKind::kOther, "other"},
    {LayerKind::kNone, "none"},
}};

/// Names in lower case: LayerType values of TensorRT 8 to 10 and Myelin, then ONNX operators.
constexpr std::array<std::pair<std::string_view, LayerKind>, 108> kKindsByType = {{
    {"caskgemmconvolution", LayerKind::kDense},
    {"cublasconvolution", LayerKind::kDense},
    {"gemmconvolution", LayerKind::kDense},
    {"fullyconnected", LayerKind::kDense},
    {"caskfullyconnected", LayerKind::kDense},
    {"cublasfullyconnected", LayerKind::kDense},
    {"fc", LayerKind::kDense},
    {"matrixmultiply", LayerKind::kMatmul},
    {"caskgemmmatrixmultiply", LayerKind::kMatmul},
    {"cublasmatrixmultiply", LayerKind::kMatmul},
    {"convactpool", LayerKind::kConvolutional},
    {"caskconvactpool", LayerKind::kConvolutional},
    {"conv", LayerKind::kConvolutional},
    {"convtranspose", LayerKind::kConvolutional},
    {"convinteger", LayerKind::kConvolutional},
    {"qlinearconv", LayerKind::kConvolutional},
    {"pool", LayerKind::kPooling},
    {"maxpool", LayerKind::kPooling},
    {"averagepool", LayerKind::kPooling},
    {"globalaveragepool", LayerKind::kPooling},
    {"globalmaxpool", LayerKind::kPooling},
    {"lppool", LayerKind::kPooling},
    {"pointwise", LayerKind::kElementwise},
    {"pointwisev2", LayerKind::kElementwise},
    {"elementwise", LayerKind::kElementwise},
    {"scale", LayerKind::kElementwise},
    {"activation", LayerKind::kElementwise},
    {"unary", LayerKind::kElementwise},
    {"kgen", LayerKind::kElementwise},
    {"select", LayerKind::kElementwise},
    {"parametricrelu", LayerKind::kElementwise},
    {"quantize", LayerKind::kElementwise},
    {"dequantize", LayerKind::kElementwise},
    {"quantizelinear", LayerKind::kElementwise},
    {"dequantizelinear", LayerKind::kElementwise},
    {"add", LayerKind::kElementwise},
    {"sub", LayerKind::kElementwise},
    {"mul", LayerKind::kElementwise},
    {"div", LayerKind::kElementwise},
    {"pow", LayerKind::kElementwise},
    {"sqrt", LayerKind::kElementwise},
    {"exp", LayerKind::kElementwise},
    {"erf", LayerKind::kElementwise},
    {"neg", LayerKind::kElementwise},
    {"clip", LayerKind::kElementwise},
    {"relu", LayerKind::kElementwise},
    {"leakyrelu", LayerKind::kElementwise},
    {"prelu", LayerKind::kElementwise},
    {"elu", LayerKind::kElementwise},
    {"selu", LayerKind::kElementwise},
    {"gelu", LayerKind::kElementwise},
    {"sigmoid", LayerKind::kElementwise},
    {"hardsigmoid", LayerKind::kElementwise},
    {"hardswish", LayerKind::kElementwise},
    {"tanh", LayerKind::kElementwise},
    {"softplus", LayerKind::kElementwise},
    {"where", LayerKind::kElementwise},
    {"sum", LayerKind::kElementwise},
    {"reformat", LayerKind::kReformat},
    {"myelinreformat", LayerKind::kReformat},
    {"shuffle", LayerKind::kReformat},
    {"concat", LayerKind::kReformat},
    {"concatenation", LayerKind::kReformat},
    {"slice", LayerKind::kReformat},
    {"copy", LayerKind::kReformat},
    {"padding", LayerKind::kReformat},
    {"transpose", LayerKind::kReformat},
    {"gather", LayerKind::kReformat},
    {"scatter", LayerKind::kReformat},
    {"cast", LayerKind::kReformat},
    {"split", LayerKind::kReformat},
    {"pad", LayerKind::kReformat},
    {"expand", LayerKind::kReformat},
    {"tile", LayerKind::kReformat},
    {"depthtospace", LayerKind::kReformat},
    {"spacetodepth", LayerKind::kReformat},
    {"shapehosttodevicecopy", LayerKind::kReformat},
    {"devicetoshapehostcopy", LayerKind::kReformat},
    {"normalization", LayerKind::kNormalisation},
    {"batchnormalization", LayerKind::kNormalisation},
    {"instancenormalization", LayerKind::kNormalisation},
    {"layernormalization", LayerKind::kNormalisation},
    {"groupnormalization", LayerKind::kNormalisation},
    {"lpnormalization", LayerKind::kNormalisation},
    {"lrn", LayerKind::kNormalisation},
    {"softmax", LayerKind::kSoftmax},
    {"logsoftmax", LayerKind::kSoftmax},
    {"resize", LayerKind::kResize},
    {"upsample", LayerKind::kResize},
    {"gridsample", LayerKind::kResize},
    {"reduce", LayerKind::kReduce},
    {"topk", LayerKind::kReduce},
    {"argmax", LayerKind::kReduce},
    {"argmin", LayerKind::kReduce},
    {"reducemean", LayerKind::kReduce},
    {"reducesum", LayerKind::kReduce},
    {"reducemax", LayerKind::kReduce},
    {"reducemin", LayerKind::kReduce},
    {"reducel2", LayerKind::kReduce},
    {"noop", LayerKind::kNone},
    {"constant", LayerKind::kNone},
    {"shape_call", LayerKind::kNone},
    {"identity", LayerKind::kNone},
    {"reshape", LayerKind::kNone},
    {"flatten", LayerKind::kNone},
    {"squeeze", LayerKind::kNone},
    {"unsqueeze", LayerKind::kNone},
    {"shape", LayerKind::kNone},
}};

/// Families of kernels share an ending: CudnnPooling, CaskJitConvolution, CudaSoftMax, ... The first that
/// fits decides.
constexpr std::array<std::pair<std::string_view, LayerKind>, 10> kEndings = {{
    {"gemmconvolution", LayerKind::kDense},
    {"convolution", LayerKind::kConvolutional},
    {"fullyconnected", LayerKind::kDense},
    {"matrixmultiply", LayerKind::kMatmul},
    {"pooling", LayerKind::kPooling},
    {"softmax", LayerKind::kSoftmax},
    {"resize", LayerKind::kResize},
    {"reduce", LayerKind::kReduce},
    {"normalization", LayerKind::kNormalisation},
    {"reformat", LayerKind::kReformat},
}};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// TensorRT numbers revisions of a kernel: CaskDeconvolutionV2, CaskSoftMaxV2.
std::string_view without_revision(std::string_view type) {
  const std::size_t digits = type.find_last_not_of("0123456789");
  if (digits == std::string_view::npos || digits + 1 == type.size() || type[digits] != 'v') return type;
  return type.substr(0, digits);
}

std::optional<LayerKind> kind_of_type(std::string_view name) {
  const std::string lower = lower_case(name);
  for (const auto& [type, kind] : kKindsByType) {
    if (type == lower) return kind;
  }
  const std::string_view family = without_revision(lower);
  for (const auto& [ending, kind] : kEndings) {
    if (family.ends_with(ending)) return kind;
  }
  return std::nullopt;
}

/// True if b may be the right-hand matrix of a product with a: one of its last two dimensions is a's last.
bool may_multiply(const Tensor& a, const Tensor& b) {
  if (a.dimensions.empty() || b.dimensions.size() < 2) return false;
  const std::int64_t inner = a.dimensions.back();
  return b.dimensions.back() == inner || b.dimensions[b.dimensions.size() - 2] == inner;
}

// A Myelin gemm lists its activation first; weights follow as constants, or not at all. It is a product of
// two activations only if a later operand is an activation that fits as the other matrix and no constant
// does.
LayerKind kind_of_gemm(const Layer& layer) {
  bool activations = false;
  for (std::size_t i = 1; i < layer.inputs.size(); ++i) {
    if (!may_multiply(layer.inputs[0], layer.inputs[i])) continue;
    if (layer.inputs[i].is_constant) return LayerKind::kDense;
    activations = true;
  }
  return activations ? LayerKind::kMatmul : LayerKind::kDense;
}

}  // namespace

std::string_view to_string(LayerKind kind) {
  for (const auto& [value, name] : kKindNames) {
    if (value == kind) return name;
  }
  return "other";
}

std::optional<LayerKind> layer_kind_from(std::string_view name) {
  for (const auto& [kind, known] : kKindNames) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

LayerKind classify(const Layer& layer) {
  if (equal_ignoring_case(layer.type, "gemm") || equal_ignoring_case(layer.type, "matmul"))
    return kind_of_gemm(layer);
  if (const auto kind = kind_of_type(layer.type)) return *kind;
  // Regions and plugins may say anything in ParameterType; a layer without a type has nothing else.
  if (layer.type.empty()) return kind_of_type(layer.parameter_type).value_or(LayerKind::kOther);
  return LayerKind::kOther;
}

}  // namespace joulecast
