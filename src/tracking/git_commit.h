// The commit of a checkout, read from its files: no git is run.
#pragma once

#include <filesystem>
#include <string>

namespace joulecast::tracking {

/// The commit that HEAD names in the checkout around `folder`; empty if there is none.
std::string git_commit_around(const std::filesystem::path& folder);

}  // namespace joulecast::tracking
