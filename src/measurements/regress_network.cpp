#include "measurements/regress_network.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "measurements/power_source.h"
#include "measurements/run_times.h"
#include "raw_logs/doubts.h"

namespace joulecast {
namespace {

constexpr const char* kWindowHint =
    "A regression needs clean values: remove the inference, or use --method window, which takes it as it "
    "stands";

/// The first run time that cannot be, with its place: the file has millions of them.
std::optional<Error> impossible_run_time(const LatencyLog& latencies, const std::string& file) {
  for (const auto& layer : latencies.layers) {
    for (std::size_t i = 0; i < layer.entries.size(); ++i) {
      const auto doubt = doubt_about_duration(layer.entries[i].milliseconds);
      if (doubt.empty()) continue;
      return Error{ErrorKind::kUnfit,
                   fmt::format("{}: {} ms, entry {} of layer '{}'", doubt, layer.entries[i].milliseconds,
                               i + 1, layer.name),
                   {file},
                   kWindowHint};
    }
  }
  return std::nullopt;
}

std::optional<Error> impossible_idle_power(const IdlePower& idle, const std::filesystem::path& file) {
  if (doubt_about_power(idle.average.value).empty()) return std::nullopt;
  Error error{ErrorKind::kUnfit,
              "the idle power is not a number from 0 to 1e9 microwatt",
              {file.string()},
              "Measure the idle board again; avg_idle_power is in microwatt"};
  if (!idle.warnings.empty()) error.location = idle.warnings.front().location;
  return error;
}

/// The result of logs that cannot be joined: run times alone.
RegressionResult without_power(const RegressionInput& input, const Error& error, std::uint64_t seed) {
  RegressionResult result;
  result.layers = mean_run_times(input.latencies);
  for (const LayerPower& layer : result.layers) result.network.run_time_ms += layer.run_time_ms;
  result.single_power_w.assign(result.layers.size(), std::nan(""));
  result.idle_w = to_watts(input.idle.average).value;
  result.idle_source = "idle file";
  result.seed = seed;
  result.cycles = input.latencies.cycles();
  result.verdict = Verdict::kRefused;
  result.reasons.push_back(error.message);
  if (!error.hint.empty()) result.advice.push_back(error.hint);
  return result;
}

Expected<std::vector<PowerSample>> read_power(const RegressionInput& input, const AttributeOptions& options,
                                              std::vector<Warning>& warnings) {
  PowerLogOptions log = options.power_log;
  log.refuse_impossible = true;
  auto source = PowerSource::open(input.folder.power_log, input.latencies, log);
  if (!source) return tl::unexpected(source.error());
  auto power = source->read_all();
  if (!power) return power;
  if (power->empty()) {
    return fail(ErrorKind::kUnfit, "the power log has no row", {input.folder.power_log.string()},
                "Was the power logger running during the benchmark?");
  }
  restore_late_samples(*power);  // the reader has warned of them
  if (auto doubt = doubt_about_idle(input.idle.average, *power, input.idle_file))
    warnings.push_back(std::move(*doubt));
  const auto doubts = source->warnings();
  warnings.insert(warnings.end(), doubts.begin(), doubts.end());
  return power;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

/// Why a result was refused, and what to do.
Error refusal_of(const RegressionResult& result, const std::string& power_log) {
  Error error{ErrorKind::kUnfit, joined(result.reasons), {power_log}, joined(result.advice)};
  if (error.message.empty()) error.message = "the logs do not tell the layers' powers";
  return error;
}

}  // namespace

Expected<NetworkRegression> regress_network(const RegressionInput& input, const AttributeOptions& options,
                                            std::vector<Warning>& warnings) {
  const std::string power_log = input.folder.power_log.string();
  if (auto error = impossible_run_time(input.latencies, input.folder.latency_log.string())) {
    return tl::unexpected(*error);
  }
  if (auto error = impossible_idle_power(input.idle, input.idle_file)) return tl::unexpected(*error);
  const auto power = read_power(input, options, warnings);
  if (!power) return tl::unexpected(power.error());

  RegressionOptions regression;
  regression.seed = options.seed;
  if (options.prior) regression.prior = options.prior(input.engine);
  regression.sensor_only = input.stage == RegressionInput::Stage::kSensor;
  auto result =
      input.sensor != nullptr
          ? attribute_with_board(input.latencies, *power, input.engine, input.idle.average, regression,
                                 *input.sensor, *input.alone)
          : attribute_by_regression(input.latencies, *power, input.engine, input.idle.average, regression);
  NetworkRegression done;
  if (result) {
    done.result = std::move(*result);
    warnings.insert(warnings.end(), done.result.warnings.begin(), done.result.warnings.end());
  } else if (result.error().kind == ErrorKind::kUnfit) {
    done.result = without_power(input, result.error(), options.seed);
  } else {
    return tl::unexpected(result.error());
  }
  if (done.result.verdict == Verdict::kRefused) done.refusal = refusal_of(done.result, power_log);
  return done;
}

}  // namespace joulecast
