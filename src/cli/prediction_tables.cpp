#include "cli/prediction_tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/table.h"

namespace joulecast::cli {
namespace {

std::string figure(const std::optional<Figure>& value, int decimals) {
  return value ? cell(value->value, decimals) : "-";
}

/// No figure at all; a layer that takes no time has one, which is 0.
bool uncovered(const LayerPrediction& layer) {
  return layer.basis == Basis::kNone && !layer.run_time_ms;
}

std::string_view mark(const LayerPrediction& layer) {
  switch (layer.basis) {
    case Basis::kFitted:
      return "";
    case Basis::kExtrapolated:
      return "~";
    case Basis::kBytesOnly:
      return "b";
    case Basis::kNone:
      return uncovered(layer) ? "-" : "";
  }
  return "";
}

/// What whole calls take, where the models know it.
std::string call_table(const std::vector<NetworkPrediction>& predictions, std::size_t width, bool bold) {
  Table table(
      {{"network", Table::Align::kLeft, Table::Narrow::kOwnLine}, {"end to end (ms)"}, {"low"}, {"high"}});
  bool any = false;
  for (const auto& p : predictions) {
    if (!p.end_to_end_ms) continue;
    const Figure& f = *p.end_to_end_ms;
    table.add({p.network, cell(f.value, 3), cell(f.low, 3), cell(f.high, 3)});
    any = true;
  }
  if (!any) return {};
  return "\n" + table.text(width, bold) +
         "A call without the profiler, the host's work included; 90 % interval.\n";
}

}  // namespace

std::string layer_table(const NetworkPrediction& prediction, std::size_t width, bool bold) {
  Table table({{"layer", Table::Align::kLeft, Table::Narrow::kShorten},
               {"kind", Table::Align::kLeft},
               {"time (ms)"},
               {"power (W)"},
               {"energy (mJ)"},
               {"", Table::Align::kLeft}});
  for (const auto& layer : prediction.layers)
    table.add({layer.layer_name, std::string(to_string(layer.kind)), figure(layer.run_time_ms, 4),
               figure(layer.power_w, 3), figure(layer.energy_mj, 4), std::string(mark(layer))});
  std::string out = table.text(width, bold);
  const auto has = [&](Basis basis) {
    return std::any_of(prediction.layers.begin(), prediction.layers.end(),
                       [&](const auto& layer) { return layer.basis == basis; });
  };
  if (has(Basis::kExtrapolated)) out += "~ unlike any layer that the model has seen\n";
  if (has(Basis::kBytesOnly)) out += "b from the bytes moved alone\n";
  if (std::any_of(prediction.layers.begin(), prediction.layers.end(), uncovered))
    out += "- no model covers the layer; it is not in the totals\n";
  return out;
}

std::string network_table(const std::vector<NetworkPrediction>& predictions, std::size_t width, bool bold) {
  const Table::Column network{"network", Table::Align::kLeft, Table::Narrow::kOwnLine};
  Table table({network, {"layers"}, {"uncovered"}, {"time (ms)"}, {"power (W)"}, {"energy (mJ)"}});
  std::vector<Table::Column> columns{network, {"board energy (mJ)"}};
  const bool rate = std::any_of(predictions.begin(), predictions.end(),
                                [](const auto& p) { return p.board_power_at_rate_w.has_value(); });
  if (rate) columns.push_back({"board power at the rate (W)"});
  Table board(std::move(columns));
  bool any_board = false;
  bool whole = false;
  for (const auto& p : predictions) {
    table.add({p.network, count_cell(p.layers.size()), count_cell(p.uncovered_layers),
               figure(p.run_time_ms, 3), figure(p.power_w, 2), figure(p.energy_mj, 3)});
    whole = whole || p.power_basis == "board";
    if (!p.board_energy_mj || (p.power_basis == "board" && !rate)) continue;
    std::vector<std::string> cells{p.network, figure(p.board_energy_mj, 3)};
    if (rate) cells.push_back(figure(p.board_power_at_rate_w, 2));
    board.add(std::move(cells));
    any_board = true;
  }
  std::string out = table.text(width, bold);
  out += whole ? "Power and energy are the whole board's, its idle power included.\n"
               : "Power and energy are above idle.\n";
  if (!predictions.empty() && !predictions.front().device.empty())
    out += fmt::format("The models are of the board '{}'.\n", predictions.front().device);
  out += call_table(predictions, width, bold);
  if (any_board) out += "\n" + board.text(width, bold) + "The board's figures include its idle power.\n";
  return out;
}

}  // namespace joulecast::cli
