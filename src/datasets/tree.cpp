#include "datasets/tree.h"

#include <algorithm>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/utf8.h"
#include "datasets/md5.h"
#include "datasets/safe_path.h"

namespace joulecast::datasets {
namespace {

std::uint32_t code_point_of(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first;
  std::uint32_t value = first & (0xffU >> (character.size() + 1));
  for (const char c : character.substr(1)) value = value << 6U | (static_cast<unsigned char>(c) & 0x3fU);
  return value;
}

/// As Python's json with ensure_ascii: everything outside ' ' to '~' escaped.
void append_ascii_json(std::string& to, std::string_view text) {
  to += '"';
  while (!text.empty()) {
    const Utf8Character character = first_utf8_character(text);
    const std::size_t bytes = character.status == Utf8Status::kFound ? character.bytes : 1;
    const std::uint32_t code = code_point_of(text.substr(0, bytes));
    text.remove_prefix(bytes);
    constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\bfnrt";
    const std::size_t known = code < 0x80 ? kEscaped.find(static_cast<char>(code)) : std::string_view::npos;
    if (known != std::string_view::npos) {
      to += '\\';
      to += kLetters[known];
    } else if (code >= ' ' && code <= '~') {
      to += static_cast<char>(code);
    } else if (code > 0xffff) {
      const std::uint32_t rest = code - 0x10000;
      to += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10U), 0xdc00 + (rest & 0x3ffU));
    } else {
      to += fmt::format("\\u{:04x}", code);
    }
  }
  to += '"';
}

/// Of a key that stands twice the last one counts, as Python reads it.
bool take_entry(const simdjson::dom::element& entry, TreeFile& file) {
  simdjson::dom::object object;
  if (entry.get(object) != simdjson::SUCCESS) return false;
  std::optional<std::string_view> path;
  std::optional<std::string_view> md5;
  for (const simdjson::dom::key_value_pair field : object) {
    const bool is_path = field.key == "relpath";
    if (!is_path && field.key != "md5") continue;
    std::string_view text;
    if (field.value.get(text) != simdjson::SUCCESS) return false;
    (is_path ? path : md5) = text;
  }
  if (!path || !md5) return false;
  file.path = *path;
  file.md5 = *md5;
  return true;
}

}  // namespace

const TreeFile* find_file(const Tree& tree, std::string_view path) {
  const auto found = std::lower_bound(tree.begin(), tree.end(), path,
                                      [](const TreeFile& file, std::string_view p) { return file.path < p; });
  return found != tree.end() && found->path == path ? &*found : nullptr;
}

std::string dir_object(const Tree& tree) {
  std::string out = "[";
  for (const TreeFile& file : tree) {
    if (out.size() > 1) out += ", ";
    out += fmt::format("{{\"md5\": \"{}\", \"relpath\": ", file.md5);
    append_ascii_json(out, file.path);
    out += '}';
  }
  return out + "]";
}

Expected<Tree> parse_dir_object(std::string_view text, const std::string& source) {
  const auto malformed = [&](const std::string& what) {
    return fail(ErrorKind::kMalformed, what, {source}, "Push the folder again from where it is whole");
  };
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (parser.parse(text.data(), text.size()).get(list) != simdjson::SUCCESS)
    return malformed("this is no list of a folder's files");
  Tree tree;
  tree.reserve(list.size());
  for (const simdjson::dom::element entry : list) {
    TreeFile file;
    if (!take_entry(entry, file))
      return malformed(fmt::format("entry {} is not made of md5 and relpath", tree.size() + 1));
    if (!is_md5(file.md5)) return malformed(fmt::format("'{}' has a hash that is no MD5", file.path));
    tree.push_back(std::move(file));
  }
  if (auto safe = sort_and_check(tree, source); !safe) return tl::unexpected(safe.error());
  return tree;
}

}  // namespace joulecast::datasets
