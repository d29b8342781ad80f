// What a network will cost: each layer and the whole, from a model and an engine or a table of layers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "joulecast/cost_model.h"
#include "joulecast/networks.h"
#include "joulecast/training_set.h"

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
  std::optional<Figure> power_w;  ///< above idle (but see power_basis)
  std::optional<Figure> run_time_ms;
  std::optional<Figure> energy_mj;  ///< the same, of one inference
};

struct NetworkPrediction {
  std::string network;
  std::string device;  ///< board that the models are of; empty if they do not say
  /// What power and energy are of: "above_idle"; or "board", idle included, where the models know no better.
  std::string power_basis = "above_idle";
  std::vector<LayerPrediction> layers;  ///< engine order, every layer
  /// Sums over the layers that have a figure; absent if no layer that takes time has one. Power is the mean
  /// over the run time of the layers with power (the reference's time-weighted mean).
  std::optional<Figure> run_time_ms, power_w, energy_mj;
  /// Of a call without the profiler, host included; needs models that know it and no uncovered layer.
  std::optional<Figure> end_to_end_ms;
  std::optional<Figure> board_energy_mj;        ///< idle included; needs the idle power, or the basis "board"
  std::optional<Figure> board_power_at_rate_w;  ///< idle included; needs the idle power and a possible rate
  std::size_t uncovered_layers = 0;             ///< layers that take time and no model covers
  std::size_t extrapolated_layers = 0;          ///< layers unlike those the model has seen
  std::size_t clamped_values = 0;               ///< predictions below 0 that were set to 0
  std::vector<Warning> warnings;
};

struct PredictOptions {
  bool compat = false;            ///< only the rows and definitions of the reference
  std::optional<double> rate_hz;  ///< inferences a second, for the board's power at that rate
  std::string device = {};        ///< board of the engine; models of another are refused. Empty: unknown
};

/// The models of a CostModel, compiled: predicts many networks. May be used by several threads at once.
///
/// Layers of the reference's three LayerTypes are predicted by its own definitions of features. Without
/// compat, layers of other LayerTypes but the same kind (CudnnConvolution, TiledPooling, ...) are predicted
/// as their counterpart, with basis extrapolated; layers that take no time have zero run time and energy;
/// layers that no model covers stay without figures (basis none) and are counted; values below 0 become 0.
class Predictor {
 public:
  explicit Predictor(const CostModel& model);
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;
  ~Predictor();

  /// Errors: kUnfit if no layer is covered by a model, if the models are of another board, or if a figure
  /// comes out as infinite or NaN (models of damaged coefficients, an absurd rate); with compat
  /// also if a layer is one the reference would choke on, or its model is missing; kUsage for a rate that is
  /// not above 0.
  [[nodiscard]] Expected<NetworkPrediction> predict(const Network& network,
                                                    const PredictOptions& options = {}) const;
  /// The same into a prediction whose memory is used again: for many networks, one after the other. After an
  /// error its content means nothing.
  [[nodiscard]] Expected<void> predict(const Network& network, const PredictOptions& options,
                                       NetworkPrediction& out) const;
  /// The same of the layers of a table. A layer measured on another board than the models' gives a warning.
  [[nodiscard]] Expected<NetworkPrediction> predict(const LayerTable& table,
                                                    const PredictOptions& options = {}) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

/// One network: the same as Predictor(model).predict(network, options).
Expected<NetworkPrediction> predict(const Network& network, const CostModel& model,
                                    const PredictOptions& options = {});

/// The inputs of the physical models' ONNX graphs (onnx_export.h) for the layers of networks, as CSV:
/// network, layer_name, kind, then physical_input_names(). `active_ms` is the run time that the models
/// predict, 0 if they have none of run time. Cells of a layer whose sizes are not known at all are empty.
class PhysicalTermsTable {
 public:
  /// `model` must live as long. Error kUnfit if it has no physical model.
  static Expected<PhysicalTermsTable> of(const CostModel& model);
  void add(const Network& network);
  void add(const LayerTable& table);
  [[nodiscard]] const std::string& text() const;

  PhysicalTermsTable(PhysicalTermsTable&&) noexcept;
  PhysicalTermsTable& operator=(PhysicalTermsTable&&) noexcept;
  ~PhysicalTermsTable();

 private:
  struct State;
  PhysicalTermsTable();
  std::unique_ptr<State> state_;
};

/// The CSV of docs/interface.md; with compat its first four columns alone.
std::string to_csv(const NetworkPrediction& prediction, bool compat);
/// The JSON of docs/interface.md; `engine` and `models` are the names the user gave.
std::string to_json(const NetworkPrediction& prediction, const std::string& engine,
                    const std::string& models);
/// The three lines the reference prints: total run time (s), average power (W), total energy (J).
std::string compat_summary(const NetworkPrediction& prediction);

}  // namespace joulecast
