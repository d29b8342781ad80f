#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
    if (entry->is_directory(code)) out.push_back(entry->path());
  std::sort(out.begin(), out.end());
  return out;
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
    Table table({{"board", Table::Align::kLeft},
                 {"networks", Table::Align::kLeft, Table::Narrow::kShorten},
                 {"target", Table::Align::kLeft},
                 {"layers"},
                 {"RMSPE (%)"},
                 {"MAPE (%)"},
                 {"sum (%)"},
                 {"covered (%)"}});
    std::set<fs::path> places;
    for (const fs::path& board : folders_in(folder)) {
      // Engines of one network in several precisions are models of their own.
      for (const fs::path& network : folders_in(board)) {
        const auto data = read_training_set(network);
        if (!data) return tl::unexpected(data.error());
        add(table, board, network, *data, common);
        places.insert(board);
      }
    }
    if (places.empty())
      return fail(ErrorKind::kUnfit, "holds no board", {folder.string()},
                  "Expected <board>/<network>/layers.csv");
    console.result(table.text(console.width(), console.colours()) +
                   fmt::format("Boards in {}. Layers of the same sizes were held out together, in ten parts; "
                               "covered: within their 90 % interval.\n",
                               folder.string()));
    return 0;
  }

  static void add(Table& table, const fs::path& board, const fs::path& network, const TrainingSet& data,
                  const CommonOptions& common) {
    EvaluationOptions options;
    options.groups = HeldOutGroups::kShape;
    options.lasso = false;
    options.jobs = common.jobs;
    const auto evaluation = evaluate(data, options);
    if (!evaluation) {
      table.add({board.filename().string(), network.filename().string(), "-", count_cell(data.layers.size()),
                 "-", "-", "-", "-"});
      return;
    }
    for (const TargetEvaluation& target : evaluation->targets)
      table.add({board.filename().string(), network.filename().string(), target.target,
                 count_cell(target.all.layers), percent_cell(target.all.rmspe_percent),
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
