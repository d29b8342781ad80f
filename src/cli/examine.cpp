#include "cli/examine.h"

#include <array>

#include <fmt/format.h>

#include "base/csv_table.h"
#include "base/folder_listing.h"
#include "base/shell_text.h"
#include "cost_model/model_file.h"
#include "joulecast/cost_model.h"
#include "joulecast/networks.h"
#include "joulecast/raw_logs.h"
#include "joulecast/sklearn_import.h"
#include "joulecast/training_set.h"
#include "measurements/file_names.h"
#include "training_set/layer_samples.h"

namespace joulecast::cli {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code code;
  return fs::exists(path, code);
}
bool is_folder(const fs::path& path) {
  std::error_code code;
  return fs::is_directory(path, code);
}

Finding faulty(const fs::path& path, std::string is, Error fault) {
  Finding finding{path.string(), std::move(is)};
  finding.faults.push_back(std::move(fault));
  return finding;
}

/// The folder itself, or those down to `depth` folders below it (hidden ones left out), that hold one of
/// these files. Of several levels links are left out: they may lead back up.
std::vector<fs::path> folders_with(const fs::path& folder, std::span<const std::string_view> files, int depth,
                                   bool follow_links) {
  if (std::any_of(files.begin(), files.end(), [&](std::string_view file) { return is_there(folder / file); }))
    return {folder};
  std::vector<fs::path> found;
  const auto names = depth > 0 && is_folder(folder) ? sorted_names(folder) : std::vector<std::string>();
  if (!names) return found;
  for (const std::string& name : *names) {
    std::error_code code;
    if (name.starts_with('.') || (!follow_links && fs::is_symlink(folder / name, code))) continue;
    const auto below = folders_with(folder / name, files, depth - 1, follow_links);
    found.insert(found.end(), below.begin(), below.end());
  }
  return found;
}

/// As `convert` finds them.
std::vector<fs::path> measured_networks(const fs::path& folder) {
  return folders_with(folder, std::array{kWindowCsvFile, kLayerPowerFile}, 1, true);
}

/// The trainer takes rows from any depth.
std::vector<fs::path> training_networks(const fs::path& folder) {
  constexpr std::array<std::string_view, 5> kFiles = {"layers.csv", "convolutional.csv", "pooling.csv",
                                                      "dense.csv", "rejects.csv"};
  constexpr int kDeepest = 16;
  return folders_with(folder, kFiles, kDeepest, false);
}

/// Is any of this raw data? Every subfolder counts as a network there.
bool holds_raw_data(const RawData& raw) {
  return !raw.idle_power.empty() ||
         std::any_of(raw.networks.begin(), raw.networks.end(), [](const NetworkFolder& network) {
           return !network.power_log.empty() || !network.latency_log.empty() || !network.engine.empty() ||
                  !network.profile.empty();
         });
}

/// What a network of raw data has beside the recordings that are joined later.
void examine_network(const NetworkFolder& network, Finding& finding) {
  finding.add(network.warnings);
  if (network.engine.empty())
    finding.faults.push_back({ErrorKind::kUnfit,
                              "no engine information",
                              {network.folder.string()},
                              "Copy trt_profiling/trt_engine_info.json from the board"});
  else if (const auto engine = finding.take(read_engine_as_written(network.engine)))
    finding.add(engine->warnings);
  if (!network.profile.empty() && network.latency_log.empty())
    finding.take(read_trtexec_profile(network.profile));
  if (!network.latency_log.empty() && network.power_log.empty()) {
    if (const auto log = finding.take(read_latency_log(network.latency_log))) finding.add(log->warnings);
  }
  if (!network.benchmark.empty()) {
    if (const auto summary = read_benchmark_summary(network.benchmark); !summary)  // nothing needs it
      finding.warnings.push_back({summary.error().message, summary.error().location});
  }
  if (network.latency_log.empty() && network.profile.empty())
    finding.faults.push_back({ErrorKind::kUnfit,
                              "no latency log",
                              {network.folder.string()},
                              "Copy trt_profiling/trt_layer_latency.json from the board"});
}

/// The folder that this one lies in, whatever the path to it ends in: "a/b/", ".".
fs::path folder_around(const fs::path& folder) {
  std::error_code code;
  const fs::path whole = fs::absolute(folder, code).lexically_normal();
  return whole.has_filename() ? whole.parent_path() : whole.parent_path().parent_path();
}

}  // namespace

Finding examine_raw_data(const fs::path& path) {
  Finding finding{path.string(), "raw data"};
  finding.is_raw_data = true;
  finding.next = fmt::format("joulecast attribute {} --out preprocessed_data", shell_quoted(path.string()));
  const auto raw = finding.take(list_raw_data(path));
  if (!raw) return finding;
  finding.add(raw->warnings);
  std::size_t with_power = 0;
  for (const auto& network : raw->networks) {
    with_power += network.power_log.empty() ? 0 : 1;
    examine_network(network, finding);
  }
  finding.detail = fmt::format("{} networks, {} with a power log", raw->networks.size(), with_power);
  if (raw->idle_power.empty()) {
    finding.faults.push_back({ErrorKind::kUnfit,
                              "no idling_power.json",
                              {path.string()},
                              "Measure the idle board; without it power cannot be split"});
  } else if (const auto idle = finding.take(read_idle_power(raw->idle_power))) {
    finding.add(idle->warnings);
    finding.detail += fmt::format(", idle {:.4g} W", to_watts(idle->average).value);
  }
  return finding;
}

/// Folders of networks beside those with measurements.
void warn_of_unmeasured(const fs::path& path, const std::vector<fs::path>& measured, Finding& finding) {
  const auto names = sorted_names(path);
  if (!names || measured == std::vector{path}) return;
  std::vector<std::string> without;
  for (const std::string& name : *names)
    if (!name.starts_with('.') && is_folder(path / name) &&
        std::find(measured.begin(), measured.end(), path / name) == measured.end())
      without.push_back(name);
  if (!without.empty())
    finding.warnings.push_back(
        {"a folder without measurements", {(path / without.front()).string()}, without.size()});
}

Finding examine_preprocessed(const fs::path& path) {
  Finding finding{path.string(), "measurements"};
  const auto networks = measured_networks(path);
  // A single network's folder is examined as it is, but converted with its neighbours.
  const fs::path whole = networks == std::vector{path} ? folder_around(path) : path;
  finding.next = fmt::format("joulecast convert {} --out training_data", shell_quoted(whole.string()));
  if (networks.empty())
    finding.faults.push_back({ErrorKind::kUnfit,
                              "no network has measurements",
                              {path.string()},
                              "Write them with 'joulecast attribute'"});
  warn_of_unmeasured(path, networks, finding);
  std::size_t by_regression = 0;
  std::size_t layers = 0;
  std::size_t by_window = 0;
  std::uint64_t rows = 0;
  for (const fs::path& network : networks) {
    if (const auto engine = finding.take(read_engine_as_written(network / kEngineFile)))
      finding.add(engine->warnings);
    if (is_there(network / kLayerPowerFile)) {  // where both are, this one counts
      ++by_regression;
      const auto measured = finding.take(read_layer_power(network / kLayerPowerFile, &finding.warnings));
      if (measured && measured->empty())
        finding.faults.push_back({ErrorKind::kUnfit,
                                  "the file has no row",
                                  {(network / kLayerPowerFile).string()},
                                  "Attribute the network again"});
      if (measured) layers += measured->size();
      if (is_there(network / kPowerCovarianceFile))
        finding.take(read_power_covariance(network / kPowerCovarianceFile, &finding.warnings));
      continue;
    }
    ++by_window;
    if (const auto samples = finding.take(read_window_csv(network / kWindowCsvFile))) {
      rows += samples->rows;
      finding.add(samples->warnings);
    }
  }
  finding.detail = fmt::format("{} networks", networks.size());
  if (by_regression != 0) finding.detail += fmt::format(", {} layers in layer_power.csv", layers);
  if (by_window != 0) finding.detail += fmt::format(", {} rows by window", rows);
  return finding;
}

std::size_t count_rows(const fs::path& file, Finding& finding) {
  auto table = finding.take(CsvTable::open(file, "Convert the measurements again"));
  if (!table) return 0;
  for (std::size_t rows = 0;; ++rows) {
    const auto cells = finding.take(table->next());
    if (cells && !cells->empty()) continue;
    table->tell_doubt(finding.warnings);
    return rows;
  }
}

Finding examine_training(const fs::path& path) {
  Finding finding{path.string(), "training rows"};
  std::size_t rejects = 0;
  for (const fs::path& network : training_networks(path)) {
    if (is_there(network / "rejects.csv")) rejects += count_rows(network / "rejects.csv", finding);
    if (is_there(network / kPowerCovarianceFile))
      finding.take(read_power_covariance(network / kPowerCovarianceFile, &finding.warnings));
  }
  const auto data = finding.take(read_training_set(path));
  if (!data) return finding;
  finding.add(data->warnings);
  std::string device;
  if (const auto one = device_of(*data, {}); !one) {
    finding.warnings.push_back({one.error().message, {path.string()}});
    device = " --device " + shell_quoted(data->devices.front());
  }
  finding.next = fmt::format("joulecast train {} --out models{}", shell_quoted(path.string()), device);
  std::size_t rows = 0;
  for (std::size_t kind = 0; kind < data->reference.size(); ++kind) {
    std::size_t of_kind = 0;
    for (const auto& table : data->reference[kind]) of_kind += table.rows.size();
    rows += of_kind;
    finding.detail += fmt::format("{} {}, ", of_kind, to_string(kReferenceKinds[kind]));
  }
  const auto measured = static_cast<std::size_t>(std::count_if(
      data->layers.begin(), data->layers.end(), [](const auto& row) { return is_measured(row); }));
  finding.detail +=
      fmt::format("{} of {} layers measured, {} rejects", measured, data->layers.size(), rejects);
  if (rows + measured == 0)
    finding.faults.push_back({ErrorKind::kUnfit,
                              "no row has a run time or a power",
                              {path.string()},
                              "See rejects.csv for the reasons, and convert measured networks"});
  return finding;
}

Finding examine_models(const fs::path& path) {
  Finding finding{path.string(), "models"};
  finding.next =
      fmt::format("joulecast predict trt_engine_info.json --models {}", shell_quoted(path.string()));
  const auto model = finding.take(load_cost_model(path));
  if (!model) return finding;
  const std::size_t lassos = model->lasso.size() + model->relative_lasso.size();
  finding.detail =
      fmt::format("{} models: {} physical, {} lasso; by joulecast {}", model->physical.size() + lassos,
                  model->physical.size(), lassos, model->library_version);
  return finding;
}

std::vector<Finding> examine(const fs::path& path, const PowerLogOptions& options) {
  if (!is_there(path))
    return {faulty(
        path, "missing",
        {ErrorKind::kUnreadable, "there is no such file or folder", {path.string()}, "Check the path"})};
  if (!is_folder(path)) return {examine_file(path, options)};
  const auto names = sorted_names(path);
  if (!names) return {faulty(path, "a folder", names.error())};
  if (names->empty())
    return {faulty(path, "an empty folder",
                   {ErrorKind::kUnfit,
                    "the folder is empty",
                    {path.string()},
                    "Name a folder with data, or make some with 'joulecast simulate'"})};
  if (is_there(path / kModelFileName) || is_sklearn_model(path)) return {examine_models(path)};
  std::vector<Finding> parts;
  if (is_folder(path / "raw_data")) parts.push_back(examine_raw_data(path / "raw_data"));
  if (is_folder(path / "preprocessed_data"))
    parts.push_back(examine_preprocessed(path / "preprocessed_data"));
  if (is_folder(path / "training_data")) parts.push_back(examine_training(path / "training_data"));
  if (is_there(path / "models" / kModelFileName)) parts.push_back(examine_models(path / "models"));
  if (!parts.empty()) return parts;
  if (!measured_networks(path).empty()) return {examine_preprocessed(path)};
  if (!training_networks(path).empty()) return {examine_training(path)};
  if (const auto raw = list_raw_data(path); raw && !holds_raw_data(*raw))
    return {faulty(path, "a folder",
                   {ErrorKind::kUnfit,
                    "nothing in this folder is data of any stage",
                    {path.string()},
                    "Name a folder of raw data, measurements, training rows or models"})};
  return {examine_raw_data(path)};
}

}  // namespace joulecast::cli
