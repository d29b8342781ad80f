// The files of a regression: layer_power.csv, attribution.json, power_covariance.csv (docs/interface.md).
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "joulecast/regression.h"

namespace joulecast {
namespace {

using Json = nlohmann::ordered_json;

/// NaN and infinity are no JSON; the library would write null without a word.
Json number(double v) {
  return std::isfinite(v) ? Json(v) : Json();
}

Json optional(const std::optional<double>& v) {
  return v ? number(*v) : Json();
}

Json interval(const Interval& i) {
  return {{"value", number(i.value)}, {"low", number(i.low)}, {"high", number(i.high)}};
}

}  // namespace

std::string to_attribution_json(const RegressionResult& r) {
  const bool refused = r.verdict == Verdict::kRefused;
  Json j;
  j["method"] = "regression";
  j["seed"] = r.seed;
  j["cycles"] = r.cycles;
  j["verdict"] = to_string(r.verdict);
  j["reasons"] = r.reasons;
  j["advice"] = r.advice;
  j["cycles_that_would_suffice"] = r.cycles_that_would_suffice ? Json(*r.cycles_that_would_suffice) : Json();
  j["idle"] = {{"power_w", number(r.idle_w)}, {"source", r.idle_source}};
  j["sensor"] = {{"refresh_ms", optional(r.sensor.refresh_ms)},
                 {"window_ms", optional(r.sensor.window_ms)},
                 {"delay_ms", optional(r.sensor.delay_ms)},
                 {"stale_share", number(r.sensor.stale_share)},
                 {"lowpass_ms", optional(r.sensor.lowpass_ms)},
                 {"event_gap_us", optional(r.sensor.event_gap_us)},
                 {"elasticity", optional(r.sensor.elasticity)},
                 {"poll_ms", number(r.sensor.poll_ms)},
                 {"drift_ppm", number(r.sensor.drift_ppm)},
                 {"quantum_ma", number(r.sensor.quantum_ma)},
                 {"board_runs", r.sensor.board_runs}};
  j["fit"] = {{"r2_held_out", number(r.fit.r2_held_out)},
              {"r2_placebo", number(r.fit.r2_placebo)},
              {"residual_w", number(r.fit.residual_w)},
              {"residual_correlation", number(r.fit.correlation)},
              {"energy_balance_percent", number(r.fit.energy_balance_percent)},
              {"phase_coverage", number(r.fit.phase_coverage)},
              {"prior", r.fit.prior},
              {"prior_relative_sd", number(r.fit.prior_relative_sd)}};
  j["network"] = {{"run_time_ms", number(r.network.run_time_ms)},
                  {"energy_mj", interval(r.network.energy_mj)},
                  {"energy_is_estimate_without_layers", refused},
                  {"event_gap_energy_mj", number(r.network.event_gap_energy_mj)},
                  {"gap_ms", number(r.network.gap_ms)},
                  {"gap_energy_mj", number(r.network.gap_energy_mj)},
                  {"idle_energy_mj", number(r.network.idle_energy_mj)}};
  Json dropped = Json::array();
  for (const SampleCount& c : r.samples_dropped)
    dropped.push_back({{"reason", c.reason}, {"count", c.count}});
  j["samples"] = {{"used", r.samples_used}, {"dropped", dropped}};
  Json warnings = Json::array();
  for (const Warning& w : r.warnings) warnings.push_back({{"message", w.message}, {"count", w.count}});
  j["warnings"] = warnings;
  return j.dump(2) + "\n";
}

std::string to_covariance_csv(const RegressionResult& r) {
  CsvText csv;
  csv.cell("layer_name");
  for (const LayerPower& layer : r.layers) csv.cell(layer.layer_name);
  csv.end_row();
  if (r.covariance_w2.rows == 0) return csv.text();  // a refused network has none
  for (std::size_t i = 0; i < r.layers.size(); ++i) {
    csv.cell(r.layers[i].layer_name);
    for (std::size_t k = 0; k < r.layers.size(); ++k) csv.cell(r.covariance_w2(i, k));
    csv.end_row();
  }
  return csv.text();
}

Expected<void> write_regression(const std::filesystem::path& folder, const RegressionResult& result) {
  if (auto done = write_layer_power(folder / "layer_power.csv", result.layers); !done) return done;
  if (result.verdict != Verdict::kRefused) {
    auto done = write_file_atomically(folder / "power_covariance.csv", to_covariance_csv(result));
    if (!done) return done;
  }
  return write_file_atomically(folder / "attribution.json", to_attribution_json(result));
}

}  // namespace joulecast
