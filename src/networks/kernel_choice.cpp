#include "networks/kernel_choice.h"

namespace joulecast::networks {

bool fits_gemm(std::int64_t input_channels, std::int64_t height, std::int64_t width) {
  return input_channels % 8 == 0 && height * width <= std::int64_t{56} * 56;
}

std::string_view linear_format(DataType type) {
  switch (type) {
    case DataType::kFp32:
      return "Row major linear FP32";
    case DataType::kFp16:
      return "Row major linear FP16 format";
    case DataType::kBf16:
      return "Row major linear BFloat16 format";
    case DataType::kInt8:
      return "Row major Int8 format";
    case DataType::kUint8:
      return "Row major linear UInt8 format";
    case DataType::kInt32:
      return "Row major linear Int32";
    case DataType::kInt64:
      return "Row major linear Int64";
    case DataType::kBool:
      return "Row major linear Bool";
    case DataType::kFp8:
      return "Row major linear FP8 format";
    case DataType::kInt4:
      return "Row major linear Int4 format";
    case DataType::kUnknown:
      break;
  }
  return "";
}

bool has_packed_format(DataType type) {
  return type == DataType::kFp16 || type == DataType::kFp32 || type == DataType::kInt8;
}

std::string_view packed_format(DataType type, std::int64_t channels) {
  const bool few = channels <= 4;
  switch (type) {
    case DataType::kFp16:
      return few ? "Channel major FP16 format where channel % 4 == 0"
                 : "Channel major FP16 format where channel % 8 == 0";
    case DataType::kFp32:
      return "Channel major FP32 format where channel % 4 == 0";
    case DataType::kInt8:
      return few ? "Four wide channel vectorized row major Int8 format"
                 : "Thirty-two wide channel vectorized row major Int8 format";
    default:
      return linear_format(type);
  }
}

}  // namespace joulecast::networks
