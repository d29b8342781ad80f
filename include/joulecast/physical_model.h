// What a layer costs, from what it does: a few physical terms with non-negative coefficients.
//
// Part of stage `cost_model`. Run time is
//   t = launches + (arithmetic^p + traffic^p)^(1/p),
// a roofline with a soft corner: p = 1 adds arithmetic and memory traffic up, p = 4 nearly takes the larger
// one. Energy has the same form, with a share that is proportional to the run time. All kinds of layers share
// the terms, so that a kind that was seldom measured borrows from the others.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/networks.h"

namespace joulecast {

enum class PhysicalTarget { kRunTime, kEnergy };
/// "run_time", "energy".
std::string_view to_string(PhysicalTarget target);
/// "ms", "mJ".
std::string_view unit_of(PhysicalTarget target);

/// What a coefficient multiplies.
enum class PhysicalTerm : std::uint8_t {
  kCall,           ///< 1 a block that was measured by itself: what one call costs beside its layers
  kActive,         ///< run time in ms; of energy alone
  kLaunch,         ///< 1 a layer
  kGroupLaunch,    ///< groups beyond the first of a grouped convolution
  kGroupDepth,     ///< the same, times inner length / 1000
  kMoveLaunch,     ///< 1 a data move (reformat, concat, ...), beyond kLaunch
  kPoolingLaunch,  ///< 1 a pooling, beyond kLaunch
  kSplitLaunch,    ///< 1 a group of a product whose inner length is cut into parts: their sums are added up
  kMatrix,         ///< GFLOP on padded channels, in half precision's rate; a network's first layer counts by
                   ///< the device's ratio of matrix to vector rate
  kTile,         ///< the same, padded to whole tiles of the kernel: of the one that the tactic names, else of
                 ///< the one that suits the shapes; of energy alone, which idle multiprocessors take none of
  kWave,         ///< the same in whole waves of tiles, one for each multiprocessor; of run time alone
  kOperand,      ///< MB of operands that products read again for each 128 rows or columns of output
  kImage,        ///< GFLOP of first layers, beyond kMatrix
  kDepthwise,    ///< GFLOP of depthwise convolutions
  kWindow,       ///< 10^9 window operations (pooling) or elements (others)
  kDepth,        ///< inner length of a product / 1000, where its output map is larger than 1 x 1;
                 ///< of run time alone, through which energies have it
  kTraffic,      ///< MB read and written
  kUncached,     ///< MB of inputs and outputs beyond the size of the device's last cache
  kMoveTraffic,  ///< MB of data moves, beyond kTraffic
  kPoolingTraffic,  ///< MB of pooling and other operators without weights, beyond kTraffic
};
inline constexpr std::size_t kPhysicalTerms = 20;
/// Name in model files: "launch", "matrix_gflop", "traffic_mb", ...
std::string_view to_string(PhysicalTerm term);
/// Values of all terms for one layer, or one coefficient a term.
using PhysicalValues = std::array<double, kPhysicalTerms>;

/// One form of the model; validation weighs several.
struct PhysicalRecipe {
  double corner = 1.0;    ///< p
  bool tiles = false;     ///< kWave (of run time) or kTile (of energy) instead of kMatrix
  bool families = false;  ///< kinds have launches and traffic of their own, beyond the shared ones
  bool overlap = false;   ///< launches stand inside the corner: they run while the layer before works
  bool active = false;    ///< energy has a part that is proportional to the run time
  /// Ridge on what refines the three terms of a roofline (launch, arithmetic, traffic) and the inner length:
  /// on columns of length 1, so that 1 halves what a term would tell by itself.
  double shrinkage = 0.0;
  friend bool operator==(const PhysicalRecipe&, const PhysicalRecipe&) = default;
};

/// A fitted recipe and its part in the prediction.
struct PhysicalFit {
  PhysicalRecipe recipe;
  double weight = 1.0;                           ///< of the average; all weights add up to 1
  std::optional<double> held_out_rmspe_percent;  ///< nothing where nothing could be held out
  PhysicalValues coefficients{};                 ///< ms or mJ a unit of the term
};

/// A Gaussian process on the log of measured / predicted, over log sizes of a layer: Matern 5/2, one length.
struct PhysicalResidual {
  double length = 1.0, signal_sd = 0.0, noise_sd = 0.0;
  std::vector<double> center, scale;  ///< of the log sizes
  std::vector<double> points;         ///< by coordinate, then point; scaled
  std::vector<double> weights;        ///< by point
};

/// How sure predictions are, from predictions for networks (or shapes) that were held out.
struct PhysicalIntervals {
  double level = 0.9;
  std::string groups;           ///< what was held out together: "network", "family" or "shape"
  std::size_t group_count = 0;  ///< of which the quantiles were taken
  double layer_log_ratio =
      0.0;  ///< |log(measured / predicted)| / scale that `level` of the layers stay below
  double power_log_ratio = 0.0;    ///< of energy / run time, with models of energy; 0 = not known
  double total_log_ratio = 0.0;    ///< the same of sums over a network; 0 = not known
  double total_level = 0.0;        ///< what total_log_ratio holds for: below `level` with few networks
  std::vector<double> kind_scale;  ///< by LayerKind: spread of its log ratios, shrunk to that of all
};

/// What is known of a device beforehand, from its maker's data sheet; the number of multiprocessors may be
/// learnt from run times instead.
struct PhysicalDevice {
  /// Rates of matrix units over vector units by type; 1 = no such units, or not known.
  double fp32_ratio = 1.0, fp16_ratio = 1.0, int8_ratio = 1.0;
  double cache_mb = 4.0;         ///< of the last level that the processor shares
  double multiprocessors = 0.0;  ///< 0 = not known
};
/// By a device's name, e.g. "NVIDIA A100 80GB PCIe"; the defaults for one that is not known.
PhysicalDevice device_constants(std::string_view device);

/// Models of one target.
struct PhysicalModel {
  PhysicalTarget target = PhysicalTarget::kRunTime;
  std::string power_basis;  ///< of energy: "above_idle" or "board" (idle inside)
  std::vector<PhysicalFit> fits;
  std::optional<PhysicalResidual> residual;
  std::optional<PhysicalIntervals> intervals;
  PhysicalDevice device;
  std::vector<double> size_min, size_max;  ///< of the log sizes over the training layers
  std::vector<std::string> networks;       ///< trained on, sorted
  std::size_t layers = 0;                  ///< layers, or blocks known only as a sum
};

/// What one call costs beside its layers, ms or mJ: what blocks measured by themselves have told. 0
/// elsewhere.
double call_cost(const PhysicalModel& model);
/// RMSPE of the best recipe on layers that were held out to weigh recipes; nothing where nothing could be.
std::optional<double> best_held_out_rmspe_percent(const PhysicalModel& model);

/// What a fit minimises, for predictions p and measured m: the sum of (p - m)^2 / (q m), q a first, relative
/// fit's prediction, so that a factor too much counts nearly as the same factor too little; of
/// (p - m)^2 / m^2, which favours low predictions three times as much; or of (p - m)^2.
enum class PhysicalLoss { kSymmetric, kRelative, kSquared };

/// What training's validation may choose from.
struct PhysicalChoices {
  std::vector<double> corners = {1.0, 2.0, 4.0};
  std::vector<double> shrinkages = {0.03, 3.0};
  bool tiles = true;     ///< also whole tiles and waves
  bool families = true;  ///< also kinds with terms of their own
  bool active = true;    ///< also an energy proportional to run time
  bool residual = true;  ///< also a Gaussian process
  bool overlap = true;   ///< also launches that overlap with work
  bool average = true;   ///< mean of the recipes instead of the best
  PhysicalLoss loss = PhysicalLoss::kSymmetric;
  std::vector<PhysicalTerm> without;  ///< terms to do without
  std::size_t folds = 5;              ///< of the validation
};

/// Figures of one layer.
struct PhysicalPrediction {
  double value = 0.0;            ///< ms or mJ
  double distance = 0.0;         ///< how far outside the training layers' log sizes; 0 = inside
  double log_ratio = 0.0;        ///< half width of the interval in logs; 0 = not known
  double power_log_ratio = 0.0;  ///< the same of power, from models of energy
  bool bytes_only = false;       ///< of a kind or without the shapes to know more than launches and bytes
};

/// Predicts one layer; no memory is allocated. `run_time_ms` is read by models of energy alone.
PhysicalPrediction predict(const PhysicalModel& model, const LayerGeometry& layer, double run_time_ms = 0.0);

}  // namespace joulecast
