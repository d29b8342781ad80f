#include <algorithm>
#include <array>
#include <memory_resource>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/input_file.h"
#include "joulecast/networks.h"
#include "networks/dynamic_shapes.h"
#include "networks/engine_json.h"
#include "networks/format_words.h"
#include "networks/one_line_text.h"

namespace joulecast {
namespace {

/// Sets of names that live as long as a network is looked through: their nodes come out of one piece.
using Names = std::pmr::unordered_set<std::string_view>;
class NameMemory : public std::pmr::monotonic_buffer_resource {
 public:
  /// Of about so many names.
  explicit NameMemory(std::size_t names) : monotonic_buffer_resource(names * kBytesAName + 1024) {}

 private:
  static constexpr std::size_t kBytesAName = 64;  // a node, and its share of the tables that were too small
};

bool named_as_constant(std::string_view name) {
  // Myelin: __mye583_dconst, ..._constantHalf; ONNX initialisers: fc.weight, fc.bias.
  for (const std::string_view word : {"dconst", "constant", "Constant", ".weight", ".bias"}) {
    if (name.find(word) != std::string_view::npos) return true;
  }
  return false;
}

// The engine lists weights among the inputs of Myelin's layers like any other tensor. They are known by their
// name, or by being neither made by a layer nor an input of the network. The latter holds only in a whole
// engine: in an excerpt of one, the activation (always first) is not made by a layer either.
void mark_constants(Network& network) {
  NameMemory memory(2 * network.layers.size());
  Names made(&memory);
  Names constants(&memory);
  made.reserve(2 * network.layers.size());
  for (const std::string& binding : network.bindings) made.insert(binding);
  for (const Layer& layer : network.layers) {
    const bool constant = equal_ignoring_case(layer.type, "constant");
    for (const Tensor& tensor : layer.outputs) (constant ? constants : made).insert(tensor.name);
  }
  for (Layer& layer : network.layers) {
    const bool whole = !layer.inputs.empty() && made.contains(layer.inputs.front().name);
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
      Tensor& tensor = layer.inputs[i];
      const bool orphan = whole && i > 0 && !made.contains(tensor.name);
      tensor.is_constant = constants.contains(tensor.name) || orphan ||
                           (!made.contains(tensor.name) && named_as_constant(tensor.name));
    }
  }
}

/// "resnet18" of ".../resnet18/trt_profiling/trt_engine_info.json" and ".../resnet18.graph.json".
std::string network_name(std::string_view source) {
  std::error_code code;
  const std::filesystem::path path = std::filesystem::absolute(source, code);  // "./file" has a folder too
  const std::string file = path.filename().string();
  if (file.starts_with("trt_engine_info.json")) {
    const auto folder = path.parent_path();
    const auto holder = folder.filename() == "trt_profiling" ? folder.parent_path() : folder;
    return holder.filename().string();
  }
  return file.substr(0, file.find('.', 1));
}

void warn_of_repeated_names(Network& network) {
  NameMemory memory(network.layers.size());
  Names seen(&memory);
  seen.reserve(network.layers.size());
  std::uint64_t repeated = 0;
  std::string_view first;
  for (const Layer& layer : network.layers) {
    if (seen.insert(layer.name).second) continue;
    if (repeated++ == 0) first = layer.name;
  }
  if (repeated != 0) {
    network.warnings.push_back(
        {fmt::format("two layers are named \"{}\"; measurements of that name go to the last", first),
         {network.source},
         repeated});
  }
}

tl::unexpected<Error> too_large(const Network& network, std::string message) {
  return fail(ErrorKind::kMalformed, std::move(message), {network.source},
              fmt::format("Dimensions go up to {}: export the engine information again", kMaxDimension));
}

/// TensorRT's tensors are never so large: the file is damaged, and every figure of the layer would be absurd.
Expected<void> check_dimensions(const Network& network) {
  for (const Layer& layer : network.layers) {
    for (const auto* tensors : {&layer.inputs, &layer.outputs}) {
      for (const Tensor& tensor : *tensors) {
        for (const std::int64_t size : tensor.dimensions) {
          if (size > kMaxDimension)
            return too_large(network, fmt::format("layer \"{}\" has a tensor with a dimension of {}: {}",
                                                  layer.name, size, tensor.name));
        }
      }
    }
  }
  return {};
}

/// The same of what slides over the tensors. (Without kernel and window a stride is the step of a Slice,
/// which may be anything.)
Expected<void> check_windows(const Network& network) {
  using List = std::optional<std::vector<std::int64_t>>;
  constexpr std::array<std::pair<const char*, List Layer::*>, 9> kLists = {
      {{"kernel", &Layer::kernel},
       {"window", &Layer::window},
       {"stride", &Layer::stride},
       {"padding", &Layer::pre_padding},
       {"padding", &Layer::post_padding},
       {"dilation", &Layer::dilation},
       {"pooling stride", &Layer::pool_stride},
       {"pooling padding", &Layer::pool_pre_padding},
       {"pooling padding", &Layer::pool_post_padding}}};
  constexpr std::array<std::pair<const char*, std::optional<std::int64_t> Layer::*>, 2> kNumbers = {
      {{"number of groups", &Layer::groups}, {"number of output maps", &Layer::output_maps}}};
  const auto is_absurd = [](std::int64_t size) { return size > kMaxDimension || size < -kMaxDimension; };
  const auto refuse = [&](const Layer& layer, std::string_view what, std::int64_t size) {
    return too_large(network, fmt::format("layer \"{}\" has a {} of {}", layer.name, what, size));
  };
  for (const Layer& layer : network.layers) {
    const bool slides = layer.kernel || layer.window;
    for (const auto& [what, list] : kLists) {
      if (!slides || !(layer.*list)) continue;
      for (const std::int64_t size : *(layer.*list))
        if (is_absurd(size)) return refuse(layer, what, size);
    }
    for (const auto& [what, number] : kNumbers)
      if (layer.*number && is_absurd(*(layer.*number))) return refuse(layer, what, *(layer.*number));
  }
  return {};
}

/// Tensors without elements are legal, and layers of them do nothing; but they are hardly meant.
void warn_of_empty_tensors(Network& network) {
  const auto is_empty = [](const Tensor& tensor) {
    return std::find(tensor.dimensions.begin(), tensor.dimensions.end(), 0) != tensor.dimensions.end();
  };
  std::uint64_t layers = 0;
  std::string_view first;
  for (const Layer& layer : network.layers) {
    if (std::none_of(layer.inputs.begin(), layer.inputs.end(), is_empty) &&
        std::none_of(layer.outputs.begin(), layer.outputs.end(), is_empty))
      continue;
    if (layers++ == 0) first = layer.name;
  }
  if (layers != 0) {
    network.warnings.push_back(
        {fmt::format("layers have a tensor without elements (a dimension of 0), the first is \"{}\"", first),
         {network.source},
         layers});
  }
}

/// What such a layer costs cannot be told in full; who needs more than that refuses it by itself.
void warn_of_damaged_layers(Network& network) {
  const auto is_damaged = [](const Layer& layer) {
    return !layer.faults.empty() && layer.kind != LayerKind::kNone;
  };
  const auto first = std::find_if(network.layers.begin(), network.layers.end(), is_damaged);
  if (first == network.layers.end()) return;
  network.warnings.push_back(
      {fmt::format("a layer cannot be read in full, and its cost is told from what can be (first: {}: {})",
                   first->name, first->faults.front()),
       {network.source},
       static_cast<std::uint64_t>(std::count_if(first, network.layers.end(), is_damaged))});
}

/// All of parse_engine but what needs the dimensions. `readable_behind` as in read_engine_json.
Expected<Network> parse_as_written(std::string_view text, std::string_view source,
                                   std::size_t readable_behind) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return fail(ErrorKind::kMalformed, "empty", {std::string(source), 1, 0},
                "Export the engine information again");
  }
  std::string json;
  if (is_one_line_text(text)) {
    auto converted = one_line_text_to_json(text, source);
    if (!converted) return tl::unexpected(converted.error());
    json = std::move(*converted);
    text = json;
    readable_behind = json.capacity() - json.size();
  }
  auto network = read_engine_json(text, source, readable_behind);
  if (!network) return network;
  network->name = network_name(source);
  if (auto ok = check_dimensions(*network); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_windows(*network); !ok) return tl::unexpected(ok.error());
  mark_constants(*network);
  warn_of_empty_tensors(*network);
  warn_of_repeated_names(*network);
  return network;
}

void classify_all(Network& network) {
  for (Layer& layer : network.layers) layer.kind = classify(layer);
}

Expected<Network> parse(std::string_view text, std::string_view source, std::size_t readable_behind,
                        std::span<const ShapeOverride> shapes) {
  auto network = parse_as_written(text, source, readable_behind);
  if (!network) return network;
  if (auto ok = resolve_dynamic_shapes(*network, shapes); !ok) return tl::unexpected(ok.error());
  classify_all(*network);
  warn_of_damaged_layers(*network);
  return network;
}

}  // namespace

Expected<Network> parse_engine(std::string_view text, std::string_view source,
                               std::span<const ShapeOverride> shapes) {
  return parse(text, source, 0, shapes);
}

Expected<Network> read_engine(const std::filesystem::path& path, std::span<const ShapeOverride> shapes) {
  auto text = read_whole_file(path);
  if (!text) return tl::unexpected(text.error());
  return parse(*text, path.string(), text->capacity() - text->size(), shapes);
}

Expected<Network> read_engine_as_written(const std::filesystem::path& path) {
  auto text = read_whole_file(path);
  if (!text) return tl::unexpected(text.error());
  auto network = parse_as_written(*text, path.string(), text->capacity() - text->size());
  if (network) classify_all(*network);
  return network;
}

}  // namespace joulecast
