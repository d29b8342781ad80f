// How much a layer computes and moves, from its shapes.
#pragma once

#include "joulecast/networks.h"

namespace joulecast {

/// Work of one execution of a layer. Unknown parts are 0.
struct LayerWork {
  double flops = 0.0;  ///< multiply and add count as two
  double bytes_in = 0.0;
  double bytes_out = 0.0;
  double bytes_weights = 0.0;
  [[nodiscard]] double bytes() const { return bytes_in + bytes_out + bytes_weights; }
};

/// Convolution: 2 x outputs x (input channels / groups) x kernel; matrix product: 2 x outputs x inner length;
/// pooling: outputs x window; anything else: one operation per output element. Tensors of unknown type count
/// 2 bytes an element.
LayerWork layer_work(const Layer& layer);

}  // namespace joulecast
