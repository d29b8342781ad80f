// The program: finds the subcommand, parses its flags, runs it, and turns an error into text and an exit
// code.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "cli/console.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/subcommand.h"

namespace joulecast::cli {
namespace {

int report(Console& console, const Error& error) {
  console.end_progress();
  console.error(error);
  return exit_code(error.kind);
}

Error unknown_command(const std::string& name) {
  if (name.starts_with("-"))
    return {ErrorKind::kUsage,
            fmt::format("'{}' stands where a command is expected", name),
            {},
            "Put options after the command; see 'joulecast --help'"};
  std::vector<std::string> names;
  for (const auto& entry : subcommands()) names.emplace_back(entry.name);
  const auto guess = nearest(name, names);
  return {ErrorKind::kUsage,
          fmt::format("unknown command '{}'", name),
          {},
          guess ? fmt::format("Did you mean '{}'?", *guess) : "See 'joulecast --help' for the list"};
}

int run_subcommand(const SubcommandEntry& entry, const std::vector<std::string>& arguments) {
  const auto command = entry.make();
  CommonOptions options;
  FlagSet own;
  command->declare(own);
  const FlagSet common = common_flags(options);
  const auto parsed = parse_arguments(entry.name, own, common, options, arguments);
  Console console(options);
  if (!parsed) return report(console, parsed.error());
  Expected<int> code = 0;
  if (options.help) {
    console.result(command_help(entry, *command, own, common));
  } else {
    end_cleanly_on_signals();
    code = command->run(console, options);
  }
  if (!code) return report(console, code.error());
  if (const auto flushed = console.finish(); !flushed) return report(console, flushed.error());
  return *code;
}

int run(const std::vector<std::string>& arguments) {
  CommonOptions options;
  Console console(options);
  if (arguments.empty()) {
    std::fputs(program_help().c_str(), stderr);
    return exit_code(ErrorKind::kUsage);
  }
  const std::string& first = arguments.front();
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (first == "help" && !rest.empty() && find_subcommand(rest.front()) != nullptr)
    return run_subcommand(*find_subcommand(rest.front()), {"--help"});
  if (first == "--help" || first == "-h" || first == "help" || first == "--version") {
    console.result(first == "--version" ? version_text() : program_help());
    const auto flushed = console.finish();
    return flushed ? 0 : report(console, flushed.error());
  }
  const auto* entry = find_subcommand(first);
  return entry != nullptr ? run_subcommand(*entry, rest) : report(console, unknown_command(first));
}

}  // namespace
}  // namespace joulecast::cli

int main(int count, char** words) {
  try {
    return joulecast::cli::run(std::vector<std::string>(words + 1, words + count));
  } catch (const std::exception& fault) {  // a bug, or no memory: the library reports faults as values
    std::fprintf(stderr,
                 "joulecast: internal error: %s\n  hint: This is a bug in joulecast: report it with the "
                 "command line\n",
                 fault.what());
    return joulecast::exit_code(joulecast::ErrorKind::kInternal);
  }
}
