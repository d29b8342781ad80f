// Small pieces of text that several subcommands take apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace joulecast::cli {

/// {"a,b", "c"} -> {"a", "b", "c"}; empty parts vanish.
std::vector<std::string> split_at_commas(const std::vector<std::string>& words);

/// "a, b, c and 3 more".
std::string some_of(const std::vector<std::string>& names);

/// Text that a terminal may be shown: control characters, which file and layer names can hold, as \xNN.
std::string printable(std::string_view text);

/// A message whose quoted names and single words of more than `longest` characters lose their middle; all
/// else, paths too, stays whole.
std::string shorten_names(std::string_view text, std::size_t longest);

}  // namespace joulecast::cli
