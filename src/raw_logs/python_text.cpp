#include "raw_logs/python_text.h"

#include <limits>
#include <string>

#include "raw_logs/json_text.h"

namespace joulecast::python {
namespace {

bool is_plain_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
/// str.strip() takes the information separators for white space, float() does not.
bool is_space(char c) {
  return is_plain_space(c) || (c >= '\x1c' && c <= '\x1f');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes digits with single underscores between them off the front of `text`, appends them to `digits`; false
/// if an underscore stands elsewhere.
bool take_digits(std::string_view& text, std::string& digits) {
  bool behind_digit = false;
  while (!text.empty() && (is_digit(text.front()) || text.front() == '_')) {
    if (text.front() == '_') {
      if (!behind_digit || text.size() < 2 || !is_digit(text[1])) return false;
    } else {
      digits += text.front();
    }
    behind_digit = text.front() != '_';
    text.remove_prefix(1);
  }
  return true;
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + ('a' - 'A')) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view strip(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<double> to_float(std::string_view text) {
  while (!text.empty() && is_plain_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_plain_space(text.back())) text.remove_suffix(1);
  std::string plain;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    if (text.front() == '-') plain = "-";
    text.remove_prefix(1);
  }
  const double sign = plain.empty() ? 1.0 : -1.0;
  if (equal_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (equal_ignoring_case(text, "inf") || equal_ignoring_case(text, "infinity"))
    return sign * std::numeric_limits<double>::infinity();

  const std::size_t before = plain.size();
  if (!take_digits(text, plain)) return std::nullopt;
  std::size_t digits = plain.size() - before;
  if (digits == 0) plain += '0';
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    plain += '.';
    const std::size_t point = plain.size();
    if (!take_digits(text, plain)) return std::nullopt;
    digits += plain.size() - point;
    plain += '0';
  }
  if (digits == 0) return std::nullopt;
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    text.remove_prefix(1);
    plain += 'e';
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
      plain += text.front();
      text.remove_prefix(1);
    }
    const std::size_t exponent = plain.size();
    if (!take_digits(text, plain) || plain.size() == exponent) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return json::nearest_double(plain);
}

std::string_view stem(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const bool has_suffix = dot != std::string_view::npos && dot != 0 && dot + 1 != name.size();
  return has_suffix ? name.substr(0, dot) : name;
}

}  // namespace joulecast::python
