// The only file that includes CLI11 (5 s to compile). CLI11 takes the command line apart; values are checked
// here, so that every message names the flag, the value and what would be right.
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/flags.h"

namespace joulecast::cli {
namespace {

struct Parsed {
  const Flag* flag = nullptr;
  CLI::Option* option = nullptr;
  std::vector<std::string> values;
};

tl::unexpected<Error> usage(std::string message, std::string hint = {}) {
  return fail(ErrorKind::kUsage, std::move(message), {}, std::move(hint));
}

Expected<std::uint64_t> parse_count(const Flag& flag, const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || text.empty())
    return usage(fmt::format("{}: '{}' is no whole number from 0 on", flag.name, text));
  return number;
}

Expected<void> store(const Flag& flag, const std::vector<std::string>& values) {
  if (const auto* list = std::get_if<std::vector<std::string>*>(&flag.target)) {
    **list = values;
    return {};
  }
  if (auto* const* on = std::get_if<bool*>(&flag.target)) {
    if (!values.empty() && values.front() != "true")
      return usage(fmt::format("{} takes no value", flag.name), "Leave it out, or give it alone");
    **on = true;
    return {};
  }
  if (values.size() > 1)
    return usage(fmt::format("{} is given {} times", flag.name, values.size()), "Give it once");
  const std::string& value = values.front();
  if (!flag.choices.empty() &&
      std::find(flag.choices.begin(), flag.choices.end(), value) == flag.choices.end())
    return usage(fmt::format("{}: '{}' is unknown", flag.name, value),
                 fmt::format("It takes {}", fmt::join(flag.choices, ", ")));
  if (auto* const* text = std::get_if<std::string*>(&flag.target)) {
    **text = value;
    return {};
  }
  const auto number = parse_count(flag, value);
  if (!number) return tl::unexpected(number.error());
  if (auto* const* count = std::get_if<std::uint64_t*>(&flag.target)) **count = *number;
  if (auto* const* maybe = std::get_if<std::optional<std::uint64_t>*>(&flag.target)) **maybe = *number;
  return {};
}

void declare(CLI::App& app, Parsed& parsed) {
  const Flag& flag = *parsed.flag;
  const std::string names = flag.alias.empty() ? flag.name : flag.name + "," + flag.alias;
  if (std::holds_alternative<bool*>(flag.target)) {
    parsed.option = app.add_flag(names);
    return;
  }
  parsed.option = app.add_option(names, parsed.values);
  if (flag.positional() && flag.repeatable()) {
    parsed.option->expected(-1);
    return;
  }
  parsed.option->expected(1)->allow_extra_args(false);
  if (!flag.positional()) parsed.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

Expected<void> refuse_leftovers(std::string_view command, const std::vector<std::string>& rest,
                                const std::vector<Parsed>& known) {
  if (rest.empty()) return {};
  const std::string help = fmt::format("See 'joulecast {} --help'", command);
  const auto unknown =
      std::find_if(rest.begin(), rest.end(), [](const auto& word) { return word.starts_with("-"); });
  if (unknown == rest.end()) return usage(fmt::format("'{}' is one argument too many", rest.front()), help);
  std::vector<std::string> names;
  for (const auto& parsed : known)
    if (!parsed.flag->positional()) names.push_back(parsed.flag->name);
  const std::string flag = unknown->substr(0, unknown->find('='));
  const auto guess = nearest(flag, names);
  return usage(fmt::format("{} has no option {}", command, flag),
               guess ? fmt::format("Did you mean {}?", *guess) : help);
}

}  // namespace

Expected<void> parse_arguments(std::string_view command, const FlagSet& own, const FlagSet& common,
                               const CommonOptions& options, const std::vector<std::string>& arguments) {
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  std::vector<Parsed> known;  // CLI11 keeps references to the values, so the list never grows after this
  for (const auto* set : {&own, &common})
    for (const auto& flag : set->flags) known.push_back({&flag, nullptr, {}});
  for (auto& parsed : known) declare(app, parsed);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 wants them last first
  } catch (const CLI::ParseError& error) {
    return usage(error.what(), fmt::format("See 'joulecast {} --help'", command));
  }
  if (auto ok = refuse_leftovers(command, app.remaining(), known); !ok) return ok;
  for (const auto& parsed : known) {
    if (parsed.option->count() == 0) continue;
    if (auto ok = store(*parsed.flag, parsed.values); !ok) return ok;
  }
  if (options.help) return {};
  for (const auto& parsed : known) {
    if (!parsed.flag->required || parsed.option->count() != 0) continue;
    const std::string value = parsed.flag->value.empty() ? "" : " " + parsed.flag->value;
    return usage(fmt::format("{} needs {}{}", command, parsed.flag->name, value),
                 fmt::format("See 'joulecast {} --help'", command));
  }
  return {};
}

}  // namespace joulecast::cli
