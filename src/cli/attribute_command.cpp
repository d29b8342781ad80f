#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include <fmt/format.h>

#include "cli/attribution_tables.h"
#include "cli/fault_tally.h"
#include "cli/stages.h"
#include "cli/subcommand.h"
#include "cli/words.h"
#include "joulecast/cost_model.h"
#include "joulecast/measurements.h"
#include "joulecast/prediction.h"
#include "joulecast/regression.h"

namespace joulecast::cli {
namespace {

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
    std::string_view what;
    {
      const std::scoped_lock lock(mutex_);
      auto& of_network = done_[std::string(network)];
      again_ = again_ || done < of_network;
      sum_ += done - of_network;
      of_network = done;
      sum = sum_;
      what = again_ ? "attribute, with the board's sensor" : "attribute";
    }
    console_.progress(what, sum, total_, "MB", 1e6);
  }

 private:
  Console& console_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> done_;
  std::uint64_t sum_ = 0;
  std::uint64_t total_ = 0;
  bool again_ = false;  ///< networks are read a second time
};

/// What speaks against the results, and how to record better: networks of one board have most of it in
/// common, so each line names all that it is about.
void tell_doubts(Console& console, const std::vector<AttributionOutcome>& outcomes) {
  std::map<std::string, std::vector<std::string>> doubts;
  std::map<std::string, std::vector<std::string>> advice;
  for (const auto& outcome : outcomes) {
    if (!outcome.regression) continue;
    const RegressionResult& result = *outcome.regression;
    for (const auto& line : result.advice) advice[line].push_back(outcome.network);
    if (result.verdict != Verdict::kWeak) continue;
    for (const auto& line : result.reasons) doubts[line].push_back(outcome.network);
  }
  for (const auto& [line, networks] : doubts)
    console.note(fmt::format("weak: {}: {}", some_of(networks), line));
  for (const auto& [line, networks] : advice)
    console.note(fmt::format("to record better: {}: {}", some_of(networks), line));
}

/// A model's idea of each layer's power, for the centre of the regression's prior. The model is compiled once
/// and asked by several threads.
std::function<std::vector<PriorPower>(const Network&)> prior_from(const CostModel& model) {
  auto predictor = std::make_shared<const Predictor>(model);
  return [predictor](const Network& engine) {
    std::vector<PriorPower> prior;
    const auto prediction = predictor->predict(engine);
    if (!prediction) return prior;  // it covers no layer: the run's own prior stands
    for (const LayerPrediction& layer : prediction->layers)
      if (layer.power_w) prior.push_back({layer.layer_name, layer.power_w->value});
    return prior;
  };
}

class AttributeCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Joins the power log, the latency log and the engine information of each network in RAW_DATA, and "
           "writes power and "
           "run time of each layer to PREPROCESSED/NETWORK.\n\n"
           "The regression finds each layer's power from the share of every sample's time that the layer "
           "fills, with intervals, and "
           "refuses a network whose logs do not tell: that one gets run times alone, and advice on how to "
           "record better. The window "
           "method is the reference's: a layer gets the power samples between its start and its end. A "
           "network without power log or "
           "time stamps yields run times alone. One network's fault never ends the others.\n\n"
           "Three or more networks of a board tell together what its sensor does, so that each is attributed "
           "once more with what the others found; --alone leaves that out.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast attribute raw_data --out preprocessed_data",
            "joulecast attribute raw_data --out preprocessed_data --only resnet18 --strict",
            "joulecast attribute raw_data --out preprocessed_data --method window"};
  }
  void declare(FlagSet& flags) override {
    flags.add("RAW_DATA", "", &arguments_.raw_data, "Folder with idling_power.json and one folder a network")
        .required = true;
    flags.add("--out", "PREPROCESSED", &arguments_.out, "Folder to write to").required = true;
    flags.flags.back().alias = "-o";
    add_attribution_flags(flags, arguments_);
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    const auto done = run_attribute(console, common, arguments_);
    if (!done) return tl::unexpected(done.error());
    return done->verdict;
  }

  AttributeArguments arguments_;
};

}  // namespace

void add_attribution_flags(FlagSet& flags, AttributeArguments& arguments) {
  flags.add("--only", "NETWORK", &arguments.only,
            "Of RAW_DATA, take this network alone; may be given several times");
  flags
      .add("--method", "METHOD", &arguments.method,
           "How power comes to layers: regression (the default), or window as the reference does")
      .choices = {"regression", "window"};
  flags.add("--prior", "MODELS", &arguments.prior,
            "Models that train wrote: their powers are where the regression starts from; dropped where a "
            "run speaks against them");
  flags.add("--alone", "", &arguments.alone,
            "Attribute each network as if it were the board's only one, whatever the others tell of the "
            "sensor");
  flags.add("--seed", "N", &arguments.seed, "Of the random shifts of the regression's placebo; 1 by default");
  add_power_log_flags(flags, arguments);
}

void add_power_log_flags(FlagSet& flags, AttributeArguments& arguments) {
  flags
      .add("--power-format", "FORMAT", &arguments.power_format,
           "Form of the power logs; auto, the default, tells them apart by their first lines")
      .choices = {"auto", "edgeprofiler", "tegrastats", "csv"};
  flags.add("--rail", "RAIL", &arguments.rails,
            "Rail to take from logs of several; given several times, they are added up");
  flags.add("--time-zone", "ZONE", &arguments.time_zone,
            "Of the board's clock, for power logs in Unix time: an IANA name or an offset such as +02:00; "
            "found from the logs by default");
}

Expected<PowerLogOptions> power_log_options(const AttributeArguments& arguments) {
  PowerLogOptions options;
  for (const auto format : {PowerFormat::kEdgeprofiler, PowerFormat::kTegrastats, PowerFormat::kCsv})
    if (to_string(format) == arguments.power_format) options.format = format;
  options.rails = arguments.rails;
  options.time_zone = arguments.time_zone;
  // Told before any network is read, and once.
  if (const auto probe = PowerLogReader::from_memory("", "", 1, options); !probe)
    return tl::unexpected(probe.error());
  return options;
}

Expected<AttributeRun> run_attribute(Console& console, const CommonOptions& common,
                                     const AttributeArguments& arguments) {
  const bool regression = arguments.method == "regression";
  AttributeOptions options;
  options.method = regression ? AttributionMethod::kRegression : AttributionMethod::kWindow;
  options.seed = arguments.seed;
  options.pool_sensors = !arguments.alone;
  const auto power_log = power_log_options(arguments);
  if (!power_log) return tl::unexpected(power_log.error());
  options.power_log = *power_log;
  if (!arguments.prior.empty()) {
    if (!regression)
      return fail(ErrorKind::kUsage, "--prior is for --method regression alone", {},
                  "Leave out one of --prior and --method window");
    const auto model = load_cost_model(arguments.prior);
    if (!model) return tl::unexpected(model.error());
    options.prior = prior_from(*model);
  }
  const auto raw_data = list_raw_data(arguments.raw_data);
  if (!raw_data) return tl::unexpected(raw_data.error());
  ByteTally tally(console);
  tally.expect(*raw_data, arguments.only);
  options.only = arguments.only;
  options.jobs = common.jobs;
  options.progress = std::ref(tally);
  const auto outcomes = attribute_folder(arguments.raw_data, arguments.out, options);
  console.end_progress();
  if (!outcomes) return tl::unexpected(outcomes.error());

  AttributeRun run;
  FaultTally faults;
  bool produced = false;
  for (const auto& outcome : *outcomes) {
    for (const auto& warning : outcome.warnings) console.warning(warning, outcome.network);
    if (outcome.status == AttributionOutcome::Status::kSkipped) {
      faults.skipped(console, outcome.network, *outcome.reason);
      run.skipped.push_back(outcome.network);
      continue;
    }
    produced = true;
    if (outcome.reason) {
      console.survived(outcome.network,
                       outcome.status == AttributionOutcome::Status::kRefused ? "refused" : "",
                       *outcome.reason);
      faults.survived(*outcome.reason);
    }
  }
  tell_doubts(console, *outcomes);
  const auto table = regression ? regression_table : window_table;
  console.summary(table(*outcomes, console.width(), console.colours()));
  run.verdict = faults.verdict(produced, common.strict, "no network could be used");
  return run;
}

std::unique_ptr<Subcommand> make_attribute_command() {
  return std::make_unique<AttributeCommand>();
}

}  // namespace joulecast::cli
