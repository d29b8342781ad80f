// What there is to draw: rows of networks that a model has not seen, and what it says of them.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "joulecast/prediction.h"
#include "joulecast/report.h"

namespace joulecast {
namespace {

/// The metrics of the chart's bars.
void judge(PredictionChart& chart) {
  std::vector<double> measured;
  std::vector<double> predicted;
  for (const PredictionBars& layer : chart.layers) {
    measured.push_back(layer.measured);
    predicted.push_back(layer.predicted);
  }
  chart.metrics = *evaluate_metrics(measured, predicted);
}

std::string file_name_of(std::string_view network, std::string_view model) {
  model.remove_suffix(std::string_view("_model").size());
  return fmt::format("{}_{}_prediction.png", network, model);
}

PredictionChart chart_of(const LassoModel& lasso, const CompiledLasso& compiled, const std::string& network,
                         const std::vector<ReferenceTable>& tables) {
  const bool power = lasso.target == Target::kPower;
  PredictionChart chart;
  chart.model = model_name(lasso);
  chart.file_name = file_name_of(network, chart.model);
  chart.title = fmt::format("{}: {} of {} layers{}", network, power ? "power" : "run time",
                            to_string(lasso.kind), lasso.recipe.relative ? ", relative errors" : "");
  chart.quantity = power ? "power above idle (W)" : "run time (ms)";
  for (const ReferenceTable& table : tables) {
    if (table.network != network) continue;
    for (const ReferenceRow& row : table.rows)
      chart.layers.push_back({row.layer_name,
                              power ? row.power_uw / kMicrowattsPerWatt : row.run_time_ms,
                              compiled.predict(row.features),
                              {},
                              {}});
  }
  return chart;
}

/// Of layers that were measured one by one: a block's figures are of all its layers. Layers that take no time
/// are nothing to predict.
std::optional<double> measured_of(const LayerRow& row, const PhysicalModel& model) {
  if (row.run_time_ms && !(*row.run_time_ms > 0.0)) return std::nullopt;
  if (model.target == PhysicalTarget::kRunTime)
    return row.block.empty() || !row.status.empty() ? row.run_time_ms : std::nullopt;
  return row.block.empty() && row.power_basis == model.power_basis ? row.energy_mj : std::nullopt;
}

/// Nothing if no layer has both figures.
std::optional<PredictionChart> chart_of(const PhysicalModel& physical, const Predictor& predictor,
                                        const LayerTable& table) {
  const auto prediction = predictor.predict(table);
  if (!prediction) return std::nullopt;
  const bool run_time = physical.target == PhysicalTarget::kRunTime;
  PredictionChart chart;
  chart.model = model_name(physical);
  chart.file_name = file_name_of(table.name, chart.model);
  chart.title =
      fmt::format("{}: {} of all layers, physical model", table.name, run_time ? "run time" : "energy");
  chart.quantity = run_time ? "run time (ms)"
                            : fmt::format("energy {} (mJ)",
                                          physical.power_basis == "board" ? "of the board" : "above idle");
  for (std::size_t i = 0; i < table.layers.size() && i < prediction->layers.size(); ++i) {
    const LayerPrediction& layer = prediction->layers[i];
    const auto& figure = run_time ? layer.run_time_ms : layer.energy_mj;
    const auto measured = measured_of(table.layers[i], physical);
    if (figure && measured)
      chart.layers.push_back({layer.layer_name, *measured, figure->value, figure->low, figure->high});
  }
  if (chart.layers.empty()) return std::nullopt;
  return chart;
}

/// The networks of layers.csv that the model was not trained on.
std::vector<LayerTable> unseen_by(const PhysicalModel& physical, const std::vector<LayerRow>& rows) {
  std::vector<LayerTable> tables;
  for (const LayerRow& row : rows) {
    if (std::binary_search(physical.networks.begin(), physical.networks.end(), row.network)) continue;
    const auto known = std::find_if(tables.begin(), tables.end(),
                                    [&](const LayerTable& table) { return table.name == row.network; });
    LayerTable& table = known == tables.end() ? tables.emplace_back() : *known;
    table.name = row.network;
    table.layers.push_back(row);
  }
  return tables;
}

}  // namespace

std::vector<PredictionChart> held_out_charts(const CostModel& model, const TrainingSet& data) {
  std::vector<PredictionChart> charts;
  for (const auto* models : {&model.lasso, &model.relative_lasso})
    for (const LassoModel& lasso : *models) {
      const CompiledLasso compiled(lasso);
      for (const std::string& network : lasso.test_networks)
        charts.push_back(
            chart_of(lasso, compiled, network, data.reference[static_cast<std::size_t>(lasso.kind)]));
    }
  CostModel physical_alone;  // no lasso is chosen in their place
  physical_alone.device = model.device;
  physical_alone.physical = model.physical;
  std::optional<Predictor> predictor;
  for (const PhysicalModel& physical : model.physical)
    for (const LayerTable& table : unseen_by(physical, data.layers)) {
      if (!predictor) predictor.emplace(physical_alone);
      if (auto chart = chart_of(physical, *predictor, table)) charts.push_back(std::move(*chart));
    }
  std::erase_if(charts, [](const PredictionChart& chart) { return chart.layers.empty(); });
  for (PredictionChart& chart : charts) judge(chart);
  return charts;
}

}  // namespace joulecast
