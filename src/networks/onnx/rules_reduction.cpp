// Reductions along axes.
#include <array>

#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

Shape without(const Shape& in, const std::vector<bool>& reduced, bool keep) {
  Shape out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (!reduced[i]) {
      out.push_back(in[i]);
    } else if (keep) {
      out.push_back(1);
    }
  }
  return out;
}

/// No axes: all of them, or none with noop_with_empty_axes.
Outcome reduce(RuleContext& c) {
  const Shape& in = c.shape(0);
  const auto* axes = c.attribute_or_input("axes", 1);
  if (axes == nullptr && c.given(1)) return unknown("its axes depend on data");
  const bool none = axes == nullptr || axes->empty();
  std::vector<bool> reduced(in.size(), none && c.node().integer("noop_with_empty_axes", 0) == 0);
  if (!none) {
    for (const std::int64_t one : *axes) {
      const auto axis = axis_of(one, in.size());
      if (!axis) return contradiction("its axes lie outside its input");
      reduced[*axis] = true;
    }
  }
  return c.set(0, without(in, reduced, c.node().integer("keepdims", 1) != 0));
}

Outcome position(RuleContext& c) {
  const Shape& in = c.shape(0);
  const auto axis = axis_of(c.node().integer("axis", 0), in.size());
  if (!axis) return contradiction("its axis lies outside its input");
  std::vector<bool> reduced(in.size());
  reduced[*axis] = true;
  return c.set(0, without(in, reduced, c.node().integer("keepdims", 1) != 0), ElementType::kInt64);
}

Outcome top(RuleContext& c) {
  Shape out = c.shape(0);
  const auto axis = axis_of(c.node().integer("axis", -1), out.size());
  if (!axis) return contradiction("its axis lies outside its input");
  std::int64_t count = c.node().integer("k", -1);
  if (const auto* given = c.integers(1); given != nullptr && given->size() == 1) count = given->front();
  if (count < 0) return unknown("how many it takes depends on data");
  out[*axis] = count;
  if (auto ok = c.set(0, out); !ok) return ok;
  return c.set(1, std::move(out), ElementType::kInt64);
}

constexpr std::array kReductionRules{
    ShapeRule{"ArgMax", 1, position},
    ShapeRule{"ArgMin", 1, position},
    ShapeRule{"ReduceL1", 1, reduce},
    ShapeRule{"ReduceL2", 1, reduce},
    ShapeRule{"ReduceLogSum", 1, reduce},
    ShapeRule{"ReduceLogSumExp", 1, reduce},
    ShapeRule{"ReduceMax", 1, reduce},
    ShapeRule{"ReduceMean", 1, reduce},
    ShapeRule{"ReduceMin", 1, reduce},
    ShapeRule{"ReduceProd", 1, reduce},
    ShapeRule{"ReduceSum", 1, reduce},
    ShapeRule{"ReduceSumSquare", 1, reduce},
    ShapeRule{"TopK", 1, top},
};

}  // namespace

std::span<const ShapeRule> reduction_rules() {
  return kReductionRules;
}

}  // namespace joulecast::onnx
