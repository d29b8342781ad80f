#include "networks/json_number.h"

#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace joulecast {
namespace {

tl::unexpected<std::string> not_whole(std::string_view what) {
  return tl::unexpected(fmt::format("holds {}, not a whole number", what));
}

using Limits = std::numeric_limits<std::int64_t>;

std::int64_t saturated(double whole) {
  constexpr double kBeyond = 9223372036854775808.0;  // 2^63
  if (whole >= kBeyond) return Limits::max();
  return whole < -kBeyond ? Limits::min() : static_cast<std::int64_t>(whole);
}

/// [sign] digits [. zeros], blanks around; nothing else.
tl::expected<std::int64_t, std::string> from_text(std::string_view text) {
  std::string_view rest = text;
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!rest.empty() && blank(rest.front())) rest.remove_prefix(1);
  while (!rest.empty() && blank(rest.back())) rest.remove_suffix(1);
  if (rest.starts_with('+') && rest.size() > 1 && rest[1] != '-') rest.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (code == std::errc::result_out_of_range) number = rest.front() == '-' ? Limits::min() : Limits::max();
  const bool fraction_is_zero = [&] {
    std::string_view tail(end, static_cast<std::size_t>(rest.data() + rest.size() - end));
    if (tail.empty()) return true;
    if (tail.front() != '.') return false;
    return tail.find_first_not_of('0', 1) == std::string_view::npos;
  }();
  if (code == std::errc::invalid_argument || !fraction_is_zero) return not_whole(fmt::format("\"{}\"", text));
  return number;
}

}  // namespace

tl::expected<std::int64_t, std::string> whole_number(const simdjson::dom::element& value) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::INT64:
      return value.get_int64().value_unsafe();
    case element_type::DOUBLE: {
      const double number = value.get_double().value_unsafe();
      if (number != std::floor(number)) return not_whole(fmt::format("{}", number));
      return saturated(number);
    }
    case element_type::BOOL:
      return value.get_bool().value_unsafe() ? 1 : 0;
    case element_type::STRING:
      return from_text(value.get_string().value_unsafe());
    case element_type::UINT64:
      return Limits::max();  // simdjson's type for what is beyond INT64
    case element_type::NULL_VALUE:
      return not_whole("null");
    case element_type::ARRAY:
      return not_whole("a list");
    case element_type::OBJECT:
      return not_whole("an object");
  }
  return not_whole("an unknown value");
}

}  // namespace joulecast
