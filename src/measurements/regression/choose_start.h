// Which place of the sensor's delay, window, low-pass and pause a run's fit starts from.
#pragma once

#include <cstddef>

#include "measurements/regression/run_fit.h"

namespace joulecast::regression {

inline constexpr double kUsualLowpassUs = 60.0;
inline constexpr double kUsualEventGapUs = 2.0;
/// Of the elasticity: compute lets a layer's power stay, waiting for memory its energy.
inline constexpr double kUsualElasticity = 0.5;
inline constexpr double kElasticitySd = 0.4;

/// Cells of delay and pause around a place: 2 * delays + 1 by pauses of them, `pitch_us` wide in where the
/// first layer starts.
struct CellPlan {
  int delays = 0;
  int pauses = 0;
  double pitch_us = 0.0;
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(2 * delays + 1) * static_cast<std::size_t>(pauses);
  }
};
/// At most so many cells a place, however many layers there are.
inline constexpr std::size_t kMostCells = 100;
/// Places that are refined further, of all cells.
inline constexpr std::size_t kMostPlaces = 12;
/// Whole fits (columns x columns covariances) that the search holds at any time.
inline constexpr std::size_t kMostFits = 24;
/// Layers above which the search joins neighbours: a fit costs the cube of its columns.
inline constexpr std::size_t kMostSearchedLayers = 80;

/// Cells as wide as a mode of the evidence, `apart_us` being half the distance of two modes; wider where they
/// would be more than kMostCells.
CellPlan plan_cells(std::size_t layers, double apart_us);

/// The same problem on stretches of successive conversions, about `rows` in all.
FitProblem thinned(const FitProblem& problem, std::size_t rows);

/// Least delay of the sensor that is physical.
double least_delay(const RunFit& run);

/// How far the sensor's delay may be searched: its refresh, or where that is shorter than the poll, the poll.
double search_range(const RunFit& run);

/// Places are the same if they end nearer than this: the evidence's modes lie a column apart.
double apart_us(const RunFit& run, const FitProblem& problem);

/// A longer low-pass looks like a longer delay: only their sum tells places apart.
bool far_apart(const SensorShape& a, const SensorShape& b, double pauses, double apart_us);

/// Pauses between layers in an inference; at least 1.
double pauses_of(const RunFit& run);

/// What a refinement may move, and how far from where. The window is known better than any fit can tell where
/// the sensor converts shunt and bus of its channels in turn: it is then that fraction of the refresh.
ShapeFreedom freedom_of(const RunFit& run, bool lowpass_free, bool gap_free);

/// fit_point around what is usual for low-pass and pause, and around the known window, if any.
PointFit refine(const RunFit& run, const FitProblem& problem, const NoiseModel& noise,
                const SensorShape& start, PriorFeatures::Form form, int steps, const ShapeFreedom& freedom,
                const PointFit* warm = nullptr);

/// Sets run.best, run.others, run.noise, the known window and run.search.
void choose_start(RunFit& run);

}  // namespace joulecast::regression
