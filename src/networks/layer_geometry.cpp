// Shapes of any rank as columns, and what they take in memory.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include "joulecast/networks.h"
#include "networks/format_words.h"

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
void take_padding(const Layer& layer, LayerGeometry& row) {
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

// TensorRT: "Thirty-two wide channel vectorized row major Int8 format".
constexpr std::array<std::pair<std::string_view, double>, 5> kVectorWords = {
    {{"Two", 2.0}, {"Four", 4.0}, {"Eight", 8.0}, {"Sixteen", 16.0}, {"Thirty-two", 32.0}}};

/// Elements in memory: channels padded as the format says.
double stored_elements(const Tensor& tensor) {
  double count = tensor.dimensions.empty() ? 0.0 : 1.0;
  for (std::size_t axis = 0; axis < tensor.dimensions.size(); ++axis) {
    double size = static_cast<double>(std::max<std::int64_t>(tensor.dimensions[axis], 0));
    if (axis == 1) {
      const double alignment = channel_alignment(tensor.format).value_or(1.0);
      size = std::ceil(size / alignment) * alignment;
    }
    count *= size;
  }
  return count;
}

void take_bytes(const Layer& layer, LayerGeometry& row) {
  double in = 0.0;
  double out = 0.0;
  for (const Tensor& tensor : layer.inputs)
    if (!tensor.is_constant) in += stored_elements(tensor) * assumed_bytes_per_element(tensor.type);
  for (const Tensor& tensor : layer.outputs)
    out += stored_elements(tensor) * assumed_bytes_per_element(tensor.type);
  if (!layer.inputs.empty()) row.bytes_in = in;
  if (!layer.outputs.empty()) row.bytes_out = out;
}

/// The number of weights as told, or from the shapes: a product's weights are inputs x outputs of one row.
void take_weights(const Layer& layer, LayerGeometry& row) {
  std::optional<double> count;
  if (layer.weight_count) {
    count = static_cast<double>(*layer.weight_count);
  } else if (row.input_channels && row.output_channels) {
    const bool product = layer.kind == LayerKind::kDense && !layer.kernel;
    const double plane = product ? row.input_height.value_or(1.0) * row.input_width.value_or(1.0)
                                 : row.kernel_height.value_or(1.0) * row.kernel_width.value_or(1.0);
    count = plane * *row.input_channels * *row.output_channels / std::max(row.groups.value_or(1.0), 1.0);
  }
  if (count) row.bytes_weights = *count * assumed_bytes_per_element(layer.weight_type);
}

}  // namespace

// "tilesize128x64x64", "gemm_256x64", "cudnn_128x128", "tile16x64x64" in a kernel's name: rows x columns [x
// depth].
void take_tile(std::string_view tactic, LayerGeometry& row) {
  for (const std::string_view mark : {"tilesize", "gemm_", "cudnn_", "_tile"}) {
    for (std::size_t at = tactic.find(mark); at != std::string_view::npos; at = tactic.find(mark, at + 1)) {
      const char* const end = tactic.data() + tactic.size();
      unsigned rows = 0;
      unsigned columns = 0;
      const auto first = std::from_chars(tactic.data() + at + mark.size(), end, rows);
      if (first.ec != std::errc() || first.ptr == end || *first.ptr != 'x') continue;
      const auto second = std::from_chars(first.ptr + 1, end, columns);
      if (second.ec != std::errc() || rows == 0 || columns == 0 || rows > 4096 || columns > 4096) continue;
      row.tile_rows = rows;
      row.tile_columns = columns;
      return;
    }
  }
}

std::optional<double> channel_alignment(std::string_view format) {
  constexpr std::string_view kModulo = "channel % ";
  if (const std::size_t at = format.find(kModulo); at != std::string_view::npos) {
    double number = 0.0;
    for (std::size_t i = at + kModulo.size(); i < format.size() && format[i] >= '0' && format[i] <= '9'; ++i)
      number = number * 10.0 + (format[i] - '0');
    return number >= 1.0 && number <= 1024.0 ? std::optional(number) : std::nullopt;
  }
  for (const auto& [word, wide] : kVectorWords)
    if (format.starts_with(word) && format.find("wide channel vectorized") != std::string_view::npos)
      return wide;
  if (format.starts_with("Row major") || format.starts_with("Channel major")) return 1.0;
  return std::nullopt;
}

LayerGeometry geometry_of(const Layer& layer) {
  LayerGeometry row;
  row.kind = layer.kind;
  if (!layer.inputs.empty()) {
    const Extent in = extent_of(layer.inputs.front().dimensions);
    row.batch_size = in.batch;
    row.input_channels = in.channels;
    row.input_height = in.height;
    row.input_width = in.width;
    row.input_type = layer.inputs.front().type;
    row.input_alignment = channel_alignment(layer.inputs.front().format);
  }
  if (!layer.outputs.empty()) {
    const Extent out = extent_of(layer.outputs.front().dimensions);
    if (!row.batch_size) row.batch_size = out.batch;
    row.output_channels = out.channels;
    row.output_height = out.height;
    row.output_width = out.width;
    row.output_type = layer.outputs.front().type;
    row.output_alignment = channel_alignment(layer.outputs.front().format);
  }
  take_bytes(layer, row);

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
    take_weights(layer, row);
    take_tile(layer.tactic, row);
  }
  return row;
}

}  // namespace joulecast
