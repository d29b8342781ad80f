#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "base/folder_listing.h"
#include "cli/fault_tally.h"
#include "cli/subcommand.h"
#include "cli/table.h"
#include "joulecast/evaluation.h"

namespace joulecast::cli {
namespace {

namespace fs = std::filesystem;

/// Beside the installed program: share/joulecast/boards; empty where it is not installed.
fs::path installed_boards() {
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  const fs::path boards = program.parent_path().parent_path() / "share/joulecast/boards";
  return !code && fs::is_directory(boards, code) ? boards : fs::path();
}

/// Names of the folders in a folder, but for hidden ones: those are of the system, or of a version control.
Expected<std::vector<std::string>> folders_in(const fs::path& folder) {
  auto names = sorted_names(folder, "Name a folder of boards, like examples/boards of the sources");
  if (!names) return names;
  std::erase_if(*names, [&](const std::string& name) {
    std::error_code code;
    return name.starts_with('.') || !fs::is_directory(folder / name, code);
  });
  return names;
}

std::string percent_cell(double value) {
  return std::isfinite(value) ? cell(value, 1) : "-";
}

class BoardsCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Lists the measured boards that come with joulecast, and how well their layers are predicted when "
           "layers "
           "of the same sizes are held out. Train on one of them with `joulecast train BOARDS/NAME --out "
           "MODELS`.\n\n"
           "Without BOARDS the folder that was installed with the program is taken.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast boards", "joulecast boards examples/boards"};
  }
  void declare(FlagSet& flags) override {
    flags.add("BOARDS", "", &boards_, "Folder of boards, each a folder of networks with a layers.csv");
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    const fs::path folder = boards_.empty() ? installed_boards() : fs::path(boards_);
    if (folder.empty())
      return fail(ErrorKind::kUsage, "boards needs BOARDS: the program is not installed with some", {},
                  "Name the folder examples/boards of the sources");
    Table table({{"board and network", Table::Align::kLeft, Table::Narrow::kOwnLine},
                 {"target", Table::Align::kLeft},
                 {"layers"},
                 {"RMSPE (%)"},
                 {"MAPE (%)"},
                 {"sum (%)"},
                 {"covered (%)"}});
    const auto boards = folders_in(folder);
    if (!boards) return tl::unexpected(boards.error());
    if (boards->empty())
      return fail(ErrorKind::kUnfit, "holds no board", {folder.string()},
                  "Expected <board>/<network>/layers.csv");
    FaultTally faults;
    bool listed = false;
    for (const std::string& board : *boards) {
      // Engines of one network in several precisions are models of their own.
      const auto networks = networks_of(folder / board);
      if (!networks) {
        faults.skipped(console, board, networks.error());
        continue;
      }
      for (const std::string& network : *networks) {
        const auto data = read_training_set(folder / board / network);
        if (!data) {
          faults.skipped(console, name_of(board, network), data.error());
          continue;
        }
        add(table, {board, network, *data}, common, console, faults);
        listed = true;
      }
    }
    if (listed)
      console.result(
          table.text(console.width(), console.colours()) +
          fmt::format("Boards in {}.\nLayers of the same sizes were held out together, in ten parts;\n"
                      "covered: within their 90 % interval.\n",
                      folder.string()));
    return faults.verdict(listed, common.strict, "no board could be listed");
  }

  struct Measured {
    const std::string& board;
    const std::string& network;
    const TrainingSet& data;
  };

  static std::string name_of(const std::string& board, const std::string& network) {
    return board + "/" + network;
  }

  static Expected<std::vector<std::string>> networks_of(const fs::path& board) {
    auto networks = folders_in(board);
    if (networks && networks->empty())
      return fail(ErrorKind::kUnfit, "holds no network", {board.string()},
                  "Expected <network>/layers.csv in it");
    return networks;
  }

  static void add(Table& table, const Measured& measured, const CommonOptions& common, Console& console,
                  FaultTally& faults) {
    const auto& [board, network, data] = measured;
    const std::string name = name_of(board, network);
    for (const Warning& warning : data.warnings) console.warning(warning, name);
    EvaluationOptions options;
    options.groups = HeldOutGroups::kShape;
    options.lasso = false;
    options.jobs = common.jobs;
    const auto evaluation = evaluate(data, options);
    if (!evaluation) {
      console.survived(name, "listed without accuracy", evaluation.error());
      faults.survived(evaluation.error());
      table.add({name, "-", count_cell(data.layers.size()), "-", "-", "-", "-"});
      return;
    }
    for (const Warning& warning : evaluation->warnings) console.warning(warning, name);
    for (const TargetEvaluation& target : evaluation->targets)
      table.add({name, target.target, count_cell(target.all.layers), percent_cell(target.all.rmspe_percent),
                 percent_cell(target.all.mape_percent), percent_cell(target.all.sum_error_percent),
                 percent_cell(target.all.coverage_percent)});
  }

  std::string boards_;
};

}  // namespace

std::unique_ptr<Subcommand> make_boards_command() {
  return std::make_unique<BoardsCommand>();
}

}  // namespace joulecast::cli
