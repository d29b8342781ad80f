#include <mutex>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/subcommand.h"
#include "cli/table.h"
#include "cli/words.h"
#include "joulecast/simulator.h"

namespace joulecast::cli {
namespace {

class SimulateCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Writes raw logs as a board would, and beside them the truth that a real board hides: run time "
           "and power of every layer. "
           "The same seed gives the same bytes on every machine. Nothing here was measured.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {
        "joulecast simulate --out raw_data --truth truth",
        "joulecast simulate --out raw_data --truth truth --networks lenet,resnet18 --cycles 500 --seed 7"};
  }
  void declare(FlagSet& flags) override {
    flags.add("--out", "RAW_DATA", &out_, "Folder to write the logs to").required = true;
    flags.flags.back().alias = "-o";
    flags.add("--truth", "DIR", &truth_, "Folder to write the truth to").required = true;
    auto& scenario =
        flags.add("--scenario", "NAME", &options_.scenario, "What kind of board and run: base by default");
    for (const auto name : known_scenarios()) scenario.choices.emplace_back(name);
    scenario.help += fmt::format("; one of {}", fmt::join(scenario.choices, ", "));
    flags.add("--networks", "NAMES", &networks_,
              "Networks, separated by commas; 20 well-known CNNs by default");
    flags.add(
        "--cycles", "N", &cycles_,
        "Inferences of each network; the scenario's number by default, 30,000 in most, which make 50 to "
        "500 MB of logs a network");
    flags.add("--seed", "N", &options_.seed, "Draws the board; 1 by default");
    flags.add("--plain-layers", "N", &options_.plain_layers,
              "One network of N equal layers instead, for timing");
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    if (cycles_ && *cycles_ == 0)
      return fail(ErrorKind::kUsage, "--cycles 0 leaves nothing to log", {}, "Give 1 or more");
    options_.cycles = cycles_.value_or(0);
    options_.networks = split_at_commas(networks_);
    if (options_.plain_layers != 0 && !options_.networks.empty())
      return fail(ErrorKind::kUsage, "--plain-layers and --networks exclude each other", {},
                  "Leave out one of the two");
    options_.jobs = common.jobs;
    const std::size_t wanted = options_.plain_layers != 0  ? 1
                               : options_.networks.empty() ? default_networks().size()
                                                           : options_.networks.size();
    std::mutex mutex;
    std::uint64_t written = 0;
    options_.progress = [&](std::string_view, std::uint64_t done, std::uint64_t) {
      const std::scoped_lock lock(mutex);
      written += done;
      console.progress("simulate", written, wanted, "networks");
    };
    const auto networks = write_raw_data(out_, truth_, options_);
    console.end_progress();
    if (!networks) return tl::unexpected(networks.error());
    Table table({{"network", Table::Align::kLeft, Table::Narrow::kOwnLine},
                 {"layers"},
                 {"cycles"},
                 {"power samples"},
                 {"size (MB)"}});
    for (const auto& network : *networks)
      table.add({network.name, count_cell(network.layers), count_cell(network.cycles),
                 count_cell(network.samples), cell(static_cast<double>(network.bytes) / 1e6, 1)});
    console.summary(table.text(console.width(), console.colours()));
    return 0;
  }

  std::string out_;
  std::string truth_;
  std::vector<std::string> networks_;
  std::optional<std::uint64_t> cycles_;
  SimulateOptions options_;
};

}  // namespace

std::unique_ptr<Subcommand> make_simulate_command() {
  return std::make_unique<SimulateCommand>();
}

}  // namespace joulecast::cli
