#include <algorithm>
#include <array>

#include "cli/subcommand.h"

namespace joulecast::cli {
namespace {

constexpr std::array kSubcommands = {
    SubcommandEntry{"attribute", "raw logs -> power and run time of each layer", make_attribute_command},
    SubcommandEntry{"convert", "-> training rows, statistics, rejects with reasons", make_convert_command},
    SubcommandEntry{"dataset", "attribute and convert in one go, with a remote if asked",
                    make_dataset_command},
    SubcommandEntry{"train", "fits, evaluates and saves the models", make_train_command},
    SubcommandEntry{"predict", "cost of a network's layers and of the whole, from its engine",
                    make_predict_command},
    SubcommandEntry{"evaluate", "accuracy on networks that are held out", make_evaluate_command},
    SubcommandEntry{"data", "datasets on DagsHub and DVC remotes: pull, push, status, verify",
                    make_data_command},
    SubcommandEntry{"data_version", "the same by the arguments of the reference's script",
                    make_data_version_command},
    SubcommandEntry{"models", "lists and shows models, imports those of scikit-learn", make_models_command},
    SubcommandEntry{"boards", "measured boards that come with the program", make_boards_command},
    SubcommandEntry{"track", "sends trainings that an MLflow server has not got yet", make_track_command},
    SubcommandEntry{"simulate", "raw logs of a simulated board with known truth", make_simulate_command},
    SubcommandEntry{"doctor", "checks data and models, says what to do", make_doctor_command},
    SubcommandEntry{"completion", "completion script for bash, zsh or fish", make_completion_command},
    SubcommandEntry{"man", "the manual page, in roff", make_man_command},
};

}  // namespace

std::span<const SubcommandEntry> subcommands() {
  return kSubcommands;
}

const SubcommandEntry* find_subcommand(std::string_view name) {
  const auto found = std::find_if(kSubcommands.begin(), kSubcommands.end(),
                                  [&](const auto& entry) { return entry.name == name; });
  return found == kSubcommands.end() ? nullptr : &*found;
}

}  // namespace joulecast::cli
