#include "datasets/ini.h"

#include <algorithm>

namespace joulecast::datasets {
namespace {

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// A value without its quotes, or without the comment behind it.
std::string_view unquoted(std::string_view text) {
  text = without_blanks(text);
  if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
    const std::size_t end = text.find(text.front(), 1);
    if (end != std::string_view::npos) return text.substr(1, end - 1);
  }
  return without_blanks(text.substr(0, text.find('#')));
}

}  // namespace

Ini parse_ini(std::string_view text) {
  Ini ini;
  std::string section;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = without_blanks(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      std::string_view name = without_blanks(line.substr(1, line.rfind(']') - 1));
      if (name.size() >= 2 && (name.front() == '\'' || name.front() == '"') && name.back() == name.front())
        name = without_blanks(name.substr(1, name.size() - 2));
      section = name;
      ini[section];
    } else if (const std::size_t equals = line.find('='); equals != std::string_view::npos) {
      std::string key(without_blanks(line.substr(0, equals)));
      std::transform(key.begin(), key.end(), key.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
      ini[section][key] = unquoted(line.substr(equals + 1));
    }
  }
  return ini;
}

}  // namespace joulecast::datasets
