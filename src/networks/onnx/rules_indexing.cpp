// Operators that take parts of a tensor.
#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

using Integers = std::vector<std::int64_t>;

/// numpy's slicing: bounds beyond an end are cut to it, negative ones count from the end.
Outcome slice(RuleContext& c) {
  Shape out = c.shape(0);
  const Integers* starts = c.attribute_or_input("starts", 1);
  const Integers* ends = c.attribute_or_input("ends", 2);
  const Integers* given_axes = c.attribute_or_input("axes", 3);
  const Integers* given_steps = c.integers(4);
  if (starts == nullptr || ends == nullptr || (given_axes == nullptr && c.given(3)) ||
      (given_steps == nullptr && c.given(4)))
    return unknown("what it takes depends on data");
  Integers axes(starts->size());
  std::iota(axes.begin(), axes.end(), 0);
  if (given_axes != nullptr) axes = *given_axes;
  const Integers steps = given_steps != nullptr ? *given_steps : Integers(starts->size(), 1);
  if (ends->size() != starts->size() || axes.size() != starts->size() || steps.size() != starts->size())
    return contradiction("its starts, ends, axes and steps differ in number");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = axis_of(axes[i], out.size());
    const std::int64_t step = steps[i];
    if (!axis || step == 0) return contradiction("its axes or steps do not fit " + text_of(out));
    const std::int64_t size = out[*axis];
    if (size == 0) continue;
    const auto bound = [&](std::int64_t at, std::int64_t least, std::int64_t most) {
      return std::clamp(at < 0 ? at + size : at, least, most);
    };
    const bool forward = step > 0;
    const std::int64_t from = bound((*starts)[i], 0, forward ? size : size - 1);
    const std::int64_t to = bound((*ends)[i], forward ? 0 : -1, size);
    const std::int64_t span = forward ? to - from : from - to;
    const double stride = forward ? static_cast<double>(step) : -static_cast<double>(step);
    if (span <= 0) {
      out[*axis] = 0;
    } else if (stride >= static_cast<double>(span)) {
      out[*axis] = 1;
    } else {
      const auto whole = static_cast<std::int64_t>(stride);
      out[*axis] = (span + whole - 1) / whole;
    }
  }
  return c.set(0, std::move(out));
}

Outcome split(RuleContext& c) {
  const Shape& in = c.shape(0);
  const auto axis = axis_of(c.node().integer("axis", 0), in.size());
  if (!axis) return contradiction("its axis lies outside its input");
  const auto parts = static_cast<std::int64_t>(c.output_count());
  Integers sizes;
  if (const Integers* given = c.attribute_or_input("split", 1); given != nullptr && !given->empty()) {
    sizes = *given;
  } else if (c.given(1)) {
    return unknown("the sizes it gives depend on data");
  } else if (parts > 0) {
    const std::int64_t each = (in[*axis] + parts - 1) / parts;  // the last may be smaller (since set 18)
    sizes.assign(static_cast<std::size_t>(parts), each);
    sizes.back() = in[*axis] - each * (parts - 1);
  }
  if (static_cast<std::int64_t>(sizes.size()) != parts ||
      std::any_of(sizes.begin(), sizes.end(), [&](std::int64_t s) { return s < 0 || s > in[*axis]; }) ||
      std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) != in[*axis])
    return contradiction(fmt::format("its parts do not make up axis {} of {}", *axis, text_of(in)));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Shape part = in;
    part[*axis] = sizes[i];
    if (auto ok = c.set(i, std::move(part)); !ok) return ok;
  }
  return {};
}

/// The axis is replaced by the shape of the indices.
Outcome gather(RuleContext& c) {
  const Shape& in = c.shape(0);
  const auto axis = axis_of(c.node().integer("axis", 0), in.size());
  if (!axis) return contradiction("its axis lies outside its input");
  Shape out(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(*axis));
  out.insert(out.end(), c.shape(1).begin(), c.shape(1).end());
  out.insert(out.end(), in.begin() + static_cast<std::ptrdiff_t>(*axis) + 1, in.end());
  return c.set(0, std::move(out));
}

Outcome as_indices(RuleContext& c) {
  return c.set(0, c.shape(1));
}

/// batch_dims leading axes; the last axis of the indices addresses, the rest of the data stays.
Outcome gather_nd(RuleContext& c) {
  const Shape& in = c.shape(0);
  const Shape& indices = c.shape(1);
  const std::int64_t batch = c.node().integer("batch_dims", 0);
  if (indices.empty() || batch < 0 || indices.back() < 0 ||
      batch + indices.back() > static_cast<std::int64_t>(in.size()))
    return contradiction("its indices do not fit its input");
  Shape out(indices.begin(), indices.end() - 1);
  out.insert(out.end(), in.begin() + batch + indices.back(), in.end());
  return c.set(0, std::move(out));
}

Outcome one_hot(RuleContext& c) {
  const Integers* depth = c.integers(1);
  if (depth == nullptr || depth->size() != 1) return unknown("its depth depends on data");
  Shape out = c.shape(0);
  const auto axis = axis_of(c.node().integer("axis", -1), out.size() + 1);
  if (!axis) return contradiction("its axis lies outside its result");
  out.insert(out.begin() + static_cast<std::ptrdiff_t>(*axis), depth->front());
  return c.set(0, std::move(out), c.type(2));
}

Outcome depends_on_data(RuleContext&) {
  return unknown("the size of its result depends on data");
}

constexpr std::array kIndexingRules{
    ShapeRule{"Compress", 1, depends_on_data},
    ShapeRule{"Gather", 2, gather},
    ShapeRule{"GatherElements", 2, as_indices},
    ShapeRule{"GatherND", 2, gather_nd},
    ShapeRule{"NonMaxSuppression", 1, depends_on_data},
    ShapeRule{"NonZero", 1, depends_on_data},
    ShapeRule{"OneHot", 1, one_hot},
    ShapeRule{"Slice", 1, slice},
    ShapeRule{"Split", 1, split},
    ShapeRule{"Unique", 1, depends_on_data},
};

}  // namespace

std::span<const ShapeRule> indexing_rules() {
  return kIndexingRules;
}

}  // namespace joulecast::onnx
