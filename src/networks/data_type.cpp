#include <array>
#include <cctype>
#include <utility>

#include "joulecast/networks.h"
#include "networks/format_words.h"

namespace joulecast {
namespace {

struct Named {
  DataType type;
  std::string_view name;
  double bytes;
};
constexpr std::array kDataTypes = {
    Named{DataType::kUnknown, "", 0.0},    Named{DataType::kFp32, "fp32", 4.0},
    Named{DataType::kFp16, "fp16", 2.0},   Named{DataType::kBf16, "bf16", 2.0},
    Named{DataType::kFp8, "fp8", 1.0},     Named{DataType::kInt8, "int8", 1.0},
    Named{DataType::kUint8, "uint8", 1.0}, Named{DataType::kInt4, "int4", 0.5},
    Named{DataType::kInt32, "int32", 4.0}, Named{DataType::kInt64, "int64", 8.0},
    Named{DataType::kBool, "bool", 1.0},
};

/// Words that name a type: the prose of TensorRT 8 and 10 ("... FP16 format where ...") and the single words
/// of Weights.Type, Myelin and TensorRT 10.x ("Half").
constexpr std::array<std::pair<std::string_view, DataType>, 22> kWords = {{
    {"fp32", DataType::kFp32},    {"float", DataType::kFp32},    {"float32", DataType::kFp32},
    {"fp16", DataType::kFp16},    {"half", DataType::kFp16},     {"float16", DataType::kFp16},
    {"bf16", DataType::kBf16},    {"bfloat16", DataType::kBf16}, {"fp8", DataType::kFp8},
    {"float8", DataType::kFp8},   {"fp8e4m3", DataType::kFp8},   {"e4m3", DataType::kFp8},
    {"int8", DataType::kInt8},    {"uint8", DataType::kUint8},   {"int4", DataType::kInt4},
    {"int32", DataType::kInt32},  {"int64", DataType::kInt64},   {"bool", DataType::kBool},
    {"boolean", DataType::kBool}, {"i8", DataType::kInt8},       {"i32", DataType::kInt32},
    {"i64", DataType::kInt64},
}};

DataType type_of_word(std::string_view word) {
  for (const auto& [name, type] : kWords) {
    if (equal_ignoring_case(word, name)) return type;
  }
  return DataType::kUnknown;
}

}  // namespace

std::string_view to_string(DataType type) {
  for (const Named& entry : kDataTypes) {
    if (entry.type == type) return entry.name;
  }
  return "";
}

std::optional<DataType> data_type_from(std::string_view name) {
  for (const Named& entry : kDataTypes) {
    if (entry.name == name) return entry.type;
  }
  return std::nullopt;
}

double bytes_per_element(DataType type) {
  for (const Named& entry : kDataTypes) {
    if (entry.type == type) return entry.bytes;
  }
  return 0.0;
}

// Whole words, so that "BFloat16" is not taken for "Float" nor "UInt8" for "Int8".
DataType type_of_format(std::string_view format) {
  std::size_t begin = 0;
  while (begin < format.size()) {
    const auto is_word = [&](std::size_t at) {
      return std::isalnum(static_cast<unsigned char>(format[at])) != 0;
    };
    if (!is_word(begin)) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < format.size() && is_word(end)) ++end;
    const DataType type = type_of_word(format.substr(begin, end - begin));
    if (type != DataType::kUnknown) return type;
    begin = end;
  }
  return DataType::kUnknown;
}

}  // namespace joulecast
