#include "networks/dynamic_shapes.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "networks/shape_rules.h"

namespace joulecast {
namespace {

using Shape = std::vector<std::int64_t>;

bool is_dynamic(const Shape& shape) {
  return std::find(shape.begin(), shape.end(), -1) != shape.end();
}

bool is_dynamic(const Network& network) {
  const auto any = [](const std::vector<Tensor>& tensors) {
    return std::any_of(tensors.begin(), tensors.end(),
                       [](const Tensor& tensor) { return is_dynamic(tensor.dimensions); });
  };
  return std::any_of(network.layers.begin(), network.layers.end(),
                     [&](const Layer& layer) { return any(layer.inputs) || any(layer.outputs); });
}

/// Tensors that no layer makes, with the sizes the engine states, in order of first use.
std::vector<const Tensor*> network_inputs(const Network& network) {
  std::unordered_set<std::string_view> known;
  for (const Layer& layer : network.layers) {
    for (const Tensor& tensor : layer.outputs) known.insert(tensor.name);
  }
  std::vector<const Tensor*> inputs;
  for (const Layer& layer : network.layers) {
    for (const Tensor& tensor : layer.inputs) {
      if ((!tensor.is_constant || is_dynamic(tensor.dimensions)) && known.insert(tensor.name).second)
        inputs.push_back(&tensor);
    }
  }
  return inputs;
}

class Resolver {
 public:
  explicit Resolver(Network& network) : network_(network) {}

  Expected<void> give(std::span<const ShapeOverride> shapes) {
    const auto inputs = network_inputs(network_);
    for (const ShapeOverride& shape : shapes) {
      const auto found = std::find_if(inputs.begin(), inputs.end(),
                                      [&](const Tensor* input) { return input->name == shape.tensor; });
      if (found == inputs.end()) return no_such_input(shape, inputs);
      if (auto ok = check(shape, (*found)->dimensions); !ok) return ok;
      known_[shape.tensor] = shape.dimensions;
    }
    shapes_given_ = !shapes.empty();
    return {};
  }

  Expected<void> run() {
    for (Layer& layer : network_.layers) {
      for (Tensor& tensor : layer.inputs) {
        complete(tensor);
        if (is_dynamic(tensor.dimensions))
          return cannot_derive(layer, fmt::format("the size of its input {} is not known", tensor.name));
      }
      for (Tensor& tensor : layer.outputs) complete(tensor);
      if (auto ok = derive_output_shapes(layer); !ok) return cannot_derive(layer, ok.error());
      for (const Tensor& tensor : layer.outputs) known_[tensor.name] = tensor.dimensions;
    }
    return {};
  }

 private:
  /// Takes sizes that are known for a tensor of this name.
  void complete(Tensor& tensor) {
    if (!is_dynamic(tensor.dimensions)) return;
    const auto found = known_.find(tensor.name);
    if (found == known_.end() || found->second.size() != tensor.dimensions.size()) return;
    for (std::size_t axis = 0; axis < tensor.dimensions.size(); ++axis) {
      if (tensor.dimensions[axis] == -1) tensor.dimensions[axis] = found->second[axis];
    }
  }

  tl::unexpected<Error> no_such_input(const ShapeOverride& shape,
                                      const std::vector<const Tensor*>& inputs) const {
    std::vector<std::string_view> names;
    for (const Tensor* input : inputs) names.push_back(input->name);
    return fail(ErrorKind::kUsage,
                fmt::format("--shape names {}, which is no input of the engine", shape.tensor),
                {network_.source}, fmt::format("Its inputs: {}", fmt::join(names, ", ")));
  }

  [[nodiscard]] Expected<void> check(const ShapeOverride& shape, const Shape& engine) const {
    const bool fits =
        std::equal(engine.begin(), engine.end(), shape.dimensions.begin(), shape.dimensions.end(),
                   [](std::int64_t fixed, std::int64_t given) { return fixed == -1 || fixed == given; });
    if (fits) return {};
    return fail(ErrorKind::kUsage,
                fmt::format("--shape {}={} does not fit the engine, which has {} there", shape.tensor,
                            fmt::join(shape.dimensions, "x"), fmt::join(engine, "x")),
                {network_.source}, "Only dimensions of -1 can be chosen");
  }

  [[nodiscard]] tl::unexpected<Error> cannot_derive(const Layer& layer, std::string_view why) const {
    const auto open = open_inputs(network_);
    if (!shapes_given_ && !open.empty()) {
      std::string flags;
      for (const ShapeOverride& input : open) flags += " " + shape_flag(input);
      return fail(ErrorKind::kUnfit, "the engine has dynamic dimensions (-1)", {network_.source},
                  fmt::format("Give the shape, like{}", flags));
    }
    return fail(
        ErrorKind::kUnfit,
        fmt::format("the shape of layer \"{}\" ({}) cannot be derived: {}", layer.name, layer.type, why),
        {network_.source},
        "Export the engine information with an execution context whose input shapes are set");
  }

  Network& network_;
  std::unordered_map<std::string, Shape> known_;
  bool shapes_given_ = false;
};

}  // namespace

std::vector<ShapeOverride> open_inputs(const Network& network) {
  std::vector<ShapeOverride> open;
  for (const Tensor* input : network_inputs(network)) {
    if (!is_dynamic(input->dimensions)) continue;
    ShapeOverride& example = open.emplace_back(ShapeOverride{input->name, input->dimensions});
    for (std::size_t axis = 0; axis < example.dimensions.size(); ++axis) {
      if (example.dimensions[axis] == -1) example.dimensions[axis] = axis == 0 ? 1 : 224;
    }
  }
  return open;
}

Expected<void> resolve_dynamic_shapes(Network& network, std::span<const ShapeOverride> shapes) {
  if (shapes.empty() && !is_dynamic(network)) return {};
  Resolver resolver(network);
  if (auto ok = resolver.give(shapes); !ok) return ok;
  if (!is_dynamic(network)) return {};
  auto ok = resolver.run();
  if (ok)
    network.warnings.push_back({"dynamic dimensions (-1) were derived layer by layer", {network.source}});
  return ok;
}

}  // namespace joulecast
