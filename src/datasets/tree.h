// What a folder holds: paths and contents' names; and DVC's form of it, the `.dir` object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/error.h"

namespace joulecast::datasets {

/// A file of a dataset, here or on a remote.
struct TreeFile {
  std::string path;  ///< below the dataset's folder, with '/'; empty: the dataset is one file
  std::string md5;   ///< name of its content; empty: not known
  std::optional<std::uint64_t> bytes{};
  std::string tag{};  ///< the remote's own name of the content, where it is no MD5
};

/// Sorted by path, as std::string compares (code points of UTF-8), no path twice.
using Tree = std::vector<TreeFile>;
const TreeFile* find_file(const Tree& tree, std::string_view path);

/// The bytes of DVC's `.dir` object: JSON as Python writes it, ASCII alone. All paths are UTF-8.
std::string dir_object(const Tree& tree);
/// The tree of such an object in any layout of JSON, sorted. `source` is named in errors: kMalformed for what
/// is no list of md5 and relpath, and for paths that no folder may hold (safe_path.h).
Expected<Tree> parse_dir_object(std::string_view text, const std::string& source);

}  // namespace joulecast::datasets
