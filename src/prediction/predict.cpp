// Layers in, figures out.
#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "joulecast/prediction.h"

namespace joulecast {
namespace {

/// How far outside the training layers' sizes, in ranges of them, still counts as inside.
constexpr double kOutside = 0.05;

/// With the interval's half width in logs; 0 = no interval.
Figure figure_of(double value, double log_ratio) {
  if (log_ratio == 0.0) return {value, {}, {}};
  return {value, value * std::exp(-log_ratio), value * std::exp(log_ratio)};
}

struct LayerFeatures {
  ReferenceFeatures reference;
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
  const auto own = reference_features(layer);
  if (!own) return tl::unexpected(own.error());
  if (*own) return LayerFeatures{**own, true};
  if (compat) return std::nullopt;
  const auto borrowed = reference_features(layer, reference_type(layer.kind));
  if (!borrowed) return tl::unexpected(borrowed.error());
  if (!*borrowed) return std::nullopt;
  return LayerFeatures{**borrowed, false};
}

/// An empty prediction of the layer in place of an earlier one, whose names' memory it keeps.
void restart(LayerPrediction& one, const Layer& layer) {
  std::string name = std::move(one.layer_name);
  std::string type = std::move(one.layer_type);
  one = {};
  one.layer_name = std::move(name.assign(layer.name));
  one.layer_type = std::move(type.assign(layer.type));
  one.kind = layer.kind;
}

/// The same of a network; the earlier layers stay until they are restarted.
void restart(NetworkPrediction& out, const Network& network) {
  std::vector<LayerPrediction> layers = std::move(out.layers);
  out = {};
  out.layers = std::move(layers);
  out.network = network.name;
  out.warnings = network.warnings;
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

/// Another value with bounds of the same ratios.
Figure moved_to(const Figure& figure, double value) {
  Figure out{value, {}, {}};
  if (figure.value > 0.0 && figure.low) out.low = *figure.low * value / figure.value;
  if (figure.value > 0.0 && figure.high) out.high = *figure.high * value / figure.value;
  return out;
}

/// Half width of a total's interval in logs; widens by the share of layers unlike the training ones. 0 =
/// unknown.
double total_log_ratio(const PhysicalModel* model, const NetworkPrediction& out) {
  if (model == nullptr || !model->intervals) return 0.0;
  const double strange = static_cast<double>(out.extrapolated_layers) /
                         static_cast<double>(std::max<std::size_t>(out.layers.size(), 1));
  return model->intervals->total_log_ratio * (1.0 + 2.0 * strange);
}

/// Sums of values, lows and highs; nothing where no layer that takes time has a value; lows and highs only if
/// each layer has them. Summed bounds hold for the sum if the layers' errors all lie on one side: wide, but
/// what is known without networks that were held out.
std::optional<Figure> sum_of(const NetworkPrediction& out, std::optional<Figure> LayerPrediction::* member) {
  Figure sum{0.0, 0.0, 0.0};
  bool takes_time = false;
  bool is_known = false;
  for (const LayerPrediction& layer : out.layers) {
    const auto& figure = layer.*member;
    takes_time = takes_time || layer.kind != LayerKind::kNone;
    if (!figure) continue;
    is_known = is_known || layer.kind != LayerKind::kNone;
    sum.value += figure->value;
    const bool known = figure->value == 0.0 || (figure->low && figure->high);
    if (!known) sum.low = sum.high = std::nullopt;
    if (sum.low) {
      *sum.low += figure->low.value_or(0.0);
      *sum.high += figure->high.value_or(0.0);
    }
  }
  if (takes_time && !is_known) return std::nullopt;
  if (sum.high == 0.0) sum.low = sum.high = std::nullopt;
  return sum;
}

void add(std::optional<Figure>& figure, double more) {
  if (!figure) return;
  figure->value += more;
  if (figure->low) *figure->low += more;
  if (figure->high) *figure->high += more;
}

/// What a rate cannot be used for.
void doubt_rate(NetworkPrediction& out, double rate_hz, bool has_idle) {
  if (out.run_time_ms && rate_hz * out.run_time_ms->value > 1e3)
    out.warnings.push_back(
        {fmt::format("{} inferences a second do not fit: one takes {:.3f} ms, so {:.4g} a "
                     "second at most",
                     rate_hz, out.run_time_ms->value, 1e3 / out.run_time_ms->value)});
  if (!has_idle)
    out.warnings.push_back(
        {"the models hold no idle power, so the board's power at a rate is not told: train "
         "on measurements that know it (idling_power.json)"});
}

/// The whole board's figures, idle included.
void add_board(NetworkPrediction& out, double idle_w, const std::optional<double>& rate_hz) {
  // Idle energy grows with the run time, so both bounds are taken together.
  const auto board = [&](std::optional<double> Figure::* bound) -> std::optional<double> {
    if (!((*out.energy_mj).*bound) || !((*out.run_time_ms).*bound)) return std::nullopt;
    return *((*out.energy_mj).*bound) + idle_w * *((*out.run_time_ms).*bound);
  };
  out.board_energy_mj = Figure{out.energy_mj->value + idle_w * out.run_time_ms->value, board(&Figure::low),
                               board(&Figure::high)};
  if (!rate_hz) return;
  const auto at_rate = [&](double energy_mj) { return idle_w + energy_mj / 1e3 * *rate_hz; };
  const auto bound_at_rate = [&](const std::optional<double>& bound) {
    return bound ? std::optional(at_rate(*bound)) : std::nullopt;
  };
  out.board_power_at_rate_w = Figure{at_rate(out.energy_mj->value), bound_at_rate(out.energy_mj->low),
                                     bound_at_rate(out.energy_mj->high)};
}

/// Adds the figures of the layers up, in their order.
void sum_up(NetworkPrediction& out, const PhysicalModel* run_time, const PhysicalModel* energy,
            const std::optional<double>& idle_w, const PredictOptions& options) {
  out.run_time_ms = sum_of(out, &LayerPrediction::run_time_ms);
  out.energy_mj = sum_of(out, &LayerPrediction::energy_mj);
  if (run_time != nullptr) add(out.run_time_ms, call_cost(*run_time));
  if (energy != nullptr) add(out.energy_mj, call_cost(*energy));
  if (const double r = total_log_ratio(run_time, out); out.run_time_ms && r > 0.0)
    out.run_time_ms = figure_of(out.run_time_ms->value, r);
  if (const double r = total_log_ratio(energy, out); out.energy_mj && r > 0.0)
    out.energy_mj = figure_of(out.energy_mj->value, r);
  double powered_ms = 0.0;
  for (const LayerPrediction& layer : out.layers)
    if (layer.energy_mj && layer.run_time_ms) powered_ms += layer.run_time_ms->value;
  if (out.energy_mj && powered_ms != 0.0) out.power_w = Figure{out.energy_mj->value / powered_ms, {}, {}};
  if (options.rate_hz) doubt_rate(out, *options.rate_hz, idle_w.has_value());
  if (idle_w && out.run_time_ms && out.energy_mj) add_board(out, *idle_w, options.rate_hz);
}

/// What of a network's figures is no number; empty if all are. Models read from a file may overflow.
std::string first_not_finite(const NetworkPrediction& out) {
  const auto is_finite = [](const Figure& figure) {
    return std::isfinite(figure.value) && std::isfinite(figure.low.value_or(0.0)) &&
           std::isfinite(figure.high.value_or(0.0));
  };
  for (const LayerPrediction& layer : out.layers) {
    for (const auto figure :
         {&LayerPrediction::power_w, &LayerPrediction::run_time_ms, &LayerPrediction::energy_mj})
      if (layer.*figure && !is_finite(*(layer.*figure)))
        return fmt::format("a figure of layer {}", layer.layer_name);
  }
  for (const auto& figure : {out.run_time_ms, out.energy_mj, out.power_w})
    if (figure && !is_finite(*figure)) return "a total of the network";
  if (out.board_energy_mj && !is_finite(*out.board_energy_mj)) return "the board's energy";
  if (out.board_power_at_rate_w && !is_finite(*out.board_power_at_rate_w))
    return "the board's power at this rate";
  return {};
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
  std::array<std::array<std::optional<CompiledLasso>, kTargets.size()>, kReferenceKinds.size()> models;
  std::optional<PhysicalModel> run_time, energy;
  /// By kind and target: whether the lasso comes before the physical models.
  std::array<std::array<bool, kTargets.size()>, kReferenceKinds.size()> lasso_first{};
  std::optional<double> idle_power_w;
  std::string device;

  /// Run time, energy and power from the physical models; what they lack stays empty.
  void apply_physical(const Layer& layer, LayerPrediction& one, NetworkPrediction& out) const;
  /// Puts the lasso's figures in the place of the physical ones where validation has chosen so.
  void prefer_lasso(const Layer& layer, LayerPrediction& one) const;
  /// Fills power, run time, energy and basis from the models of the layer's kind.
  void apply(const LayerFeatures& features, bool compat, LayerPrediction& layer,
             NetworkPrediction& out) const;
  [[nodiscard]] Expected<void> predict_compat_layer(const Layer& layer, NetworkPrediction& out) const;
  void predict_layer(const Layer& layer, LayerPrediction& one, NetworkPrediction& out, Doubts& doubts) const;
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
    const auto& model =
        models[static_cast<std::size_t>(features.reference.kind)][static_cast<std::size_t>(target)];
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

void Predictor::State::apply_physical(const Layer& layer, LayerPrediction& one,
                                      NetworkPrediction& out) const {
  if (!run_time && !energy) return;
  const LayerGeometry geometry = geometry_of(layer);
  // A name alone says nothing about cost.
  if (!geometry.input_channels && !geometry.output_channels && !geometry.bytes_in && !geometry.bytes_out)
    return;
  PhysicalPrediction time;
  PhysicalPrediction joules;
  if (run_time) {
    time = joulecast::predict(*run_time, geometry);
    one.run_time_ms = figure_of(time.value, time.log_ratio);
  }
  if (energy) {
    joules = joulecast::predict(*energy, geometry, time.value);
    one.energy_mj = figure_of(joules.value, joules.log_ratio);
    if (run_time && time.value > 0.0)
      one.power_w = figure_of(joules.value / time.value, joules.power_log_ratio);
  }
  const bool outside = std::max(time.distance, joules.distance) > kOutside;
  const bool bytes_only = time.bytes_only || joules.bytes_only;
  one.basis = bytes_only ? Basis::kBytesOnly : outside ? Basis::kExtrapolated : Basis::kFitted;
  if (one.basis == Basis::kExtrapolated) ++out.extrapolated_layers;
}

void Predictor::State::prefer_lasso(const Layer& layer, LayerPrediction& one) const {
  const auto any = [](const auto& targets) { return targets[0] || targets[1]; };
  if (one.basis == Basis::kNone || std::none_of(lasso_first.begin(), lasso_first.end(), any)) return;
  const auto features = features_of(layer, false);
  if (!features || !*features) return;
  const LayerFeatures& of = **features;
  bool changed = false;
  const auto put = [&](Target target, std::optional<Figure>& figure) {
    const auto kind = static_cast<std::size_t>(of.reference.kind);
    const auto& model = models[kind][static_cast<std::size_t>(target)];
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

Expected<void> Predictor::State::predict_compat_layer(const Layer& layer, NetworkPrediction& out) const {
  const auto features = features_of(layer, true);
  if (!features) {
    Error error = features.error();
    error.message = fmt::format("layer {}: {}", layer.name, error.message);
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

void Predictor::State::predict_layer(const Layer& layer, LayerPrediction& one, NetworkPrediction& out,
                                     Doubts& doubts) const {
  restart(one, layer);
  if (layer.kind == LayerKind::kNone) {  // certain without a model: it takes no time
    one.power_w = one.run_time_ms = one.energy_mj = Figure{};
    return;
  }
  apply_physical(layer, one, out);
  prefer_lasso(layer, one);
  if (one.run_time_ms && one.energy_mj) return;
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
  for (const ReferenceKind kind : kReferenceKinds)
    for (const Target target : kTargets)
      state->lasso_first[static_cast<std::size_t>(kind)][static_cast<std::size_t>(target)] =
          model.chosen(kind, target).starts_with("lasso");
  if (const auto* physical = model.find(PhysicalTarget::kRunTime)) state->run_time = *physical;
  if (const auto* physical = model.find(PhysicalTarget::kEnergy)) state->energy = *physical;
  state->idle_power_w = model.idle_power_w;
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

Expected<void> Predictor::predict(const Network& network, const PredictOptions& options,
                                  NetworkPrediction& out) const {
  restart(out, network);
  if (options.rate_hz && !(*options.rate_hz > 0.0 && std::isfinite(*options.rate_hz)))
    return fail(ErrorKind::kUsage, fmt::format("a rate of {} inferences a second", *options.rate_hz), {},
                "Give a rate above 0");
  if (auto same = state_->check_device(options.device, network.source, out); !same) return same;
  Doubts doubts;
  if (options.compat) {
    out.layers.clear();
    for (const Layer* layer : as_python_dict(network))
      if (auto done = state_->predict_compat_layer(*layer, out); !done) return done;
    doubts.below_zero = static_cast<std::uint64_t>(
        std::count_if(out.layers.begin(), out.layers.end(), [](const LayerPrediction& layer) {
          return layer.power_w->value < 0.0 || layer.run_time_ms->value < 0.0;
        }));
  } else {
    out.layers.resize(network.layers.size());
    for (std::size_t i = 0; i < network.layers.size(); ++i)
      state_->predict_layer(network.layers[i], out.layers[i], out, doubts);
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
  const auto pointer = [](const std::optional<PhysicalModel>& model) { return model ? &*model : nullptr; };
  sum_up(out, options.compat ? nullptr : pointer(state_->run_time),
         options.compat ? nullptr : pointer(state_->energy), state_->idle_power_w, options);
  if (const std::string what = first_not_finite(out); !what.empty())
    return fail(ErrorKind::kUnfit, fmt::format("{} comes out as infinite or no number", what),
                {network.source},
                "The models are damaged, or the rate is absurd: train again, or give another rate");
  return {};
}

Expected<NetworkPrediction> predict(const Network& network, const CostModel& model,
                                    const PredictOptions& options) {
  return Predictor(model).predict(network, options);
}

}  // namespace joulecast
