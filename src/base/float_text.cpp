#include "base/float_text.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <system_error>

#include <fmt/compile.h>
#include <fmt/format.h>

namespace joulecast {

char* write_float(char* to, double value) {
  // fmt switches to exponents at the same sizes as Python, and lacks only the ".0" of whole numbers.
  char* const end = fmt::format_to(to, FMT_COMPILE("{}"), value);
  for (const char* c = to; c != end; ++c) {
    if (*c == '.' || *c == 'e' || *c == 'n') return end;  // 'n': nan, inf
  }
  end[0] = '.';
  end[1] = '0';
  return end + 2;
}

char* RepeatedFloatText::write(char* to, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  constexpr int kIndexBits = std::countr_zero(std::tuple_size_v<decltype(entries_)>);
  Entry& entry = entries_[(bits * 0x9E3779B97F4A7C15U) >> (64 - kIndexBits)];  // Fibonacci hashing
  if (entry.size == 0 || entry.bits != bits) {
    entry.bits = bits;
    entry.size = static_cast<std::size_t>(write_float(entry.text.data(), value) - entry.text.data());
  }
  std::memcpy(to, entry.text.data(), kFloatTextBytes);  // all of it: a fixed size is two instructions
  return to + entry.size;
}

void append_float(std::string& to, double value) {
  std::array<char, kFloatTextBytes> text;
  to.append(text.data(), write_float(text.data(), value));
}

std::string float_text(double value) {
  std::string text;
  append_float(text, value);
  return text;
}

void append_float_cell(std::string& to, double value) {
  if (!std::isnan(value)) append_float(to, value);
}

std::optional<double> parse_double(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);  // from_chars knows no plus
  if (text.empty() || text == "-") return std::nullopt;
  const char first = text[0] == '-' ? text[1] : text[0];
  if (first != '.' && (first < '0' || first > '9')) return std::nullopt;  // nan, inf, a second sign
  double value = 0.0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (stop != end) return std::nullopt;
  if (code == std::errc{}) return value;
  // Out of range is either too large or so small that it rounds to zero; the wider type tells which.
  long double wide = 0.0L;
  if (std::from_chars(text.data(), end, wide).ec != std::errc{} || std::fabs(wide) > 1.0L)
    return std::nullopt;
  return static_cast<double>(wide);
}

}  // namespace joulecast
