#include "datasets/dvc_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/input_file.h"
#include "datasets/ini.h"

namespace joulecast::datasets {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kLargestConfig = 1U << 20U;

/// The name in `remote "name"`; nothing for other sections.
std::optional<std::string> remote_name(const std::string& section) {
  constexpr std::string_view kWord = "remote";
  if (!section.starts_with(kWord)) return std::nullopt;
  const std::size_t begin = section.find('"');
  const std::size_t end = section.rfind('"');
  if (begin == std::string::npos || end <= begin) return std::nullopt;
  return section.substr(begin + 1, end - begin - 1);
}

/// Folders are stored relative to the file that names them.
std::string resolved(const std::string& value, const fs::path& folder) {
  if (value.find("://") != std::string::npos || fs::path(value).is_absolute()) return value;
  return (folder / value).lexically_normal().string();
}

bool is_path(const std::string& key) {
  return key == "url" || key == "credentialpath" || key == "configpath";
}

void take_links(const std::string& text, DvcRepository& repository) {
  std::vector<LinkKind> links;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of(", ", at), text.size());
    const std::string word = text.substr(at, end - at);
    if (word == "reflink") links.push_back(LinkKind::kReflink);
    if (word == "hardlink") links.push_back(LinkKind::kHardlink);
    if (word == "symlink") links.push_back(LinkKind::kSymlink);
    if (word == "copy") links.push_back(LinkKind::kCopy);
    at = end + 1;
  }
  if (!links.empty()) repository.links = links;
}

Expected<void> take_level(const fs::path& file, DvcRepository& repository) {
  std::error_code code;
  if (!fs::exists(file, code)) return {};
  const auto text = read_whole_file(file, kLargestConfig);
  if (!text) return tl::unexpected(text.error());
  const fs::path folder = file.parent_path();
  for (const auto& [section, values] : parse_ini(*text)) {
    const auto name = remote_name(section);
    if (name) {
      auto& remotes = repository.remotes;
      auto found =
          std::find_if(remotes.begin(), remotes.end(), [&](const auto& one) { return one.name == *name; });
      if (found == remotes.end()) found = remotes.insert(found, DvcRemote{*name, {}});
      for (const auto& [key, value] : values)
        found->options[key] = is_path(key) ? resolved(value, folder) : value;
    } else if (section == "core") {
      if (const auto remote = values.find("remote"); remote != values.end())
        repository.default_remote = remote->second;
    } else if (section == "cache") {
      if (const auto dir = values.find("dir"); dir != values.end())
        repository.cache = resolved(dir->second, folder);
      if (const auto type = values.find("type"); type != values.end()) take_links(type->second, repository);
    }
  }
  return {};
}

}  // namespace

const DvcRemote* DvcRepository::find(const std::string& name) const {
  const auto named = [&](const std::string& wanted) {
    return std::find_if(remotes.begin(), remotes.end(), [&](const auto& one) { return one.name == wanted; });
  };
  auto found = named(name);
  if (found == remotes.end()) {
    std::string small = name;
    std::transform(small.begin(), small.end(), small.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    found = named(small);
  }
  return found == remotes.end() ? nullptr : &*found;
}

Expected<std::optional<DvcRepository>> find_dvc_repository(const fs::path& path,
                                                           const Environment& environment) {
  std::error_code code;
  fs::path folder = fs::absolute(path, code).lexically_normal();
  while (!fs::is_directory(folder / ".dvc", code)) {
    if (folder == folder.root_path() || folder.empty()) return std::nullopt;
    folder = folder.parent_path();
  }
  DvcRepository repository;
  repository.root = folder;
  repository.cache = folder / ".dvc" / "cache";
  const fs::path home = environment("HOME").value_or("");
  const fs::path given = environment("XDG_CONFIG_HOME").value_or("");
  const fs::path personal = given.is_absolute() ? given : home / ".config";
  for (const fs::path& file : {fs::path("/etc/xdg/dvc/config"), personal / "dvc" / "config",
                               folder / ".dvc" / "config", folder / ".dvc" / "config.local"})
    if (auto ok = take_level(file, repository); !ok) return tl::unexpected(ok.error());
  return repository;
}

}  // namespace joulecast::datasets
