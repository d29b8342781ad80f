// A subcommand of the program: its words for the user, its flags, and the work.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"
#include "cli/flags.h"
#include "joulecast/error.h"

namespace joulecast::cli {

class Subcommand {
 public:
  virtual ~Subcommand() = default;
  Subcommand() = default;
  Subcommand(const Subcommand&) = delete;
  Subcommand& operator=(const Subcommand&) = delete;

  /// Paragraphs for --help and the man page, separated by empty lines.
  [[nodiscard]] virtual std::string_view description() const = 0;
  /// At least two command lines that work as they stand, given the data.
  [[nodiscard]] virtual std::vector<std::string_view> examples() const = 0;
  /// Declares flags whose targets are members of the object.
  virtual void declare(FlagSet& flags) = 0;
  /// Does the work. The value is the exit code (0, or another one with --strict); an error is printed by the
  /// caller and turned into its exit code.
  virtual Expected<int> run(Console& console, const CommonOptions& common) = 0;
};

/// One line of the list of commands. Only the command asked for is ever made.
struct SubcommandEntry {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Subcommand> (*make)();
};
/// All subcommands, in the order of the pipeline.
std::span<const SubcommandEntry> subcommands();
const SubcommandEntry* find_subcommand(std::string_view name);

std::unique_ptr<Subcommand> make_attribute_command();
std::unique_ptr<Subcommand> make_convert_command();
std::unique_ptr<Subcommand> make_dataset_command();
std::unique_ptr<Subcommand> make_train_command();
std::unique_ptr<Subcommand> make_predict_command();
std::unique_ptr<Subcommand> make_evaluate_command();
std::unique_ptr<Subcommand> make_data_command();
std::unique_ptr<Subcommand> make_data_version_command();
std::unique_ptr<Subcommand> make_models_command();
std::unique_ptr<Subcommand> make_boards_command();
std::unique_ptr<Subcommand> make_track_command();
std::unique_ptr<Subcommand> make_simulate_command();
std::unique_ptr<Subcommand> make_doctor_command();
std::unique_ptr<Subcommand> make_completion_command();
std::unique_ptr<Subcommand> make_man_command();

}  // namespace joulecast::cli
