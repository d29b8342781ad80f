#include "datasets/safe_path.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include <fmt/format.h>

namespace joulecast::datasets {
namespace {

std::string in_small_letters(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

}  // namespace

std::string fault_of_path(std::string_view path) {
  if (path.empty()) return "it is empty";
  if (path.front() == '/') return "it is absolute";
  if (path.find('\0') != std::string_view::npos) return "it holds a NUL";
  constexpr std::array<std::string_view, 3> kObeyed = {".git", ".hg", ".dvc"};
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string part = in_small_letters(path.substr(0, end));
    if (part == "..") return "it leads out of the folder";
    if (part.empty() || part == "." || end + 1 == path.size()) return "it has an empty part";
    if (std::find(kObeyed.begin(), kObeyed.end(), part) != kObeyed.end())
      return fmt::format("no dataset may write into {}", part);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return {};
}

Expected<void> sort_and_check(Tree& tree, const std::string& source) {
  std::sort(tree.begin(), tree.end(), [](const TreeFile& a, const TreeFile& b) { return a.path < b.path; });
  const auto malformed = [&](const std::string& path, const std::string& why) {
    return fail(ErrorKind::kMalformed, fmt::format("a file named '{}' is refused: {}", path, why), {source},
                "Do not trust this remote; nothing was written");
  };
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const std::string& path = tree[i].path;
    if (const std::string why = fault_of_path(path); !why.empty()) return malformed(path, why);
    if (i != 0 && tree[i - 1].path == path) return malformed(path, "it is listed twice");
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      if (find_file(tree, std::string_view(path).substr(0, slash)) != nullptr)
        return malformed(path, "what should be its folder is a file");
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> case_clashes(const Tree& tree) {
  std::unordered_map<std::string, const std::string*> seen;
  seen.reserve(tree.size());
  std::vector<std::pair<std::string, std::string>> clashes;
  for (const TreeFile& file : tree) {
    const auto [at, is_new] = seen.emplace(in_small_letters(file.path), &file.path);
    if (!is_new) clashes.emplace_back(*at->second, file.path);
  }
  return clashes;
}

}  // namespace joulecast::datasets
