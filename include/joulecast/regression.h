// Power of single layers from coarse samples: regression on the time that each state fills of each sample.
//
// Stage `measurements`. The board's sensor averages about a millisecond every few milliseconds; an inference
// has many layers in that time. But conversions fall at ever other places of the cycle, so that thousands of
// them, each a known mixture of layers, determine the single powers. docs/attribution.md has method and
// limits.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "joulecast/measurements.h"
#include "joulecast/networks.h"
#include "joulecast/numerics.h"
#include "joulecast/raw_logs.h"

namespace joulecast {

/// A trained model's idea of a layer, used as the centre of the prior; its weight is estimated in the run,
/// and it is dropped where the run speaks against it.
struct PriorPower {
  std::string layer_name;
  double power_w = 0.0;  ///< above idle
};

/// A Gaussian over a sensor's parameters: apparent delay (delay + low-pass), low-pass, pause between layers
/// (all us), elasticity.
struct SensorKnowledge {
  std::array<double, 4> mean{};
  std::array<double, 16> covariance{};
};

/// What other runs of the same board tell of its sensor (pool_sensors).
struct BoardSensor {
  SensorKnowledge belief;     ///< of a further run's parameters
  double window_share = 0.0;  ///< of the refresh: the run's own
  std::size_t runs = 0;       ///< it was asked of
  double distance = 0.0;      ///< of what the run itself found from that, in standard deviations
};

struct RegressionOptions {
  std::uint64_t seed = 1;             ///< of the placebo's random shifts; same seed, same result
  std::optional<BoardSensor> sensor;  ///< empty: the sensor is found from the run alone
  std::vector<PriorPower> prior;      ///< empty: fitted inside the run from FLOP and byte rates
  bool sensor_only = false;           ///< a third of the rows: for pool_sensors, not for powers
  bool diagnostics = false;           ///< fills trace and delay_profile: a hundred more fits
  double merge_above = 0.25;  ///< neighbours are merged until half-widths are below this share of the value
};

/// How far the result can be trusted.
enum class Verdict { kSound, kWeak, kRefused };
std::string_view to_string(Verdict verdict);

/// A value with its 90 % interval.
struct Interval {
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;
};

/// The sensor as the log shows it. Empty: not identified.
struct SensorEstimate {
  std::optional<double> refresh_ms;  ///< from one value of the current to the next
  std::optional<double> window_ms;   ///< length of one conversion
  std::optional<double> delay_ms;    ///< from the end of the conversion to the poll that can see it, less the
                                     ///< time from the GPU's end to the first callback
  std::optional<double> lowpass_ms;  ///< time constant of the supply's filter
  std::optional<double> event_gap_us;  ///< pause between layers
  /// How power goes with a layer's run time from cycle to cycle: ~ run time^-elasticity.
  std::optional<double> elasticity;
  std::optional<SensorKnowledge> knowledge;  ///< of these parameters, from this run
  double poll_ms = 0.0;
  double stale_share = 0.0;  ///< polls that returned a value seen before
  double drift_ppm = 0.0;    ///< of the refresh over the run
  double quantum_ma = 0.0;
  std::size_t board_runs = 0;  ///< other runs of the board that its parameters were learned from, too
};

struct FitQuality {
  double r2_held_out = 0.0;  ///< fitted on even blocks, scored on odd ones; 0 = no better than the run's mean
  double r2_placebo = 0.0;   ///< the same with windows shifted at random: what a meaningless fit reaches
  double residual_w = 0.0;   ///< rms, whitened
  double correlation = 0.0;  ///< between residuals of successive conversions
  double energy_balance_percent = 0.0;  ///< fitted less measured mean power, of measured
  double phase_coverage = 0.0;          ///< share of the inference's 50 us bins that windows ended in
  std::string prior;                    ///< form of the prior used
  double prior_relative_sd = 0.0;
};

/// Means over the run; energies of one inference, above idle, mJ.
struct NetworkPower {
  double run_time_ms = 0.0;  ///< sum of the layers
  Interval energy_mj;        ///< sum of the layers
  double event_gap_energy_mj = 0.0;
  double gap_ms = 0.0;  ///< from GPU end to the next GPU start
  double gap_energy_mj = 0.0;
  double idle_energy_mj = 0.0;  ///< idle power x period
};

/// One conversion of the sensor inside the run.
struct TracePoint {
  double at_ms = 0.0;       ///< when its value appeared, since the log's start
  double measured_w = 0.0;  ///< board power
  double fitted_w = 0.0;    ///< what the fit makes of the same window
};

/// How well a delay of the sensor explains samples that were not fitted.
struct ProfilePoint {
  double delay_us = 0.0;
  double log_likelihood = 0.0;  ///< of the held-out blocks, but for a constant
};

struct SampleCount {
  std::string reason;
  std::uint64_t count = 0;
};

struct RegressionResult {
  std::vector<LayerPower> layers;  ///< in the latency log's order
  /// Best estimate of every layer on its own (W above idle; NaN for a refused network), whatever `layers`
  /// merged: what covariance_w2 is the covariance of.
  std::vector<double> single_power_w;
  Matrix covariance_w2;  ///< layers x layers; rows of layers without power are 0
  SensorEstimate sensor;
  FitQuality fit;
  NetworkPower network;
  double idle_w = 0.0;      ///< mean baseline during the run
  std::string idle_source;  ///< in words
  std::uint64_t seed = 0;
  Verdict verdict = Verdict::kRefused;
  std::vector<std::string> reasons;                        ///< why not sound, in words
  std::vector<std::string> advice;                         ///< how to record better
  std::optional<std::uint64_t> cycles_that_would_suffice;  ///< for 25 % half-widths of nine layers in ten
  std::uint64_t cycles = 0;
  std::uint64_t samples_used = 0;
  std::vector<SampleCount> samples_dropped;
  std::vector<Warning> warnings;
  std::vector<TracePoint> trace;            ///< with RegressionOptions::diagnostics, of a run that was fitted
  std::vector<ProfilePoint> delay_profile;  ///< likewise
};

/// Attributes power to layers. `idle` is the board's idle power from its file, used where the log itself has
/// no idle stretch around the run. A network without shapes is accepted: the prior is then the run's mean.
/// One thread; linear in cycles. Errors: kUnfit if the logs cannot be joined at all (no stamps, too few
/// cycles or samples, no overlap in time, values that are no numbers). What can be joined but not resolved is
/// a result with verdict `refused`, run times and no power.
Expected<RegressionResult> attribute_by_regression(const LatencyLog& latencies,
                                                   std::span<const PowerSample> power, const Network& network,
                                                   Microwatts idle, const RegressionOptions& options = {});

/// For each of several runs of one board, what the others agree on, if two or more do and they are most. Runs
/// with another refresh or window, and refused ones, do not count; null: a run without a result.
std::vector<std::optional<BoardSensor>> pool_sensors(std::span<const RegressionResult* const> runs);
/// Attributes a run with what pool_sensors told it. Where that explains the samples clearly worse than the
/// sensor of the run `alone`, the run is attributed by itself, and is `weak`. Errors:
/// attribute_by_regression.
Expected<RegressionResult> attribute_with_board(const LatencyLog& latencies,
                                                std::span<const PowerSample> power, const Network& network,
                                                Microwatts idle, const RegressionOptions& options,
                                                const BoardSensor& sensor, const RegressionResult& alone);

/// attribution.json and power_covariance.csv as text (docs/interface.md).
std::string to_attribution_json(const RegressionResult& result);
std::string to_covariance_csv(const RegressionResult& result);
/// Writes layer_power.csv, attribution.json and power_covariance.csv (the last not for a refused network)
/// into `folder`, each whole or not at all. Error kNotWritable.
Expected<void> write_regression(const std::filesystem::path& folder, const RegressionResult& result);

}  // namespace joulecast
