// What the logs of a run can tell about single layers, and what they cannot: before any fit.
//
// Stage `measurements`. A run that was recorded badly costs hours of a board; this says so in seconds, and
// what to change.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "joulecast/measurements.h"
#include "joulecast/raw_logs.h"

namespace joulecast {

/// How well a layer's power should come out.
struct ExpectedLayer {
  std::string layer_name;
  double run_time_ms = 0.0;
  double half_width_w = 0.0;      ///< of the 90 % interval, without the help of a prior
  double half_width_share = 0.0;  ///< of the network's mean power above idle
};

/// What the logs of one network's run tell.
struct RecordingCheck {
  std::string network;
  /// Why the rest is not told although attribution finds something: without time stamps run times, with too
  /// few cycles for the regression also powers by window. Nothing below but `warnings` is filled in then.
  std::optional<Error> unjudged;
  std::uint64_t cycles = 0;
  double period_ms = 0.0;    ///< from one inference to the next
  double run_time_ms = 0.0;  ///< sum of the layers
  double gap_ms = 0.0;       ///< from one inference's end to the next one's start
  std::uint64_t missing_entries = 0;
  std::uint64_t stalls = 0;

  std::uint64_t polls = 0;
  double poll_ms = 0.0;           ///< median distance
  std::uint64_t poll_pauses = 0;  ///< distances above ten medians
  double longest_pause_ms = 0.0;  ///< the longest distance
  std::uint64_t clock_steps = 0;  ///< backward steps of the host's clock
  double seconds_before = 0.0;    ///< of power before the first inference; negative: the log begins later
  double seconds_after = 0.0;     ///< of power after the last one; negative: the log ends earlier
  double stale_share = 0.0;       ///< polls that returned a value seen before
  std::optional<double>
      refresh_ms;                 ///< from one value of the current to the next; empty: no clock to be seen
  std::uint64_t conversions = 0;  ///< values inside the run, each counted once
  /// Setting of an INA3221 whose refresh that is: channels and conversion time. Empty: none comes near.
  std::optional<std::uint64_t> channels;
  double window_us = 0.0;        ///< conversion time assumed for the half-widths
  double noise_w = 0.0;          ///< of one conversion, taken from conversions at neighbouring phases
  double mean_power_w = 0.0;     ///< above idle, over the run
  double highest_power_w = 0.0;  ///< of all samples, idle power included: idle must lie below it
  double phase_coverage = 0.0;   ///< share of the inference's 50 us bins in which conversions end

  std::vector<ExpectedLayer> layers;  ///< in the latency log's order, those that take time
  double resolved_share = 0.0;        ///< of the run time: layers with a half-width below 25 %
  /// Cycles for half-widths below 25 % in layers that hold nine tenths of the run time.
  std::optional<std::uint64_t> cycles_that_would_suffice;
  std::vector<std::string> advice;  ///< what to change in the recording; empty: nothing
  std::vector<Warning> warnings;    ///< doubts about the files
};

/// The same from logs in memory. `idle` is the board's idle power from its file.
/// Half-widths follow sd = sqrt(12) noise (window / d) sqrt(period / (conversions d)) for a layer of length d
/// (a box of that window slides over the layer; the derivative of the mean is what tells the layer's power):
/// good to a factor of two. Errors: kUnfit if the logs cannot be joined (attribute_by_regression).
Expected<RecordingCheck> check_recording(const LatencyLog& latencies, std::span<const PowerSample> power,
                                         Microwatts idle);
/// Reads the logs of a network and checks them. Errors: also those of reading; kUnfit without a power log, or
/// for logs of which no method gets a power.
Expected<RecordingCheck> check_recording(const NetworkFolder& network, Microwatts idle,
                                         const PowerLogOptions& options = {},
                                         const ByteProgress& progress = {});

/// A doubt if no sample of some of these recordings reaches the idle power of their board: `count` says of
/// how many, the text names the highest sample among those. Recordings that are unjudged are not asked.
std::optional<Warning> doubt_about_idle(std::span<const RecordingCheck> checks, Microwatts idle,
                                        const std::filesystem::path& idle_file);

}  // namespace joulecast
