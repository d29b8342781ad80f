#include "networks/layer_demand.h"

#include <algorithm>
#include <cmath>

#include "networks/format_words.h"

namespace joulecast {
namespace {

constexpr double kGiga = 1e9;
constexpr double kMega = 1e6;
constexpr double kImageChannels = 4.0;
constexpr double kTile = 128.0;  // rows and columns of the usual largest tile

double size_of(const std::optional<double>& value) {
  return value && *value > 0.0 ? *value : 1.0;
}

/// Time of a multiplication on matrix units, relative to half precision: each halving of the width doubles
/// the rate on every generation of NVIDIA's units (TF32 for single precision).
double relative_cost(DataType type) {
  return assumed_bytes_per_element(type) / 2.0;
}

/// Multiples in which channels are kept, where the format does not say: what the units of the type take.
double alignment_of(const std::optional<double>& told, double channels, DataType type) {
  if (told) return std::max(*told, 1.0);
  if (channels <= kImageChannels || assumed_bytes_per_element(type) > 2.0) return 1.0;
  return assumed_bytes_per_element(type) > 1.0 ? 8.0 : 32.0;
}

double padded(double channels, double alignment) {
  return std::ceil(channels / alignment) * alignment;
}

double input_elements(const LayerGeometry& layer) {
  return size_of(layer.batch_size) * size_of(layer.input_channels) * size_of(layer.input_height) *
         size_of(layer.input_width);
}

double output_elements(const LayerGeometry& layer) {
  return size_of(layer.batch_size) * size_of(layer.output_channels) * size_of(layer.output_height) *
         size_of(layer.output_width);
}

bool is_depthwise(const LayerGeometry& layer) {
  return size_of(layer.groups) > 1.0 && size_of(layer.groups) >= size_of(layer.input_channels);
}

bool has_window(const LayerGeometry& layer) {
  return layer.kernel_height.has_value() || layer.kernel_width.has_value();
}

/// Of the output before a pooling that is fused into the layer has made it smaller, if there is one.
double computed_size(const std::optional<double>& out, const std::optional<double>& in,
                     const std::optional<double>& kernel, const std::optional<double>& stride,
                     const std::optional<double>& padding, const std::optional<double>& dilation) {
  if (!in || !kernel || !padding || !stride || !(*stride > 0.0)) return size_of(out);
  const double extent = size_of(dilation) * (*kernel - 1.0) + 1.0;
  return std::max(std::floor((*in + *padding - extent) / *stride) + 1.0, size_of(out));
}

MatrixShape product_of(const LayerGeometry& layer) {
  MatrixShape shape;
  const DataType type = layer.weight_type != DataType::kUnknown ? layer.weight_type : layer.input_type;
  const double in = size_of(layer.input_channels);
  const double out = size_of(layer.output_channels);
  const double window = size_of(layer.kernel_height) * size_of(layer.kernel_width);
  shape.rows = size_of(layer.batch_size) *
               computed_size(layer.output_height, layer.input_height, layer.kernel_height,
                             layer.stride_height, layer.padding_height, layer.dilation_height) *
               computed_size(layer.output_width, layer.input_width, layer.kernel_width, layer.stride_width,
                             layer.padding_width, layer.dilation_width);
  shape.groups = std::max(size_of(layer.groups), 1.0);
  if (layer.kind == LayerKind::kDense && !has_window(layer)) {
    shape.depth = input_elements(layer) / size_of(layer.batch_size);
    shape.columns = out;
    return shape;
  }
  shape.columns = padded(out / shape.groups, alignment_of(layer.output_alignment, out, type));
  shape.depth = padded(in / shape.groups, alignment_of(layer.input_alignment, in, type)) * window;
  // A transposed convolution puts its stride's zeros nowhere: each output meets a part of the window.
  const double stride = size_of(layer.stride_height) * size_of(layer.stride_width);
  const bool transposed = stride > 1.0 && size_of(layer.output_height) * size_of(layer.output_width) >
                                              size_of(layer.input_height) * size_of(layer.input_width);
  if (transposed) shape.depth = std::max(shape.depth / stride, 1.0);
  return shape;
}

/// Two activations: the inner length is the first one's last dimension.
MatrixShape product_of_activations(const LayerGeometry& layer) {
  MatrixShape shape;
  shape.depth = layer.input_width    ? *layer.input_width
                : layer.input_height ? *layer.input_height
                                     : size_of(layer.input_channels);
  shape.rows = output_elements(layer) / size_of(layer.output_channels);
  shape.columns = size_of(layer.output_channels);
  return shape;
}

double read_share(const std::optional<double>& kernel, const std::optional<double>& stride) {
  return kernel && stride && *stride > 0.0 ? std::min(1.0, *kernel / *stride) : 1.0;
}

double weights_of(const LayerGeometry& layer) {
  if (layer.bytes_weights) return *layer.bytes_weights;
  if (layer.kind != LayerKind::kConvolutional && layer.kind != LayerKind::kDense) return 0.0;
  const double plane = has_window(layer) ? size_of(layer.kernel_height) * size_of(layer.kernel_width)
                                         : size_of(layer.input_height) * size_of(layer.input_width);
  const DataType type = layer.weight_type != DataType::kUnknown ? layer.weight_type : layer.input_type;
  return plane * size_of(layer.input_channels) / size_of(layer.groups) * size_of(layer.output_channels) *
         assumed_bytes_per_element(type);
}

void add_traffic(const LayerGeometry& layer, LayerDemand& demand) {
  const double first =
      input_elements(layer) / size_of(layer.input_channels) * assumed_bytes_per_element(layer.input_type) *
      padded(size_of(layer.input_channels), std::max(layer.input_alignment.value_or(1.0), 1.0));
  const double in = layer.bytes_in.value_or(layer.input_channels ? first : 0.0);
  const double share = read_share(layer.kernel_height, layer.stride_height) *
                       read_share(layer.kernel_width, layer.stride_width);
  const double skipped = has_window(layer) ? std::min(first, in) * (1.0 - share) : 0.0;
  const double out = layer.bytes_out.value_or(
      layer.output_channels ? output_elements(layer) * assumed_bytes_per_element(layer.output_type) : 0.0);
  // Where the bytes of all inputs are not told, a residual one is as large as the output.
  const bool untold_residual = !layer.bytes_in && layer.residual.value_or(false);
  demand.input_mb = (in - skipped + (untold_residual ? out : 0.0)) / kMega;
  demand.output_mb = out / kMega;
  demand.traffic_mb = demand.input_mb + demand.output_mb + weights_of(layer) / kMega;
}

void add_product(const LayerGeometry& layer, LayerDemand& demand) {
  const DataType type = layer.weight_type != DataType::kUnknown ? layer.weight_type : layer.input_type;
  const MatrixShape& p = demand.product;
  const double gflop = 2.0 * p.rows * p.columns * p.depth * p.groups / kGiga * relative_cost(type);
  const double alignment = layer.input_alignment.value_or(1.0);
  // Vector units multiply bytes four channels at a time: an image of bytes in another order is no work of
  // theirs.
  const bool in_order = type != DataType::kInt8 || alignment == kImageChannels;
  const bool image = has_window(layer) && size_of(layer.input_channels) <= kImageChannels &&
                     alignment <= kImageChannels && in_order;
  (image ? demand.image_gflop : demand.matrix_gflop) = gflop;
  const auto tiles = [](double size) { return std::ceil(size / kTile); };
  demand.operand_mb = (p.rows * p.depth * tiles(p.columns) + p.columns * p.depth * tiles(p.rows)) * p.groups *
                      assumed_bytes_per_element(type) / kMega;
  const bool map = size_of(layer.output_height) * size_of(layer.output_width) > 1.0;
  if (map) demand.kilo_depth = p.depth / 1e3;
  demand.extra_groups = p.groups - 1.0;
}

using Size = std::optional<double>;
bool has_elements(const Size& channels, const Size& height, const Size& width) {
  const auto is_none = [](const Size& size) { return size && !(*size > 0.0); };
  return channels && *channels > 0.0 && !is_none(height) && !is_none(width);
}

/// Whether all sizes are there that the arithmetic of the kind follows from.
bool is_covered(const LayerGeometry& layer) {
  const bool in = has_elements(layer.input_channels, layer.input_height, layer.input_width);
  const bool out = has_elements(layer.output_channels, layer.output_height, layer.output_width);
  switch (layer.kind) {
    case LayerKind::kOther:
      return false;
    case LayerKind::kConvolutional:
    case LayerKind::kDense:
    case LayerKind::kMatmul:
    case LayerKind::kPooling:
      return in && out;
    default:
      return in || out;
  }
}

}  // namespace

LayerDemand demand_of(const LayerGeometry& layer) {
  LayerDemand demand;
  if (layer.kind == LayerKind::kNone) return demand;
  demand.launches = 1.0;
  demand.sized = layer.input_channels.has_value() || layer.output_channels.has_value();
  demand.covered = is_covered(layer);
  add_traffic(layer, demand);
  switch (layer.kind) {
    case LayerKind::kConvolutional:
    case LayerKind::kDense:
      if (is_depthwise(layer)) {
        const double window = size_of(layer.kernel_height) * size_of(layer.kernel_width);
        demand.depthwise_gflop = 2.0 * output_elements(layer) * window / kGiga;
        break;
      }
      demand.product = product_of(layer);
      add_product(layer, demand);
      break;
    case LayerKind::kMatmul:
      demand.product = product_of_activations(layer);
      add_product(layer, demand);
      break;
    case LayerKind::kPooling:
      demand.window_gop =
          output_elements(layer) * size_of(layer.kernel_height) * size_of(layer.kernel_width) / kGiga;
      break;
    default:
      demand.window_gop = demand.sized ? output_elements(layer) / kGiga : 0.0;
      break;
  }
  return demand;
}

}  // namespace joulecast
