#include "tracking/yaml_text.h"

#include <cstdint>

#include <fmt/format.h>

#include "base/utf8.h"

namespace joulecast::tracking {
namespace {

std::uint32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first;
  std::uint32_t value = first & (0xffU >> (character.size() + 1));
  for (const char c : character.substr(1)) value = value << 6U | (static_cast<unsigned char>(c) & 0x3fU);
  return value;
}

/// Control characters, line breaks, and what YAML 1.2 (5.1, "c-printable") leaves out.
bool needs_escape(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 || code == 0xfeff ||
         (code & 0xfffeU) == 0xfffe;
}

struct Part {
  std::string_view text;
  std::uint32_t code;
};
/// The first character; a byte that begins none counts as U+FFFD.
Part first_part(std::string_view text) {
  const Utf8Character found = first_utf8_character(text);
  if (found.status != Utf8Status::kFound) return {text.substr(0, 1), 0xfffd};
  return {text.substr(0, found.bytes), code_point(text.substr(0, found.bytes))};
}

bool is_plain(std::string_view text) {
  while (!text.empty()) {
    const Part part = first_part(text);
    if (needs_escape(part.code) || part.code == 0xfffd) return false;
    text.remove_prefix(part.text.size());
  }
  return true;
}

}  // namespace

void append_yaml_string(std::string& to, std::string_view text) {
  if (is_plain(text)) {
    to += '\'';
    for (const char c : text) to.append(c == '\'' ? 2 : 1, c);
    to += '\'';
    return;
  }
  to += '"';
  while (!text.empty()) {
    const Part part = first_part(text);
    if (part.code == '"' || part.code == '\\')
      to.append("\\").append(part.text);
    else if (part.code > 0xffff && needs_escape(part.code))
      to += fmt::format("\\U{:08x}", part.code);
    else if (needs_escape(part.code) || part.code == 0xfffd)
      to += fmt::format("\\u{:04x}", part.code);
    else
      to += part.text;
    text.remove_prefix(part.text.size());
  }
  to += '"';
}

}  // namespace joulecast::tracking
