// Paths that others name: none may lead out of the folder that they are for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "datasets/tree.h"
#include "joulecast/error.h"

namespace joulecast::datasets {

/// Why a path of a listing may not be written; empty: it may. Refused are empty and absolute paths, parts
/// that are empty, "." or "..", NUL, and folders that programs obey: .git, .hg, .dvc, in letters of any size.
std::string fault_of_path(std::string_view path);

/// Sorts by path. Error kMalformed for a path that may not be written, one that is there twice, and one that
/// is a file and a folder too; `source` is where the listing is from.
Expected<void> sort_and_check(Tree& tree, const std::string& source);

/// Paths that are one file on systems that take capital for small letters: pairs of them.
std::vector<std::pair<std::string, std::string>> case_clashes(const Tree& tree);

}  // namespace joulecast::datasets
