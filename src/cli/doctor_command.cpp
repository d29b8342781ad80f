#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "cli/recording_tables.h"
#include "cli/stages.h"
#include "cli/subcommand.h"
#include "cli/table.h"
#include "joulecast/cost_model.h"
#include "joulecast/networks.h"
#include "joulecast/raw_logs.h"
#include "joulecast/training_set.h"

namespace joulecast::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRawData = "raw data";

/// What was found out about one path.
struct Finding {
  std::string path;
  std::string is;      ///< what kind of data it is
  std::string detail;  ///< how much of it
  std::vector<Error> faults;
  std::vector<Warning> warnings;
  std::string next;  ///< the command that uses it
};

Finding examine_raw_data(const fs::path& path) {
  Finding finding{path.string(),
                  kRawData,
                  {},
                  {},
                  {},
                  fmt::format("joulecast attribute {} --out preprocessed_data", path.string())};
  const auto raw = list_raw_data(path);
  if (!raw) {
    finding.faults.push_back(raw.error());
    return finding;
  }
  finding.warnings = raw->warnings;
  std::size_t with_power = 0;
  for (const auto& network : raw->networks) {
    for (const auto& warning : network.warnings) finding.warnings.push_back(warning);
    with_power += network.power_log.empty() ? 0 : 1;
    if (network.engine.empty())
      finding.faults.push_back({ErrorKind::kUnfit,
                                "no engine information",
                                {network.folder.string()},
                                "Copy trt_profiling/trt_engine_info.json from the board"});
    else if (const auto engine = read_engine_as_written(network.engine); !engine)
      finding.faults.push_back(engine.error());
    if (network.latency_log.empty() && network.profile.empty())
      finding.faults.push_back({ErrorKind::kUnfit,
                                "no latency log",
                                {network.folder.string()},
                                "Copy trt_profiling/trt_layer_latency.json from the board"});
  }
  finding.detail = fmt::format("{} networks, {} with a power log", raw->networks.size(), with_power);
  if (raw->idle_power.empty()) {
    finding.faults.push_back({ErrorKind::kUnfit,
                              "no idling_power.json",
                              {path.string()},
                              "Measure the idle board; without it power cannot be split"});
  } else if (const auto idle = read_idle_power(raw->idle_power); !idle) {
    finding.faults.push_back(idle.error());
  } else {
    for (const auto& warning : idle->warnings) finding.warnings.push_back(warning);
    finding.detail += fmt::format(", idle {:.2f} W", to_watts(idle->average).value);
  }
  return finding;
}

Finding examine_preprocessed(const fs::path& path, std::size_t networks) {
  return {path.string(),
          "measurements",
          fmt::format("{} networks", networks),
          {},
          {},
          fmt::format("joulecast convert {} --out training_data", path.string())};
}

Finding examine_training(const fs::path& path) {
  Finding finding{path.string(),
                  "training rows",
                  {},
                  {},
                  {},
                  fmt::format("joulecast train {} --out models", path.string())};
  const auto data = read_training_set(path);
  if (!data) {
    finding.faults.push_back(data.error());
    return finding;
  }
  finding.warnings = data->warnings;
  for (std::size_t kind = 0; kind < data->reference.size(); ++kind) {
    std::size_t rows = 0;
    for (const auto& table : data->reference[kind]) rows += table.rows.size();
    finding.detail += fmt::format("{}{} {}", kind == 0 ? "" : ", ", rows, to_string(kReferenceKinds[kind]));
  }
  return finding;
}

Finding examine_models(const fs::path& path) {
  Finding finding{path.string(),
                  "models",
                  {},
                  {},
                  {},
                  fmt::format("joulecast predict trt_engine_info.json --models {}", path.string())};
  const auto model = load_cost_model(path);
  if (!model) {
    finding.faults.push_back(model.error());
    return finding;
  }
  finding.detail = fmt::format("{} models, by joulecast {}", model->lasso.size(), model->library_version);
  return finding;
}

Finding examine_engine(const fs::path& path) {
  Finding finding{path.string(),
                  "engine",
                  {},
                  {},
                  {},
                  fmt::format("joulecast predict {} --models models", path.string())};
  const auto network = read_engine(path);
  if (!network) {
    finding.faults.push_back(network.error());
    return finding;
  }
  finding.warnings = network->warnings;
  std::size_t faulty = 0;
  std::map<LayerKind, std::size_t> kinds;
  for (const auto& layer : network->layers) {
    faulty += layer.faults.empty() && layer.oddities.empty() ? 0 : 1;
    ++kinds[layer.kind];
  }
  finding.detail = fmt::format("{} layers:", network->layers.size());
  for (const auto& [kind, count] : kinds) finding.detail += fmt::format(" {} {}", count, to_string(kind));
  if (faulty != 0) finding.detail += fmt::format(", {} only partly understood", faulty);
  return finding;
}

/// Networks of a folder whose subfolders hold a file of this name.
std::size_t subfolders_with(const fs::path& path, const char* name) {
  std::size_t count = 0;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(path, code))
    count += fs::exists(entry.path() / name, code) ? 1 : 0;
  return count;
}

Finding examine(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(path, code))
    return {path.string(),
            "missing",
            {},
            {{ErrorKind::kUnreadable, "there is no such file or folder", {path.string()}, "Check the path"}},
            {},
            {}};
  if (fs::exists(path / "model.json", code) || path.filename() == "model.json") return examine_models(path);
  if (!fs::is_directory(path, code)) return examine_engine(path);
  if (const auto networks = subfolders_with(path, "power_runtime_mapping_layerwise.csv") +
                            subfolders_with(path, "layer_power.csv");
      networks != 0)
    return examine_preprocessed(path, networks);
  if (subfolders_with(path, "convolutional.csv") + subfolders_with(path, "layers.csv") != 0)
    return examine_training(path);
  return examine_raw_data(path);
}

class DoctorCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Looks at data, models and engines, says what each PATH is, what is wrong with it, and which "
           "command comes next. Of raw data it says what the logs can tell about single layers, before any "
           "fit: "
           "rates, gaps, the sensor's refresh, which phases of the inference it saw, the interval to expect "
           "for "
           "each layer's power (of one network, or with --verbose of all), and what to change in the "
           "recording. "
           "Without "
           "PATH it looks for raw_data, preprocessed_data, training_data and models in the working folder.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast doctor", "joulecast doctor raw_data --only resnet18",
            "joulecast doctor raw_data models examples/orin_resnet18/trt_engine_info.json"};
  }
  void declare(FlagSet& flags) override {
    flags.add("PATH", "", &paths_, "Folder or file to look at");
    flags.add("--only", "NETWORK", &log_form_.only,
              "Of raw data, look at this network's recording alone; may be given several times");
    add_power_log_flags(flags, log_form_);
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    if (paths_.empty()) {
      std::error_code code;
      for (const char* usual : {"raw_data", "preprocessed_data", "training_data", "models"})
        if (fs::exists(usual, code)) paths_.emplace_back(usual);
      if (paths_.empty())
        return fail(ErrorKind::kUnreadable,
                    "nothing to look at: the working folder has no raw_data, preprocessed_data, "
                    "training_data or models",
                    {}, "Name a folder, or make data with 'joulecast simulate --out raw_data --truth truth'");
    }
    int code = 0;
    for (const auto& path : paths_) {
      const Finding finding = examine(path);
      for (const auto& warning : finding.warnings) console.warning(warning);
      for (const auto& fault : finding.faults) {
        console.error(fault);
        if (code == 0) code = exit_code(fault.kind);
      }
      std::string line = fmt::format("{}: {}", finding.path, finding.is);
      if (!finding.detail.empty()) line += fmt::format(" ({})", finding.detail);
      line += finding.faults.empty()
                  ? ": good"
                  : fmt::format(": {} fault{}", finding.faults.size(), finding.faults.size() == 1 ? "" : "s");
      console.result(line + "\n");
      if (finding.is == kRawData) {
        const auto told = tell_recordings(console, path, common.verbose, log_form_);
        if (!told && code == 0) code = exit_code(told.error().kind);
      }
      if (finding.faults.empty() && !finding.next.empty())
        console.result(fmt::format("  next: {}\n", finding.next));
    }
    return code;
  }

  std::vector<std::string> paths_;
  AttributeArguments log_form_;
};

}  // namespace

std::unique_ptr<Subcommand> make_doctor_command() {
  return std::make_unique<DoctorCommand>();
}

}  // namespace joulecast::cli
