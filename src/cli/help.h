// Help texts and manual, made from the same descriptions and flags that the parser uses.
#pragma once

#include <string>
#include <string_view>

#include "cli/subcommand.h"

namespace joulecast::cli {

/// `joulecast --help`: the list of commands.
std::string program_help();
/// `joulecast COMMAND --help`, wrapped at 80 columns.
std::string command_help(const SubcommandEntry& entry, const Subcommand& command, const FlagSet& own,
                         const FlagSet& common);
/// The manual in roff, for share/man/man1/joulecast.1.
std::string man_page();
/// "joulecast VERSION (commit ...)" and the libraries built with.
std::string version_text();

}  // namespace joulecast::cli
