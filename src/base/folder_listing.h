// What lies in a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "joulecast/error.h"

namespace joulecast {

/// Names in a folder by code point. Errors: kUnreadable, with `hint` if it is a file or missing.
Expected<std::vector<std::string>> sorted_names(const std::filesystem::path& folder,
                                                const std::string& hint = "Check the path");

}  // namespace joulecast
