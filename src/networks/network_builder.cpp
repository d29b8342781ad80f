#include "networks/network_builder.h"

#include <fmt/format.h>

#include <utility>

#include "networks/kernel_choice.h"
#include "networks/tactic_names.h"

namespace joulecast::networks {
namespace {

std::string_view activation_text(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return "";
    case Activation::kRelu:
      return "RELU";
    case Activation::kRelu6:
      return "CLIPPED_RELU";
  }
  return "";
}

// Torch-TensorRT names a layer by the operations that went into it.
std::string convolution_name(std::string_view path, const Convolution& c) {
  std::string name = fmt::format("[CONVOLUTION]-[aten_ops.convolution.default]-[/{}/convolution]", path);
  if (c.residual != nullptr) name += fmt::format(" + [ELEMENTWISE]-[aten_ops.add.Tensor]-[/{}/add]", path);
  if (c.activation == Activation::kRelu) {
    name += fmt::format(" + [RELU]-[aten_ops.relu.default]-[/{}/relu]", path);
  } else if (c.activation == Activation::kRelu6) {
    name += fmt::format(" + [ACTIVATION]-[aten_ops.hardtanh.default]-[/{}/hardtanh]", path);
  }
  return name;
}

std::int64_t output_size(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                         bool round_up = false) {
  const std::int64_t span = in + 2 * padding - kernel;
  return (round_up ? (span + stride - 1) / stride : span / stride) + 1;
}

// 1x1 convolutions run as GEMM where the map is small and nothing is added.
bool runs_as_gemm(const Convolution& c, const Value& x) {
  return c.kernel == 1 && c.kernel_width == 0 && c.stride == 1 && c.groups == 1 && c.residual == nullptr &&
         fits_gemm(x.channels, x.height, x.width);
}

}  // namespace

NetworkBuilder::NetworkBuilder(std::string_view name, std::int64_t batch) : batch_(batch) {
  network_.name = name;
  network_.bindings = {"x", "output0"};
}

Tensor NetworkBuilder::tensor(const Value& value, std::string_view format) const {
  return {value.tensor,
          {batch_, value.channels, value.height, value.width},
          DataType::kFp16,
          std::string(format)};
}

Tensor NetworkBuilder::tensor(const Value& value) const {
  return tensor(
      value, value.linear ? linear_format(DataType::kFp16) : packed_format(DataType::kFp16, value.channels));
}

Layer& NetworkBuilder::add(std::string name, std::string_view type, std::string_view parameter_type,
                           LayerKind kind) {
  Layer& layer = network_.layers.emplace_back();
  layer.name = std::move(name);
  layer.type = type;
  layer.parameter_type = parameter_type;
  layer.kind = kind;
  return layer;
}

Value NetworkBuilder::input(std::int64_t channels, std::int64_t size) {
  return {"x", channels, size, size, true};
}

Value NetworkBuilder::reformat(const Value& x, std::string_view target, bool to_linear) {
  Value out = x;
  out.tensor = fmt::format("Reformatted Input Tensor 0 to {}", target);
  out.linear = to_linear;
  Layer& layer = add(fmt::format("Reformatting CopyNode for Input Tensor 0 to {}", target), "Reformat",
                     "Reformat", LayerKind::kReformat);
  layer.inputs = {tensor(x)};
  layer.outputs = {tensor(out)};
  return out;
}

Value NetworkBuilder::convolution(const Value& x, std::string_view path, const Convolution& c) {
  const std::string name = convolution_name(path, c);
  const Value in = x.linear ? reformat(x, name, false) : x;
  const std::int64_t kernel_width = c.kernel_width == 0 ? c.kernel : c.kernel_width;
  const std::int64_t pad_height = c.padding < 0 ? c.kernel / 2 : c.padding;
  const std::int64_t pad_width = c.padding < 0 ? kernel_width / 2 : c.padding;
  const Value out{fmt::format("{}_output", path), c.out,
                  output_size(in.height, c.kernel, c.stride, pad_height),
                  output_size(in.width, kernel_width, c.stride, pad_width), false};
  const bool gemm = runs_as_gemm(c, in);
  const bool depthwise = c.groups == in.channels && c.groups > 1;
  const bool cuda_depthwise = depthwise && c.kernel > 3;
  Layer& layer = add(
      name, gemm ? "CaskGemmConvolution" : (cuda_depthwise ? "CudaDepthwiseConvolution" : "CaskConvolution"),
      "Convolution", gemm ? LayerKind::kDense : LayerKind::kConvolutional);
  layer.inputs = {tensor(in)};
  if (c.residual != nullptr) layer.inputs.push_back(tensor(*c.residual));
  layer.outputs = {tensor(out)};
  layer.kernel = {{c.kernel, kernel_width}};
  layer.stride = {{c.stride, c.stride}};
  layer.pre_padding = layer.post_padding = {{pad_height, pad_width}};
  layer.padding_mode = "kEXPLICIT_ROUND_DOWN";
  layer.dilation = {{1, 1}};
  layer.groups = c.groups;
  layer.output_maps = c.out;
  layer.weight_type = DataType::kFp16;
  layer.weight_count = c.out * (in.channels / c.groups) * c.kernel * kernel_width;
  layer.has_residual = c.residual != nullptr;
  layer.activation = activation_text(c.activation);
  const MatrixProduct product{batch_ * out.height * out.width, c.out / c.groups,
                              in.channels / c.groups * c.kernel * kernel_width, c.groups};
  if (gemm) {
    layer.tactic = gemm_tactic(product, c.activation == Activation::kRelu);
  } else if (depthwise) {
    layer.tactic = cuda_depthwise ? "" : depthwise_tactic(c.kernel, c.stride);
  } else if (in.channels <= 4) {
    layer.tactic = first_layer_tactic(c.kernel, c.stride);
  } else {
    layer.tactic = convolution_tactic(product, c.kernel, kernel_width, c.stride > 1);
  }
  return out;
}

Value NetworkBuilder::depthwise(const Value& x, std::string_view path, std::int64_t kernel,
                                std::int64_t stride, Activation activation) {
  return convolution(x, path,
                     {.out = x.channels,
                      .kernel = kernel,
                      .stride = stride,
                      .groups = x.channels,
                      .activation = activation});
}

Value NetworkBuilder::pool(const Value& x, std::string name, const Window& window, std::string tactic) {
  Value out{name + "_output", x.channels,
            output_size(x.height, window.kernel, window.stride, window.padding, window.round_up),
            output_size(x.width, window.kernel, window.stride, window.padding, window.round_up), false};
  Layer& layer = add(std::move(name), "CaskPooling", "Pooling", LayerKind::kPooling);
  layer.inputs = {tensor(x)};
  layer.outputs = {tensor(out)};
  layer.window = {{window.kernel, window.kernel}};
  layer.stride = {{window.stride, window.stride}};
  layer.pre_padding = {{window.padding, window.padding}};
  layer.post_padding = layer.pre_padding;
  layer.padding_mode = window.round_up ? "kEXPLICIT_ROUND_UP" : "kEXPLICIT_ROUND_DOWN";
  layer.tactic = std::move(tactic);
  return out;
}

Value NetworkBuilder::max_pool(const Value& x, std::string_view path, const Window& window) {
  return pool(x, fmt::format("[MAX]-[aten_ops.max_pool2d.default]-[/{}]", path), window,
              fmt::format("sm50_xmma_pooling_coalescedC_NHWC_kMAX_{}_False", window.kernel));
}

Value NetworkBuilder::average_pool(const Value& x, std::string_view path, const Window& window) {
  return pool(x, fmt::format("[AVERAGE]-[aten_ops.avg_pool2d.default]-[/{}]", path), window,
              fmt::format("sm50_xmma_pooling_coalescedC_NHWC_kAVERAGE_{}_False", window.kernel));
}

Value NetworkBuilder::global_pool(const Value& x, std::string_view path) {
  return pool(x, fmt::format("[REDUCE]-[aten_ops.mean.dim]-[/{}/mean]", path), {x.height, 1, 0},
              "sm50_xmma_pooling_fw_4d_FP16FP32NHWC_Average_FastDiv_CAlign4");
}

Value NetworkBuilder::dense(const Value& x, std::string_view path, std::int64_t out, Activation activation) {
  std::string name =
      fmt::format("[MATRIX_MULTIPLY]-[aten_ops.addmm.default]-[/{}/addmm_mm] + /{}/addmm_add", path, path);
  if (activation == Activation::kRelu)
    name += fmt::format(" + [RELU]-[aten_ops.relu.default]-[/{}/relu]", path);
  Value in = x;
  if (x.height * x.width > 1) {
    const std::string reshape = fmt::format("reshape_before_/{}", path);
    const Value flat = reformat(x, reshape, true);
    Value vector{reshape + "_output", x.channels * x.height * x.width, 1, 1, true};
    Layer& noop = add(reshape, "NoOp", "", LayerKind::kNone);
    noop.inputs = {tensor(flat)};
    noop.outputs = {tensor(vector)};
    in = reformat(vector, name, false);
  }
  const Value result{fmt::format("{}_output", path), out, 1, 1, false};
  Layer& layer = add(std::move(name), "CaskGemmConvolution", "Convolution", LayerKind::kDense);
  layer.inputs = {tensor(in)};
  layer.outputs = {tensor(result)};
  layer.kernel = layer.stride = layer.dilation = {{1, 1}};
  layer.pre_padding = layer.post_padding = {{0, 0}};
  layer.padding_mode = "kEXPLICIT_ROUND_DOWN";
  layer.groups = 1;
  layer.output_maps = out;
  layer.weight_type = DataType::kFp16;
  layer.weight_count = in.channels * out;
  layer.activation = activation_text(activation);
  layer.tactic = gemm_tactic({batch_, out, in.channels, 1}, activation == Activation::kRelu);
  return result;
}

}  // namespace joulecast::networks
