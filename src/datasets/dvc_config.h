// A DVC repository's settings: .dvc/config and the levels around it. Only read.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "joulecast/environment.h"
#include "joulecast/error.h"

namespace joulecast::datasets {

/// How a cached object gets its place in the working folder.
enum class LinkKind { kReflink, kHardlink, kSymlink, kCopy };

/// A remote's section. Values may be secrets: never print one but the URL without its user.
struct DvcRemote {
  std::string name;
  std::map<std::string, std::string> options;  ///< keys in small letters; paths are absolute

  [[nodiscard]] std::string option(const std::string& key) const {
    const auto found = options.find(key);
    return found == options.end() ? std::string() : found->second;
  }
};

struct DvcRepository {
  std::filesystem::path root;   ///< folder that holds .dvc
  std::filesystem::path cache;  ///< .dvc/cache, unless cache.dir says otherwise
  std::vector<LinkKind> links = {LinkKind::kReflink, LinkKind::kCopy};  ///< in order of preference
  std::string default_remote;                                           ///< empty: none
  std::vector<DvcRemote> remotes;

  /// By name; DVC itself looks for small letters where there is no such name.
  [[nodiscard]] const DvcRemote* find(const std::string& name) const;
};

/// The repository that a path lies in, or none. Errors: kUnreadable.
Expected<std::optional<DvcRepository>> find_dvc_repository(const std::filesystem::path& path,
                                                           const Environment& environment);

}  // namespace joulecast::datasets
