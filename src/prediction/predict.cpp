// Layers in, figures out.
#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "joulecast/prediction.h"
#include "prediction/repeated_layers.h"
#include "prediction/totals.h"

namespace joulecast {
namespace {

/// How far outside the training layers' sizes, in ranges of them, still counts as inside.
constexpr double kOutside = 0.05;

struct LayerFeatures {
  ReferenceFeatures reference;
  bool own_type = true;  ///< one of the reference's three LayerTypes
};

// What a prediction needs of a layer, be it of an engine or a row of a table.
const std::string& name_of(const Layer& layer) {
  return layer.name;
}
const std::string& name_of(const LayerRow& row) {
  return row.layer_name;
}
const std::string& type_of(const Layer& layer) {
  return layer.type;
}
const std::string& type_of(const LayerRow& row) {
  return row.layer_type;
}
LayerKind kind_of(const Layer& layer) {
  return layer.kind;
}
LayerKind kind_of(const LayerRow& row) {
  return row.kind;
}
const LayerGeometry& geometry_of(const LayerRow& row) {
  return row;
}

/// Features of a layer of the reference's types, or of a layer of another type but the same kind. Nothing if
/// it is neither; an error if its shapes do not say enough.
template <class AnyLayer>
Expected<std::optional<LayerFeatures>> features_of(const AnyLayer& layer, bool compat) {
  const auto own = reference_features(layer);
  if (!own) return tl::unexpected(own.error());
  if (*own) return LayerFeatures{**own, true};
  const auto kind = compat ? std::nullopt : reference_kind(kind_of(layer));
  if (!kind) return std::nullopt;
  const auto borrowed = reference_features(layer, *kind);
  if (!borrowed) return tl::unexpected(borrowed.error());
  return LayerFeatures{*borrowed, false};
}

/// An empty prediction of the layer in place of an earlier one, whose names' memory it keeps.
template <class AnyLayer>
void restart(LayerPrediction& one, const AnyLayer& layer) {
  one.layer_name = name_of(layer);
  one.layer_type = type_of(layer);
  one.basis = Basis::kNone;
  one.power_w = one.run_time_ms = one.energy_mj = std::nullopt;
  one.kind = layer.kind;
}

/// The same of a network; the earlier layers stay until they are restarted.
template <class AnyNetwork>
void restart(NetworkPrediction& out, const AnyNetwork& network) {
  std::vector<LayerPrediction> layers = std::move(out.layers);
  out = {};
  out.layers = std::move(layers);
  out.network = network.name;
  out.warnings = network.warnings;
}

/// Layers in the order the reference meets them: a repeated name keeps its first place and takes its last
/// content, as in a Python dict.
template <class AnyLayer>
std::vector<const AnyLayer*> as_python_dict(const std::vector<AnyLayer>& all) {
  std::vector<const AnyLayer*> layers;
  std::unordered_map<std::string_view, std::size_t> place;
  for (const AnyLayer& layer : all) {
    const auto [at, is_new] = place.emplace(name_of(layer), layers.size());
    if (is_new) {
      layers.push_back(&layer);
    } else {
      layers[at->second] = &layer;
    }
  }
  return layers;
}

/// Another value with bounds of the same ratios.
Figure moved_to(const Figure& figure, double value) {
  Figure out{value, {}, {}};
  if (figure.value > 0.0 && figure.low) out.low = *figure.low * value / figure.value;
  if (figure.value > 0.0 && figure.high) out.high = *figure.high * value / figure.value;
  return out;
}

/// Faults of a network, gathered while its layers are predicted.
struct Doubts {
  std::uint64_t uncovered = 0, one_figure_only = 0, unreadable = 0, below_zero = 0;
  std::string first_uncovered, first_unreadable;

  void tell(NetworkPrediction& out) const {
    const auto add = [&](std::uint64_t count, std::string message) {
      if (count != 0) out.warnings.push_back({std::move(message), {}, count});
    };
    add(uncovered,
        "no model covers a layer that takes time; totals leave it out (first: " + first_uncovered + ")");
    add(unreadable, "a layer's shapes do not give the model's features (first: " + first_unreadable + ")");
    add(one_figure_only, "a layer has a model of power or run time alone, so no energy");
    add(out.extrapolated_layers, "a layer lies outside what the models were trained on");
    add(out.clamped_values, "a prediction below 0 was set to 0");
    add(below_zero,
        "a layer's power or run time is predicted below 0, as the reference would; totals contain it");
  }
};

}  // namespace

std::string_view to_string(Basis basis) {
  switch (basis) {
    case Basis::kFitted:
      return "fitted";
    case Basis::kExtrapolated:
      return "extrapolated";
    case Basis::kBytesOnly:
      return "bytes-only";
    case Basis::kNone:
      return "none";
  }
  return "none";
}

struct Predictor::State {
  /// By kind and target.
  using Models =
      std::array<std::array<std::optional<CompiledLasso>, kTargets.size()>, kReferenceKinds.size()>;
  Models models;    ///< the reference's recipes
  Models believed;  ///< what stands in their place where compat is not asked for
  std::optional<PhysicalModel> run_time, energy;
  /// By kind and target: whether the lasso comes before the physical models.
  std::array<std::array<bool, kTargets.size()>, kReferenceKinds.size()> lasso_first{};
  std::optional<double> idle_power_w;
  std::optional<EndToEndModel> end_to_end;
  std::string device;
  bool range_unknown = false;  ///< of a lasso model: its training is not known

  /// Run time, energy and power from the physical models; what they lack stays empty.
  template <class AnyLayer>
  void apply_physical(const AnyLayer& layer, LayerPrediction& one, NetworkPrediction& out,
                      RepeatedLayers& repeated) const;
  /// Puts the lasso's figures in the place of the physical ones where validation has chosen so.
  template <class AnyLayer>
  void prefer_lasso(const AnyLayer& layer, LayerPrediction& one) const;
  /// Fills power, run time, energy and basis from the models of the layer's kind.
  void apply(const LayerFeatures& features, bool compat, LayerPrediction& layer,
             NetworkPrediction& out) const;
  template <class AnyLayer>
  [[nodiscard]] Expected<void> predict_compat_layer(const AnyLayer& layer, NetworkPrediction& out) const;
  template <class AnyLayer>
  void predict_layer(const AnyLayer& layer, LayerPrediction& one, NetworkPrediction& out, Doubts& doubts,
                     RepeatedLayers& repeated) const;
  template <class AnyNetwork>
  [[nodiscard]] Expected<void> predict_network(const AnyNetwork& network, const PredictOptions& options,
                                               NetworkPrediction& out) const;
  [[nodiscard]] Expected<void> check_device(const std::string& wanted, const std::string& source,
                                            NetworkPrediction& out) const;
};

Expected<void> Predictor::State::check_device(const std::string& wanted, const std::string& source,
                                              NetworkPrediction& out) const {
  if (wanted.empty() || wanted == device) return {};
  if (device.empty()) {
    out.warnings.push_back({fmt::format(
        "the models do not say which board they are of, so whether it is '{}' is unknown", wanted)});
    return {};
  }
  return fail(ErrorKind::kUnfit,
              fmt::format("the models are of the board '{}', the engine of '{}'", device, wanted), {source},
              "Train on logs of the engine's own board: costs do not carry over");
}

void Predictor::State::apply(const LayerFeatures& features, bool compat, LayerPrediction& layer,
                             NetworkPrediction& out) const {
  const auto row = features.reference.row();
  bool outside = !features.own_type;
  const auto figure = [&](Target target) -> std::optional<Figure> {
    const Models& of = compat ? models : believed;
    const auto& model =
        of[static_cast<std::size_t>(features.reference.kind)][static_cast<std::size_t>(target)];
    if (!model) return std::nullopt;
    double value = model->predict(row);
    if (value < 0.0 && !compat) {
      value = 0.0;
      ++out.clamped_values;
    }
    outside = outside || model->extrapolates(row);
    return Figure{value, {}, {}};
  };
  const bool had_basis = layer.basis != Basis::kNone;
  if (!layer.power_w) layer.power_w = figure(Target::kPower);
  if (!layer.run_time_ms) layer.run_time_ms = figure(Target::kRunTime);
  if (!layer.power_w && !layer.run_time_ms) return;
  if (layer.power_w && layer.run_time_ms && !layer.energy_mj)
    layer.energy_mj = Figure{layer.power_w->value * layer.run_time_ms->value, {}, {}};
  if (had_basis) return;
  layer.basis = outside ? Basis::kExtrapolated : Basis::kFitted;
  if (outside) ++out.extrapolated_layers;
}

template <class AnyLayer>
void Predictor::State::apply_physical(const AnyLayer& layer, LayerPrediction& one, NetworkPrediction& out,
                                      RepeatedLayers& repeated) const {
  if (!run_time && !energy) return;
  const LayerGeometry& geometry = geometry_of(layer);
  // A name alone says nothing about cost.
  if (!geometry.input_channels && !geometry.output_channels && !geometry.bytes_in && !geometry.bytes_out)
    return;
  const auto& [time, joules] = repeated.find(geometry, [&] {
    PhysicalCost cost;
    if (run_time) cost.run_time = joulecast::predict(*run_time, geometry);
    if (energy) cost.energy = joulecast::predict(*energy, geometry, cost.run_time.value);
    return cost;
  });
  if (run_time) one.run_time_ms = figure_of(time.value, time.log_ratio);
  if (energy) {
    one.energy_mj = figure_of(joules.value, joules.log_ratio);
    if (run_time && time.value > 0.0)
      one.power_w = figure_of(joules.value / time.value, joules.power_log_ratio);
  }
  const bool outside = std::max(time.distance, joules.distance) > kOutside;
  const bool bytes_only = time.bytes_only || joules.bytes_only;
  one.basis = bytes_only ? Basis::kBytesOnly : outside ? Basis::kExtrapolated : Basis::kFitted;
  if (one.basis == Basis::kExtrapolated) ++out.extrapolated_layers;
}

template <class AnyLayer>
void Predictor::State::prefer_lasso(const AnyLayer& layer, LayerPrediction& one) const {
  const auto any = [](const auto& targets) { return targets[0] || targets[1]; };
  if (one.basis == Basis::kNone || std::none_of(lasso_first.begin(), lasso_first.end(), any)) return;
  const auto features = features_of(layer, false);
  if (!features || !*features) return;
  const LayerFeatures& of = **features;
  bool changed = false;
  const auto put = [&](Target target, std::optional<Figure>& figure) {
    const auto kind = static_cast<std::size_t>(of.reference.kind);
    const auto& model = believed[kind][static_cast<std::size_t>(target)];
    if (!figure || !lasso_first[kind][static_cast<std::size_t>(target)] || !model ||
        model->extrapolates(of.reference.row()))
      return;
    const double value = model->predict(of.reference.row());
    if (!(value > 0.0)) return;
    figure = moved_to(*figure, value);
    changed = true;
  };
  put(Target::kRunTime, one.run_time_ms);
  put(Target::kPower, one.power_w);
  if (changed && one.energy_mj && one.power_w && one.run_time_ms)
    one.energy_mj = moved_to(*one.energy_mj, one.power_w->value * one.run_time_ms->value);
}

template <class AnyLayer>
Expected<void> Predictor::State::predict_compat_layer(const AnyLayer& layer, NetworkPrediction& out) const {
  const auto features = features_of(layer, true);
  if (!features) {
    Error error = features.error();
    error.message = fmt::format("layer {}: {}", name_of(layer), error.message);
    return tl::unexpected(std::move(error));
  }
  if (!*features) return {};
  LayerPrediction one;
  restart(one, layer);
  apply(**features, true, one, out);
  if (!one.energy_mj)
    return fail(
        ErrorKind::kUnfit,
        fmt::format("the models lack power or run time of {} layers", to_string((*features)->reference.kind)),
        {}, "Train on data that has such layers, or predict without --compat");
  out.layers.push_back(std::move(one));
  return {};
}

template <class AnyLayer>
void Predictor::State::predict_layer(const AnyLayer& layer, LayerPrediction& one, NetworkPrediction& out,
                                     Doubts& doubts, RepeatedLayers& repeated) const {
  restart(one, layer);
  if (layer.kind == LayerKind::kNone) {  // certain without a model: it takes no time
    one.power_w = one.run_time_ms = one.energy_mj = Figure{};
    return;
  }
  apply_physical(layer, one, out, repeated);
  prefer_lasso(layer, one);
  if (one.run_time_ms && one.energy_mj) return;
  const auto features = features_of(layer, false);
  if (features && *features) {
    apply(**features, false, one, out);
  } else if (!features && doubts.unreadable++ == 0) {
    doubts.first_unreadable = fmt::format("{}: {}", name_of(layer), features.error().message);
  }
  if (one.basis == Basis::kNone) {
    if (doubts.uncovered++ == 0)
      doubts.first_uncovered = fmt::format("{}, {}", name_of(layer), type_of(layer));
  } else if (!one.energy_mj) {
    ++doubts.one_figure_only;
  }
}

Predictor::Predictor(const CostModel& model) {
  auto state = std::make_unique<State>();
  for (const LassoModel& one : model.lasso) {
    state->models[static_cast<std::size_t>(one.kind)][static_cast<std::size_t>(one.target)].emplace(one);
    state->range_unknown = state->range_unknown || (one.origin && one.feature_min.empty());
  }
  state->believed = state->models;
  for (const LassoModel& one : model.relative_lasso)
    state->believed[static_cast<std::size_t>(one.kind)][static_cast<std::size_t>(one.target)].emplace(one);
  for (const ReferenceKind kind : kReferenceKinds)
    for (const Target target : kTargets)
      state->lasso_first[static_cast<std::size_t>(kind)][static_cast<std::size_t>(target)] =
          model.chosen(kind, target).starts_with("lasso");
  if (const auto* physical = model.find(PhysicalTarget::kRunTime)) state->run_time = *physical;
  if (const auto* physical = model.find(PhysicalTarget::kEnergy)) state->energy = *physical;
  state->idle_power_w = model.idle_power_w;
  state->end_to_end = model.end_to_end;
  state->device = model.device;
  state_ = std::move(state);
}

Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

Expected<NetworkPrediction> Predictor::predict(const Network& network, const PredictOptions& options) const {
  NetworkPrediction out;
  if (auto done = predict(network, options, out); !done) return tl::unexpected(done.error());
  return out;
}

template <class AnyNetwork>
Expected<void> Predictor::State::predict_network(const AnyNetwork& network, const PredictOptions& options,
                                                 NetworkPrediction& out) const {
  restart(out, network);
  out.device = device;
  if (options.rate_hz && !(*options.rate_hz > 0.0 && std::isfinite(*options.rate_hz)))
    return fail(ErrorKind::kUsage, fmt::format("a rate of {} inferences a second", *options.rate_hz), {},
                "Give a rate above 0");
  if (auto same = check_device(options.device, network.source, out); !same) return same;
  Doubts doubts;
  if (options.compat) {
    out.layers.clear();
    for (const auto* layer : as_python_dict(network.layers))
      if (auto done = predict_compat_layer(*layer, out); !done) return done;
    doubts.below_zero = static_cast<std::uint64_t>(
        std::count_if(out.layers.begin(), out.layers.end(), [](const LayerPrediction& layer) {
          return layer.power_w->value < 0.0 || layer.run_time_ms->value < 0.0;
        }));
  } else {
    out.layers.resize(network.layers.size());
    RepeatedLayers repeated(run_time || energy ? network.layers.size() : 0);
    for (std::size_t i = 0; i < network.layers.size(); ++i)
      predict_layer(network.layers[i], out.layers[i], out, doubts, repeated);
    out.uncovered_layers = doubts.uncovered;
  }
  const bool any = std::any_of(out.layers.begin(), out.layers.end(),
                               [](const LayerPrediction& layer) { return layer.basis != Basis::kNone; });
  if (!any)
    return fail(ErrorKind::kUnfit,
                fmt::format("the models cover none of the {} layers", network.layers.size()),
                {network.source},
                "Check that its layers have shapes (a TensorRT engine needs detailed layer information), and "
                "that the models were trained on layers of its kinds");
  doubts.tell(out);
  if (range_unknown && !options.compat)
    out.warnings.push_back(
        {"imported models do not say which sizes they were trained on: layers outside are not marked"});
  if (!options.compat && energy) out.power_basis = energy->power_basis;
  const auto pointer = [](const std::optional<PhysicalModel>& model) { return model ? &*model : nullptr; };
  sum_up(out, options.compat ? nullptr : pointer(run_time), options.compat ? nullptr : pointer(energy),
         end_to_end && !options.compat ? &*end_to_end : nullptr, idle_power_w, options);
  if (const std::string what = first_not_finite(out); !what.empty())
    return fail(ErrorKind::kUnfit, fmt::format("{} comes out as infinite or no number", what),
                {network.source}, "Look for absurd sizes in the input, an absurd rate, or damaged models");
  return {};
}

Expected<void> Predictor::predict(const Network& network, const PredictOptions& options,
                                  NetworkPrediction& out) const {
  return state_->predict_network(network, options, out);
}

Expected<NetworkPrediction> Predictor::predict(const LayerTable& table, const PredictOptions& options) const {
  NetworkPrediction out;
  if (auto done = state_->predict_network(table, options, out); !done) return tl::unexpected(done.error());
  const auto elsewhere = std::find_if(table.layers.begin(), table.layers.end(), [&](const LayerRow& row) {
    return !row.device.empty() && !out.device.empty() && row.device != out.device;
  });
  if (elsewhere != table.layers.end())
    out.warnings.push_back(
        {fmt::format("these layers are of the board '{}'; the figures are for '{}', of "
                     "which the models are",
                     elsewhere->device, out.device)});
  return out;
}

Expected<NetworkPrediction> predict(const Network& network, const CostModel& model,
                                    const PredictOptions& options) {
  return Predictor(model).predict(network, options);
}

}  // namespace joulecast
