// Operators whose output has the shape of their input, or that of several inputs stretched to each other.
#include <array>

#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

Outcome same(RuleContext& c) {
  return c.set(0, c.shape(0));
}

Outcome same_first_two(RuleContext& c) {  // Dropout's mask
  if (auto ok = c.set(0, c.shape(0)); !ok) return ok;
  return c.set(1, c.shape(0), c.opset() >= 10 ? ElementType::kBool : c.type(0));
}

Outcome same_as_bool(RuleContext& c) {
  return c.set(0, c.shape(0), ElementType::kBool);
}

Outcome cast(RuleContext& c) {
  return c.set(0, c.shape(0), static_cast<ElementType>(c.node().integer("to", 0)));
}

Outcome cast_like(RuleContext& c) {
  return c.set(0, c.shape(0), c.type(1));
}

Outcome quantize(RuleContext& c) {
  ElementType type = c.given(2) ? c.type(2) : ElementType::kUint8;
  const auto wanted = c.node().integer("output_dtype", 0);
  if (wanted != 0) type = static_cast<ElementType>(wanted);
  return c.set(0, c.shape(0), type);
}

Outcome dequantize(RuleContext& c) {
  return c.set(0, c.shape(0), c.given(1) ? c.type(1) : ElementType::kFloat);
}

Outcome quantize_dynamically(RuleContext& c) {
  if (auto ok = c.set(0, c.shape(0), ElementType::kUint8); !ok) return ok;
  if (auto ok = c.set(1, {}, ElementType::kFloat); !ok) return ok;
  return c.set(2, {}, ElementType::kUint8);
}

/// Statistics of a training graph are vectors of the channels.
Outcome batch_normalisation(RuleContext& c) {
  const Shape& x = c.shape(0);
  const Shape channels{x.size() > 1 ? x[1] : 1};
  if (c.has(1) && c.shape(1) != channels)
    return contradiction("its scale has the shape " + text_of(c.shape(1)) + ", its input " + text_of(x));
  if (auto ok = c.set(0, x); !ok) return ok;
  for (std::size_t i = 1; i < c.output_count(); ++i) {
    if (auto ok = c.set(i, channels, c.type(1)); !ok) return ok;
  }
  return {};
}

/// Mean and deviation keep the axes before `axis`; the others become 1.
Outcome layer_normalisation(RuleContext& c) {
  const Shape& x = c.shape(0);
  if (auto ok = c.set(0, x); !ok) return ok;
  const auto axis = axis_of(c.node().integer("axis", -1), x.size());
  if (!axis) return contradiction("its axis lies outside its input");
  Shape statistics = x;
  for (std::size_t i = *axis; i < statistics.size(); ++i) statistics[i] = 1;
  for (std::size_t i = 1; i < c.output_count(); ++i) {
    if (auto ok = c.set(i, statistics, ElementType::kFloat); !ok) return ok;
  }
  return {};
}

tl::expected<Shape, Refusal> broadcast_all(const RuleContext& c) {
  Shape out = c.shape(0);
  for (std::size_t i = 1; i < c.input_count(); ++i) {
    if (!c.has(i)) return unknown("the shape of an input is unknown");
    const auto wider = broadcast(out, c.shape(i));
    if (!wider)
      return contradiction("its inputs do not fit: " + text_of(out) + " and " + text_of(c.shape(i)));
    out = *wider;
  }
  return out;
}

Outcome broadcast_inputs(RuleContext& c) {
  auto out = broadcast_all(c);
  if (!out) return tl::unexpected(out.error());
  return c.set(0, std::move(*out));
}

Outcome compare(RuleContext& c) {
  auto out = broadcast_all(c);
  if (!out) return tl::unexpected(out.error());
  return c.set(0, std::move(*out), ElementType::kBool);
}

Outcome where(RuleContext& c) {
  auto out = broadcast_all(c);
  if (!out) return tl::unexpected(out.error());
  return c.set(0, std::move(*out), c.type(1));
}

/// The second input stretches to the first, never the other way round.
Outcome one_way(RuleContext& c) {
  const auto out = broadcast(c.shape(0), c.shape(1));
  if (!out || *out != c.shape(0))
    return contradiction("a slope of " + text_of(c.shape(1)) + " does not fit " + text_of(c.shape(0)));
  return c.set(0, c.shape(0));
}

constexpr std::array kElementwiseRules{
    ShapeRule{"Abs", 1, same},
    ShapeRule{"Acos", 1, same},
    ShapeRule{"Acosh", 1, same},
    ShapeRule{"Add", 2, broadcast_inputs},
    ShapeRule{"And", 2, compare},
    ShapeRule{"Asin", 1, same},
    ShapeRule{"Asinh", 1, same},
    ShapeRule{"Atan", 1, same},
    ShapeRule{"Atanh", 1, same},
    ShapeRule{"BatchNormalization", 1, batch_normalisation},
    ShapeRule{"Bernoulli", 1, same},
    ShapeRule{"BitShift", 2, broadcast_inputs},
    ShapeRule{"BitwiseAnd", 2, broadcast_inputs},
    ShapeRule{"BitwiseNot", 1, same},
    ShapeRule{"BitwiseOr", 2, broadcast_inputs},
    ShapeRule{"BitwiseXor", 2, broadcast_inputs},
    ShapeRule{"Cast", 1, cast},
    ShapeRule{"CastLike", 2, cast_like},
    ShapeRule{"Ceil", 1, same},
    ShapeRule{"Celu", 1, same},
    ShapeRule{"Clip", 1, same},
    ShapeRule{"Cos", 1, same},
    ShapeRule{"Cosh", 1, same},
    ShapeRule{"CumSum", 1, same},
    ShapeRule{"DequantizeLinear", 1, dequantize},
    ShapeRule{"Div", 2, broadcast_inputs},
    ShapeRule{"Dropout", 1, same_first_two},
    ShapeRule{"DynamicQuantizeLinear", 1, quantize_dynamically},
    ShapeRule{"Elu", 1, same},
    ShapeRule{"Equal", 2, compare},
    ShapeRule{"Erf", 1, same},
    ShapeRule{"Exp", 1, same},
    ShapeRule{"Floor", 1, same},
    ShapeRule{"Gelu", 1, same},
    ShapeRule{"Greater", 2, compare},
    ShapeRule{"GreaterOrEqual", 2, compare},
    ShapeRule{"GroupNormalization", 1, same},
    ShapeRule{"HardSigmoid", 1, same},
    ShapeRule{"HardSwish", 1, same},
    ShapeRule{"Hardmax", 1, same},
    ShapeRule{"Identity", 1, same},
    ShapeRule{"InstanceNormalization", 1, same},
    ShapeRule{"IsInf", 1, same_as_bool},
    ShapeRule{"IsNaN", 1, same_as_bool},
    ShapeRule{"LRN", 1, same},
    ShapeRule{"LayerNormalization", 1, layer_normalisation},
    ShapeRule{"LeakyRelu", 1, same},
    ShapeRule{"Less", 2, compare},
    ShapeRule{"LessOrEqual", 2, compare},
    ShapeRule{"Log", 1, same},
    ShapeRule{"LogSoftmax", 1, same},
    ShapeRule{"LpNormalization", 1, same},
    ShapeRule{"Max", 1, broadcast_inputs},
    ShapeRule{"Mean", 1, broadcast_inputs},
    ShapeRule{"MeanVarianceNormalization", 1, same},
    ShapeRule{"Min", 1, broadcast_inputs},
    ShapeRule{"Mish", 1, same},
    ShapeRule{"Mod", 2, broadcast_inputs},
    ShapeRule{"Mul", 2, broadcast_inputs},
    ShapeRule{"Neg", 1, same},
    ShapeRule{"Not", 1, same_as_bool},
    ShapeRule{"Or", 2, compare},
    ShapeRule{"PRelu", 2, one_way},
    ShapeRule{"Pow", 2, broadcast_inputs},
    ShapeRule{"QuantizeLinear", 1, quantize},
    ShapeRule{"Reciprocal", 1, same},
    ShapeRule{"Relu", 1, same},
    ShapeRule{"ReverseSequence", 1, same},
    ShapeRule{"Round", 1, same},
    ShapeRule{"Scatter", 1, same},
    ShapeRule{"ScatterElements", 1, same},
    ShapeRule{"ScatterND", 1, same},
    ShapeRule{"Selu", 1, same},
    ShapeRule{"Shrink", 1, same},
    ShapeRule{"Sigmoid", 1, same},
    ShapeRule{"Sign", 1, same},
    ShapeRule{"Sin", 1, same},
    ShapeRule{"Sinh", 1, same},
    ShapeRule{"Softmax", 1, same},
    ShapeRule{"Softplus", 1, same},
    ShapeRule{"Softsign", 1, same},
    ShapeRule{"Sqrt", 1, same},
    ShapeRule{"Sub", 2, broadcast_inputs},
    ShapeRule{"Sum", 1, broadcast_inputs},
    ShapeRule{"Tan", 1, same},
    ShapeRule{"Tanh", 1, same},
    ShapeRule{"ThresholdedRelu", 1, same},
    ShapeRule{"Trilu", 1, same},
    ShapeRule{"Where", 3, where},
    ShapeRule{"Xor", 2, compare},
};

}  // namespace

std::span<const ShapeRule> elementwise_rules() {
  return kElementwiseRules;
}

}  // namespace joulecast::onnx
