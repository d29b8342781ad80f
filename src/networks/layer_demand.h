// What a layer asks of the hardware: arithmetic by the units that do it, memory traffic, kernel launches.
#pragma once

#include "joulecast/networks.h"

namespace joulecast {

/// A layer as a (grouped) matrix product. Channels are padded as the tensors' formats say, since kernels
/// compute the padding too.
struct MatrixShape {
  double rows = 0.0;     ///< batch x output height x output width
  double columns = 0.0;  ///< output channels of a group
  double depth = 0.0;    ///< input channels of a group x kernel height x kernel width
  double groups = 1.0;
};

/// Demand of one execution. All members are 0 for a layer that takes no time.
struct LayerDemand {
  bool sized = false;    ///< the shapes were known
  bool covered = false;  ///< of a kind whose arithmetic is known, with the sizes that it takes; otherwise
                         ///< only the bytes are
  double launches = 0.0;
  double extra_groups = 0.0;     ///< groups beyond the first of a grouped, not depthwise convolution
  double matrix_gflop = 0.0;     ///< convolutions and products; multiply and add count as two; half precision
                                 ///< counts once, single twice, 8 bit half (matrix units' relative speeds)
  double image_gflop = 0.0;      ///< convolutions over 4 channels or fewer, unpacked (8 bit: in fours), in
                                 ///< the same measure
  double depthwise_gflop = 0.0;  ///< depthwise convolutions
  double window_gop = 0.0;       ///< pooling: outputs x window; other kinds: outputs
  double kilo_depth = 0.0;       ///< depth / 1000 of a product whose output map is larger than 1 x 1
  double operand_mb = 0.0;  ///< read by a product in tiles of 128 x 128: its rows once for each 128 columns,
                            ///< its columns once for each 128 rows
  double input_mb = 0.0, output_mb = 0.0;
  double traffic_mb = 0.0;  ///< read and written: inputs, outputs, weights
  MatrixShape product;
};

/// An input that a kernel smaller than its stride skips over is counted by what is read of it:
/// min(1, kernel / stride) in each direction. Sizes that are absent count as 1, types that are unknown as
/// half precision.
LayerDemand demand_of(const LayerGeometry& layer);

}  // namespace joulecast
