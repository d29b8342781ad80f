// Which kernels and tensor formats TensorRT picks on a board with tensor cores, for layers it has not built.
#pragma once

#include <cstdint>
#include <string_view>

#include "joulecast/networks.h"

namespace joulecast::networks {

/// True if a 1x1 convolution with stride 1 over a map of this size runs as a matrix product over its
/// positions (CaskGemmConvolution).
bool fits_gemm(std::int64_t input_channels, std::int64_t height, std::int64_t width);

/// Row-major, as a network's inputs and outputs are.
std::string_view linear_format(DataType type);
/// Channels in groups, as convolutions want them; the row-major one for types that have none (int32, bool,
/// ...).
std::string_view packed_format(DataType type, std::int64_t channels);
bool has_packed_format(DataType type);

}  // namespace joulecast::networks
