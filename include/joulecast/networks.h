// A network as a list of layers with shapes, whatever it was read from.
//
// Stage `networks`: engine information (TensorRT's IEngineInspector JSON in all its dialects) or an ONNX
// model becomes a Network in execution order. Nothing is dropped: what is not understood is kept as a layer
// of kind `other`, with its faults.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/error.h"

namespace joulecast {

/// What a layer does, as far as its cost is concerned (docs/interface.md, table of kinds).
enum class LayerKind {
  kConvolutional,
  kDense,
  kMatmul,
  kPooling,
  kElementwise,
  kReformat,
  kNormalisation,
  kSoftmax,
  kResize,
  kReduce,
  kOther,
  kNone,  ///< takes no time: NoOp, Constant, shape_call
};
/// How many kinds there are, for tables by kind.
inline constexpr std::size_t kLayerKinds = static_cast<std::size_t>(LayerKind::kNone) + 1;
/// The name used in every file: "convolutional", "dense", ...
std::string_view to_string(LayerKind kind);
std::optional<LayerKind> layer_kind_from(std::string_view name);

/// Element type of a tensor. Names in files: fp32, fp16, bf16, fp8, int8, uint8, int32, int64, bool; "" if
/// unknown.
enum class DataType { kUnknown, kFp32, kFp16, kBf16, kFp8, kInt8, kUint8, kInt4, kInt32, kInt64, kBool };
std::string_view to_string(DataType type);
std::optional<DataType> data_type_from(std::string_view name);
/// Bytes of one element (0.5 for int4); 0 if unknown.
double bytes_per_element(DataType type);

/// TensorRT's limits of a shape.
inline constexpr std::size_t kMaxRank = 8;
inline constexpr std::int64_t kMaxDimension = (std::int64_t{1} << 31) - 1;

/// An input or output of a layer.
struct Tensor {
  std::string name;
  std::vector<std::int64_t> dimensions;  ///< rank 0 to 8; -1 = dynamic, only before shapes were given
  DataType type = DataType::kUnknown;
  std::string format;        ///< "Format/Datatype" as written
  bool is_constant = false;  ///< known to hold weights or another constant, not an activation
};

/// A layer as its source describes it. An absent optional means that the source did not say so; lists keep
/// the source's order (height before width) and length.
struct Layer {
  std::string name;
  std::string type;  ///< TensorRT's LayerType, or the ONNX operator; empty if the source gave a name alone
  std::string parameter_type;  ///< TensorRT's ParameterType; may be empty
  LayerKind kind = LayerKind::kOther;
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  std::optional<std::vector<std::int64_t>> kernel;  ///< key "Kernel" (convolutions; never there for pooling)
  std::optional<std::vector<std::int64_t>> window;  ///< key "WindowSize" (pooling)
  std::optional<std::vector<std::int64_t>> stride;  ///< of a Slice or Padding: its step, by dimension
  std::optional<std::vector<std::int64_t>> pre_padding;
  std::optional<std::vector<std::int64_t>> post_padding;
  std::optional<std::vector<std::int64_t>> dilation;
  std::string padding_mode;  ///< kEXPLICIT_ROUND_DOWN, ...; empty if the source does not say
  /// Stride and padding of the pooling fused into a ConvActPool (its window is `window`).
  std::optional<std::vector<std::int64_t>> pool_stride, pool_pre_padding, pool_post_padding;
  std::string pool_padding_mode;
  std::optional<std::int64_t> groups;
  std::optional<std::int64_t> output_maps;  ///< key "OutMaps"
  DataType weight_type = DataType::kUnknown;
  std::optional<std::int64_t> weight_count;
  bool has_residual = false;          ///< a residual input is added inside this layer
  std::string activation;             ///< RELU, ...; empty if none
  std::string tactic;                 ///< TacticName; empty if the source names none
  std::vector<std::string> faults;    ///< what could not be read of this layer's name, type, tensors, kernel,
                                      ///< stride or padding, in words; empty is good
  std::vector<std::string> oddities;  ///< the same of what only refines it: groups, weights, tactic, ...
};

/// A network in execution order.
struct Network {
  std::string name;
  std::string source;  ///< path it was read from; empty if made in memory
  std::vector<Layer> layers;
  std::vector<std::string> bindings;
  std::vector<Warning> warnings;
};

/// `--shape NAME=1x3x224x224`: replaces the dynamic dimensions of a network input.
struct ShapeOverride {
  std::string tensor;
  std::vector<std::int64_t> dimensions;
};
/// Reads NAME=DIMS, dimensions between 'x' (or ','), each at least 1; the name may hold '='. Error kUsage.
Expected<ShapeOverride> parse_shape_override(std::string_view text);
/// The flag itself, as a shell takes it.
std::string shape_flag(const ShapeOverride& shape);

/// Kind of a layer from its LayerType (or ONNX operator), ParameterType and operands; table in
/// docs/engines.md.
LayerKind classify(const Layer& layer);

/// What the cost of a layer depends on, in columns whatever the rank of its tensors. Absent = not applicable
/// or unknown. Ranks other than 4 fill the columns so that their product stays the number of elements.
struct LayerGeometry {
  LayerKind kind = LayerKind::kOther;
  std::optional<double> batch_size, input_channels, input_height, input_width;  ///< of the first input
  std::optional<double> output_channels, output_height, output_width;           ///< of the first output
  std::optional<double> kernel_height, kernel_width, stride_height, stride_width;
  std::optional<double> padding_height, padding_width;  ///< pre + post
  std::optional<double> dilation_height, dilation_width, groups;
  DataType input_type = DataType::kUnknown, output_type = DataType::kUnknown,
           weight_type = DataType::kUnknown;
  std::optional<bool> residual;
  /// Channels are stored in multiples of this many: 8 for "channel % 8 == 0", 32 for "thirty-two wide channel
  /// vectorized", 1 for linear tensors.
  std::optional<double> input_alignment, output_alignment;
  /// Bytes in memory, padding of channels included: of all inputs that are no constants (a residual one too),
  /// of all outputs, of the weights.
  std::optional<double> bytes_in, bytes_out, bytes_weights;
  std::optional<double> tile_rows, tile_columns;  ///< of the kernel, where the tactic's name tells

  friend bool operator==(const LayerGeometry&, const LayerGeometry&) = default;
};
/// Geometry of a layer from its first input and output. The window of pooling comes from WindowSize; what a
/// kind does not have (the stride of a Slice) stays absent.
LayerGeometry geometry_of(const Layer& layer);

/// Reads engine information: JSON of IEngineInspector (objects or plain strings as layers) or its one-line
/// text form; `.gz` and `.zst` too. Dynamic dimensions are derived from `shapes` layer by layer. Errors:
/// kUnreadable; kMalformed with line and byte; kUnfit if dimensions are dynamic and no shape was given, or
/// with the first layer whose shape cannot be derived; kUsage if a given shape fits no input.
Expected<Network> read_engine(const std::filesystem::path& path, std::span<const ShapeOverride> shapes = {});
/// The same from memory; `source` names it in errors.
Expected<Network> parse_engine(std::string_view text, std::string_view source,
                               std::span<const ShapeOverride> shapes = {});
/// For those who need names and types alone: dynamic dimensions stay -1, and are no error.
Expected<Network> read_engine_as_written(const std::filesystem::path& path);

/// The sizes and precision an ONNX model is to run with.
struct OnnxOptions {
  std::vector<ShapeOverride> shapes;
  std::optional<std::int64_t> batch;  ///< first dimension of every input without a shape above; 1 if open
  std::optional<DataType> precision;  ///< of weights and float activations: kFp16 (default), kInt8 or kFp32
};

/// Reads an ONNX model (operator sets 7 to 22) as the layers that TensorRT would make of it: fused, with
/// reformats, without tactics (docs/onnx.md). Weights are not read, and need not be there; the file may have
/// any size. An unknown operator stays as a layer of kind `other`. Errors: kUnreadable; kMalformed with the
/// byte, or with the node of a cycle; kUnfit with the node whose inputs do not fit, for an open input size
/// without a shape, or another operator set; kUsage if a given shape fits no input, or for another precision.
Expected<Network> read_onnx(const std::filesystem::path& path, const OnnxOptions& options = {});
/// The same from memory; `source` names it in errors.
Expected<Network> parse_onnx(std::string_view bytes, std::string_view source,
                             const OnnxOptions& options = {});

/// An ONNX model or engine information, as the file's first byte says (or a name that ends in .onnx). Of the
/// options an engine takes the shapes alone; a warning says so if there are others.
Expected<Network> read_network(const std::filesystem::path& path, const OnnxOptions& options = {});
/// Inputs that have to be given a shape before read_network takes the file, each with an example of one: 1
/// for an open batch, 224 for other open sizes (3 for channels that an ONNX model leaves open). Errors: those
/// of reading, but for the missing shapes.
Expected<std::vector<ShapeOverride>> inputs_without_shape(const std::filesystem::path& path);

/// A well-known CNN as TensorRT would run it in FP16: fused layers with shapes. Names in known_topologies().
Expected<Network> make_topology(std::string_view name, std::int64_t batch = 1);
std::span<const std::string_view> known_topologies();

/// Engine information JSON of a network, in the form TensorRT 10 writes (detailed verbosity).
std::string to_engine_json(const Network& network);

}  // namespace joulecast
