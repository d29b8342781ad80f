// Small pieces of text that several subcommands take apart.
#pragma once

#include <string>
#include <vector>

namespace joulecast::cli {

/// {"a,b", "c"} -> {"a", "b", "c"}; empty parts vanish.
std::vector<std::string> split_at_commas(const std::vector<std::string>& words);

/// "a, b, c and 3 more".
std::string some_of(const std::vector<std::string>& names);

}  // namespace joulecast::cli
