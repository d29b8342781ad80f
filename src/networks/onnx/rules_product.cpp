// Matrix products and recurrent layers.
#include <array>

#include <fmt/format.h>

#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

Outcome general_product(RuleContext& c) {
  const Shape& a = c.shape(0);
  const Shape& b = c.shape(1);
  if (a.size() != 2 || b.size() != 2)
    return contradiction(
        fmt::format("it multiplies {} by {}, which are no matrices", text_of(a), text_of(b)));
  const bool turn_a = c.node().integer("transA", 0) != 0;
  const bool turn_b = c.node().integer("transB", 0) != 0;
  if (a[turn_a ? 0 : 1] != b[turn_b ? 1 : 0])
    return contradiction(fmt::format("it multiplies {} by {}, which do not fit", text_of(a), text_of(b)));
  return c.set(0, {a[turn_a ? 1 : 0], b[turn_b ? 0 : 1]});
}

/// numpy.matmul: leading axes stretch to each other; a vector is a row on the left and a column on the right.
Outcome multiply(RuleContext& c, std::size_t b_at, ElementType type) {
  Shape a = c.shape(0);
  Shape b = c.shape(b_at);
  if (a.empty() || b.empty()) return contradiction("it multiplies a scalar");
  const std::string shapes = text_of(a) + " by " + text_of(b);
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  if (a.back() != b[b.size() - 2]) return contradiction("it multiplies " + shapes + ", which do not fit");
  auto out = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  if (!out) return contradiction("it multiplies " + shapes + ", which do not fit");
  if (!row) out->push_back(a[a.size() - 2]);
  if (!column) out->push_back(b.back());
  return c.set(0, std::move(*out), type);
}

Outcome product(RuleContext& c) {
  return multiply(c, 1, c.type(0));
}

Outcome integer_product(RuleContext& c) {
  return multiply(c, 1, ElementType::kInt32);
}

/// Inputs: a, its scale and zero, b, its scale and zero, those of the output.
Outcome quantised_product(RuleContext& c) {
  if (!c.has(3)) return unknown("the shape of its second factor is unknown");
  return multiply(c, 3, c.type(7));
}

/// Y is steps x directions x batch x hidden (layout 1: batch first); the last states are the others.
Outcome recurrent(RuleContext& c) {
  const Shape& x = c.shape(0);
  const std::int64_t hidden = c.node().integer("hidden_size", 0);
  if (x.size() != 3 || hidden < 1) return contradiction("its input is no sequence, or it has no hidden_size");
  const std::int64_t directions = c.node().text("direction", "forward") == "bidirectional" ? 2 : 1;
  const bool batch_first = c.node().integer("layout", 0) == 1;
  Shape all{x[0], directions, x[1], hidden};
  Shape last{directions, x[1], hidden};
  if (batch_first) {
    all = {x[0], x[1], directions, hidden};
    last = {x[0], directions, hidden};
  }
  if (auto ok = c.set(0, std::move(all)); !ok) return ok;
  if (auto ok = c.set(1, last); !ok) return ok;
  return c.set(2, std::move(last));
}

constexpr std::array kProductRules{
    ShapeRule{"GRU", 1, recurrent},
    ShapeRule{"Gemm", 2, general_product},
    ShapeRule{"LSTM", 1, recurrent},
    ShapeRule{"MatMul", 2, product},
    ShapeRule{"MatMulInteger", 2, integer_product},
    ShapeRule{"QLinearMatMul", 1, quantised_product},
    ShapeRule{"RNN", 1, recurrent},
};

}  // namespace

std::span<const ShapeRule> product_rules() {
  return kProductRules;
}

}  // namespace joulecast::onnx
