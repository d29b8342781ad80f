// What a network will cost: each layer and the whole, from a model and an engine.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "joulecast/cost_model.h"
#include "joulecast/networks.h"

namespace joulecast {

/// How a figure came about.
enum class Basis { kFitted, kExtrapolated, kBytesOnly, kNone };
std::string_view to_string(Basis basis);

/// A figure with its 90 % interval; low and high are absent where the model knows none.
struct Figure {
  double value = 0.0;
  std::optional<double> low, high;
};

struct LayerPrediction {
  std::string layer_name, layer_type;
  LayerKind kind = LayerKind::kOther;
  Basis basis = Basis::kNone;
  std::optional<Figure> power_w;  ///< above idle
  std::optional<Figure> run_time_ms;
  std::optional<Figure> energy_mj;  ///< above idle, one inference
};

struct NetworkPrediction {
  std::string network;
  std::vector<LayerPrediction> layers;  ///< engine order, every layer
  Figure run_time_ms, power_w, energy_mj;
  std::optional<Figure> board_energy_mj;  ///< idle included; needs the model's idle power
  std::size_t uncovered_layers = 0;       ///< layers that take time and no model covers
  std::vector<Warning> warnings;
};

struct PredictOptions {
  bool compat = false;  ///< only the rows and definitions of the reference
};
/// Errors: kUnfit if no layer is covered by a model, or a layer that the reference would choke on (compat).
Expected<NetworkPrediction> predict(const Network& network, const CostModel& model,
                                    const PredictOptions& options = {});

/// The CSV of docs/interface.md; with compat its first four columns alone.
std::string to_csv(const NetworkPrediction& prediction, bool compat);
std::string to_json(const NetworkPrediction& prediction, const std::string& engine,
                    const std::string& models);

}  // namespace joulecast
