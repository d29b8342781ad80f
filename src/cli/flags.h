// What a subcommand accepts, declared once: parsing, help, man page and completion all read this list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "joulecast/error.h"

namespace joulecast::cli {

/// Where a value goes. A bool is a switch; a vector takes the flag any number of times.
using FlagTarget = std::variant<bool*, std::string*, std::vector<std::string>*, std::uint64_t*,
                                std::optional<std::uint64_t>*>;

/// An option, or a positional argument if it has no dashes.
struct Flag {
  std::string name;   ///< "--out", or "RAW_DATA" for a positional argument
  std::string alias;  ///< other spellings, "-o,--longer"; the help shows a letter only
  std::string value;  ///< word for the value in the help ("DIR"); empty for a switch
  std::string help;
  FlagTarget target;
  bool required = false;
  std::vector<std::string> choices;  ///< the only accepted values; empty: any

  [[nodiscard]] bool positional() const { return !name.starts_with("-"); }
  [[nodiscard]] bool repeatable() const { return std::holds_alternative<std::vector<std::string>*>(target); }
  /// What names a value's file or folder completes to paths: values in capitals such as DIR, FILE, RAW_DATA.
  [[nodiscard]] bool takes_path() const;
};

/// The flags of one subcommand, in the order of the help text.
struct FlagSet {
  std::vector<Flag> flags;
  Flag& add(std::string name, std::string value, FlagTarget target, std::string help);
};

/// Flags that every subcommand has.
struct CommonOptions {
  std::string progress = "auto";
  bool quiet = false;
  bool verbose = false;
  std::string log_format = "text";
  std::uint64_t jobs = 0;
  bool strict = false;
  bool help = false;
};
FlagSet common_flags(CommonOptions& options);

/// Fills the targets from the arguments after the subcommand's name. Errors: kUsage, with a hint (nearest
/// known flag, accepted values). With --help given, missing required arguments are no error.
Expected<void> parse_arguments(std::string_view command, const FlagSet& own, const FlagSet& common,
                               const CommonOptions& options, const std::vector<std::string>& arguments);

/// The candidate nearest to a mistyped word, if one is near enough to be meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace joulecast::cli
