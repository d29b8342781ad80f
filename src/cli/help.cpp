#include "cli/help.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace joulecast::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kHelpColumn = 26;

// Words of `text` in lines that end before column kWidth; all lines but the first are indented. The first
// begins at column `at`.
std::string wrap(std::string_view text, std::size_t indent, std::size_t at) {
  std::string out;
  std::size_t column = at;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view next = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (next.empty()) continue;
    if (column > indent && column + 1 + next.size() > kWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent) {
      out += ' ';
      ++column;
    }
    out += next;
    column += next.size();
  }
  return out;
}

/// A command line that may be pasted: broken with backslashes where it is too long.
std::string broken_line(std::string_view line) {
  constexpr std::string_view kBreak = " \\\n      ";
  std::string out = "  ";
  std::size_t column = out.size();
  bool first = true;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    // Two columns stay free for the backslash.
    if (!first && column + 1 + word.size() + 2 > kWidth) {
      out += kBreak;
      column = 6;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    first = false;
  }
  return out + "\n";
}

std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    out += wrap(text.substr(0, end), 0, 0) + "\n";
    text.remove_prefix(std::min(end + 2, text.size()));
    if (!text.empty()) out += "\n";
  }
  return out;
}

/// "-o" of "-o,--result-csv-path"; empty if the flag has no single letter.
std::string short_name(const Flag& flag) {
  const bool has = flag.alias.size() >= 2 && flag.alias[1] != '-';
  return has ? flag.alias.substr(0, 2) : "";
}

std::string spelled(const Flag& flag) {
  std::string text = flag.name;
  if (const auto letter = short_name(flag); !letter.empty()) text = letter + ", " + text;
  if (flag.positional() && flag.repeatable()) return text + "...";
  return flag.value.empty() ? text : text + " " + flag.value;
}

std::string flag_lines(const FlagSet& flags, bool positional) {
  std::string out;
  for (const auto& flag : flags.flags) {
    if (flag.positional() != positional) continue;
    std::string line = "  " + spelled(flag);
    if (line.size() + 2 > kHelpColumn)
      line += "\n" + std::string(kHelpColumn, ' ');
    else
      line.resize(kHelpColumn, ' ');
    std::string help = flag.help;
    if (flag.required && !flag.positional()) help += " (required)";
    out += line + wrap(help, kHelpColumn, kHelpColumn) + "\n";
  }
  return out;
}

std::string usage_line(const SubcommandEntry& entry, const FlagSet& own) {
  std::string line = fmt::format("joulecast {}", entry.name);
  for (const auto& flag : own.flags) {
    if (flag.positional()) line += flag.required ? " " + spelled(flag) : " [" + spelled(flag) + "]";
  }
  for (const auto& flag : own.flags)
    if (!flag.positional() && flag.required) line += fmt::format(" {} {}", flag.name, flag.value);
  return line + " [OPTION...]";
}

std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
      out += std::string("\\&") + c;
    else
      out += c;
  }
  return out;
}

std::string roff_flags(const FlagSet& flags) {
  std::string out;
  for (const auto& flag : flags.flags) {
    const std::string value = flag.value.empty() ? "" : fmt::format(" \\fI{}\\fR", roff(flag.value));
    const std::string letter = short_name(flag);
    const std::string alias = letter.empty() ? "" : fmt::format("\\fB{}\\fR, ", roff(letter));
    out += fmt::format(".TP\n{}\\fB{}\\fR{}\n{}\n", alias, roff(flag.name), value, roff(flag.help));
  }
  return out;
}

std::string roff_paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    out += ".PP\n" + roff(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return out;
}

constexpr std::string_view kExitCodes =
    "0 done; 1 internal error (a bug); 2 wrong usage; 3 input unreadable or malformed; 4 input readable but "
    "unfit; 5 network or "
    "server; 6 access denied; 7 output not writable; 130 interrupted. Where some networks are skipped but "
    "something is "
    "produced, the code is 0 with a warning for each; --strict turns that into the code of the first fault.";
constexpr std::string_view kTagline = "what a CNN will cost on an edge board: watts, milliseconds, joules";

}  // namespace

std::string program_help() {
  std::string out = fmt::format(
      "joulecast: {}\n\nUsage: joulecast COMMAND [ARGUMENT...] [OPTION...]\n\nCommands:\n", kTagline);
  for (const auto& entry : subcommands())
    out += fmt::format("  {:<14}{}\n", entry.name, wrap(entry.summary, 16, 16));
  out +=
      "\nOptions:\n"
      "  --help, -h  Show this help; 'joulecast COMMAND --help' shows a command's\n"
      "  --version   Show the version, its commit and the libraries built with\n"
      "\nExamples:\n"
      "  joulecast attribute raw_data --out preprocessed_data\n"
      "  joulecast predict trt_engine_info.json --models models\n";
  return out;
}

std::string command_help(const SubcommandEntry& entry, const Subcommand& command, const FlagSet& own,
                         const FlagSet& common) {
  std::string out =
      "Usage: " + wrap(usage_line(entry, own), 11, 7) + "\n\n" + paragraphs(command.description());
  if (const auto lines = flag_lines(own, true); !lines.empty()) out += "\nArguments:\n" + lines;
  if (const auto lines = flag_lines(own, false); !lines.empty()) out += "\nOptions:\n" + lines;
  out += "\nCommon options:\n" + flag_lines(common, false) + "\nExamples:\n";
  for (const auto example : command.examples()) out += broken_line(example);
  return out;
}

std::string man_page() {
  std::string out = fmt::format(
      ".TH JOULECAST 1 \"\" \"joulecast {}\" \"User Commands\"\n.SH NAME\njoulecast \\- {}\n.SH SYNOPSIS\n.B "
      "joulecast\n\\fICOMMAND\\fR "
      "[\\fIARGUMENT\\fR...] [\\fIOPTION\\fR...]\n.SH DESCRIPTION\nTurns the raw logs of a board into models "
      "of what a network costs, and "
      "predicts from them what an unseen network will cost there.\n.SH COMMANDS\n",
      JOULECAST_VERSION, roff(kTagline));
  CommonOptions options;
  for (const auto& entry : subcommands()) {
    const auto command = entry.make();
    FlagSet flags;
    command->declare(flags);
    out += fmt::format(".SS {}\n", roff(usage_line(entry, flags)));
    out += roff_paragraphs(command->description()) + roff_flags(flags) + ".PP\nExamples:\n.nf\n";
    for (const auto example : command->examples()) out += "    " + roff(example) + "\n";
    out += ".fi\n";
  }
  out += ".SH COMMON OPTIONS\n" + roff_flags(common_flags(options));
  out += ".SH EXIT STATUS\n" + roff(kExitCodes) +
         "\n.SH ENVIRONMENT\n.TP\n.B NO_COLOR\nIf set and not empty, no colours.\n.TP\n.B COLUMNS\n";
  out += "Width of tables where standard output is no terminal.\n";
  return out;
}

}  // namespace joulecast::cli
