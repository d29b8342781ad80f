#include "base/folder_listing.h"

#include <algorithm>

#include <fmt/format.h>

namespace joulecast {

namespace fs = std::filesystem;

Expected<std::vector<std::string>> sorted_names(const fs::path& folder, const std::string& hint) {
  std::error_code code;
  const auto status = fs::status(folder, code);
  if (code != std::errc::permission_denied) {
    if (!fs::exists(status))
      return fail(ErrorKind::kUnreadable, "there is no such folder", {folder.string()}, hint);
    if (!fs::is_directory(status))
      return fail(ErrorKind::kUnreadable, "this is a file, not a folder", {folder.string()}, hint);
  }
  std::vector<std::string> names;
  code.clear();
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    names.push_back(it->path().filename().string());
  if (code)
    return fail(ErrorKind::kUnreadable, fmt::format("cannot list the folder: {}", code.message()),
                {folder.string()}, "Check its permissions");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace joulecast
