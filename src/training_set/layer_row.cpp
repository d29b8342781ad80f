#include <algorithm>

#include "joulecast/training_set.h"

namespace joulecast {
namespace {

using Sizes = std::vector<std::int64_t>;

struct Extent {
  std::optional<double> batch, channels, height, width;
};

// A tensor of any rank in the columns batch, channels, height, width, so that their product is always its
// number of elements: N,C,H,W as it stands; lower ranks fill from the left (rank 1 has no batch); of more
// than four, all but the last from height on are multiplied into the height (N,C,D,H,W has height D*H).
Extent extent_of(const Sizes& sizes) {
  if (std::any_of(sizes.begin(), sizes.end(), [](std::int64_t s) { return s < 0; })) return {};  // dynamic
  const auto size = [&](std::size_t axis) { return static_cast<double>(sizes[axis]); };
  Extent extent;
  switch (sizes.size()) {
    case 0:
      extent.channels = 1.0;
      return extent;
    case 1:
      extent.channels = size(0);
      return extent;
    default:
      break;
  }
  extent.batch = size(0);
  extent.channels = size(1);
  if (sizes.size() == 3) extent.height = size(2);
  if (sizes.size() > 3) {
    double height = 1.0;
    for (std::size_t axis = 2; axis + 1 < sizes.size(); ++axis) height *= size(axis);
    extent.height = height;
    extent.width = size(sizes.size() - 1);
  }
  return extent;
}

/// Height and width of a list; a single number is a height (one-dimensional convolutions). Other lengths say
/// nothing about a plane.
void take_plane(const std::optional<Sizes>& list, std::optional<double>& height,
                std::optional<double>& width) {
  if (!list || list->empty() || list->size() > 2) return;
  height = static_cast<double>(list->front());
  if (list->size() == 2) width = static_cast<double>(list->back());
}

/// Pre plus post; absent unless both are there.
void take_padding(const Layer& layer, LayerRow& row) {
  std::optional<double> post_height;
  std::optional<double> post_width;
  take_plane(layer.pre_padding, row.padding_height, row.padding_width);
  take_plane(layer.post_padding, post_height, post_width);
  const auto add = [](std::optional<double>& to, const std::optional<double>& post) {
    to = to && post ? std::optional(*to + *post) : std::nullopt;
  };
  add(row.padding_height, post_height);
  add(row.padding_width, post_width);
}

}  // namespace

LayerRow describe_layer(const Layer& layer, std::string_view network) {
  LayerRow row;
  row.network = network;
  row.layer_name = layer.name;
  row.layer_type = layer.type;
  row.kind = layer.kind;
  if (!layer.inputs.empty()) {
    const Extent in = extent_of(layer.inputs.front().dimensions);
    row.batch_size = in.batch;
    row.input_channels = in.channels;
    row.input_height = in.height;
    row.input_width = in.width;
    row.input_type = layer.inputs.front().type;
  }
  if (!layer.outputs.empty()) {
    const Extent out = extent_of(layer.outputs.front().dimensions);
    if (!row.batch_size) row.batch_size = out.batch;
    row.output_channels = out.channels;
    row.output_height = out.height;
    row.output_width = out.width;
    row.output_type = layer.outputs.front().type;
  }
  row.activation = layer.activation;
  row.tactic = layer.tactic;

  // A stride of a Slice, or the weights of a Constant, are no geometry of a window.
  const bool weighted = layer.kind == LayerKind::kConvolutional || layer.kind == LayerKind::kDense;
  const bool slides = weighted || layer.kind == LayerKind::kPooling;
  if (slides) {
    take_plane(weighted ? layer.kernel : layer.window, row.kernel_height, row.kernel_width);
    take_plane(layer.stride, row.stride_height, row.stride_width);
    take_padding(layer, row);
    take_plane(layer.dilation, row.dilation_height, row.dilation_width);
  }
  if (weighted) {
    if (layer.groups) row.groups = static_cast<double>(*layer.groups);
    row.weight_type = layer.weight_type;
    row.residual = layer.has_residual;
  }
  return row;
}

}  // namespace joulecast
