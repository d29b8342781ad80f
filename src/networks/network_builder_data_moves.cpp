// The builder's layers without weights: element-wise functions, copies, softmax, and the network's end.
#include <fmt/format.h>

#include <utility>

#include "networks/network_builder.h"

namespace joulecast::networks {

Value NetworkBuilder::scale(const Value& x, std::string_view path) {
  Value out = x;
  out.tensor = fmt::format("{}_output", path);
  Layer& layer = add(fmt::format("[SCALE]-[aten_ops._native_batch_norm_legit_no_training.default]-[/{}] + "
                                 "[RELU]-[aten_ops.relu.default]-[/{}/relu]",
                                 path, path),
                     "Scale", "Scale", LayerKind::kElementwise);
  layer.inputs = {tensor(x)};
  layer.outputs = {tensor(out)};
  return out;
}

Value NetworkBuilder::pointwise(const Value& x, std::string_view path, std::string_view function) {
  Value out = x;
  out.tensor = fmt::format("{}/{}_output", path, function);
  Layer& layer =
      add(fmt::format("PWN([ACTIVATION]-[aten_ops.{}.default]-[/{}/{}])", function, path, function),
          "PointWiseV2", "PointWise", LayerKind::kElementwise);
  layer.inputs = {tensor(x)};
  layer.outputs = {tensor(out)};
  return out;
}

Value NetworkBuilder::gate(const Value& x, const Value& gate, std::string_view path) {
  Value out = x;
  out.tensor = fmt::format("{}/mul_output", path);
  Layer& layer = add(fmt::format("[ELEMENTWISE]-[aten_ops.mul.Tensor]-[/{}/mul]", path), "ElementWise",
                     "ElementWise", LayerKind::kElementwise);
  layer.inputs = {tensor(x), tensor(gate)};
  layer.outputs = {tensor(out)};
  return out;
}

Value NetworkBuilder::concatenate(std::string_view path, const std::vector<Value>& parts) {
  Value out = parts.front();
  out.tensor = fmt::format("{}/cat_output", path);
  out.channels = 0;
  for (const Value& part : parts) out.channels += part.channels;
  return out;
}

Value NetworkBuilder::copy(const Value& x, std::string_view path) {
  Value out = x;
  out.tensor = fmt::format("{}/copy_output", path);
  Layer& layer = add(fmt::format("{} copy", x.tensor), "Reformat", "Reformat", LayerKind::kReformat);
  layer.inputs = {tensor(x)};
  layer.outputs = {tensor(out)};
  return out;
}

Value NetworkBuilder::half(const Value& x, bool second) {
  Value out = x;
  out.tensor = fmt::format("{}_half{}", x.tensor, second ? 1 : 0);
  out.channels = x.channels / 2;
  return out;
}

Value NetworkBuilder::shuffle(const Value& x, std::string_view path) {
  Value out = x;
  out.tensor = fmt::format("{}/shuffle_output", path);
  Layer& layer = add(fmt::format("[SHUFFLE]-[aten_ops.permute.default]-[/{}/permute]", path), "Shuffle",
                     "Shuffle", LayerKind::kReformat);
  layer.inputs = {tensor(x)};
  layer.outputs = {tensor(out)};
  return out;
}

Value NetworkBuilder::softmax(const Value& x, std::string_view path) {
  Value out = x;
  out.tensor = fmt::format("{}_output", path);
  Layer& layer = add(fmt::format("[SOFTMAX]-[aten_ops._softmax.default]-[/{}]", path), "CudaSoftMax",
                     "SoftMax", LayerKind::kSoftmax);
  layer.inputs = {tensor(x)};
  layer.outputs = {tensor(out)};
  return out;
}

Network NetworkBuilder::finish(const Value& output) {
  const std::string squeeze = "copied_squeeze_after_output0";
  Value linear = output;
  linear.linear = true;
  linear.tensor = fmt::format("Reformatted Input Tensor 0 to {}", squeeze);
  Layer& reformat = add(fmt::format("Reformatting CopyNode for Input Tensor 0 to {}", squeeze), "NoOp", "",
                        LayerKind::kNone);
  reformat.inputs = {tensor(output)};
  reformat.outputs = {tensor(linear)};
  Layer& last = add(squeeze, "NoOp", "", LayerKind::kNone);
  last.inputs = {tensor(linear)};
  Tensor result = tensor(linear);
  result.name = "output0";
  result.dimensions = {batch_, output.channels * output.height * output.width};
  last.outputs = {std::move(result)};
  return std::move(network_);
}

}  // namespace joulecast::networks
