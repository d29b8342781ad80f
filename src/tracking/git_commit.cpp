#include "tracking/git_commit.h"

#include <algorithm>

#include "base/input_file.h"

namespace joulecast::tracking {
namespace {

namespace fs = std::filesystem;

/// The first line of a small file; empty if it cannot be read.
std::string first_line(const fs::path& file) {
  auto text = read_whole_file(file, 1U << 20U);
  if (!text) return {};
  text->resize(std::min(text->find_first_of("\r\n"), text->size()));
  return *text;
}

bool is_commit(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string packed(const fs::path& git, const std::string& reference) {
  const auto text = read_whole_file(git / "packed-refs", 64U << 20U);
  if (!text) return {};
  const std::size_t at = text->find(" " + reference + "\n");
  constexpr std::size_t kLength = 40;
  if (at == std::string::npos || at < kLength) return {};
  return text->substr(at - kLength, kLength);
}

}  // namespace

std::string git_commit_around(const fs::path& folder) {
  std::error_code code;
  fs::path place = fs::absolute(folder.empty() ? "." : folder, code).lexically_normal();
  while (!code && !fs::exists(place / ".git", code)) {
    if (place == place.parent_path()) return {};
    place = place.parent_path();
  }
  fs::path git = place / ".git";
  if (!fs::is_directory(git, code)) {  // of a worktree or a submodule: a file that names the folder
    constexpr std::string_view kWord = "gitdir: ";
    const std::string line = first_line(git);
    if (!line.starts_with(kWord)) return {};
    git = place / line.substr(kWord.size());
  }
  std::string head = first_line(git / "HEAD");
  if (is_commit(head)) return head;
  constexpr std::string_view kReference = "ref: ";
  if (!head.starts_with(kReference)) return {};
  const std::string reference = head.substr(kReference.size());
  // A worktree keeps its branches in the folder that commondir names.
  const std::string common = first_line(git / "commondir");
  for (const fs::path& place_of_refs : {git, common.empty() ? git : git / common}) {
    std::string commit = first_line(place_of_refs / reference);
    if (!is_commit(commit)) commit = packed(place_of_refs, reference);
    if (is_commit(commit)) return commit;
  }
  return {};
}

}  // namespace joulecast::tracking
