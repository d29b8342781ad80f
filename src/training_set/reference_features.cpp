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

/// Appends the numbers, or names the first that is not known.
Expected<void> append_known(
    ReferenceFeatures& features, std::string_view type,
    std::initializer_list<std::pair<std::string_view, std::optional<double>>> numbers) {
  for (const auto& [name, number] : numbers) {
    if (!number)
      return fail(ErrorKind::kUnfit, fmt::format("{} layer: no {}", type, name), {},
                  "Fill the column in, or leave the layer to a physical model");
    append(features, *number);
  }
  return {};
}

Expected<void> append_row(ReferenceFeatures& features, const LayerRow& row, std::string_view type) {
  ReferenceFeatures sizes;
  if (auto done = append_known(sizes, type,
                               {{"batch_size", row.batch_size},
                                {"input_channels", row.input_channels},
                                {"input_height", row.input_height},
                                {"input_width", row.input_width},
                                {"output_channels", row.output_channels},
                                {"output_height", row.output_height},
                                {"output_width", row.output_width}});
      !done)
    return done;
  if (features.kind == ReferenceKind::kDense) {
    append(features, sizes.values[0]);
    append(features, sizes.values[0] * sizes.values[1] * sizes.values[2] * sizes.values[3]);
    append(features, sizes.values[0] * sizes.values[4] * sizes.values[5] * sizes.values[6]);
    return {};
  }
  for (const double size : sizes.row()) append(features, size);
  if (features.kind == ReferenceKind::kPooling)
    return append_known(features, type,
                        {{"input_height", row.input_height},
                         {"input_width", row.input_width},
                         {"stride_height", row.stride_height},
                         {"stride_width", row.stride_width}});
  return append_known(features, type,
                      {{"kernel_height", row.kernel_height},
                       {"kernel_width", row.kernel_width},
                       {"padding_height", row.padding_height},
                       {"padding_width", row.padding_width},
                       {"stride_height", row.stride_height},
                       {"stride_width", row.stride_width}});
}

/// The LayerType of a group.
std::string_view type_of(ReferenceKind kind) {
  switch (kind) {
    case ReferenceKind::kConvolutional:
      return "CaskConvolution";
    case ReferenceKind::kPooling:
      return "CaskPooling";
    case ReferenceKind::kDense:
      break;
  }
  return "CaskGemmConvolution";
}

Expected<void> append_dense(ReferenceFeatures& features, const Layer& layer) {
  const Sizes& in = layer.inputs.front().dimensions;
  append(features, static_cast<double>(in.front()));
  append(features, product(in));
  append(features, product(layer.outputs.front().dimensions));
  return {};
}

Expected<void> fill_features(ReferenceFeatures& features, const Layer& layer, ReferenceKind kind) {
  features.kind = kind;
  const std::string_view type = type_of(kind);
  if (const auto fault = fault_of(layer)) return refuse(type, *fault);
  switch (kind) {
    case ReferenceKind::kConvolutional:
      return append_convolutional(features, layer, type);
    case ReferenceKind::kPooling:
      return append_pooling(features, layer, type);
    case ReferenceKind::kDense:
      break;
  }
  return append_dense(features, layer);
}

Expected<void> fill_features(ReferenceFeatures& features, const LayerRow& row, ReferenceKind kind) {
  features.kind = kind;
  return append_row(features, row, type_of(kind));
}

/// An Expected made in place: the features are many bytes to copy.
template <class AnyLayer>
Expected<ReferenceFeatures> made_in_place(const AnyLayer& layer, ReferenceKind kind) {
  Expected<ReferenceFeatures> result;
  if (auto done = fill_features(*result, layer, kind); !done)
    result = tl::unexpected(std::move(done.error()));
  return result;
}

template <class AnyLayer>
Result features_by_type(const AnyLayer& layer, std::string_view type) {
  for (const ReferenceKind kind : kReferenceKinds) {
    if (type != type_of(kind)) continue;
    Result result{std::optional<ReferenceFeatures>(std::in_place)};
    if (auto done = fill_features(**result, layer, kind); !done)
      result = tl::unexpected(std::move(done.error()));
    return result;
  }
  return std::nullopt;
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

std::optional<ReferenceKind> reference_kind_from(std::string_view name) {
  for (const ReferenceKind kind : kReferenceKinds)
    if (name == to_string(kind)) return kind;
  return std::nullopt;
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

std::optional<ReferenceKind> reference_kind(LayerKind kind) {
  switch (kind) {
    case LayerKind::kConvolutional:
      return ReferenceKind::kConvolutional;
    case LayerKind::kPooling:
      return ReferenceKind::kPooling;
    case LayerKind::kDense:
      return ReferenceKind::kDense;
    default:
      return std::nullopt;
  }
}

Expected<ReferenceFeatures> reference_features(const Layer& layer, ReferenceKind kind) {
  return made_in_place(layer, kind);
}

Expected<ReferenceFeatures> reference_features(const LayerRow& row, ReferenceKind kind) {
  return made_in_place(row, kind);
}

Result reference_features(const Layer& layer) {
  return features_by_type(layer, layer.type);
}

Result reference_features(const LayerRow& row) {
  return features_by_type(row, row.layer_type);
}

}  // namespace joulecast
