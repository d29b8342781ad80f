#include <map>
#include <mutex>

#include <fmt/format.h>

#include "cli/fault_tally.h"
#include "cli/stages.h"
#include "cli/subcommand.h"
#include "cli/table.h"
#include "joulecast/measurements.h"

namespace joulecast::cli {
namespace {

using Status = AttributionOutcome::Status;

/// Bytes read of all networks' latency logs together.
class ByteTally {
 public:
  explicit ByteTally(Console& console) : console_(console) {}
  /// The sizes are known before the first byte is read.
  void expect(const RawData& raw_data, const std::vector<std::string>& only) {
    for (const auto& network : raw_data.networks) {
      const bool wanted = only.empty() || std::find(only.begin(), only.end(), network.name) != only.end();
      std::error_code code;
      const auto bytes = std::filesystem::file_size(network.latency_log, code);
      if (wanted && !code) total_ += bytes;
    }
  }
  void operator()(std::string_view network, std::uint64_t done, std::uint64_t) {
    std::uint64_t sum = 0;
    {
      const std::scoped_lock lock(mutex_);
      auto& of_network = done_[std::string(network)];
      sum_ += done - of_network;
      of_network = done;
      sum = sum_;
    }
    console_.progress("attribute", sum, total_, "MB", 1e6);
  }

 private:
  Console& console_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> done_;
  std::uint64_t sum_ = 0;
  std::uint64_t total_ = 0;
};

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "-"
                    : fmt::format("{:.1f}", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string_view in_words(Status status) {
  switch (status) {
    case Status::kDone:
      return "done";
    case Status::kWithoutPower:
      return "no power";
    case Status::kRunTimesOnly:
      return "run times only";
    case Status::kSkipped:
      return "skipped";
  }
  return "";
}

std::string summary_of(const Console& console, const std::vector<AttributionOutcome>& outcomes) {
  Table table({{"network", Table::Align::kLeft, true},
               {"rows"},
               {"with power (%)"},
               {"samples"},
               {"used (%)"},
               {"status", Table::Align::kLeft}});
  for (const auto& outcome : outcomes) {
    const auto& s = outcome.summary;
    const bool counted = outcome.status == Status::kDone || outcome.status == Status::kWithoutPower;
    if (counted)
      table.add({outcome.network, count_cell(s.rows), percent(s.rows_with_power, s.rows),
                 count_cell(s.samples_read), percent(s.samples_used, s.samples_read),
                 std::string(in_words(outcome.status))});
    else
      table.add({outcome.network, "-", "-", "-", "-", std::string(in_words(outcome.status))});
  }
  return table.text(console.width(), console.colours());
}

class AttributeCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Joins the power log, the latency log and the engine information of each network in RAW_DATA, and "
           "writes power and "
           "run time of each layer to PREPROCESSED/NETWORK.\n\n"
           "The window method is the reference's: a layer gets the power samples between its start and its "
           "end. A network without "
           "power log or time stamps yields run times alone. One network's fault never ends the others.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast attribute raw_data --out preprocessed_data",
            "joulecast attribute raw_data --out preprocessed_data --only resnet18 --strict"};
  }
  void declare(FlagSet& flags) override {
    flags.add("RAW_DATA", "", &arguments_.raw_data, "Folder with idling_power.json and one folder a network")
        .required = true;
    flags.add("--out", "PREPROCESSED", &arguments_.out, "Folder to write to").required = true;
    flags.flags.back().alias = "-o";
    flags
        .add("--method", "METHOD", &arguments_.method,
             "How power comes to layers: window, the only one in this version")
        .choices = {"window", "regression"};
    flags.add("--only", "NETWORK", &arguments_.only, "Take this network alone; may be given several times");
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    return run_attribute(console, common, arguments_);
  }

  AttributeArguments arguments_;
};

}  // namespace

Expected<int> run_attribute(Console& console, const CommonOptions& common,
                            const AttributeArguments& arguments) {
  if (arguments.method != "window")
    return fail(ErrorKind::kUsage, fmt::format("--method {} is not in this version", arguments.method), {},
                "Use --method window");
  const auto raw_data = list_raw_data(arguments.raw_data);
  if (!raw_data) return tl::unexpected(raw_data.error());
  ByteTally tally(console);
  tally.expect(*raw_data, arguments.only);
  AttributeOptions options;
  options.only = arguments.only;
  options.jobs = common.jobs;
  options.progress = std::ref(tally);
  const auto outcomes = attribute_folder(arguments.raw_data, arguments.out, options);
  console.end_progress();
  if (!outcomes) return tl::unexpected(outcomes.error());

  FaultTally faults;
  bool produced = false;
  for (const auto& outcome : *outcomes) {
    for (const auto& warning : outcome.warnings) console.warning(warning, outcome.network);
    if (outcome.status == Status::kSkipped) {
      faults.skipped(console, outcome.network, *outcome.reason);
      continue;
    }
    produced = true;
    if (outcome.reason) {
      console.warning(
          Warning{fmt::format("{}: {}", outcome.network, outcome.reason->message), outcome.reason->location});
      faults.survived(*outcome.reason);
    }
  }
  console.summary(summary_of(console, *outcomes));
  return faults.verdict(produced, common.strict, "no network could be used");
}

std::unique_ptr<Subcommand> make_attribute_command() {
  return std::make_unique<AttributeCommand>();
}

}  // namespace joulecast::cli
