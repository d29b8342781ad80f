// For each conversion, how much of its window each state of the board fills.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "measurements/regression/sensor_clock.h"
#include "measurements/regression/sensor_kernel.h"
#include "measurements/regression/timeline.h"

namespace joulecast::regression {

/// Which column means what. Layers without run time have no column. The partition - layers, event gap, host
/// gap - adds up to 1 in each row inside the run. The steps are changes of the host gap's power: in the first
/// so many microseconds after the GPU's end (its power dies away), while callbacks run and just after the
/// last one, and in the last so many before the next GPU start (the launch). What is wrong at the gap's edges
/// would be charged to the layers there and, through them, to the pause between layers. The last columns are
/// derivatives of the fitted value.
struct StateColumns {
  static constexpr std::uint16_t kNone = 0xffff;
  std::vector<std::uint16_t> of_layer;  ///< by layer; several layers may share a column
  std::size_t layers = 0;               ///< columns 0 .. layers-1
  std::size_t event_gap = 0;
  std::size_t host_gap = 0;
  std::size_t first_step = 0;
  std::size_t steps = 0;  ///< after the end, callbacks, after the last callback, before the start; or none
  /// How large a step may be, relative to the others: near its ends the gap's power may be a layer's (what is
  /// left of the GPU's power, the launch), a long stretch of it may not.
  std::vector<double> step_scale;
  std::size_t first_phase =
      0;  ///< what the model gets wrong at a place of the cycle, in common to all windows there
  std::size_t phases = 0;
  double phase_us = 50.0;
  std::size_t by_delay = 0;
  std::size_t by_window = 0;
  std::size_t by_lowpass = 0;
  std::size_t by_event_gap = 0;
  std::size_t by_elasticity = 0;
  std::size_t count = 0;
};

/// Lengths of the host gap's steps: fine where power changes fastest.
inline constexpr std::array<double, 7> kEndStepsUs{15.0, 35.0, 65.0, 105.0, 160.0, 240.0, 360.0};
inline constexpr std::array<double, 6> kCallbackStepsUs{30.0, 80.0, 150.0, 240.0, 350.0, 500.0};
inline constexpr std::array<double, 10> kStartStepsUs{15.0,  35.0,  60.0,  90.0,  125.0,
                                                      165.0, 210.0, 270.0, 350.0, 480.0};

/// One column a layer that takes time, the host gap's steps, and columns for the model's own error. Where
/// more than `most_layers` take time, neighbours are joined to at most so many columns of about equal time.
StateColumns make_columns(const Timeline& timeline, std::size_t most_layers = StateColumns::kNone);
/// Neighbouring layers joined into about `groups` columns of equal time: for the coarse search.
StateColumns make_grouped_columns(const Timeline& timeline, std::size_t groups);

/// Sparse rows, one a conversion; `usable` is false where the window leaves the run or touches a cycle that
/// is not usable.
struct DesignRows {
  std::vector<std::uint32_t> begin;  ///< rows + 1
  std::vector<std::uint16_t> column;
  std::vector<float> value;
  std::vector<char> usable;
  /// Variance of the fitted value per us^2 of independent error in each cycle's end (W^2 / us^2); 0 without
  /// powers.
  std::vector<float> timing_variance;
  std::vector<float> phase_us;  ///< window's end since the last GPU end before it
  std::size_t columns = 0;

  [[nodiscard]] std::size_t rows() const { return usable.size(); }
};

/// Builds all rows. `powers` (by column, W above idle) are where the derivative columns are taken; empty: no
/// derivative columns. `margin_us` widens the neighbourhood of unusable cycles that is left out.
/// Complexity: rows x (layers of a cycle), plus the windows' entries.
void build_rows(const Timeline& timeline, const StateColumns& columns,
                std::span<const Conversion> conversions, const SensorShape& shape,
                std::span<const double> powers, double margin_us, DesignRows& rows);

}  // namespace joulecast::regression
