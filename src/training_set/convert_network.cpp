#include "training_set/convert_network.h"

#include <unistd.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "measurements/file_names.h"
#include "training_set/measured_layer.h"
#include "training_set/power_covariance.h"
#include "training_set/reference_csv.h"
#include "training_set/rejects.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

std::optional<double> to_watts_if(std::optional<double> microwatts) {
  return microwatts ? std::optional(*microwatts / kMicrowattsPerWatt) : std::nullopt;
}

/// The measured figures of a layer, beside its geometry.
void fill_figures(LayerRow& row, const MeasuredLayer& measured) {
  row.cycles = measured.cycles;
  row.run_time_ms = measured.run_time_ms;
  row.run_time_sd_ms = measured.run_time_sd_ms;
  row.power_w = to_watts_if(measured.power_uw);
  row.power_sd_w = to_watts_if(measured.power_sd_uw);
  row.energy_mj = measured.energy_mj;
  row.energy_sd_mj = measured.energy_sd_mj;
  row.idle_power_w = to_watts_if(measured.idle_uw);
  if (measured.power_uw) row.power_basis = "above_idle";
  row.status = measured.status;
  row.block = measured.block;
}

class NetworkConversion {
 public:
  NetworkConversion(const std::string& network, fs::path from, fs::path to, const ConvertOptions& options)
      : network_(network), from_(std::move(from)), to_(std::move(to)), options_(options) {
    outcome_.network = network;
  }

  ConvertOutcome run() {
    auto done = is_stale() ? stale() : convert();
    if (!done) {
      outcome_.status = ConvertOutcome::Status::kSkipped;
      outcome_.reason = done.error();
      outcome_.rows = {};
      if (!gated_) reject("", "network skipped", done.error().describe());
      // A full disk is no verdict on the network: what an earlier run wrote stays.
      if (done.error().kind != ErrorKind::kNotWritable) withdraw();
    }
    return std::move(outcome_);
  }

 private:
  [[nodiscard]] bool is_stale() const {
    const auto& unusable = options_.unusable;
    return std::find(unusable.begin(), unusable.end(), network_) != unusable.end();
  }
  [[nodiscard]] Expected<void> stale() const {
    return fail(ErrorKind::kUnfit, "its measurements are of an earlier run: this one could not use its logs",
                {from_.string()}, "Mend its raw data, or `joulecast convert` what the earlier run found");
  }

  Expected<void> convert() {
    auto engine = read_engine(from_ / kEngineFile);
    // Dynamic shapes that nothing in the file settles: the other layers are as good as ever.
    if (!engine && engine.error().kind == ErrorKind::kUnfit)
      engine = read_engine_as_written(from_ / kEngineFile);
    if (!engine) return tl::unexpected(engine.error());
    add_warnings(engine->warnings);
    const auto measured = measure_network();
    if (!measured) return tl::unexpected(measured.error());
    add_warnings(measured->warnings);
    if (auto ok = write_statistics(*measured); !ok) return ok;
    if (auto ok = pass_gate(*measured); !ok) return ok;
    index_engine(*engine);
    const auto tables = reference_tables(*measured);
    std::vector<LayerRow> rows = layer_rows(*engine, *measured);
    put_sums_on_first_rows(rows);
    if (auto ok = require_a_usable_row(tables, rows); !ok) return ok;
    return write(tables, rows);
  }

  /// Regression's means are the better ones; where they are absent, the window's rows.
  Expected<MeasuredNetwork> measure_network() {
    std::error_code code;
    if (fs::exists(from_ / kLayerPowerFile, code)) {
      with_samples_ = false;
      const auto layers = read_layer_power(from_ / kLayerPowerFile, &outcome_.warnings);
      if (!layers) return tl::unexpected(layers.error());
      if (layers->empty())
        return fail(ErrorKind::kUnfit, "the file has no row", {(from_ / kLayerPowerFile).string()},
                    "Attribute the network again");
      return measure(*layers);
    }
    const auto samples = read_window_csv(from_ / kWindowCsvFile);
    if (!samples) return tl::unexpected(samples.error());
    return measure(*samples);
  }

  /// As the reference, for networks that the gate stops, too.
  Expected<void> write_statistics(const MeasuredNetwork& measured) {
    if (!with_samples_) return {};
    // They lie among the inputs, which may be somebody else's; training does not need them.
    if (::access(from_.c_str(), W_OK) != 0) {
      add_warnings({{"statistics not written: the folder is read-only", {from_.string()}, 1}});
      return {};
    }
    const auto power = from_ / fmt::format("{}_average_power_stats.csv", network_);
    if (auto ok = write_file_atomically(power, measured.power_statistics); !ok) return ok;
    const auto run_time = from_ / fmt::format("{}_average_run_time_stats.csv", network_);
    return write_file_atomically(run_time, measured.run_time_statistics);
  }

  /// The reference's gate: each layer of its three types has enough values of power and of run time, or the
  /// network is left out. Means without samples (layer_power.csv) are judged layer by layer instead: a layer
  /// without power says so itself.
  Expected<void> pass_gate(const MeasuredNetwork& measured) {
    if (!with_samples_) return {};
    std::size_t short_of = 0;
    for (const MeasuredLayer& layer : measured.layers) {
      if (!is_reference_type(layer.type)) continue;
      const bool power = layer.power_values < options_.per_layer_measurements;
      const bool run_time = layer.run_time_values < options_.per_layer_measurements;
      if (!power && !run_time) continue;
      ++short_of;
      reject(layer.name, "too few measurements",
             fmt::format("{} of power, {} of run time; {} needed", layer.power_values, layer.run_time_values,
                         options_.per_layer_measurements));
    }
    if (short_of == 0) return {};
    gated_ = true;
    return fail(
        ErrorKind::kUnfit,
        fmt::format("{} layers have fewer than {} measurements", short_of, options_.per_layer_measurements),
        {from_.string()}, "Measure more cycles, or lower --per-layer-measurements");
  }

  /// Of repeated names the last layer counts, as in the reference.
  void index_engine(const Network& engine) {
    for (std::size_t i = 0; i < engine.layers.size(); ++i) {
      engine_layer_[engine.layers[i].name] = &engine.layers[i];
    }
  }

  std::array<std::vector<ReferenceRow>, 3> reference_tables(const MeasuredNetwork& measured) {
    std::array<std::vector<ReferenceRow>, 3> tables;
    for (const MeasuredLayer& layer : measured.layers) {
      const auto place = engine_layer_.find(layer.name);
      if (place == engine_layer_.end()) {
        reject(layer.name, "not in the engine", fmt::format("type {}", layer.type));
        continue;
      }
      if (!is_reference_type(layer.type)) continue;  // stands in layers.csv alone
      if (!layer.power_uw && !with_samples_) {
        reject(layer.name, "no power", layer.status);
        continue;
      }
      if (!with_samples_ && layer.run_time_values < options_.per_layer_measurements) {
        reject(layer.name, "too few measurements",
               fmt::format("{} cycles; {} needed", layer.run_time_values, options_.per_layer_measurements));
        continue;
      }
      auto features = reference_features(*place->second);
      if (!features) {
        reject(layer.name, "unfit for the reference's files", features.error().message);
      } else if (!*features) {
        reject(layer.name, "unfit for the reference's files",
               fmt::format("measured as {}, but the engine says {}", layer.type, place->second->type));
      } else {
        const auto kind = static_cast<std::size_t>((*features)->kind);
        const auto row = (*features)->row();
        constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
        tables[kind].push_back({{row.begin(), row.end()},
                                layer.power_uw.value_or(kNone),
                                layer.run_time_ms.value_or(kNone),
                                layer.name});
      }
    }
    return tables;
  }

  std::vector<LayerRow> layer_rows(const Network& engine, const MeasuredNetwork& measured) {
    std::unordered_map<const Layer*, const MeasuredLayer*> figures;
    for (const MeasuredLayer& layer : measured.layers) {
      const auto place = engine_layer_.find(layer.name);
      if (place != engine_layer_.end()) figures[place->second] = &layer;
    }
    std::vector<LayerRow> rows;
    for (const Layer& layer : engine.layers) {
      rows.push_back(describe_layer(layer, network_));
      rows.back().device = options_.device;
      if (const auto found = figures.find(&layer); found != figures.end()) {
        fill_figures(rows.back(), *found->second);
      }
    }
    return rows;
  }

  /// A block of merged layers is known as a sum only: that stands on its first row, with the block's mean
  /// power. Run times are each layer's own.
  static void put_sums_on_first_rows(std::vector<LayerRow>& rows) {
    std::unordered_map<std::string, LayerRow*> first_rows;
    for (LayerRow& row : rows) {
      if (row.block.empty()) continue;
      LayerRow*& first = first_rows[row.block];
      if (first == nullptr) {
        first = &row;
        continue;
      }
      // Shares of one figure: their errors are the same, so deviations add up as the shares do.
      if (first->energy_mj && row.energy_mj) *first->energy_mj += *row.energy_mj;
      if (first->energy_sd_mj && row.energy_sd_mj) *first->energy_sd_mj += *row.energy_sd_mj;
      row.power_w = row.power_sd_w = row.energy_mj = row.energy_sd_mj = row.idle_power_w = std::nullopt;
      row.power_basis.clear();
    }
  }

  /// Something to learn from: a row of the reference's files, or a layer with a figure.
  Expected<void> require_a_usable_row(const std::array<std::vector<ReferenceRow>, 3>& tables,
                                      const std::vector<LayerRow>& rows) const {
    const auto filled = [](const auto& table) { return !table.empty(); };
    if (std::any_of(tables.begin(), tables.end(), filled) ||
        std::any_of(rows.begin(), rows.end(), is_measured))
      return {};
    if (rows.empty())
      return fail(ErrorKind::kUnfit, "the engine has no layers", {(from_ / kEngineFile).string()},
                  "Export the engine information again, with detailed profiling verbosity");
    return fail(ErrorKind::kUnfit,
                fmt::format("no usable row: none of the engine's {} layers has a figure", rows.size()),
                {from_.string()}, "Check that measurements and engine information are of the same engine");
  }

  Expected<void> write(const std::array<std::vector<ReferenceRow>, 3>& tables,
                       const std::vector<LayerRow>& rows) {
    for (const ReferenceKind kind : kReferenceKinds) {
      const auto& table = tables[static_cast<std::size_t>(kind)];
      outcome_.rows[static_cast<std::size_t>(kind)] = table.size();
      const auto path = to_ / fmt::format("{}.csv", to_string(kind));
      if (table.empty()) {
        remove(path);
      } else if (auto ok = write_file_atomically(path, reference_csv(kind, table)); !ok) {
        return ok;
      }
    }
    if (auto ok = write_layers_csv(to_ / "layers.csv", rows); !ok) return ok;
    if (auto ok = carry_covariance(rows); !ok) return ok;
    if (auto ok = carry_end_to_end(); !ok) return ok;
    outcome_.layers = rows.size();
    return write_file_atomically(to_ / "rejects.csv", rejects_csv(outcome_.rejects));
  }

  /// The same figures, in the order of layers.csv.
  Expected<void> carry_covariance(const std::vector<LayerRow>& rows) {
    const auto source = from_ / kPowerCovarianceFile;
    const auto target = to_ / kPowerCovarianceFile;
    std::error_code code;
    if (with_samples_ || !fs::exists(source, code)) {
      remove(target);
      return {};
    }
    const auto covariance = read_power_covariance(source, &outcome_.warnings);
    if (!covariance) return tl::unexpected(covariance.error());
    std::vector<CovarianceRow> order;
    for (const LayerRow& row : rows) order.push_back({row.layer_name, row.cycles ? row.layer_name : ""});
    return write_file_atomically(target, covariance_csv(*covariance, order));
  }

  Expected<void> carry_end_to_end() const {
    const auto source = from_ / kEndToEndFile;
    const auto target = to_ / kEndToEndFile;
    std::error_code code;
    if (!fs::exists(source, code)) {
      remove(target);
      return {};
    }
    const auto latency = read_end_to_end(source);
    if (!latency) return tl::unexpected(latency.error());
    return write_end_to_end(target, *latency);
  }

  /// A skipped network leaves its rejects alone: rows of an earlier run would be trained on otherwise.
  void withdraw() {
    for (const ReferenceKind kind : kReferenceKinds) remove(to_ / fmt::format("{}.csv", to_string(kind)));
    remove(to_ / "layers.csv");
    remove(to_ / kPowerCovarianceFile);
    remove(to_ / kEndToEndFile);
    // The reason stands in the outcome already, should this fail too.
    static_cast<void>(write_file_atomically(to_ / "rejects.csv", rejects_csv(outcome_.rejects)));
  }

  static void remove(const fs::path& path) {
    std::error_code ignored;
    fs::remove(path, ignored);
  }

  void reject(const std::string& layer, std::string reason, std::string detail) {
    outcome_.rejects.push_back({network_, layer, std::move(reason), std::move(detail)});
  }

  void add_warnings(const std::vector<Warning>& more) {
    outcome_.warnings.insert(outcome_.warnings.end(), more.begin(), more.end());
  }

  const std::string& network_;
  fs::path from_;
  fs::path to_;
  const ConvertOptions& options_;
  ConvertOutcome outcome_;
  std::unordered_map<std::string_view, const Layer*> engine_layer_;
  bool with_samples_ = true;  // from the window's rows rather than from means
  bool gated_ = false;        // the rejects name the layers already
};

}  // namespace

ConvertOutcome convert_network(const std::string& network, const fs::path& from, const fs::path& to,
                               const ConvertOptions& options) {
  return NetworkConversion(network, from, to, options).run();
}

}  // namespace joulecast
