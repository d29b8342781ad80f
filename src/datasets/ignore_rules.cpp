#include "datasets/ignore_rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/input_file.h"
#include "base/utf8.h"

namespace joulecast::datasets {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kLargestIgnoreFile = 16U << 20U;
constexpr std::string_view kWhiteSpace = " \t\n\r\v\f";

/// Characters; a byte that is no UTF-8 is one too, which equals no other.
std::u32string characters_of(std::string_view text) {
  constexpr char32_t kLoneByte = 0xdc00;
  std::u32string out;
  while (!text.empty()) {
    const Utf8Character character = first_utf8_character(text);
    if (character.status != Utf8Status::kFound) {
      out += static_cast<char32_t>(kLoneByte + static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
      continue;
    }
    char32_t code = static_cast<unsigned char>(text.front());
    if (character.bytes > 1) code &= 0xffU >> (character.bytes + 1);
    for (const char c : text.substr(1, character.bytes - 1))
      code = code << 6U | (static_cast<unsigned char>(c) & 0x3fU);
    out += code;
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::string_view stripped(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kWhiteSpace), text.size());
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) + 1 - begin);
}

/// A pattern of a file in `folder` as one of the root's, as DVC's change_rule() has it.
std::string rebased(std::string_view pattern, const std::string& folder) {
  const bool negated = pattern.starts_with('!');
  if (negated) pattern.remove_prefix(1);
  const bool at_any_depth =
      pattern.substr(0, pattern.size() - 1).find('/') == std::string_view::npos || pattern.starts_with("**/");
  if (at_any_depth && pattern.starts_with("**/")) pattern.remove_prefix(3);
  if (!at_any_depth && pattern.starts_with('/')) pattern.remove_prefix(1);
  if (pattern.starts_with('\\')) pattern.remove_prefix(1);
  return fmt::format("{}/{}/{}{}", negated ? "!" : "", folder, at_any_depth ? "**/" : "", pattern);
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t slash = text.find('/');
    parts.emplace_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    text.remove_prefix(slash + 1);
  }
}

/// Parts of a pattern with "**" wherever any folders may stand; none for what matches nothing.
std::vector<std::string> normalized(std::vector<std::string> parts) {
  if (parts.front().empty()) {
    parts.erase(parts.begin());
  } else if ((parts.size() == 1 || (parts.size() == 2 && parts[1].empty())) && parts.front() != "**") {
    parts.insert(parts.begin(), "**");
  }
  if (parts.empty()) return parts;
  if (parts.back().empty()) parts.back() = "**";
  const auto doubled = [](const std::string& a, const std::string& b) { return a == "**" && b == "**"; };
  parts.erase(std::unique(parts.begin(), parts.end(), doubled), parts.end());
  return parts;
}

}  // namespace

/// Characters and wildcards between two slashes. False: a bracket or an escape has no end.
bool IgnoreRules::add_glob(std::u32string_view glob, std::vector<Token>& to) {
  const auto add_one = [&](char32_t c) { to.push_back({TokenKind::kSet, {{c, c}}}); };
  for (std::size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == U'\\') {
      if (++i == glob.size()) return false;
      add_one(glob[i]);
    } else if (glob[i] == U'*') {
      to.push_back({TokenKind::kNoSlashes});
    } else if (glob[i] == U'?') {
      to.push_back({TokenKind::kNoSlash});
    } else if (glob[i] == U'[') {
      Token set{TokenKind::kSet};
      std::size_t at = i + 1;
      set.is_negated = at < glob.size() && (glob[at] == U'!' || glob[at] == U'^');
      if (set.is_negated) ++at;
      const std::size_t end = glob.find(U']', at + 1);  // one that comes first is of the set
      if (end == std::u32string_view::npos) return false;
      while (at < end) {
        const bool range = at + 2 < end && glob[at + 1] == U'-';
        set.ranges.emplace_back(glob[at], glob[range ? at + 2 : at]);
        at += range ? 3 : 1;
      }
      to.push_back(std::move(set));
      i = end;
    } else {
      add_one(glob[i]);
    }
  }
  return true;
}

void IgnoreRules::add_rule(const std::string& pattern) {
  if (pattern.empty() || pattern == "/" || pattern.starts_with('#')) return;
  Rule rule;
  rule.ignores = !pattern.starts_with('!');
  rule.of_folders = pattern.ends_with('/');
  const auto parts = normalized(split(std::string_view(pattern).substr(rule.ignores ? 0 : 1)));
  if (parts.empty()) return;
  const bool any_name = parts.size() >= 2 && parts[0] == "**" && parts[1] == "*";
  const bool all = (parts.size() == 1 && parts[0] == "**") || (parts.size() == 2 && any_name);
  if (all || (parts.size() == 3 && any_name && parts[2] == "**")) {
    // Patterns such as "*/" match nothing for DVC: no path begins with the slash that they look for.
    rule.tokens = {{all && (!rule.of_folders || parts.size() == 2) ? TokenKind::kAll : TokenKind::kNone}};
    rules_.push_back(std::move(rule));
    return;
  }
  bool slash = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if (parts[i] == "**") {
      rule.tokens.push_back({i == 0 ? TokenKind::kFolders
                             : last ? TokenKind::kSlash
                                    : TokenKind::kInnerFolders});
      slash = i != 0;
      continue;
    }
    if (slash) rule.tokens.push_back({TokenKind::kSlash});
    if (parts[i] == "*")
      rule.tokens.push_back({TokenKind::kSomeNoSlashes});
    else if (!add_glob(characters_of(parts[i]), rule.tokens))
      return;
    if (last) rule.tokens.push_back({TokenKind::kEnd});
    slash = true;
  }
  rules_.push_back(std::move(rule));
}

/// All places that the tokens so far may end at are gone on with together, so that no pattern takes long.
bool IgnoreRules::matches(const Rule& rule, std::u32string_view path) {
  std::vector<bool> now(path.size() + 1);
  now[0] = true;
  for (const Token& token : rule.tokens) {
    std::vector<bool> next(path.size() + 1);
    for (std::size_t at = 0; at <= path.size(); ++at) {
      if (!now[at]) continue;
      const bool more = at < path.size();
      const bool slash = more && path[at] == U'/';
      switch (token.kind) {
        case TokenKind::kSet: {
          const bool in =
              more && std::any_of(token.ranges.begin(), token.ranges.end(), [&](const auto& range) {
                return range.first <= path[at] && path[at] <= range.second;
              });
          if (more && in != token.is_negated) next[at + 1] = true;
          break;
        }
        case TokenKind::kNoSlash:
        case TokenKind::kNoSlashes:
        case TokenKind::kSomeNoSlashes:
          if (token.kind == TokenKind::kNoSlashes) next[at] = true;
          for (std::size_t end = at; end < path.size() && path[end] != U'/'; ++end) {
            next[end + 1] = true;
            if (token.kind == TokenKind::kNoSlash) break;
          }
          break;
        case TokenKind::kFolders:
          next[at] = true;
          for (std::size_t end = at + 2; end <= path.size(); ++end)
            if (path[end - 1] == U'/') next[end] = true;
          break;
        case TokenKind::kInnerFolders:
          next[at] = true;
          for (std::size_t end = at + 2; slash && end <= path.size(); ++end) next[end] = true;
          break;
        case TokenKind::kSlash:
          if (slash) next[at + 1] = true;
          break;
        case TokenKind::kEnd:
          if (slash || !more) next[at] = true;
          break;
        case TokenKind::kAll:
          next[at] = true;
          break;
        case TokenKind::kNone:
          break;
      }
    }
    now = std::move(next);
  }
  return std::find(now.begin(), now.end(), true) != now.end();
}

bool IgnoreRules::match(std::string_view path, bool is_folder) const {
  if (rules_.empty()) return false;
  const std::u32string bare = characters_of(path);
  const std::u32string as_folder = bare + U'/';
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->of_folders && !is_folder) continue;
    if (matches(*rule, bare) || (is_folder && matches(*rule, as_folder))) return rule->ignores;
  }
  return false;
}

bool IgnoreRules::ignores(std::string_view path, bool is_folder) const {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1))
    if (match(path.substr(0, slash), true)) return true;
  return match(path, is_folder);
}

void IgnoreRules::add(std::string_view text, const std::string& folder) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = stripped(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    add_rule(folder.empty() ? std::string(line) : rebased(line, folder));
  }
}

Expected<IgnoreRules> IgnoreRules::read(const fs::path& root, const fs::path& data) {
  IgnoreRules rules;
  std::error_code code;
  const fs::path below = fs::absolute(data, code).lexically_normal().lexically_relative(root).parent_path();
  fs::path folder;
  const auto take = [&]() -> Expected<void> {
    const fs::path name = folder / ".dvcignore";
    if (!fs::exists(root / name, code) || rules.match(name.generic_string(), false)) return {};
    const auto text = read_whole_file(root / name, kLargestIgnoreFile);
    if (!text) return tl::unexpected(text.error());
    rules.add(*text, folder.generic_string());
    return {};
  };
  if (auto ok = take(); !ok) return tl::unexpected(ok.error());
  for (const fs::path& part : below) {
    folder /= part;
    if (auto ok = take(); !ok) return tl::unexpected(ok.error());
  }
  return rules;
}

}  // namespace joulecast::datasets
