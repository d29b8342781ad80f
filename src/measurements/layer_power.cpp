// layer_power.csv: one row a layer, power above idle and run time with their bounds.
#include <array>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/csv_table.h"
#include "joulecast/measurements.h"

namespace joulecast {
namespace {

constexpr std::array<std::string_view, 14> kColumns = {
    "layer_name",   "layer_type",    "cycles",    "run_time_ms",   "run_time_sd_ms", "power_w", "power_low_w",
    "power_high_w", "board_power_w", "energy_mj", "energy_low_mj", "energy_high_mj", "status",  "block"};

/// The cells of a row by column; the first fault is kept, and everything after it is a harmless default.
class RowReader {
 public:
  RowReader(const CsvTable& table, const std::array<std::size_t, kColumns.size()>& places)
      : table_(table), places_(places) {}

  [[nodiscard]] std::string text(std::size_t column) const {
    return std::string(table_.cell(places_[column]));
  }

  std::optional<double> number(std::size_t column) {
    std::optional<double> value;
    if (!read_number_cell(table_.cell(places_[column]), value)) fault(column, "is not a number");
    return value;
  }

  double required(std::size_t column) {
    const auto value = number(column);
    if (!value) fault(column, "is empty");
    return value.value_or(0.0);
  }

  std::uint64_t count(std::size_t column) {
    std::optional<std::uint64_t> value;
    if (!read_count_cell(table_.cell(places_[column]), value) || !value)
      fault(column, "is not a whole number");
    return value.value_or(0);
  }

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  void fault(std::size_t column, std::string_view what) {
    if (!error_) error_ = table_.fault_in(places_[column], what).value();
  }

  const CsvTable& table_;
  const std::array<std::size_t, kColumns.size()>& places_;
  std::optional<Error> error_;
};

LayerPower read_row(RowReader& row) {
  LayerPower layer;
  layer.layer_name = row.text(0);
  layer.layer_type = row.text(1);
  layer.cycles = row.count(2);
  layer.run_time_ms = row.required(3);
  layer.run_time_sd_ms = row.number(4);
  layer.power_w = row.number(5);
  layer.power_low_w = row.number(6);
  layer.power_high_w = row.number(7);
  layer.board_power_w = row.number(8);
  layer.energy_mj = row.number(9);
  layer.energy_low_mj = row.number(10);
  layer.energy_high_mj = row.number(11);
  layer.status = row.text(12);
  layer.block = row.text(13);
  return layer;
}

}  // namespace

Expected<std::vector<LayerPower>> read_layer_power(const std::filesystem::path& path,
                                                   std::vector<Warning>* warnings) {
  auto table = CsvTable::open(path, "Write the file again with `joulecast attribute`");
  if (!table) return tl::unexpected(table.error());
  std::array<std::size_t, kColumns.size()> places{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const auto place = table->place(kColumns[i]);
    if (!place) return tl::unexpected(place.error());
    places[i] = *place;
  }
  std::vector<LayerPower> layers;
  for (;;) {
    const auto cells = table->next();
    if (!cells) return tl::unexpected(cells.error());
    if (cells->empty()) break;
    RowReader row(*table, places);
    layers.push_back(read_row(row));
    if (row.error()) return tl::unexpected(*row.error());
  }
  if (warnings != nullptr) table->tell_doubt(*warnings);
  return layers;
}

Expected<void> write_layer_power(const std::filesystem::path& path, const std::vector<LayerPower>& layers) {
  CsvText csv;
  csv.row(kColumns);
  for (const LayerPower& layer : layers) {
    csv.cell(layer.layer_name).cell(layer.layer_type).integer(layer.cycles);
    csv.cell(layer.run_time_ms).cell(layer.run_time_sd_ms);
    csv.cell(layer.power_w).cell(layer.power_low_w).cell(layer.power_high_w).cell(layer.board_power_w);
    csv.cell(layer.energy_mj).cell(layer.energy_low_mj).cell(layer.energy_high_mj);
    csv.cell(layer.status).cell(layer.block).end_row();
  }
  return write_file_atomically(path, csv.text());
}

}  // namespace joulecast
