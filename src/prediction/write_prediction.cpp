// Predictions as files: the reference's CSV with our columns behind it, JSON, and the reference's three
// lines.
#include <fmt/format.h>

#include "base/csv.h"
#include "base/float_text.h"
#include "base/json_text.h"
#include "joulecast/prediction.h"

namespace joulecast {
namespace {

constexpr std::array<std::string_view, 13> kColumns = {
    "power_prediction", "runtime_prediction", "layer_name",  "layer_type",   "kind",
    "run_time_low_ms",  "run_time_high_ms",   "power_low_w", "power_high_w", "energy_mj",
    "energy_low_mj",    "energy_high_mj",     "basis"};
constexpr std::size_t kCompatColumns = 4;

std::optional<double> value_of(const std::optional<Figure>& figure) {
  return figure ? std::optional(figure->value) : std::nullopt;
}
std::optional<double> low_of(const std::optional<Figure>& figure) {
  return figure ? figure->low : std::nullopt;
}
std::optional<double> high_of(const std::optional<Figure>& figure) {
  return figure ? figure->high : std::nullopt;
}

void write_figure(JsonWriter& json, std::string_view name, const std::optional<Figure>& figure) {
  json.key(name);
  if (!figure) {
    json.null();
    return;
  }
  json.begin_object(JsonWriter::kInline);
  json.member("value", figure->value).member("low", figure->low).member("high", figure->high).end_object();
}

void write_layer(JsonWriter& json, const LayerPrediction& layer) {
  json.begin_object();
  json.member("layer_name", layer.layer_name).member("layer_type", layer.layer_type);
  json.member("kind", to_string(layer.kind)).member("basis", to_string(layer.basis));
  write_figure(json, "run_time_ms", layer.run_time_ms);
  write_figure(json, "power_w", layer.power_w);
  write_figure(json, "energy_mj", layer.energy_mj);
  json.end_object();
}

}  // namespace

std::string to_csv(const NetworkPrediction& prediction, bool compat) {
  CsvText csv;
  csv.row(std::span(kColumns).first(compat ? kCompatColumns : kColumns.size()));
  for (const LayerPrediction& layer : prediction.layers) {
    csv.cell(value_of(layer.power_w)).cell(value_of(layer.run_time_ms));
    csv.cell(layer.layer_name).cell(layer.layer_type);
    if (!compat) {
      csv.cell(to_string(layer.kind));
      csv.cell(low_of(layer.run_time_ms)).cell(high_of(layer.run_time_ms));
      csv.cell(low_of(layer.power_w)).cell(high_of(layer.power_w));
      csv.cell(value_of(layer.energy_mj)).cell(low_of(layer.energy_mj)).cell(high_of(layer.energy_mj));
      csv.cell(to_string(layer.basis));
    }
    csv.end_row();
  }
  return csv.text();
}

std::string to_json(const NetworkPrediction& prediction, const std::string& engine,
                    const std::string& models) {
  JsonWriter json;
  json.begin_object().member("engine", engine).member("models", models);
  json.member("device", prediction.device);
  json.key("network").begin_object().member("name", prediction.network);
  json.member("layers", std::uint64_t{prediction.layers.size()});
  json.member("uncovered_layers", std::uint64_t{prediction.uncovered_layers});
  json.member("power_basis", prediction.power_basis);
  write_figure(json, "run_time_ms", prediction.run_time_ms);
  write_figure(json, "end_to_end_ms", prediction.end_to_end_ms);
  write_figure(json, "power_w", prediction.power_w);
  write_figure(json, "energy_mj", prediction.energy_mj);
  write_figure(json, "board_energy_mj", prediction.board_energy_mj);
  write_figure(json, "board_power_at_rate_w", prediction.board_power_at_rate_w);
  json.end_object();
  json.key("layers").begin_array();
  for (const LayerPrediction& layer : prediction.layers) write_layer(json, layer);
  json.end_array();
  json.key("warnings").begin_array();
  for (const Warning& warning : prediction.warnings) {
    json.begin_object(JsonWriter::kInline).member("message", warning.message);
    json.member("file", warning.location.file).member("line", warning.location.line);
    json.member("count", warning.count).end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string compat_summary(const NetworkPrediction& prediction) {
  const auto total = [](const std::optional<Figure>& figure) { return figure ? figure->value : 0.0; };
  return fmt::format(
      "Total runtime : {} seconds\nAverage power consumed : {} watts\nTotal energy spent: {} joules\n",
      float_text(total(prediction.run_time_ms) / 1e3), float_text(total(prediction.power_w)),
      float_text(total(prediction.energy_mj) / 1e3));
}

}  // namespace joulecast
