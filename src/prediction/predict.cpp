// Layers in, figures out.
#include <algorithm>
#include <array>
#include <unordered_map>

#include <fmt/format.h>

#include "joulecast/prediction.h"

namespace joulecast {
namespace {

/// Layers predicted with one model at a time would read its tree per layer anyway; what costs is features.
struct LayerFeatures {
  ReferenceKind kind = ReferenceKind::kConvolutional;
  std::vector<double> values;
  bool own_type = true;  ///< one of the reference's three LayerTypes
};

/// The reference's LayerType for a kind of layer; empty if it models none.
std::string_view reference_type(LayerKind kind) {
  switch (kind) {
    case LayerKind::kConvolutional:
      return "CaskConvolution";
    case LayerKind::kPooling:
      return "CaskPooling";
    case LayerKind::kDense:
      return "CaskGemmConvolution";
    default:
      return "";
  }
}

/// Features of a layer of the reference's types, or of a layer of another type but the same kind. Nothing if
/// it is neither; an error if its shapes do not say enough.
Expected<std::optional<LayerFeatures>> features_of(const Layer& layer, bool compat) {
  auto own = reference_features(layer);
  if (!own) return tl::unexpected(own.error());
  if (*own) return LayerFeatures{(*own)->first, std::move((*own)->second), true};
  const std::string_view type = reference_type(layer.kind);
  if (compat || type.empty()) return std::nullopt;
  Layer counterpart = layer;
  counterpart.type = type;
  auto borrowed = reference_features(counterpart);
  if (!borrowed) return tl::unexpected(borrowed.error());
  if (!*borrowed) return std::nullopt;
  return LayerFeatures{(*borrowed)->first, std::move((*borrowed)->second), false};
}

/// Layers in the order the reference meets them: a repeated name keeps its first place and takes its last
/// content, as in a Python dict.
std::vector<const Layer*> as_python_dict(const Network& network) {
  std::vector<const Layer*> layers;
  std::unordered_map<std::string_view, std::size_t> place;
  for (const Layer& layer : network.layers) {
    const auto [at, is_new] = place.emplace(layer.name, layers.size());
    if (is_new) {
      layers.push_back(&layer);
    } else {
      layers[at->second] = &layer;
    }
  }
  return layers;
}

/// Adds the figures of the layers up, in their order.
void sum_up(NetworkPrediction& out, const std::optional<double>& idle_w, const PredictOptions& options) {
  double powered_ms = 0.0;
  for (const LayerPrediction& layer : out.layers) {
    if (layer.run_time_ms) out.run_time_ms.value += layer.run_time_ms->value;
    if (!layer.energy_mj) continue;
    out.energy_mj.value += layer.energy_mj->value;
    powered_ms += layer.run_time_ms->value;
  }
  if (powered_ms != 0.0) out.power_w.value = out.energy_mj.value / powered_ms;
  if (!idle_w) return;
  out.board_energy_mj = Figure{out.energy_mj.value + *idle_w * out.run_time_ms.value, {}, {}};
  if (!options.rate_hz) return;
  out.board_power_at_rate_w = Figure{*idle_w + out.energy_mj.value / 1e3 * *options.rate_hz, {}, {}};
  if (*options.rate_hz * out.run_time_ms.value > 1e3)
    out.warnings.push_back({fmt::format("{} inferences a second do not fit: one takes {:.3f} ms",
                                        *options.rate_hz, out.run_time_ms.value)});
}

/// Faults of a network, gathered while its layers are predicted.
struct Doubts {
  std::uint64_t uncovered = 0, one_figure_only = 0, unreadable = 0;
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
  std::array<std::array<std::optional<CompiledLasso>, kTargets.size()>, kReferenceKinds.size()> models;
  std::optional<double> idle_power_w;

  /// Fills power, run time, energy and basis from the models of the layer's kind.
  void apply(const LayerFeatures& features, bool compat, LayerPrediction& layer,
             NetworkPrediction& out) const;
  [[nodiscard]] Expected<void> predict_compat_layer(const Layer& layer, NetworkPrediction& out) const;
  void predict_layer(const Layer& layer, NetworkPrediction& out, Doubts& doubts) const;
};

void Predictor::State::apply(const LayerFeatures& features, bool compat, LayerPrediction& layer,
                             NetworkPrediction& out) const {
  bool outside = !features.own_type;
  const auto figure = [&](Target target) -> std::optional<Figure> {
    const auto& model = models[static_cast<std::size_t>(features.kind)][static_cast<std::size_t>(target)];
    if (!model) return std::nullopt;
    double value = model->predict(features.values);
    if (value < 0.0 && !compat) {
      value = 0.0;
      ++out.clamped_values;
    }
    outside = outside || model->extrapolates(features.values);
    return Figure{value, {}, {}};
  };
  layer.power_w = figure(Target::kPower);
  layer.run_time_ms = figure(Target::kRunTime);
  if (!layer.power_w && !layer.run_time_ms) return;
  if (layer.power_w && layer.run_time_ms)
    layer.energy_mj = Figure{layer.power_w->value * layer.run_time_ms->value, {}, {}};
  layer.basis = outside ? Basis::kExtrapolated : Basis::kFitted;
  if (outside) ++out.extrapolated_layers;
}

Expected<void> Predictor::State::predict_compat_layer(const Layer& layer, NetworkPrediction& out) const {
  const auto features = features_of(layer, true);
  if (!features) {
    Error error = features.error();
    error.message = fmt::format("layer {}: {}", layer.name, error.message);
    return tl::unexpected(std::move(error));
  }
  if (!*features) return {};
  LayerPrediction one;
  one.layer_name = layer.name;
  one.layer_type = layer.type;
  one.kind = layer.kind;
  apply(**features, true, one, out);
  if (!one.energy_mj)
    return fail(ErrorKind::kUnfit,
                fmt::format("the models lack power or run time of {} layers", to_string((*features)->kind)),
                {}, "Train on data that has such layers, or predict without --compat");
  out.layers.push_back(std::move(one));
  return {};
}

void Predictor::State::predict_layer(const Layer& layer, NetworkPrediction& out, Doubts& doubts) const {
  LayerPrediction& one = out.layers.emplace_back();
  one.layer_name = layer.name;
  one.layer_type = layer.type;
  one.kind = layer.kind;
  if (layer.kind == LayerKind::kNone) {  // certain without a model: it takes no time
    one.power_w = one.run_time_ms = one.energy_mj = Figure{};
    return;
  }
  const auto features = features_of(layer, false);
  if (features && *features) {
    apply(**features, false, one, out);
  } else if (!features && doubts.unreadable++ == 0) {
    doubts.first_unreadable = fmt::format("{}: {}", layer.name, features.error().message);
  }
  if (one.basis == Basis::kNone) {
    if (doubts.uncovered++ == 0) doubts.first_uncovered = fmt::format("{}, {}", layer.name, layer.type);
  } else if (!one.energy_mj) {
    ++doubts.one_figure_only;
  }
}

Predictor::Predictor(const CostModel& model) {
  auto state = std::make_unique<State>();
  for (const LassoModel& one : model.lasso)
    state->models[static_cast<std::size_t>(one.kind)][static_cast<std::size_t>(one.target)].emplace(one);
  state->idle_power_w = model.idle_power_w;
  state_ = std::move(state);
}

Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

Expected<NetworkPrediction> Predictor::predict(const Network& network, const PredictOptions& options) const {
  if (options.rate_hz && !(*options.rate_hz > 0.0))
    return fail(ErrorKind::kUsage, fmt::format("a rate of {} inferences a second", *options.rate_hz), {},
                "Give a rate above 0");
  NetworkPrediction out;
  out.network = network.name;
  out.warnings = network.warnings;
  out.layers.reserve(network.layers.size());
  Doubts doubts;
  if (options.compat) {
    for (const Layer* layer : as_python_dict(network))
      if (auto done = state_->predict_compat_layer(*layer, out); !done) return tl::unexpected(done.error());
  } else {
    for (const Layer& layer : network.layers) state_->predict_layer(layer, out, doubts);
    out.uncovered_layers = doubts.uncovered;
  }
  const bool any = std::any_of(out.layers.begin(), out.layers.end(),
                               [](const LayerPrediction& layer) { return layer.basis != Basis::kNone; });
  if (!any)
    return fail(ErrorKind::kUnfit,
                fmt::format("the models cover none of the {} layers", network.layers.size()),
                {network.source},
                "Check that this is a TensorRT engine with detailed layer information, and that the models "
                "were trained on layers of its kinds");
  doubts.tell(out);
  sum_up(out, state_->idle_power_w, options);
  return out;
}

Expected<NetworkPrediction> predict(const Network& network, const CostModel& model,
                                    const PredictOptions& options) {
  return Predictor(model).predict(network, options);
}

}  // namespace joulecast
