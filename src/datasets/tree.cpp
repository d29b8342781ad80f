#include "datasets/tree.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

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
  const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array()) return malformed("this is no list of a folder's files");
  Tree tree;
  tree.reserve(list.size());
  for (const nlohmann::json& entry : list) {
    if (!entry.is_object() || !entry.contains("md5") || !entry.contains("relpath") ||
        !entry["md5"].is_string() || !entry["relpath"].is_string())
      return malformed(fmt::format("entry {} is not made of md5 and relpath", tree.size() + 1));
    TreeFile file{entry["relpath"].get<std::string>(), entry["md5"].get<std::string>()};
    if (!is_md5(file.md5)) return malformed(fmt::format("'{}' has a hash that is no MD5", file.path));
    tree.push_back(std::move(file));
  }
  if (auto safe = sort_and_check(tree, source); !safe) return tl::unexpected(safe.error());
  return tree;
}

}  // namespace joulecast::datasets
