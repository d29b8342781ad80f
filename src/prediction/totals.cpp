#include "prediction/totals.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace joulecast {
namespace {

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

/// Tells the board's power at a rate, or why it is not known.
void add_rate(NetworkPrediction& out, double rate_hz, const std::optional<double>& idle_w) {
  const auto doubt = [&](std::string message) { out.warnings.push_back({std::move(message)}); };
  if (!out.run_time_ms || !out.energy_mj)
    return doubt(
        "without a run time and an energy of the network the board's power at a rate is not told: "
        "train on measurements of both");
  if (!idle_w)
    return doubt(
        "the models hold no idle power, so the board's power at a rate is not told: train on "
        "measurements that know it (idling_power.json, or the column idle_power_w)");
  if (rate_hz * out.run_time_ms->value > 1e3)
    return doubt(
        fmt::format("{} inferences a second do not fit: one takes {:.3f} ms, so {:.4g} a second at "
                    "most; the board's power at that rate is not told",
                    rate_hz, out.run_time_ms->value, 1e3 / out.run_time_ms->value));
  const auto at_rate = [&](const std::optional<double>& energy_mj, const std::optional<double>& run_time_ms) {
    if (!energy_mj || !run_time_ms) return std::optional<double>();
    const double idle_mj = out.power_basis == "board" ? *idle_w * *run_time_ms : 0.0;
    return std::optional(*idle_w + (*energy_mj - idle_mj) / 1e3 * rate_hz);
  };
  out.board_power_at_rate_w = Figure{*at_rate(out.energy_mj->value, out.run_time_ms->value),
                                     at_rate(out.energy_mj->low, out.run_time_ms->low),
                                     at_rate(out.energy_mj->high, out.run_time_ms->high)};
}

/// The whole board's energy, idle included.
void add_board(NetworkPrediction& out, const std::optional<double>& idle_w) {
  if (out.power_basis == "board") {
    out.board_energy_mj = out.energy_mj;
    return;
  }
  if (!idle_w || !out.run_time_ms || !out.energy_mj) return;
  // Idle energy grows with the run time, so both bounds are taken together.
  const auto board = [&](std::optional<double> Figure::* bound) -> std::optional<double> {
    if (!((*out.energy_mj).*bound) || !((*out.run_time_ms).*bound)) return std::nullopt;
    return *((*out.energy_mj).*bound) + *idle_w * *((*out.run_time_ms).*bound);
  };
  out.board_energy_mj = Figure{out.energy_mj->value + *idle_w * out.run_time_ms->value, board(&Figure::low),
                               board(&Figure::high)};
}

/// The sum of the layers, with what a call takes beside them. Two independent doubts: of the
/// sum, and of what is between it and a call.
void add_end_to_end(NetworkPrediction& out, const EndToEndModel& model, double call_in_sum_ms) {
  if (!out.run_time_ms || out.uncovered_layers != 0) return;
  const auto layers = std::count_if(out.layers.begin(), out.layers.end(), [](const LayerPrediction& layer) {
    return layer.kind != LayerKind::kNone;
  });
  const double value =
      model.latency_ms(out.run_time_ms->value - call_in_sum_ms, static_cast<std::size_t>(layers));
  if (value <= 0.0) return;
  out.end_to_end_ms = Figure{value, {}, {}};
  if (!out.run_time_ms->low || !out.run_time_ms->high || *out.run_time_ms->low <= 0.0) return;
  const auto bound = [&](double of_sum, double sign) {
    const double sum_doubt = std::log(of_sum / out.run_time_ms->value) * out.run_time_ms->value / value;
    return value * std::exp(sign * std::hypot(sum_doubt, model.held_out_log_ratio));
  };
  out.end_to_end_ms->low = bound(*out.run_time_ms->low, -1.0);
  out.end_to_end_ms->high = bound(*out.run_time_ms->high, 1.0);
}

}  // namespace

Figure figure_of(double value, double log_ratio) {
  if (log_ratio == 0.0) return {value, {}, {}};
  return {value, value * std::exp(-log_ratio), value * std::exp(log_ratio)};
}

void sum_up(NetworkPrediction& out, const PhysicalModel* run_time, const PhysicalModel* energy,
            const EndToEndModel* end_to_end, const std::optional<double>& idle_w,
            const PredictOptions& options) {
  out.run_time_ms = sum_of(out, &LayerPrediction::run_time_ms);
  out.energy_mj = sum_of(out, &LayerPrediction::energy_mj);
  if (run_time != nullptr) add(out.run_time_ms, call_cost(*run_time));
  if (energy != nullptr) add(out.energy_mj, call_cost(*energy));
  if (const double r = total_log_ratio(run_time, out); out.run_time_ms && r > 0.0)
    out.run_time_ms = figure_of(out.run_time_ms->value, r);
  if (const double r = total_log_ratio(energy, out); out.energy_mj && r > 0.0)
    out.energy_mj = figure_of(out.energy_mj->value, r);
  out.end_to_end_ms.reset();
  // The model was fitted to sums of layers, without what a call costs by the other model.
  if (end_to_end != nullptr)
    add_end_to_end(out, *end_to_end, run_time != nullptr ? call_cost(*run_time) : 0.0);
  double powered_ms = 0.0;
  for (const LayerPrediction& layer : out.layers)
    if (layer.energy_mj && layer.run_time_ms) powered_ms += layer.run_time_ms->value;
  if (out.energy_mj && powered_ms != 0.0) out.power_w = Figure{out.energy_mj->value / powered_ms, {}, {}};
  add_board(out, idle_w);
  if (options.rate_hz) add_rate(out, *options.rate_hz, idle_w);
}

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
  for (const auto& figure : {out.run_time_ms, out.energy_mj, out.power_w, out.end_to_end_ms})
    if (figure && !is_finite(*figure)) return "a total of the network";
  if (out.board_energy_mj && !is_finite(*out.board_energy_mj)) return "the board's energy";
  if (out.board_power_at_rate_w && !is_finite(*out.board_power_at_rate_w))
    return "the board's power at this rate";
  return {};
}

}  // namespace joulecast
