#include "networks/engine_json.h"

#include <array>
#include <memory>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json_fault.h"
#include "networks/format_words.h"
#include "networks/json_number.h"

namespace joulecast {
namespace {

namespace dom = simdjson::dom;

// The tree of simdjson's DOM checks the whole text (UTF-8, numbers, nesting), also the values that are never
// looked at, at more than 1 GB/s. Its On-Demand interface checks only what is read.

enum class Key {
  kName,
  kType,
  kParameterType,
  kInputs,
  kOutputs,
  kKernel,
  kWindow,
  kStride,
  kPrePadding,
  kPostPadding,
  kDilation,
  kGroups,
  kOutputMaps,
  kPaddingMode,
  kWeights,
  kHasResidual,
  kActivation,
  kHasRelu,
  kTactic,
  kUnused,
};

struct NamedKey {
  std::string_view lower;
  Key key;
  bool of_convolution;  // ConvActPool writes it with the prefix Conv
};
constexpr std::array kKeys = {
    NamedKey{"name", Key::kName, false},
    NamedKey{"layertype", Key::kType, false},
    NamedKey{"parametertype", Key::kParameterType, false},
    NamedKey{"inputs", Key::kInputs, false},
    NamedKey{"outputs", Key::kOutputs, false},
    NamedKey{"kernel", Key::kKernel, true},
    NamedKey{"windowsize", Key::kWindow, false},
    NamedKey{"stride", Key::kStride, true},
    NamedKey{"prepadding", Key::kPrePadding, true},
    NamedKey{"postpadding", Key::kPostPadding, true},
    NamedKey{"dilation", Key::kDilation, true},
    NamedKey{"groups", Key::kGroups, true},
    NamedKey{"outmaps", Key::kOutputMaps, true},
    NamedKey{"paddingmode", Key::kPaddingMode, true},
    NamedKey{"weights", Key::kWeights, true},
    NamedKey{"hasresidual", Key::kHasResidual, true},
    NamedKey{"activation", Key::kActivation, true},
    NamedKey{"hasrelu", Key::kHasRelu, true},
    NamedKey{"tacticname", Key::kTactic, false},
};

bool has_prefix(std::string_view text, std::string_view lower) {
  return text.size() > lower.size() && equal_ignoring_case(text.substr(0, lower.size()), lower);
}

/// A place for each key by its length, first and middle letter; a bit folds their case. Keys of other names
/// may fall on the same place: who finds a key there compares it.
constexpr std::size_t kPlaces = 64;
constexpr std::size_t place_of(std::string_view text) {
  const auto folded = [](char c) { return static_cast<std::size_t>(static_cast<unsigned char>(c) | 0x20U); };
  return (text.size() * 2 + folded(text.front()) * 6 + folded(text[text.size() / 2]) * 3) % kPlaces;
}
constexpr auto kKeyAtPlace = [] {
  std::array<const NamedKey*, kPlaces> keys{};
  for (const NamedKey& entry : kKeys) {
    if (keys[place_of(entry.lower)] != nullptr) throw "two keys have one place: choose other factors";
    keys[place_of(entry.lower)] = &entry;
  }
  return keys;
}();

const NamedKey* find_key(std::string_view text) {
  if (text.empty()) return nullptr;
  const NamedKey* entry = kKeyAtPlace[place_of(text)];
  return entry != nullptr && equal_ignoring_case(text, entry->lower) ? entry : nullptr;
}

Key key_of(std::string_view text) {
  if (const NamedKey* entry = find_key(text)) return entry->key;
  if (has_prefix(text, "conv")) {
    const NamedKey* entry = find_key(text.substr(4));
    if (entry != nullptr && entry->of_convolution) return entry->key;
  }
  return Key::kUnused;
}

/// type_of_format() with a memory for one word: neighbouring tensors nearly always have the same format.
class FormatTypes {
 public:
  DataType of(std::string_view format) {
    if (format != last_) {
      type_ = type_of_format(format);
      last_ = format;
    }
    return type_;
  }

 private:
  std::string last_;
  DataType type_ = type_of_format("");
};

/// Keys that the layer can do without: the reference never reads them.
bool refines(Key key) {
  switch (key) {
    case Key::kName:
    case Key::kType:
    case Key::kInputs:
    case Key::kOutputs:
    case Key::kKernel:
    case Key::kStride:
    case Key::kPrePadding:
    case Key::kPostPadding:
      return false;
    default:
      return true;
  }
}

/// Reads one layer object; whatever is wrong with it is put into words.
class LayerReader {
 public:
  LayerReader(FormatTypes& types, Layer& layer) : types_(types), layer_(layer) {}

  void read(const dom::object& object) {
    for (const dom::key_value_pair field : object) take(field.key, field.value);
    if (layer_.name.empty() && !has_name_) layer_.faults.emplace_back("Name is missing");
    if (layer_.type.empty()) layer_.faults.emplace_back("LayerType is missing");
    if (!has_inputs_) layer_.faults.emplace_back("Inputs is missing");
    if (!has_outputs_) layer_.faults.emplace_back("Outputs is missing");
    // TensorRT 8 says nothing of a residual, but a convolution has a second input only to add it.
    const bool two_inputs = layer_.inputs.size() > 1 && layer_.kernel.has_value();
    layer_.has_residual = has_residual_.value_or(two_inputs);
    if (layer_.activation.empty() && has_relu_) layer_.activation = "RELU";
    if (layer_.activation == "NONE") layer_.activation.clear();
  }

 private:
  void take(std::string_view key, const dom::element& value) {
    const Key known = key_of(key);
    refining_ = refines(known);
    switch (known) {
      case Key::kName:
        has_name_ = true;
        text(key, value, layer_.name);
        break;
      case Key::kType:
        text(key, value, layer_.type);
        break;
      case Key::kParameterType:
        text(key, value, layer_.parameter_type);
        break;
      case Key::kInputs:
        has_inputs_ = true;
        tensors(key, value, layer_.inputs);
        break;
      case Key::kOutputs:
        has_outputs_ = true;
        tensors(key, value, layer_.outputs);
        break;
      case Key::kKernel:
        list(key, value, layer_.kernel);
        break;
      case Key::kWindow:
        list(key, value, layer_.window);
        break;
      case Key::kStride:
        list(key, value, layer_.stride);
        break;
      case Key::kPrePadding:
        list(key, value, layer_.pre_padding);
        break;
      case Key::kPostPadding:
        list(key, value, layer_.post_padding);
        break;
      case Key::kDilation:
        list(key, value, layer_.dilation);
        break;
      case Key::kGroups:
        layer_.groups = number(key, value);
        break;
      case Key::kOutputMaps:
        layer_.output_maps = number(key, value);
        break;
      case Key::kPaddingMode:
        text(key, value, layer_.padding_mode);
        break;
      case Key::kWeights:
        weights(key, value);
        break;
      case Key::kHasResidual:
        has_residual_ = number(key, value).value_or(0) != 0;
        break;
      case Key::kActivation:
        text(key, value, layer_.activation);
        break;
      case Key::kHasRelu:
        has_relu_ = number(key, value).value_or(0) != 0;
        break;
      case Key::kTactic:
        text(key, value, layer_.tactic);
        break;
      case Key::kUnused:
        fused_pooling(key, value);
        break;
    }
  }

  /// ConvActPool: PoolingWindowSize, PoolingStride, ... beside Conv*.
  void fused_pooling(std::string_view key, const dom::element& value) {
    if (!has_prefix(key, "pooling")) return;
    switch (key_of(key.substr(7))) {
      case Key::kWindow:
        list(key, value, layer_.window);
        break;
      case Key::kStride:
        list(key, value, layer_.pool_stride);
        break;
      case Key::kPrePadding:
        list(key, value, layer_.pool_pre_padding);
        break;
      case Key::kPostPadding:
        list(key, value, layer_.pool_post_padding);
        break;
      case Key::kPaddingMode:
        text(key, value, layer_.pool_padding_mode);
        break;
      default:
        break;
    }
  }

  void fault(std::string_view key, std::string_view what) {
    auto& list = refining_ ? layer_.oddities : layer_.faults;
    list.push_back(fmt::format("{} {}", key, what));
  }

  void text(std::string_view key, const dom::element& value, std::string& out) {
    std::string_view content;
    if (value.get(content) != simdjson::SUCCESS) return fault(key, "is not a text");
    out = content;
  }

  std::optional<std::int64_t> number(std::string_view key, const dom::element& value) {
    auto whole = whole_number(value);
    if (whole) return *whole;
    fault(key, whole.error());
    return std::nullopt;
  }

  bool numbers(std::string_view key, const dom::element& value, std::vector<std::int64_t>& out) {
    dom::array array;
    if (value.is_null()) return fault(key, "is null"), false;
    if (value.get(array) != simdjson::SUCCESS) return fault(key, "is not a list"), false;
    out.clear();
    out.reserve(array.size());
    for (const dom::element element : array) {
      std::int64_t plain = 0;
      if (element.is_int64()) {  // what nearly all are
        plain = element.get_int64().value_unsafe();
      } else if (const auto whole = number(key, element)) {
        plain = *whole;
      } else {
        return out.clear(), false;
      }
      out.push_back(plain);
    }
    return true;
  }

  void list(std::string_view key, const dom::element& value, std::optional<std::vector<std::int64_t>>& out) {
    std::vector<std::int64_t> content;
    out.reset();
    if (numbers(key, value, content)) out = std::move(content);
  }

  void weights(std::string_view key, const dom::element& value) {
    dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return fault(key, "is not an object");
    for (const dom::key_value_pair field : object) {
      if (equal_ignoring_case(field.key, "type")) {
        std::string_view word;
        if (field.value.get(word) == simdjson::SUCCESS) layer_.weight_type = type_of_format(word);
      } else if (equal_ignoring_case(field.key, "count")) {
        const auto count = number(key, field.value);
        constexpr std::int64_t kBeyondAllMemory = std::int64_t{1} << 53U;
        if (count && (*count < 0 || *count > kBeyondAllMemory)) {
          fault(key, "holds a Count that no memory has room for");
        } else {
          layer_.weight_count = count;
        }
      }
    }
  }

  void tensors(std::string_view key, const dom::element& value, std::vector<Tensor>& out) {
    dom::array array;
    if (value.get(array) != simdjson::SUCCESS)
      return fault(key, value.is_null() ? "is null" : "is not a list");
    out.clear();
    out.reserve(array.size());
    for (const dom::element element : array) {
      dom::object object;
      Tensor& tensor = out.emplace_back();
      if (element.get(object) == simdjson::SUCCESS) {
        read_tensor(key, object, tensor);
      } else {
        fault(key, "holds something that is no tensor");
      }
    }
  }

  void read_tensor(std::string_view list_key, const dom::object& object, Tensor& tensor) {
    bool has_dimensions = false;
    for (const dom::key_value_pair field : object) {
      if (equal_ignoring_case(field.key, "name")) {
        text(field.key, field.value, tensor.name);
      } else if (equal_ignoring_case(field.key, "dimensions")) {
        has_dimensions = true;
        numbers(field.key, field.value, tensor.dimensions);
      } else if (equal_ignoring_case(field.key, "format/datatype")) {
        text(field.key, field.value, tensor.format);
      }
    }
    tensor.type = types_.of(tensor.format);
    if (!has_dimensions)
      return fault(list_key, fmt::format("has a tensor without Dimensions: {}", tensor.name));
    if (tensor.dimensions.size() > kMaxRank)
      fault(list_key, fmt::format("has a tensor of rank {}: {}", tensor.dimensions.size(), tensor.name));
    for (const std::int64_t size : tensor.dimensions) {
      if (size < -1)
        return fault(list_key, fmt::format("has a tensor with dimension {}: {}", size, tensor.name));
    }
  }

  FormatTypes& types_;
  Layer& layer_;
  bool has_name_ = false, has_inputs_ = false, has_outputs_ = false, has_relu_ = false;
  bool refining_ = false;  ///< the key being read is one of those
  std::optional<bool> has_residual_;
};

void read_layer(const dom::element& element, FormatTypes& types, Layer& layer) {
  dom::object object;
  if (element.get(object) == simdjson::SUCCESS) return LayerReader(types, layer).read(object);
  std::string_view name;
  if (element.get(name) == simdjson::SUCCESS) {
    layer.name = name;
    layer.faults.emplace_back("the engine names this layer without describing it");
  } else {
    layer.faults.emplace_back("neither an object nor a name stands in this layer's place");
  }
}

void read_bindings(const dom::element& value, Network& network) {
  dom::array array;
  if (value.get(array) != simdjson::SUCCESS) {
    network.warnings.push_back({"Bindings is not a list; ignored", {network.source}});
    return;
  }
  network.bindings.clear();
  for (const dom::element element : array) {
    std::string_view name;
    if (element.get(name) == simdjson::SUCCESS) network.bindings.emplace_back(name);
  }
}

}  // namespace

Expected<Network> read_engine_json(std::string_view text, std::string_view source,
                                   std::size_t readable_behind) {
  // Its buffers are several times the text's size: for many small engines, getting them anew from the system
  // costs more than parsing. What a large one needed is given back.
  thread_local dom::parser parser;
  constexpr std::size_t kKeptBytes = 1U << 20U;
  const auto give_back = [](dom::parser* used) {
    if (used->capacity() > kKeptBytes) *used = dom::parser();
  };
  const std::unique_ptr<dom::parser, decltype(give_back)> owner(&parser, give_back);
  const bool needs_copy = readable_behind < simdjson::SIMDJSON_PADDING;
  dom::element document;
  if (const auto code = parser.parse(text.data(), text.size(), needs_copy).get(document);
      code != simdjson::SUCCESS)
    return tl::unexpected(json_fault(text, source, simdjson::error_message(code), "Copy or export it again"));
  const std::string file(source);
  const char* const hint =
      "Give the output of TensorRT's engine inspector (trtexec --exportLayerInfo, or getEngineInformation)";
  dom::object root;
  if (document.get(root) != simdjson::SUCCESS)
    return fail(ErrorKind::kMalformed, "not engine information: not a JSON object", {file}, hint);

  Network network;
  network.source = file;
  bool has_layers = false;
  FormatTypes types;
  for (const dom::key_value_pair field : root) {
    if (equal_ignoring_case(field.key, "layers")) {
      dom::array array;
      if (field.value.get(array) != simdjson::SUCCESS)
        return fail(ErrorKind::kMalformed, "not engine information: Layers is not a list", {file}, hint);
      has_layers = true;
      network.layers.clear();
      network.layers.reserve(array.size());
      for (const dom::element element : array) read_layer(element, types, network.layers.emplace_back());
    } else if (equal_ignoring_case(field.key, "bindings")) {
      read_bindings(field.value, network);
    }
  }
  if (!has_layers) return fail(ErrorKind::kMalformed, "not engine information: no key Layers", {file}, hint);
  return network;
}

}  // namespace joulecast
