#include "networks/onnx/fusion.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "networks/kernel_choice.h"
#include "networks/onnx/elision.h"
#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

template <std::size_t N>
bool is_one_of(const Node& node, const std::array<std::string_view, N>& operations) {
  return std::any_of(operations.begin(), operations.end(), [&](std::string_view op) { return node.is(op); });
}

constexpr std::array<std::string_view, 11> kActivations = {"Sigmoid",   "Tanh",  "Elu",      "Selu",
                                                           "Softplus",  "Mish",  "Gelu",     "HardSigmoid",
                                                           "HardSwish", "PRelu", "LeakyRelu"};

/// TensorRT's word for a function that the kernel of any convolution applies to its result.
std::string_view simple_activation(const Node& node) {
  if (node.is("Relu")) return "RELU";
  if (node.is("Clip")) return "CLIPPED_RELU";
  return "";
}

class Fuser {
 public:
  explicit Fuser(Graph& graph) : graph_(graph), fate_(elide(graph)), taken_(graph.nodes.size()) {}

  std::vector<Unit> run() {
    for (int i = 0; i < size(); ++i) {
      if (fate_[at(i)] == Fate::kFolded) add({UnitKind::kFolded, {i}, i, -1, ""});
      if (fate_[at(i)] == Fate::kElided) add({UnitKind::kElided, {i}, i, -1, ""});
    }
    // Products first, in the order they run: of two that a sum joins, the later one takes it in.
    for (int i = 0; i < size(); ++i) {
      if (taken_[at(i)]) continue;
      if (is_convolution(graph_.node(i))) {
        convolution(i);
      } else if (is_product(graph_.node(i))) {
        product(i);
      }
    }
    for (int i = 0; i < size(); ++i) {
      if (!taken_[at(i)] && graph_.node(i).is("BatchNormalization")) scale(i);
    }
    pointwise();
    for (int i = 0; i < size(); ++i) {
      if (!taken_[at(i)]) other(i);
    }
    std::sort(units_.begin(), units_.end(),
              [](const Unit& a, const Unit& b) { return a.nodes.back() < b.nodes.back(); });
    return std::move(units_);
  }

 private:
  static std::size_t at(int id) { return static_cast<std::size_t>(id); }
  [[nodiscard]] int size() const { return static_cast<int>(graph_.nodes.size()); }

  void add(Unit unit) {
    for (const int node : unit.nodes) taken_[at(node)] = true;
    units_.push_back(std::move(unit));
  }

  static bool is_convolution(const Node& node) {
    constexpr std::array<std::string_view, 4> kConvolutions = {"Conv", "ConvTranspose", "ConvInteger",
                                                               "QLinearConv"};
    return is_one_of(node, kConvolutions);
  }
  static bool is_product(const Node& node) {
    constexpr std::array<std::string_view, 4> kProducts = {"Gemm", "MatMul", "MatMulInteger",
                                                           "QLinearMatMul"};
    return is_one_of(node, kProducts);
  }

  /// The only consumer of a value, if it is free to join a unit.
  [[nodiscard]] int next(int value) const {
    const int node = sole_consumer(graph_, value);
    if (node < 0 || taken_[at(node)] || !graph_.node(node).captured.empty()) return -1;
    return only_first_output_used(graph_, graph_.node(node)) ? node : -1;
  }

  [[nodiscard]] bool same_shape(int a, int b) const {
    const auto& left = graph_.value(a).shape;
    return left && left == graph_.value(b).shape;
  }

  /// Of a node with two inputs, the one that is not `value`; -1 if there is none.
  [[nodiscard]] static int other_input(const Node& node, int value) {
    if (node.inputs.size() != 2 || node.inputs[0] == node.inputs[1]) return -1;
    return node.inputs[0] == value ? node.inputs[1] : node.inputs[0];
  }

  /// A factor or summand per channel, or one for all: becomes part of weights and bias.
  [[nodiscard]] bool is_affine(const Node& node, int value) const {
    constexpr std::array<std::string_view, 4> kAffine = {"Add", "Sub", "Mul", "Div"};
    if (node.is("BatchNormalization")) return node.input(0) == value;
    if (!is_one_of(node, kAffine)) return false;
    const int constant = other_input(node, value);
    if (constant < 0 || !graph_.is_constant(constant) || !same_shape(value, node.output(0))) return false;
    if (node.is("Div") && node.inputs[0] != value) return false;
    const auto& shape = graph_.value(constant).shape;
    if (!shape) return false;
    const auto rank = static_cast<std::int64_t>(graph_.value(value).shape->size());
    const std::int64_t channel_axis = rank > 2 ? 1 : rank - 1;
    for (std::size_t i = 0; i < shape->size(); ++i) {
      const std::int64_t axis = rank - static_cast<std::int64_t>(shape->size() - i);
      if ((*shape)[i] != 1 && axis != channel_axis) return false;
    }
    return true;
  }

  void take_affine(Unit& unit, int& value) {
    for (int node = next(value); node >= 0 && is_affine(graph_.node(node), value); node = next(value))
      join(unit, node, value);
  }

  void join(Unit& unit, int node, int& value) {
    unit.nodes.push_back(node);
    taken_[at(node)] = true;
    value = graph_.node(node).output(0);
  }

  /// A sum with a tensor of the same shape that is there before the convolution starts.
  void take_residual(Unit& unit, int& value) {
    const int node = next(value);
    if (node < 0 || !(graph_.node(node).is("Add") || graph_.node(node).is("Sum"))) return;
    const int summand = other_input(graph_.node(node), value);
    if (summand < 0 || graph_.is_constant(summand) || !same_shape(summand, value)) return;
    if (graph_.value(summand).producer > unit.anchor) return;
    unit.residual = summand;
    join(unit, node, value);
  }

  void take_activation(Unit& unit, int& value, bool any_function) {
    const int node = next(value);
    if (node >= 0) {
      const std::string_view simple = simple_activation(graph_.node(node));
      const bool generic =
          any_function && is_one_of(graph_.node(node), kActivations) && graph_.node(node).input(0) == value;
      if (simple.empty() && !generic) return;
      unit.activation = simple.empty() ? "GENERIC" : simple;
      join(unit, node, value);
      return;
    }
    if (any_function) take_gated(unit, value);
  }

  /// x Sigmoid(x), x HardSigmoid(x), x Tanh(Softplus(x)): the function's result meets its own input again.
  void take_gated(Unit& unit, int& value) {
    const Value& result = graph_.value(value);
    if (result.is_output || result.consumers.size() != 2) return;
    std::vector<int> chain;
    int at_value = value;
    int node = result.consumers.front();  // the earlier one; the product comes last
    while (node >= 0 && !taken_[at(node)] && is_one_of(graph_.node(node), kActivations) &&
           graph_.node(node).input(0) == at_value && chain.size() < 2) {
      chain.push_back(node);
      at_value = graph_.node(node).output(0);
      node = next(at_value);
    }
    if (chain.empty() || node < 0 || node != result.consumers.back() || !graph_.node(node).is("Mul")) return;
    if (other_input(graph_.node(node), at_value) != value) return;
    for (const int one : chain) join(unit, one, at_value);
    join(unit, node, value);
    unit.activation = "GENERIC";
  }

  void take_quantisation(Unit& unit, int& value) {
    const int node = next(value);
    if (node >= 0 && graph_.node(node).is("QuantizeLinear") && graph_.node(node).input(0) == value)
      join(unit, node, value);
  }

  /// Zeros around the map, from a Pad node of its own.
  void take_padding(Unit& unit) {
    const int input = graph_.node(unit.anchor).input(0);
    if (input < 0 || !graph_.node(unit.anchor).is("Conv")) return;
    const int pad = graph_.value(input).producer;
    if (pad < 0 || taken_[at(pad)] || sole_consumer(graph_, input) != unit.anchor || !is_zero_padding(pad))
      return;
    if (!graph_.node(unit.anchor).text("auto_pad", "NOTSET").starts_with("NOTSET")) return;
    unit.nodes.insert(unit.nodes.begin(), pad);
    taken_[at(pad)] = true;
  }

  [[nodiscard]] bool is_zero_padding(int id) const {
    const Node& node = graph_.node(id);
    if (!node.is("Pad") || node.text("mode", "constant") != "constant" || node.input(3) >= 0) return false;
    if (const Attribute* value = node.attribute("value"); value != nullptr && value->f != 0.0F) return false;
    if (node.input(2) >= 0) {
      const auto& value = graph_.value(node.input(2)).content;
      if (!value || value->size() != 1 ||
          (value->is_float ? value->floats[0] : static_cast<double>(value->ints[0])) != 0.0)
        return false;
    }
    const std::vector<std::int64_t>* pads = node.integers("pads");
    if (pads == nullptr && node.input(1) >= 0 && graph_.value(node.input(1)).content)
      pads = &graph_.value(node.input(1)).content->ints;
    if (pads == nullptr || pads->size() < 6) return false;
    const std::size_t rank = pads->size() / 2;
    for (std::size_t i = 0; i < pads->size(); ++i) {
      if ((*pads)[i] < 0 || (i % rank < 2 && (*pads)[i] != 0)) return false;
    }
    return true;
  }

  void convolution(int id) {
    Unit unit{UnitKind::kConvolution, {id}, id, -1, ""};
    taken_[at(id)] = true;
    int value = graph_.node(id).output(0);
    if (value >= 0 && graph_.value(value).shape) {
      take_affine(unit, value);
      take_residual(unit, value);
      take_activation(unit, value, !convolution_is_gemm(graph_, graph_.node(id)));
      take_quantisation(unit, value);
      take_padding(unit);
    }
    add(std::move(unit));
  }

  [[nodiscard]] bool has_weights(const Node& node) const {
    return graph_.is_constant(node.input(node.is("QLinearMatMul") ? 3 : 1)) ||
           (node.is("Gemm") && graph_.is_constant(node.input(0)));
  }

  void product(int id) {
    Unit unit{has_weights(graph_.node(id)) ? UnitKind::kDense : UnitKind::kMatmul, {id}, id, -1, ""};
    taken_[at(id)] = true;
    int value = graph_.node(id).output(0);
    if (unit.kind == UnitKind::kDense && value >= 0 && graph_.value(value).shape) {
      take_affine(unit, value);
      take_activation(unit, value, false);
      take_quantisation(unit, value);
    }
    add(std::move(unit));
  }

  void scale(int id) {
    Unit unit{UnitKind::kScale, {id}, id, -1, ""};
    taken_[at(id)] = true;
    int value = graph_.node(id).output(0);
    if (value >= 0 && graph_.value(value).shape && only_first_output_used(graph_, graph_.node(id))) {
      take_affine(unit, value);
      take_activation(unit, value, false);
      take_quantisation(unit, value);
    }
    add(std::move(unit));
  }

  /// Chains grow backwards: a node takes in the groups whose results nothing but itself and its group reads.
  void pointwise() {
    std::vector<int> group(graph_.nodes.size(), -1);
    std::vector<std::vector<int>> members;
    for (int i = 0; i < size(); ++i) {
      if (taken_[at(i)] || !is_elementwise(graph_.node(i))) continue;
      group[at(i)] = static_cast<int>(members.size());
      members.push_back({i});
      while (merge_one(i, group, members)) {
      }
    }
    for (auto& nodes : members) {
      if (nodes.empty()) continue;
      std::sort(nodes.begin(), nodes.end());
      add({UnitKind::kPointwise, nodes, nodes.back(), -1, ""});
    }
  }

  bool merge_one(int id, std::vector<int>& group, std::vector<std::vector<int>>& members) {
    const int own = group[at(id)];
    for (const int node : members[at(own)]) {
      for (const int input : graph_.node(node).inputs) {
        if (input < 0 || graph_.value(input).producer < 0) continue;
        const int other = group[at(graph_.value(input).producer)];
        if (other < 0 || other == own || !may_merge(input, id, own, group)) continue;
        auto& moved = members[at(other)];
        for (const int one : moved) group[at(one)] = own;
        members[at(own)].insert(members[at(own)].end(), moved.begin(), moved.end());
        moved.clear();
        return true;
      }
    }
    return false;
  }

  /// `input` is the one result of its group.
  [[nodiscard]] bool may_merge(int input, int id, int own, const std::vector<int>& group) const {
    const Value& value = graph_.value(input);
    return !value.is_output && same_shape(input, graph_.node(id).output(0)) &&
           std::all_of(value.consumers.begin(), value.consumers.end(),
                       [&](int c) { return group[at(c)] == own; });
  }

  static bool is_reshape(const Node& node) {
    constexpr std::array<std::string_view, 4> kReshapes = {"Reshape", "Flatten", "Squeeze", "Unsqueeze"};
    return is_one_of(node, kReshapes);
  }

  /// A transpose that moves no axis larger than 1 past another: the elements keep their order.
  [[nodiscard]] bool keeps_order(const Node& node) const {
    if (is_reshape(node)) return true;
    if (!node.is("Transpose") || !graph_.value(node.input(0)).shape) return false;
    const Shape& in = *graph_.value(node.input(0)).shape;
    const auto* order = node.integers("perm");
    std::vector<std::int64_t> large;
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::int64_t axis = order != nullptr && order->size() == in.size()
                                    ? (*order)[i]
                                    : static_cast<std::int64_t>(in.size() - 1 - i);
      if (in[at(static_cast<int>(axis))] != 1) large.push_back(axis);
    }
    return std::is_sorted(large.begin(), large.end());
  }

  void shuffle(int id) {
    Unit unit{UnitKind::kReshape, {id}, id, -1, ""};
    taken_[at(id)] = true;
    bool moves = !keeps_order(graph_.node(id));
    int value = graph_.node(id).output(0);
    for (int node = next(value); node >= 0; node = next(value)) {
      const Node& follower = graph_.node(node);
      if (follower.input(0) != value || !(is_reshape(follower) || follower.is("Transpose"))) break;
      moves = moves || !keeps_order(follower);
      join(unit, node, value);
    }
    if (moves) unit.kind = UnitKind::kShuffle;
    add(std::move(unit));
  }

  /// Max and average pooling, and a mean over just the spatial axes.
  [[nodiscard]] bool is_pooling(const Node& node) const {
    constexpr std::array<std::string_view, 6> kPools = {"MaxPool",           "AveragePool",   "LpPool",
                                                        "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"};
    if (is_one_of(node, kPools)) return true;
    constexpr std::array<std::string_view, 2> kReductions = {"ReduceMean", "ReduceMax"};
    if (!is_one_of(node, kReductions) || node.input(0) < 0 || !graph_.value(node.input(0)).shape)
      return false;
    const auto rank = static_cast<std::int64_t>(graph_.value(node.input(0)).shape->size());
    const std::vector<std::int64_t>* axes = node.integers("axes");
    if (axes == nullptr && node.input(1) >= 0 && graph_.value(node.input(1)).content)
      axes = &graph_.value(node.input(1)).content->ints;
    if (rank < 4 || axes == nullptr || static_cast<std::int64_t>(axes->size()) != rank - 2) return false;
    return std::all_of(axes->begin(), axes->end(),
                       [&](std::int64_t a) { return (a < 0 ? a + rank : a) >= 2; });
  }

  void other(int id) {
    const Node& node = graph_.node(id);
    if (is_reshape(node) || node.is("Transpose")) {
      shuffle(id);
    } else if (is_pooling(node)) {
      Unit unit{UnitKind::kPooling, {id}, id, -1, ""};
      taken_[at(id)] = true;
      int value = node.output(0);
      if (value >= 0 && only_first_output_used(graph_, node)) take_quantisation(unit, value);
      add(std::move(unit));
    } else if (node.is("Concat")) {
      add({UnitKind::kConcat, {id}, id, -1, ""});
    } else if (node.is("Slice") || node.is("Split")) {
      add({UnitKind::kSlice, {id}, id, -1, ""});
    } else {
      add({UnitKind::kSingle, {id}, id, -1, ""});
    }
  }

  Graph& graph_;
  std::vector<Fate> fate_;
  std::vector<bool> taken_;
  std::vector<Unit> units_;
};

}  // namespace

bool is_elementwise(const Node& node) {
  static const std::unordered_set<std::string_view> kElementwise = {"Abs",
                                                                    "Acos",
                                                                    "Acosh",
                                                                    "Add",
                                                                    "And",
                                                                    "Asin",
                                                                    "Asinh",
                                                                    "Atan",
                                                                    "Atanh",
                                                                    "BitShift",
                                                                    "BitwiseAnd",
                                                                    "BitwiseNot",
                                                                    "BitwiseOr",
                                                                    "BitwiseXor",
                                                                    "Ceil",
                                                                    "Celu",
                                                                    "Clip",
                                                                    "Cos",
                                                                    "Cosh",
                                                                    "Div",
                                                                    "Elu",
                                                                    "Equal",
                                                                    "Erf",
                                                                    "Exp",
                                                                    "Floor",
                                                                    "Gelu",
                                                                    "Greater",
                                                                    "GreaterOrEqual",
                                                                    "HardSigmoid",
                                                                    "HardSwish",
                                                                    "IsInf",
                                                                    "IsNaN",
                                                                    "LeakyRelu",
                                                                    "Less",
                                                                    "LessOrEqual",
                                                                    "Log",
                                                                    "Max",
                                                                    "Mean",
                                                                    "Min",
                                                                    "Mish",
                                                                    "Mod",
                                                                    "Mul",
                                                                    "Neg",
                                                                    "Not",
                                                                    "Or",
                                                                    "PRelu",
                                                                    "Pow",
                                                                    "QuantizeLinear",
                                                                    "DequantizeLinear",
                                                                    "Reciprocal",
                                                                    "Relu",
                                                                    "Round",
                                                                    "Selu",
                                                                    "Shrink",
                                                                    "Sigmoid",
                                                                    "Sign",
                                                                    "Sin",
                                                                    "Sinh",
                                                                    "Softplus",
                                                                    "Softsign",
                                                                    "Sqrt",
                                                                    "Sub",
                                                                    "Sum",
                                                                    "Tan",
                                                                    "Tanh",
                                                                    "ThresholdedRelu",
                                                                    "Where",
                                                                    "Xor",
                                                                    "Cast"};
  return node.proto->domain.empty() && kElementwise.contains(node.operation()) && node.output(0) >= 0;
}

bool convolution_is_gemm(const Graph& graph, const Node& node) {
  if (!node.is("Conv") || node.output(0) < 0 || !graph.value(node.output(0)).shape || node.input(1) < 0)
    return false;
  const auto& weights = graph.value(node.input(1)).shape;
  const auto& input = graph.value(node.input(0)).shape;
  if (!weights || !input || input->size() != 4) return false;
  const auto all = [](const std::vector<std::int64_t>* list, std::int64_t value) {
    return list == nullptr ||
           std::all_of(list->begin(), list->end(), [&](std::int64_t v) { return v == value; });
  };
  return (*weights)[2] == 1 && (*weights)[3] == 1 && all(node.integers("strides"), 1) &&
         all(node.integers("pads"), 0) && node.integer("group", 1) == 1 &&
         networks::fits_gemm((*input)[1], (*input)[2], (*input)[3]);
}

std::string unit_name(const Graph& graph, const Unit& unit) {
  std::string name;
  if (unit.kind == UnitKind::kPointwise) {
    // PWN(PWN(a), b): each wraps what came before it.
    for (const int node : unit.nodes) {
      name.insert(0, "PWN(");
      if (name.size() > 4) name += ", ";
      name += graph.node(node).name;
      name += ')';
    }
    return name;
  }
  for (const int node : unit.nodes) name += (name.empty() ? "" : " + ") + graph.node(node).name;
  return name;
}

std::vector<Unit> fuse(Graph& graph) {
  return Fuser(graph).run();
}

}  // namespace joulecast::onnx
