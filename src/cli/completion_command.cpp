// Completion scripts, written from the same lists of commands and flags that the parser uses.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/subcommand.h"

namespace joulecast::cli {
namespace {

struct Listed {
  const SubcommandEntry* entry;
  FlagSet flags;  // the command's own, then the common ones
};

/// Every command with its flags. The targets die with the commands; only words are read from here on.
std::vector<Listed> all_commands() {
  std::vector<Listed> all;
  CommonOptions options;
  for (const auto& entry : subcommands()) {
    Listed listed{&entry, {}};
    entry.make()->declare(listed.flags);
    for (auto& flag : common_flags(options).flags) listed.flags.flags.push_back(flag);
    all.push_back(std::move(listed));
  }
  return all;
}

std::string names_of(const std::vector<Listed>& all) {
  std::vector<std::string_view> names;
  for (const auto& command : all) names.push_back(command.entry->name);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string options_of(const Listed& command) {
  std::vector<std::string_view> names;
  for (const auto& flag : command.flags.flags)
    if (!flag.positional()) names.push_back(flag.name);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string bash_script() {
  const auto all = all_commands();
  std::string out = fmt::format(
      "# joulecast completion for bash\n_joulecast() {{\n  local word=\"${{COMP_WORDS[COMP_CWORD]}}\" "
      "before=\"${{COMP_WORDS[COMP_CWORD-1]}}\"\n"
      "  COMPREPLY=()\n  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W \"{} --help "
      "--version\" -- \"$word\"))\n    return\n  fi\n"
      "  case \"${{COMP_WORDS[1]}} $before\" in\n",
      names_of(all));
  for (const auto& command : all)
    for (const auto& flag : command.flags.flags)
      if (!flag.choices.empty())
        out += fmt::format("    \"{} {}\") COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return ;;\n",
                           command.entry->name,
                           flag.positional() ? command.entry->name : std::string_view(flag.name),
                           fmt::join(flag.choices, " "));
  out += "  esac\n  case \"$word\" in\n    -*)\n      case \"${COMP_WORDS[1]}\" in\n";
  for (const auto& command : all)
    out += fmt::format("        {}) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")) ;;\n", command.entry->name,
                       options_of(command));
  out +=
      "      esac\n      return ;;\n  esac\n  COMPREPLY=($(compgen -f -- \"$word\"))\n}\ncomplete -o "
      "filenames -F _joulecast joulecast\n";
  return out;
}

/// Text inside single quotes of zsh's _arguments or of fish: no quotes, brackets or colons survive.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (std::string_view("'[]:\\").find(c) == std::string_view::npos) out += c;
  return out;
}

std::string zsh_script() {
  std::string out = "#compdef joulecast\n_joulecast() {\n  local -a commands\n  commands=(\n";
  const auto all = all_commands();
  for (const auto& command : all)
    out += fmt::format("    '{}:{}'\n", command.entry->name, plain(command.entry->summary));
  out +=
      "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n  local "
      "name=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $name in\n";
  for (const auto& command : all) {
    out += fmt::format("    {})\n      _arguments", command.entry->name);
    for (const auto& flag : command.flags.flags) {
      const std::string action = !flag.choices.empty() ? fmt::format("({})", fmt::join(flag.choices, " "))
                                 : flag.takes_path()   ? "_files"
                                                       : "";
      if (flag.positional())
        out += fmt::format(" \\\n        '{}:{}:{}'", flag.repeatable() ? "*" : "", plain(flag.name), action);
      else if (flag.value.empty())
        out += fmt::format(" \\\n        '{}[{}]'", flag.name, plain(flag.help));
      else
        out += fmt::format(" \\\n        '{}{}[{}]:{}:{}'", flag.repeatable() ? "*" : "", flag.name,
                           plain(flag.help), plain(flag.value), action);
    }
    out += "\n      ;;\n";
  }
  out += "  esac\n}\n_joulecast \"$@\"\n";
  return out;
}

std::string fish_script() {
  std::string out = "# joulecast completion for fish\n";
  for (const auto& command : all_commands()) {
    out += fmt::format("complete -c joulecast -f -n __fish_use_subcommand -a {} -d '{}'\n",
                       command.entry->name, plain(command.entry->summary));
    const std::string when = fmt::format("-n '__fish_seen_subcommand_from {}'", command.entry->name);
    for (const auto& flag : command.flags.flags) {
      const std::string words =
          flag.choices.empty() ? "" : fmt::format(" -a '{}'", fmt::join(flag.choices, " "));
      if (flag.positional()) {
        out +=
            fmt::format("complete -c joulecast {}{}\n", when, flag.choices.empty() ? " -F" : " -f" + words);
        continue;
      }
      const char* value = flag.value.empty() ? "" : flag.takes_path() ? " -r -F" : " -x";
      out += fmt::format("complete -c joulecast {} -l {}{}{} -d '{}'\n", when, flag.name.substr(2), value,
                         words, plain(flag.help));
    }
  }
  return out;
}

class CompletionCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Writes a completion script to standard output. Installed copies are found by the shells without "
           "further steps.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"source <(joulecast completion bash)",
            "joulecast completion fish > ~/.config/fish/completions/joulecast.fish"};
  }
  void declare(FlagSet& flags) override {
    auto& shell = flags.add("SHELL", "", &shell_, "bash, zsh or fish");
    shell.required = true;
    shell.choices = {"bash", "zsh", "fish"};
  }
  Expected<int> run(Console& console, const CommonOptions&) override {
    console.result(shell_ == "bash" ? bash_script() : shell_ == "zsh" ? zsh_script() : fish_script());
    return 0;
  }
  std::string shell_;
};

}  // namespace

std::unique_ptr<Subcommand> make_completion_command() {
  return std::make_unique<CompletionCommand>();
}

}  // namespace joulecast::cli
