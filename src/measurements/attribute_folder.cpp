// `attribute` over a whole raw_data folder: each network on its own, so that the fault of one never ends the
// others.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "base/parallel.h"
#include "joulecast/measurements.h"
#include "measurements/file_names.h"
#include "measurements/power_source.h"
#include "measurements/regress_network.h"
#include "measurements/run_times.h"
#include "measurements/window_csv.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;
using Status = AttributionOutcome::Status;

constexpr std::string_view kUnknownType = "Unknown";
constexpr const char* kNoRunTimeHint =
    "Check that the latency log lists run times of layers, and measure again";

/// A copy, byte for byte, on the disk but not yet under its name; compressed engine information is unpacked,
/// for its new name promises JSON.
Expected<AtomicFile> copy_unpacked(const fs::path& from, const fs::path& to) {
  const auto text = read_whole_file(from);
  if (!text) return tl::unexpected(text.error());
  auto file = AtomicFile::create(to);
  if (!file) return file;
  file->write(*text);
  if (auto ok = file->finish_writing(); !ok) return tl::unexpected(ok.error());
  return file;
}

/// LayerType by name; of repeated names the last counts, as in the reference.
class LayerTypes {
 public:
  explicit LayerTypes(const Network& network) {
    for (const Layer& layer : network.layers) types_[layer.name] = layer.type;
  }

  [[nodiscard]] std::string_view of(const std::string& name) const {
    const auto found = types_.find(name);
    return found == types_.end() || found->second.empty() ? kUnknownType : std::string_view(found->second);
  }
  [[nodiscard]] bool has(const std::string& name) const { return types_.contains(name); }

 private:
  std::unordered_map<std::string, std::string> types_;
};

/// Layers that only one of the two files knows.
template <class Layers, class NameOf>
void compare_names(const Network& engine, const LayerTypes& types, const Layers& logged, NameOf name_of,
                   std::vector<Warning>& warnings) {
  std::unordered_map<std::string_view, bool> seen;
  std::uint64_t unknown = 0;
  std::string first_unknown;
  for (const auto& layer : logged) {
    const std::string& name = name_of(layer);
    seen[name] = true;
    if (types.has(name)) continue;
    if (unknown++ == 0) first_unknown = name;
  }
  std::uint64_t unlogged = 0;
  std::string first_unlogged;
  for (const Layer& layer : engine.layers) {
    if (seen.contains(layer.name) || layer.kind == LayerKind::kNone) continue;
    if (unlogged++ == 0) first_unlogged = layer.name;
  }
  if (unknown != 0) {
    warnings.push_back({fmt::format("layers of the latency log are not in the engine information and get the "
                                    "type Unknown, the first is '{}'",
                                    first_unknown),
                        {},
                        unknown});
  }
  if (unlogged != 0) {
    warnings.push_back(
        {fmt::format("layers of the engine are not in the latency log, the first is '{}'", first_unlogged),
         {},
         unlogged});
  }
}

/// One network on its way from raw_data to preprocessed_data.
class NetworkJob {
 public:
  NetworkJob(const NetworkFolder& folder, const fs::path& idle_file, const Expected<IdlePower>& idle,
             fs::path out, const AttributeOptions& options)
      : folder_(folder), idle_file_(idle_file), idle_(idle), out_(std::move(out)), options_(options) {
    outcome_.network = folder.name;
    outcome_.warnings = folder.warnings;
  }

  /// Regression: nothing is written yet, for the board's runs are to tell each other their sensor first.
  void look_for_the_sensor() { stage_ = RegressionInput::Stage::kSensor; }
  /// What they told, and what this run found.
  void take_sensor(const BoardSensor& sensor, const RegressionResult& alone) {
    sensor_ = &sensor;
    alone_ = &alone;
  }

  AttributionOutcome run() {
    std::error_code ignored;
    const bool folder_was_there = fs::exists(out_, ignored);
    if (auto done = attribute(); !done) {
      outcome_.status = Status::kSkipped;
      outcome_.reason = done.error();
      leave_no_trace(folder_was_there);
    } else if (stage_ != RegressionInput::Stage::kSensor) {
      carry_end_to_end();
    }
    return std::move(outcome_);
  }

 private:
  /// Layers can do without it: whatever is wrong with it is told, and no more.
  void carry_end_to_end() {
    remove(kEndToEndFile);
    if (folder_.benchmark.empty()) return;
    const auto tell = [&](const Error& error) {
      add_warnings({{"no end-to-end latency: " + error.message, error.location, 1}});
    };
    const auto latency = end_to_end_of_benchmark(folder_.benchmark);
    if (!latency) return tell(latency.error());
    if (!*latency) return;
    if (auto written = write_end_to_end(out_ / kEndToEndFile, **latency); !written) tell(written.error());
  }

  Expected<void> attribute() {
    if (folder_.engine.empty()) {
      return fail(ErrorKind::kUnreadable, "no engine information", {folder_.folder.string()},
                  "trt_profiling/trt_engine_info.json belongs there");
    }
    auto engine = read_engine_as_written(folder_.engine);
    if (!engine) return tl::unexpected(engine.error());
    add_warnings(engine->warnings);
    const LayerTypes types(*engine);
    if (folder_.latency_log.empty()) return profile_only(*engine, types);

    const auto progress = [this](std::uint64_t done, std::uint64_t total) {
      if (options_.progress) options_.progress(folder_.name, done, total);
    };
    auto latencies = read_latency_log(folder_.latency_log, progress, options_.jobs);
    if (!latencies) return tl::unexpected(latencies.error());
    add_warnings(latencies->warnings);
    if (latencies->cycles() == 0) {
      return fail(ErrorKind::kUnfit, "the latency log has no entry", {folder_.latency_log.string()},
                  "Was the profiler attached during the benchmark? Run it again");
    }
    compare_names(
        *engine, types, latencies->layers, [](const auto& layer) -> const std::string& { return layer.name; },
        outcome_.warnings);
    if (folder_.power_log.empty() || !latencies->has_stamps) return run_times_only(*latencies, types);
    if (options_.method == AttributionMethod::kRegression) return by_regression(*engine, *latencies, types);
    return with_power(*latencies, types);
  }

  Expected<void> by_regression(const Network& engine, const LatencyLog& latencies, const LayerTypes& types) {
    if (!idle_) return tl::unexpected(idle_.error());
    add_warnings(idle_->warnings);
    auto done = regress_network({folder_, engine, latencies, *idle_, idle_file_, stage_, sensor_, alone_},
                                options_, outcome_.warnings);
    if (!done) return tl::unexpected(done.error());
    if (done->result.layers.empty()) {
      return fail(ErrorKind::kUnfit, "no layer has a run time", {folder_.folder.string()}, kNoRunTimeHint);
    }
    if (stage_ == RegressionInput::Stage::kSensor) {
      outcome_.regression = std::make_shared<const RegressionResult>(std::move(done->result));
      return {};
    }
    for (LayerPower& layer : done->result.layers) layer.layer_type = types.of(layer.layer_name);
    auto engine_copy = copy_unpacked(folder_.engine, out_ / kEngineFile);
    if (!engine_copy) return tl::unexpected(engine_copy.error());
    if (done->refusal) remove(kPowerCovarianceFile);
    if (auto ok = write_regression(out_, done->result); !ok) return ok;
    if (auto ok = engine_copy->commit(); !ok) return ok;
    remove(kWindowCsvFile);
    // What convert wrote beside the window's rows.
    for (const auto what : {"power", "run_time"})
      remove(fmt::format("{}_average_{}_stats.csv", folder_.name, what));
    if (done->refusal) outcome_.status = Status::kRefused;
    outcome_.reason = std::move(done->refusal);
    outcome_.regression = std::make_shared<const RegressionResult>(std::move(done->result));
    return {};
  }

  Expected<void> with_power(const LatencyLog& latencies, const LayerTypes& types) {
    if (!idle_) return tl::unexpected(idle_.error());
    add_warnings(idle_->warnings);
    auto power = PowerSource::open(folder_.power_log, latencies, options_.power_log);
    if (!power) return tl::unexpected(power.error());
    std::vector<WindowCsvWriter::LayerLabel> labels;
    for (const auto& layer : latencies.layers) labels.push_back({layer.name, types.of(layer.name)});
    auto file = AtomicFile::create(out_ / kWindowCsvFile);
    if (!file) return tl::unexpected(file.error());
    const auto whole = all_written_run_times_whole(latencies);
    if (!whole) return tl::unexpected(located(whole.error()));
    WindowCsvWriter csv(*file, labels, *whole, thread_count(options_.jobs) > 1);
    auto summary = attribute_by_window(
        latencies, [&power] { return power->next(); }, idle_->average,
        [&csv](std::span<const LayerMeasurement> rows) { return csv.write(rows); });
    csv.finish();
    if (!summary && file->ok()) return tl::unexpected(located(summary.error()));
    add_warnings(power->warnings());
    auto engine_copy = copy_unpacked(folder_.engine, out_ / kEngineFile);
    if (!engine_copy) return tl::unexpected(engine_copy.error());
    if (auto ok = file->finish_writing(); !ok) return ok;
    if (auto ok = engine_copy->commit(); !ok) return ok;
    if (auto ok = file->commit(); !ok) return ok;
    // Of two methods' results the later ones count.
    for (const auto name : {kLayerPowerFile, kAttributionFile, kPowerCovarianceFile}) remove(name);
    add_warnings(summary->warnings);
    if (auto doubt = doubt_about_idle(idle_->average, summary->highest_sample_uw, idle_file_))
      add_warnings({*doubt});
    if (summary->rows_with_power == 0) {
      outcome_.status = Status::kWithoutPower;
      outcome_.reason = no_power_reason(latencies);
    }
    outcome_.summary = std::move(*summary);
    return {};
  }

  /// Why no row has power. The log is read again: attribution ends where either log does.
  Error no_power_reason(const LatencyLog& latencies) const {
    const std::string file = folder_.power_log.string();
    auto power = PowerSource::open(folder_.power_log, latencies, options_.power_log);
    if (!power) return power.error();
    // A fault further on in the log changes nothing about what came before it.
    TimeSpan samples;
    for (auto more = power->next(); more && !more->empty(); more = power->next()) {
      const TimeSpan some = span_of(*more);
      samples.take(some.first);
      samples.take(some.last);
    }
    const TimeSpan layers = span_of(latencies);
    if (samples.last < layers.first || layers.last < samples.first) return no_overlap(samples, layers, file);
    return {ErrorKind::kUnfit,
            "no power sample falls into any layer's window",
            {file},
            "Log the power more often, or use --method regression"};
  }

  /// pandas keeps a column of integers as integers, and prints it without ".0". Whether the rows written hold
  /// integers only depends on where the power log ends, if the latency log begins with integers and goes on
  /// with others: then that is found out by a first pass.
  Expected<bool> all_written_run_times_whole(const LatencyLog& latencies) const {
    bool all = true;
    for (const auto& layer : latencies.layers) {
      if (layer.entries.empty()) continue;
      if (layer.leading_integers == 0) return false;
      all = all && layer.leading_integers == layer.entries.size();
    }
    if (all) return true;
    auto power = PowerSource::open(folder_.power_log, latencies, options_.power_log);
    if (!power) return tl::unexpected(power.error());
    bool whole = true;
    const auto summary = attribute_by_window(
        latencies, [&power] { return power->next(); }, idle_->average,
        [&](std::span<const LayerMeasurement> rows) {
          for (const LayerMeasurement& row : rows) {
            whole = whole && row.cycle.value < latencies.layers[row.layer.value].leading_integers;
          }
          return true;
        });
    if (!summary) return tl::unexpected(summary.error());
    return whole;
  }

  Expected<void> profile_only(const Network& engine, const LayerTypes& types) {
    if (folder_.profile.empty()) {
      return fail(ErrorKind::kUnreadable, "no latency log", {folder_.folder.string()},
                  "trt_profiling/trt_layer_latency.json belongs there");
    }
    const auto profile = read_trtexec_profile(folder_.profile);
    if (!profile) return tl::unexpected(profile.error());
    compare_names(
        engine, types, profile->layers, [](const auto& layer) -> const std::string& { return layer.name; },
        outcome_.warnings);
    return write_run_times(mean_run_times(*profile), types);
  }

  Expected<void> run_times_only(const LatencyLog& latencies, const LayerTypes& types) {
    outcome_.warnings.push_back(
        {folder_.power_log.empty()
             ? "no power log: run times alone"
             : "the latency log has no time stamps, so the power log cannot be used: run "
               "times alone",
         {folder_.folder.string()}});
    return write_run_times(mean_run_times(latencies), types);
  }

  Expected<void> write_run_times(std::vector<LayerPower> layers, const LayerTypes& types) {
    if (layers.empty())
      return fail(ErrorKind::kUnfit, "no layer has a run time", {folder_.folder.string()}, kNoRunTimeHint);
    outcome_.run_time_ms = 0.0;
    for (LayerPower& layer : layers) {
      layer.layer_type = types.of(layer.layer_name);
      *outcome_.run_time_ms += layer.run_time_ms;
    }
    auto engine_copy = copy_unpacked(folder_.engine, out_ / kEngineFile);
    if (!engine_copy) return tl::unexpected(engine_copy.error());
    if (auto ok = write_layer_power(out_ / kLayerPowerFile, layers); !ok) return ok;
    if (auto ok = engine_copy->commit(); !ok) return ok;
    for (const auto name : {kWindowCsvFile, kAttributionFile, kPowerCovarianceFile}) remove(name);
    outcome_.status = Status::kRunTimesOnly;
    return {};
  }

  void add_warnings(const std::vector<Warning>& more) {
    outcome_.warnings.insert(outcome_.warnings.end(), more.begin(), more.end());
  }

  void remove(std::string_view name) const {
    std::error_code ignored;
    fs::remove(out_ / name, ignored);
  }

  /// The reason of attribute_by_window, which knows no file.
  [[nodiscard]] Error located(Error error) const {
    if (!error.location.file.empty()) return error;
    error.location.file = error.message.starts_with("the power log") ? folder_.power_log.string()
                                                                     : folder_.latency_log.string();
    return error;
  }

  void leave_no_trace(bool folder_was_there) {
    std::error_code ignored;
    if (!folder_was_there) {
      fs::remove(out_, ignored);  // only if empty
    } else if (fs::exists(out_ / kWindowCsvFile, ignored) || fs::exists(out_ / kLayerPowerFile, ignored)) {
      outcome_.warnings.push_back({"results of an earlier run were left in place", {out_.string()}});
    }
  }

  const NetworkFolder& folder_;
  const fs::path& idle_file_;
  const Expected<IdlePower>& idle_;
  fs::path out_;
  const AttributeOptions& options_;
  RegressionInput::Stage stage_ = RegressionInput::Stage::kPowers;
  const BoardSensor* sensor_ = nullptr;
  const RegressionResult* alone_ = nullptr;
  AttributionOutcome outcome_;
};

/// All networks of a board, whose recordings share its sensor.
class BoardJob {
 public:
  BoardJob(std::span<const NetworkFolder> networks, fs::path idle_file, const fs::path& out,
           const AttributeOptions& options)
      : networks_(networks),
        idle_file_(std::move(idle_file)),
        // Networks without a power log do without it, so its absence is each network's own fault.
        idle_(idle_file_.empty()
                  ? fail(ErrorKind::kUnreadable, "no idle power",
                         {networks.front().folder.parent_path().string()}, "idling_power.json belongs there")
                  : read_idle_power(idle_file_)),
        out_(out),
        options_(options),
        outcomes_(networks.size()) {}

  std::vector<AttributionOutcome> run() {
    const bool pools = options_.method == AttributionMethod::kRegression && options_.pool_sensors &&
                       networks_.size() >= kFewestThatAgree;
    for_all([&](std::size_t i) {
      NetworkJob first = job(i);
      if (pools) first.look_for_the_sensor();
      outcomes_[i] = first.run();
    });
    if (pools) attribute_with_sensors();
    return std::move(outcomes_);
  }

 private:
  static constexpr std::size_t kFewestThatAgree = 3;

  [[nodiscard]] NetworkJob job(std::size_t i) const {
    return {networks_[i], idle_file_, idle_, out_ / networks_[i].name, options_};
  }
  template <class Work>
  void for_all(const Work& work) {
    parallel_for(networks_.size(), options_.jobs, work);
  }

  /// Of networks that have a regression; the others' outcomes stand.
  void attribute_with_sensors() {
    std::vector<std::shared_ptr<const RegressionResult>> alone;
    std::vector<const RegressionResult*> found;
    for (const AttributionOutcome& outcome : outcomes_) {
      alone.push_back(outcome.regression);
      found.push_back(outcome.regression.get());
    }
    const auto sensors = pool_sensors(found);
    for_all([&](std::size_t i) {
      if (!alone[i]) return;
      NetworkJob last = job(i);
      if (sensors[i]) last.take_sensor(*sensors[i], *alone[i]);
      outcomes_[i] = last.run();
    });
  }

  std::span<const NetworkFolder> networks_;
  fs::path idle_file_;
  Expected<IdlePower> idle_;
  const fs::path& out_;
  const AttributeOptions& options_;
  std::vector<AttributionOutcome> outcomes_;
};

/// A name that is no network's, with those that there are.
Error unknown_network(const std::string& name, const RawData& raw) {
  constexpr std::size_t kMostShown = 30;
  std::string choices;
  for (const NetworkFolder& folder : raw.networks) {
    if (&folder - raw.networks.data() == kMostShown) {
      choices += fmt::format(" and {} more", raw.networks.size() - kMostShown);
      break;
    }
    choices += (choices.empty() ? "" : ", ") + folder.name;
  }
  return {ErrorKind::kUsage, fmt::format("no network '{}'", name), {}, "There are: " + choices};
}

/// Networks that the options ask for.
Expected<std::vector<NetworkFolder>> chosen_networks(const RawData& raw,
                                                     const std::vector<std::string>& only) {
  if (only.empty()) return raw.networks;
  std::vector<NetworkFolder> chosen;
  for (const std::string& name : only) {
    const auto found = std::find_if(raw.networks.begin(), raw.networks.end(),
                                    [&](const NetworkFolder& folder) { return folder.name == name; });
    if (found == raw.networks.end()) return tl::unexpected(unknown_network(name, raw));
    const bool repeated = std::any_of(chosen.begin(), chosen.end(),
                                      [&](const NetworkFolder& folder) { return folder.name == name; });
    if (!repeated) chosen.push_back(*found);
  }
  std::sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return chosen;
}

/// Nothing of another stage is read: networks without logs are skipped, and `dataset` withdraws their rows.
Expected<void> check_stage(const fs::path& folder, const RawData& raw, const fs::path& out) {
  std::error_code code;
  if (fs::equivalent(folder, out, code))
    return fail(ErrorKind::kUsage, "--out is the folder of the logs themselves", {out.string()},
                "Give measurements a folder of their own");
  bool measured = false;
  for (const NetworkFolder& network : raw.networks) {
    if (!network.power_log.empty() || !network.latency_log.empty() || !network.profile.empty()) return {};
    for (const std::string_view file : {kLayerPowerFile, kWindowCsvFile, kAttributionFile})
      measured = measured || fs::exists(network.folder / file, code);
  }
  if (!measured) return {};
  return fail(ErrorKind::kUnfit, "these are measurements already, not raw logs", {folder.string()},
              "Run `joulecast convert` on them, or give the folder that the board wrote");
}

}  // namespace

Expected<std::vector<AttributionOutcome>> attribute_folder(const fs::path& raw_data, const fs::path& out,
                                                           const AttributeOptions& options) {
  const auto raw = list_raw_data(raw_data);
  if (!raw) return tl::unexpected(raw.error());
  if (auto ok = check_stage(raw_data, *raw, out); !ok) return tl::unexpected(ok.error());
  const auto networks = chosen_networks(*raw, options.only);
  if (!networks) return tl::unexpected(networks.error());
  if (networks->empty()) return std::vector<AttributionOutcome>{};
  std::vector<AttributionOutcome> outcomes = BoardJob(*networks, raw->idle_power, out, options).run();
  if (!outcomes.empty()) {
    auto& first = outcomes.front().warnings;
    first.insert(first.begin(), raw->warnings.begin(), raw->warnings.end());
  }
  return outcomes;
}

}  // namespace joulecast
