// DVC's .dvcignore files: what of a folder is no part of a dataset.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "joulecast/error.h"

namespace joulecast::datasets {

/// Patterns as in .gitignore, as DVC 3 reads them (pathspec's GitIgnoreSpecPattern, anchored at a path's
/// begin): the last one that matches decides.
class IgnoreRules {
 public:
  /// Of a repository's .dvcignore and those of the folders between it and `data`, which is below `root`.
  /// Error kUnreadable.
  static Expected<IgnoreRules> read(const std::filesystem::path& root, const std::filesystem::path& data);

  /// Adds the lines of a file that lies in `folder`, a path below the root, or empty.
  void add(std::string_view text, const std::string& folder);
  [[nodiscard]] bool empty() const { return rules_.empty(); }
  /// Does the last rule that matches a path below the root ignore it? The folders that it lies in are not
  /// asked.
  [[nodiscard]] bool match(std::string_view path, bool is_folder) const;
  /// The same, or that of one of its folders.
  [[nodiscard]] bool ignores(std::string_view path, bool is_folder) const;

 private:
  enum class TokenKind {
    kSet,            ///< one character of the ranges, or none of them
    kNoSlash,        ///< one character but '/'
    kNoSlashes,      ///< any number of these
    kSomeNoSlashes,  ///< one or more of these
    kFolders,        ///< nothing, or whatever ends in '/'
    kInnerFolders,   ///< nothing, or '/' and whatever
    kSlash,
    kEnd,   ///< the path's end, or a '/'
    kAll,   ///< matches
    kNone,  ///< does not
  };
  struct Token {
    TokenKind kind = TokenKind::kNone;
    std::vector<std::pair<char32_t, char32_t>> ranges{};
    bool is_negated = false;
  };
  struct Rule {
    bool ignores = true;
    bool of_folders = false;
    std::vector<Token> tokens;
  };

  void add_rule(const std::string& pattern);
  static bool add_glob(std::u32string_view glob, std::vector<Token>& to);
  static bool matches(const Rule& rule, std::u32string_view path);

  std::vector<Rule> rules_;
};

}  // namespace joulecast::datasets
