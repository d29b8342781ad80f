// latency - sum = call + layer x layers, with call at least 0. Errors count relative to the latency, so
// that small networks count as much as large ones.
#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <vector>

#include "joulecast/cost_model.h"

namespace joulecast {
namespace {

constexpr std::size_t kFewestNetworks = 3;

/// What is known of one network.
struct MeasuredCall {
  double latency_ms = 0.0, sum_ms = 0.0;
  std::size_t layers = 0;  ///< that take time
};

std::vector<MeasuredCall> measured_calls(const TrainingSet& data) {
  std::map<std::string_view, MeasuredCall> by_network;
  std::map<std::string_view, bool> whole;
  for (const EndToEndOfNetwork& one : data.end_to_end) {
    by_network[one.network].latency_ms = one.median_ms;
    whole[one.network] = true;
  }
  for (const LayerRow& row : data.layers) {
    const auto found = by_network.find(row.network);
    if (found == by_network.end() || row.kind == LayerKind::kNone) continue;
    whole[row.network] = whole[row.network] && row.run_time_ms.has_value();
    found->second.sum_ms += row.run_time_ms.value_or(0.0);
    ++found->second.layers;
  }
  std::vector<MeasuredCall> calls;
  for (const auto& [network, call] : by_network)
    if (whole[network] && call.layers > 0 && call.sum_ms > 0.0) calls.push_back(call);
  return calls;
}

enum class Form { kCall, kCallAndLayers };

/// Least squares of relative errors; `without` is left out.
EndToEndModel least_squares(std::span<const MeasuredCall> calls, Form form, const MeasuredCall* without) {
  double aa = 0.0, ab = 0.0, bb = 0.0, ay = 0.0, by = 0.0;
  for (const MeasuredCall& call : calls) {
    if (&call == without) continue;
    const double a = 1.0 / call.latency_ms;
    const double b = static_cast<double>(call.layers) / call.latency_ms;
    const double y = 1.0 - call.sum_ms / call.latency_ms;
    aa += a * a, ab += a * b, bb += b * b, ay += a * y, by += b * y;
  }
  if (form == Form::kCall) return {.call_ms = std::max(0.0, ay / aa)};
  const double det = aa * bb - ab * ab;
  if (det > 1e-9 * aa * bb) {  // else all networks have as many layers
    const double call = (ay * bb - by * ab) / det;
    if (call >= 0.0) return {.call_ms = call, .layer_ms = (by * aa - ay * ab) / det};
  }
  return {.layer_ms = by / bb};
}

/// Fits a form, and judges it on networks that are held out. Nothing if it tells one of them less than no
/// time.
std::optional<EndToEndModel> fit_form(std::span<const MeasuredCall> calls, Form form) {
  EndToEndModel model = least_squares(calls, form, nullptr);
  model.networks = calls.size();
  const double share = 100.0 / static_cast<double>(calls.size());
  std::vector<double> ratios;
  for (const MeasuredCall& call : calls) {
    const double told = least_squares(calls, form, &call).latency_ms(call.sum_ms, call.layers);
    if (told <= 0.0) return std::nullopt;
    ratios.push_back(std::abs(std::log(call.latency_ms / told)));
    model.held_out_mape_percent += share * std::abs(told / call.latency_ms - 1.0);
    model.sum_mape_percent += share * std::abs(call.sum_ms / call.latency_ms - 1.0);
  }
  std::sort(ratios.begin(), ratios.end());
  const auto rank = static_cast<std::size_t>(std::ceil(0.9 * static_cast<double>(ratios.size() + 1)));
  model.held_out_log_ratio = ratios[std::min(rank, ratios.size()) - 1];
  return model;
}

}  // namespace

std::optional<EndToEndModel> fit_end_to_end(const TrainingSet& data) {
  const std::vector<MeasuredCall> calls = measured_calls(data);
  if (calls.size() < kFewestNetworks) return std::nullopt;
  std::optional<EndToEndModel> best;
  for (const Form form : {Form::kCall, Form::kCallAndLayers}) {
    const auto model = fit_form(calls, form);
    if (!model || model->held_out_mape_percent >= model->sum_mape_percent) continue;
    if (!best || model->held_out_mape_percent < best->held_out_mape_percent) best = model;
  }
  return best;
}

}  // namespace joulecast
