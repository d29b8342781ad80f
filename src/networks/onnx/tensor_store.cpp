#include "networks/onnx/tensor_store.h"

#include <algorithm>

#include <fmt/format.h>

#include "networks/kernel_choice.h"

namespace joulecast::onnx {
namespace {

/// The type a network's inputs and outputs have outside.
DataType outside_type(ElementType type) {
  switch (type) {
    case ElementType::kFloat:
    case ElementType::kDouble:
      return DataType::kFp32;
    case ElementType::kFloat16:
      return DataType::kFp16;
    case ElementType::kBfloat16:
      return DataType::kBf16;
    case ElementType::kUint8:
      return DataType::kUint8;
    case ElementType::kInt8:
      return DataType::kInt8;
    case ElementType::kInt16:
    case ElementType::kUint16:
    case ElementType::kInt32:
    case ElementType::kUint32:
      return DataType::kInt32;
    case ElementType::kInt64:
    case ElementType::kUint64:
      return DataType::kInt64;
    case ElementType::kBool:
      return DataType::kBool;
    case ElementType::kInt4:
    case ElementType::kUint4:
      return DataType::kInt4;
    default:
      break;
  }
  const bool fp8 = type >= ElementType::kFloat8First && type <= ElementType::kFloat8Last;
  return fp8 ? DataType::kFp8 : DataType::kUnknown;
}

bool is_real(DataType type) {
  return type == DataType::kFp32 || type == DataType::kFp16 || type == DataType::kBf16 ||
         type == DataType::kUnknown;
}

/// Packed and linear are the same bytes where every pixel is alone.
bool one_pixel(const Shape& shape) {
  return shape.size() < 3 ||
         std::all_of(shape.begin() + 2, shape.end(), [](std::int64_t size) { return size == 1; });
}

}  // namespace

Shape at_least_four(Shape shape) {
  if (shape.size() == 3) shape.push_back(1);
  return shape;
}

TensorStore::TensorStore(const Graph& graph, DataType precision, Network& network)
    : graph_(graph), precision_(precision), network_(network) {
  for (const int id : graph.inputs) {
    const Value& value = graph.value(id);
    if (!value.shape) continue;
    stored_[id] = make(std::string(value.name), *value.shape, Layout::kLinear, outside_type(value.type));
  }
}

DataType TensorStore::type_of(int value, Layout layout) const {
  const Value& v = graph_.value(value);
  const bool quantised = v.producer >= 0 && (graph_.node(v.producer).is("QuantizeLinear") ||
                                             graph_.node(v.producer).operation().starts_with("QLinear"));
  if (quantised) return DataType::kInt8;
  const DataType type = outside_type(v.type);
  if (!is_real(type)) return type;
  // What has no integer kernel runs in half precision.
  return precision_ == DataType::kInt8 && layout == Layout::kLinear ? DataType::kFp16 : precision_;
}

Stored TensorStore::make(std::string name, Shape shape, Layout layout, DataType type) const {
  if (!networks::has_packed_format(type) || shape.size() < 4) layout = Layout::kLinear;
  const std::int64_t channels = shape.size() > 1 ? shape[1] : 1;
  const std::string_view format =
      layout == Layout::kPacked ? networks::packed_format(type, channels) : networks::linear_format(type);
  return {Tensor{std::move(name), std::move(shape), type, std::string(format), false}, layout};
}

const Tensor& TensorStore::put(int value, Shape shape, Layout layout) {
  if (shape.size() < 4 || !networks::has_packed_format(type_of(value, layout))) layout = Layout::kLinear;
  stored_[value] =
      make(std::string(graph_.value(value).name), std::move(shape), layout, type_of(value, layout));
  return stored_[value].tensor;
}

void TensorStore::add_layer(std::string_view type, std::string name, Tensor from, Tensor to) {
  Layer& layer = network_.layers.emplace_back();
  layer.name = std::move(name);
  layer.type = type;
  if (type != "NoOp") layer.parameter_type = type;
  layer.inputs = {std::move(from)};
  layer.outputs = {std::move(to)};
  layer.kind = classify(layer);
}

void TensorStore::reformat(const Stored& from, const Stored& to, std::string name) {
  const bool same_bytes = from.tensor.type == to.tensor.type && one_pixel(from.tensor.dimensions);
  add_layer(same_bytes ? "NoOp" : "Reformat", std::move(name), from.tensor, to.tensor);
}

Tensor TensorStore::read(int value, Layout layout, std::string_view reader, std::size_t index) {
  const Stored& from = stored_.at(value);
  Stored to = make(fmt::format("Reformatted Input Tensor {} to {}", index, reader), from.tensor.dimensions,
                   layout, type_of(value, layout));
  if (to.layout != layout)
    to = make(to.tensor.name, to.tensor.dimensions, to.layout, type_of(value, to.layout));
  if (from.layout == to.layout && from.tensor.type == to.tensor.type) return from.tensor;
  const auto known = reformatted_.find({value, to.layout});
  if (known != reformatted_.end() && known->second.tensor.dimensions == from.tensor.dimensions)
    return known->second.tensor;
  reformat(from, to, fmt::format("Reformatting CopyNode for Input Tensor {} to {}", index, reader));
  reformatted_[{value, to.layout}] = to;
  return to.tensor;
}

Tensor TensorStore::read_as_is(int value, std::string_view reader, std::size_t index) {
  return read(value, stored_.at(value).layout, reader, index);
}

Tensor TensorStore::reshape(int value, Shape shape, std::string name) {
  const Tensor from = read(value, Layout::kLinear, name, 0);
  const Stored to = make(name + "_output", std::move(shape), Layout::kLinear, from.type);
  add_layer("NoOp", std::move(name), from, to.tensor);
  return to.tensor;
}

void TensorStore::restore_shape(int value) {
  const Shape& shape = *graph_.value(value).shape;
  if (stored_.at(value).tensor.dimensions == shape) return;
  Tensor tensor = reshape(value, shape, fmt::format("reshape_after_{}", graph_.value(value).name));
  stored_[value] = {std::move(tensor), Layout::kLinear};
  reformatted_.erase({value, Layout::kLinear});
  reformatted_.erase({value, Layout::kPacked});
}

void TensorStore::write_output(int value, std::string_view maker) {
  if (!stored_.contains(value) || !graph_.value(value).shape) return;
  restore_shape(value);
  const Stored& from = stored_.at(value);
  const Value& v = graph_.value(value);
  const DataType type = v.info != nullptr && v.is_output ? outside_type(v.type) : from.tensor.type;
  const Stored to = make(std::string(v.name), from.tensor.dimensions, Layout::kLinear,
                         type == DataType::kUnknown ? from.tensor.type : type);
  if (from.layout == to.layout && from.tensor.type == to.tensor.type) return;
  reformat(from, to, fmt::format("Reformatting CopyNode for Output Tensor 0 to {}", maker));
}

}  // namespace joulecast::onnx
