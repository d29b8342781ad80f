// An ONNX file as it is written: the messages of onnx.proto, without what costs do not depend on. Names and
// weights are views into the file.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "joulecast/error.h"
#include "networks/onnx/wire.h"

namespace joulecast::onnx {

using Shape = std::vector<std::int64_t>;

/// TensorProto.DataType.
enum class ElementType : std::int32_t {
  kUndefined = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBfloat16 = 16,
  kFloat8First = 17,
  kFloat8Last = 20,
  kUint4 = 21,
  kInt4 = 22,
};

/// Elements that are kept of a tensor; no shape or scale has more.
inline constexpr std::size_t kMaxContent = 4096;

struct TensorProto {
  std::string_view name;
  Shape dimensions;
  ElementType type = ElementType::kUndefined;
  std::string_view raw;            ///< raw_data
  std::vector<std::int64_t> ints;  ///< int32_data, int64_data, uint64_data, at most kMaxContent
  std::vector<double> floats;      ///< float_data, double_data, at most kMaxContent
  bool external = false;           ///< the elements are in another file
  std::uint64_t offset = 0;
};

/// A dimension is a number, or a name ("batch"), or neither.
struct Dimension {
  std::int64_t value = -1;
  std::string_view name;
};

struct ValueInfo {
  std::string_view name;
  ElementType type = ElementType::kUndefined;
  bool is_tensor = false;
  bool has_shape = false;
  std::vector<Dimension> dimensions;
  std::uint64_t offset = 0;
};

struct Attribute {
  std::string_view name;
  std::int64_t i = 0;
  float f = 0.0F;
  std::string_view s;
  std::vector<std::int64_t> ints;
  std::vector<float> floats;
  std::vector<TensorProto> tensors;        ///< the one of `t`
  std::vector<std::string_view> captured;  ///< values that a subgraph reads
};

struct NodeProto {
  std::string_view name;
  std::string_view operation;
  std::string_view domain;  ///< "" for ONNX's own
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<Attribute> attributes;
  std::uint64_t offset = 0;
};

struct GraphProto {
  std::string_view name;
  std::vector<NodeProto> nodes;
  std::vector<TensorProto> initialisers;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
  std::vector<ValueInfo> values;
};

struct ModelProto {
  std::int64_t ir_version = 0;
  std::int64_t opset = 0;  ///< of ONNX's own operators; 0 if the model names none
  bool has_graph = false;
  GraphProto graph;
};

/// Reads the messages. `source` names the file in errors. Errors: kMalformed, with the byte.
Expected<ModelProto> read_model(std::string_view file, std::string_view source);

}  // namespace joulecast::onnx
