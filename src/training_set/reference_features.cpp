#include <fmt/format.h>

#include "joulecast/training_set.h"

namespace joulecast {
namespace {

// The reference's features of a layer (its convert_measurements.py), defects included:
// - it reads a pooling layer's window from the key Kernel, which TensorRT never writes for pooling, and falls
//   back to the input's height and width;
// - "dense" is every CaskGemmConvolution, 1x1 convolutions too, and its sizes include the batch.
// Where it would end in an exception, the layer is refused with the reason.

using Sizes = std::vector<std::int64_t>;
using Result = Expected<std::optional<ReferenceFeatures>>;

constexpr std::array<std::string_view, 13> kConvolutional = {
    "batch_size",    "input_size_0",  "input_size_1", "input_size_2", "output_size_0",
    "output_size_1", "output_size_2", "kernel_0",     "kernel_1",     "padding_0",
    "padding_1",     "stride_0",      "stride_1"};
constexpr std::array<std::string_view, 11> kPooling = {
    "batch_size",    "input_size_0", "input_size_1", "input_size_2", "output_size_0", "output_size_1",
    "output_size_2", "kernel_0",     "kernel_1",     "stride_0",     "stride_1"};
static_assert(kConvolutional.size() <= std::tuple_size_v<decltype(ReferenceFeatures::values)> &&
              kPooling.size() <= kConvolutional.size());
constexpr std::array<std::string_view, 3> kDense = {"batch_size", "input_size", "output_size"};

tl::unexpected<Error> refuse(std::string_view type, std::string_view why) {
  return fail(ErrorKind::kUnfit, fmt::format("{} layer: {}", type, why), {},
              "Export the engine again with detailed layer information");
}

/// What the reference's data model accepts: tensors of rank 2 or 4, lists of 2 or 4 numbers.
std::optional<std::string> fault_of(const Layer& layer) {
  if (!layer.faults.empty()) return layer.faults.front();
  for (const std::vector<Tensor>* tensors : {&layer.inputs, &layer.outputs}) {
    for (const Tensor& tensor : *tensors) {
      const std::size_t rank = tensor.dimensions.size();
      if (rank != 2 && rank != 4) return fmt::format("tensor {} has rank {}, not 2 or 4", tensor.name, rank);
      for (const std::int64_t size : tensor.dimensions)
        if (size < 0) return fmt::format("tensor {} has a dynamic dimension (-1)", tensor.name);
    }
  }
  const std::pair<std::string_view, const std::optional<Sizes>*> lists[] = {
      {"Kernel", &layer.kernel},
      {"Stride", &layer.stride},
      {"PrePadding", &layer.pre_padding},
      {"PostPadding", &layer.post_padding}};
  for (const auto& [name, list] : lists) {
    if (*list && (*list)->size() != 2 && (*list)->size() != 4)
      return fmt::format("{} has {} entries, not 2", name, (*list)->size());
  }
  if (layer.inputs.empty()) return "no input";
  if (layer.outputs.empty()) return "no output";
  if (layer.inputs.front().dimensions.size() != 4) return "its input has rank 2, not 4 (N,C,H,W)";
  if (layer.outputs.front().dimensions.size() != 4) return "its output has rank 2, not 4 (N,C,H,W)";
  return std::nullopt;
}

std::optional<std::string> missing(const std::optional<Sizes>& list, std::string_view name) {
  if (list) return std::nullopt;
  return fmt::format("no {}", name);
}

void append(ReferenceFeatures& features, double value) {
  features.values[features.count++] = value;
}

void append_two(ReferenceFeatures& features, const Sizes& list) {
  append(features, static_cast<double>(list[0]));
  append(features, static_cast<double>(list[1]));
}

/// N,C,H,W of the input, then C,H,W of the output.
void append_sizes(ReferenceFeatures& features, const Layer& layer) {
  const Sizes& in = layer.inputs.front().dimensions;
  const Sizes& out = layer.outputs.front().dimensions;
  for (std::size_t axis = 0; axis < 4; ++axis) append(features, static_cast<double>(in[axis]));
  for (std::size_t axis = 1; axis < 4; ++axis) append(features, static_cast<double>(out[axis]));
}

double product(const Sizes& sizes) {
  double total = 1.0;
  for (const std::int64_t size : sizes) total *= static_cast<double>(size);
  return total;
}

Expected<void> append_convolutional(ReferenceFeatures& features, const Layer& layer, std::string_view type) {
  for (const auto& [list, name] :
       {std::pair{&layer.kernel, "Kernel"}, std::pair{&layer.pre_padding, "PrePadding"},
        std::pair{&layer.post_padding, "PostPadding"}, std::pair{&layer.stride, "Stride"}}) {
    if (const auto fault = missing(*list, name)) return refuse(type, *fault);
  }
  append_sizes(features, layer);
  append_two(features, *layer.kernel);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    append(features, static_cast<double>((*layer.pre_padding)[axis]) +
                         static_cast<double>((*layer.post_padding)[axis]));
  }
  append_two(features, *layer.stride);
  return {};
}

Expected<void> append_pooling(ReferenceFeatures& features, const Layer& layer, std::string_view type) {
  if (layer.kernel) return refuse(type, "it has a Kernel, which the reference cannot read for pooling");
  if (const auto fault = missing(layer.stride, "Stride")) return refuse(type, *fault);
  append_sizes(features, layer);
  append(features, features.values[2]);
  append(features, features.values[3]);
  append_two(features, *layer.stride);
  return {};
}

Expected<void> append_dense(ReferenceFeatures& features, const Layer& layer) {
  const Sizes& in = layer.inputs.front().dimensions;
  append(features, static_cast<double>(in.front()));
  append(features, product(in));
  append(features, product(layer.outputs.front().dimensions));
  return {};
}

}  // namespace

std::string_view to_string(ReferenceKind kind) {
  switch (kind) {
    case ReferenceKind::kConvolutional:
      return "convolutional";
    case ReferenceKind::kPooling:
      return "pooling";
    case ReferenceKind::kDense:
      break;
  }
  return "dense";
}

std::span<const std::string_view> reference_feature_names(ReferenceKind kind) {
  switch (kind) {
    case ReferenceKind::kConvolutional:
      return kConvolutional;
    case ReferenceKind::kPooling:
      return kPooling;
    case ReferenceKind::kDense:
      break;
  }
  return kDense;
}

Result reference_features(const Layer& layer) {
  return reference_features(layer, layer.type);
}

Result reference_features(const Layer& layer, std::string_view type) {
  ReferenceFeatures features;
  if (type == "CaskConvolution") {
    features.kind = ReferenceKind::kConvolutional;
  } else if (type == "CaskPooling") {
    features.kind = ReferenceKind::kPooling;
  } else if (type == "CaskGemmConvolution") {
    features.kind = ReferenceKind::kDense;
  } else {
    return std::nullopt;
  }
  if (const auto fault = fault_of(layer)) return refuse(type, *fault);
  const Expected<void> done =
      features.kind == ReferenceKind::kConvolutional ? append_convolutional(features, layer, type)
      : features.kind == ReferenceKind::kPooling     ? append_pooling(features, layer, type)
                                                     : append_dense(features, layer);
  if (!done) return tl::unexpected(done.error());
  return features;
}

}  // namespace joulecast
