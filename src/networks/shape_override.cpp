#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/shell_text.h"
#include "joulecast/networks.h"

namespace joulecast {

Expected<ShapeOverride> parse_shape_override(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::kUsage, fmt::format("--shape {}: {}", text, why), {},
                "Write it like --shape input=1x3x224x224");
  };
  const std::size_t equals = text.rfind('=');  // a tensor's name may hold '='
  if (equals == std::string_view::npos) return refuse("no '='");
  if (equals == 0) return refuse("no name before '='");
  ShapeOverride shape{std::string(text.substr(0, equals)), {}};
  std::string_view rest = text.substr(equals + 1);
  for (;;) {
    std::int64_t size = 0;
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
    if (code != std::errc() || size < 1) return refuse("a dimension is not a whole number of at least 1");
    if (size > kMaxDimension) return refuse("a dimension is too large");
    shape.dimensions.push_back(size);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.empty()) break;
    if (rest.front() != 'x' && rest.front() != 'X' && rest.front() != ',')
      return refuse("dimensions are separated by 'x'");
    rest.remove_prefix(1);
  }
  if (shape.dimensions.size() > kMaxRank) return refuse("more than 8 dimensions");
  return shape;
}

std::string shape_flag(const ShapeOverride& shape) {
  return "--shape " + shell_quoted(fmt::format("{}={}", shape.tensor, fmt::join(shape.dimensions, "x")));
}

}  // namespace joulecast
