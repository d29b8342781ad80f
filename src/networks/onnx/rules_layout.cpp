// Operators that change the shape of a tensor and keep its elements.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "joulecast/networks.h"
#include "networks/onnx/shape_rule.h"

namespace joulecast::onnx {
namespace {

using Integers = std::vector<std::int64_t>;

/// 0 keeps the input's size (unless allowzero), one -1 takes what is left.
Outcome reshape(RuleContext& c) {
  const Integers* target = c.attribute_or_input("shape", 1);
  if (target == nullptr) return unknown("the shape it gives depends on data");
  const Shape& in = c.shape(0);
  const bool zero_is_zero = c.node().integer("allowzero", 0) != 0;
  Shape out = *target;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == -1) {
      if (open) return contradiction("it leaves two sizes open");
      open = i;
    } else if (out[i] == 0 && !zero_is_zero) {
      if (i >= in.size()) return contradiction("it keeps a size that its input does not have");
      out[i] = in[i];
    } else if (out[i] < 0) {
      return contradiction("it wants a negative size");
    }
  }
  const auto elements = element_count(in);
  if (open) out[*open] = 1;
  const auto known = element_count(out);
  if (!elements || !known) return contradiction("it has too many elements");
  const bool fits = open ? *known != 0 && *elements % *known == 0 : *elements == *known;
  if (!fits)
    return contradiction(
        fmt::format("{} elements of {} do not fill {}", *elements, text_of(in), text_of(*target)));
  if (open) out[*open] = *elements / *known;
  return c.set(0, std::move(out));
}

Outcome flatten(RuleContext& c) {
  const Shape& in = c.shape(0);
  std::int64_t axis = c.node().integer("axis", 1);
  if (axis < 0) axis += static_cast<std::int64_t>(in.size());
  if (axis < 0 || axis > static_cast<std::int64_t>(in.size()))
    return contradiction("its axis lies outside its input");
  const auto rows = element_count(Shape(in.begin(), in.begin() + axis));
  const auto columns = element_count(Shape(in.begin() + axis, in.end()));
  if (!rows || !columns) return contradiction("it has too many elements");
  return c.set(0, {*rows, *columns});
}

Outcome squeeze(RuleContext& c) {
  const Shape& in = c.shape(0);
  const Integers* axes = c.attribute_or_input("axes", 1);
  if (axes == nullptr && c.given(1)) return unknown("its axes depend on data");
  Shape out;
  std::vector<bool> gone(in.size());
  if (axes == nullptr) {
    for (std::size_t i = 0; i < in.size(); ++i) gone[i] = in[i] == 1;
  } else {
    for (const std::int64_t one : *axes) {
      const auto axis = axis_of(one, in.size());
      if (!axis || in[*axis] != 1)
        return contradiction(fmt::format("axis {} of {} is not 1", one, text_of(in)));
      gone[*axis] = true;
    }
  }
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (!gone[i]) out.push_back(in[i]);
  }
  return c.set(0, std::move(out));
}

Outcome unsqueeze(RuleContext& c) {
  const Shape& in = c.shape(0);
  const Integers* axes = c.attribute_or_input("axes", 1);
  if (axes == nullptr) return unknown("its axes depend on data");
  const std::size_t rank = in.size() + axes->size();
  if (rank > kMaxRank) return contradiction("its result has more than 8 dimensions");
  std::vector<bool> fresh(rank);
  for (const std::int64_t one : *axes) {
    const auto axis = axis_of(one, rank);
    if (!axis || fresh[*axis])
      return contradiction(fmt::format("axis {} cannot be inserted into {}", one, text_of(in)));
    fresh[*axis] = true;
  }
  Shape out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < rank; ++i) out.push_back(fresh[i] ? 1 : in[at++]);
  return c.set(0, std::move(out));
}

Outcome transpose(RuleContext& c) {
  const Shape& in = c.shape(0);
  Integers order(in.size());
  std::iota(order.rbegin(), order.rend(), 0);
  if (const Integers* given = c.node().integers("perm"); given != nullptr && !given->empty()) order = *given;
  Integers axes(in.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (!std::is_permutation(order.begin(), order.end(), axes.begin(), axes.end()))
    return contradiction("its perm does not fit " + text_of(in));
  Shape out;
  for (const std::int64_t axis : order) out.push_back(in[static_cast<std::size_t>(axis)]);
  return c.set(0, std::move(out));
}

Outcome concatenate(RuleContext& c) {
  Shape out = c.shape(0);
  const auto axis = axis_of(c.node().integer("axis", 1), out.size());
  if (!axis) return contradiction("its axis lies outside its inputs");
  for (std::size_t i = 1; i < c.input_count(); ++i) {
    if (!c.has(i)) return unknown("the shape of an input is unknown");
    const Shape& part = c.shape(i);
    bool fits = part.size() == out.size();
    for (std::size_t k = 0; fits && k < part.size(); ++k) fits = k == *axis || part[k] == out[k];
    if (!fits)
      return contradiction(
          fmt::format("{} and {} cannot be joined along axis {}", text_of(out), text_of(part), *axis));
    out[*axis] += part[*axis];
  }
  return c.set(0, std::move(out));
}

Outcome expand(RuleContext& c) {
  const Integers* target = c.integers(1);
  if (target == nullptr) return unknown("the shape it gives depends on data");
  auto out = broadcast(c.shape(0), *target);
  if (!out) return contradiction(text_of(c.shape(0)) + " cannot be stretched to " + text_of(*target));
  return c.set(0, std::move(*out));
}

Outcome tile(RuleContext& c) {
  const Integers* times = c.integers(1);
  if (times == nullptr) return unknown("how often it repeats depends on data");
  Shape out = c.shape(0);
  if (times->size() != out.size()) return contradiction("its repeats do not fit " + text_of(out));
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (__builtin_mul_overflow(out[i], (*times)[i], &out[i])) return contradiction("its result is too large");
  }
  return c.set(0, std::move(out));
}

bool is_small(std::int64_t value) {
  return value >= -kMaxDimension && value <= kMaxDimension;
}

Outcome pad(RuleContext& c) {
  const Integers* pads = c.attribute_or_input("pads", 1);
  if (pads == nullptr) return unknown("how much it pads depends on data");
  Shape out = c.shape(0);
  Integers axes(out.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (const Integers* given = c.integers(3)) axes = *given;
  if (pads->size() != 2 * axes.size()) return contradiction("its pads do not fit " + text_of(out));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = axis_of(axes[i], out.size());
    if (!axis || !is_small((*pads)[i]) || !is_small((*pads)[axes.size() + i]))
      return contradiction("its pads do not fit " + text_of(out));
    out[*axis] += (*pads)[i] + (*pads)[axes.size() + i];
  }
  return c.set(0, std::move(out));
}

Outcome depth_to_space(RuleContext& c) {
  const Shape& in = c.shape(0);
  const std::int64_t block = c.node().integer("blocksize", 0);
  if (in.size() != 4 || block < 1 || block > 32768 || in[1] % (block * block) != 0)
    return contradiction(fmt::format("{} has no channels for blocks of {}", text_of(in), block));
  return c.set(0, {in[0], in[1] / (block * block), in[2] * block, in[3] * block});
}

Outcome space_to_depth(RuleContext& c) {
  const Shape& in = c.shape(0);
  const std::int64_t block = c.node().integer("blocksize", 0);
  if (in.size() != 4 || block < 1 || block > 32768 || in[2] % block != 0 || in[3] % block != 0)
    return contradiction(fmt::format("{} cannot be cut into blocks of {}", text_of(in), block));
  return c.set(0, {in[0], in[1] * block * block, in[2] / block, in[3] / block});
}

Outcome scale(RuleContext& c, const std::vector<double>& scales, const Integers* axes) {
  Shape out = c.shape(0);
  if (scales.size() != (axes == nullptr ? out.size() : axes->size()))
    return contradiction("its scales do not fit " + text_of(out));
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const auto axis = axes == nullptr ? std::optional(i) : axis_of((*axes)[i], out.size());
    // In single precision, as ONNX stores them: 0.6 x 10 is 6.
    const float size =
        axis ? std::floor(static_cast<float>(out[*axis]) * static_cast<float>(scales[i])) : -1.0F;
    if (!(size >= 1.0F) || size > 2e9F) return contradiction("its scales are absurd");
    out[*axis] = static_cast<std::int64_t>(size);
  }
  return c.set(0, std::move(out));
}

/// One scale for all axes, so that the result lies within (not_larger) or around (not_smaller) the sizes
/// wanted.
Shape keep_aspect(const Shape& in, const Integers& sizes, const Integers& axes, bool larger) {
  double ratio = larger ? 0.0 : 1e300;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double one = static_cast<double>(sizes[i]) /
                       static_cast<double>(std::max<std::int64_t>(in[static_cast<std::size_t>(axes[i])], 1));
    ratio = larger ? std::max(ratio, one) : std::min(ratio, one);
  }
  Shape out = in;
  for (const std::int64_t axis : axes) {
    auto& size = out[static_cast<std::size_t>(axis)];
    size = static_cast<std::int64_t>(std::min(std::floor(ratio * static_cast<double>(size) + 0.5), 9e15));
  }
  return out;
}

/// Inputs of Resize 10: x, scales; since 11: x, roi, scales, sizes, of which one of the last two is empty.
Outcome resize(RuleContext& c) {
  const Integers* given_axes = c.node().integers("axes");
  const std::size_t scales_at = c.opset() >= 11 ? 2 : 1;
  if (const Integers* sizes = c.integers(3); sizes != nullptr && !sizes->empty()) {
    Shape out = c.shape(0);
    Integers axes(out.size());
    std::iota(axes.begin(), axes.end(), 0);
    if (given_axes != nullptr) axes = *given_axes;
    if (axes.size() != sizes->size()) return contradiction("its sizes do not fit " + text_of(out));
    for (std::int64_t& one : axes) {
      const auto axis = axis_of(one, out.size());
      if (!axis) return contradiction("its axes lie outside its input");
      one = static_cast<std::int64_t>(*axis);
    }
    const std::string_view policy = c.node().text("keep_aspect_ratio_policy", "stretch");
    if (policy != "stretch") return c.set(0, keep_aspect(out, *sizes, axes, policy == "not_smaller"));
    for (std::size_t i = 0; i < axes.size(); ++i) out[static_cast<std::size_t>(axes[i])] = (*sizes)[i];
    return c.set(0, std::move(out));
  }
  const auto* scales = c.floats(scales_at);
  if (scales == nullptr || scales->empty()) return unknown("the size it gives depends on data");
  return scale(c, *scales, given_axes);
}

Outcome upsample(RuleContext& c) {
  if (const auto* scales = c.floats(1)) return scale(c, *scales, nullptr);
  const Attribute* attribute = c.node().attribute("scales");
  if (attribute == nullptr) return unknown("the size it gives depends on data");
  return scale(c, {attribute->floats.begin(), attribute->floats.end()}, nullptr);
}

/// grid: N x H' x W' x 2.
Outcome grid_sample(RuleContext& c) {
  const Shape& x = c.shape(0);
  const Shape& grid = c.shape(1);
  if (x.size() < 3 || grid.size() != x.size()) return contradiction("its grid does not fit its input");
  Shape out{x[0], x[1]};
  out.insert(out.end(), grid.begin() + 1, grid.end() - 1);
  return c.set(0, std::move(out));
}

constexpr std::array kLayoutRules{
    ShapeRule{"Concat", 1, concatenate},
    ShapeRule{"DepthToSpace", 1, depth_to_space},
    ShapeRule{"Expand", 1, expand},
    ShapeRule{"Flatten", 1, flatten},
    ShapeRule{"GridSample", 2, grid_sample},
    ShapeRule{"Pad", 1, pad},
    ShapeRule{"Reshape", 1, reshape},
    ShapeRule{"Resize", 1, resize},
    ShapeRule{"SpaceToDepth", 1, space_to_depth},
    ShapeRule{"Squeeze", 1, squeeze},
    ShapeRule{"Tile", 1, tile},
    ShapeRule{"Transpose", 1, transpose},
    ShapeRule{"Unsqueeze", 1, unsqueeze},
    ShapeRule{"Upsample", 1, upsample},
};

}  // namespace

std::span<const ShapeRule> layout_rules() {
  return kLayoutRules;
}

}  // namespace joulecast::onnx
