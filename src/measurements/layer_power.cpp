// layer_power.csv: one row a layer, power above idle and run time with their bounds.
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "base/float_text.h"
#include "joulecast/measurements.h"

namespace joulecast {
namespace {

constexpr std::array<std::string_view, 14> kColumns = {
    "layer_name",   "layer_type",    "cycles",    "run_time_ms",   "run_time_sd_ms", "power_w", "power_low_w",
    "power_high_w", "board_power_w", "energy_mj", "energy_low_mj", "energy_high_mj", "status",  "block"};

/// Reads the cells of one record by the columns' names and remembers the first fault.
class RowReader {
 public:
  RowReader(std::span<const std::string_view> cells, const std::array<std::size_t, kColumns.size()>& places,
            const Location& location)
      : cells_(cells), places_(places), location_(location) {}

  [[nodiscard]] std::string text(std::size_t column) const { return std::string(cells_[places_[column]]); }

  std::optional<double> number(std::size_t column) {
    const std::string_view cell = cells_[places_[column]];
    if (cell.empty()) return std::nullopt;
    const auto value = parse_double(cell);
    if (!value) fault(column, "is not a number");
    return value;
  }

  double required(std::size_t column) {
    const auto value = number(column);
    if (!value && !error_) fault(column, "is empty");
    return value.value_or(0.0);
  }

  std::uint64_t count(std::size_t column) {
    const std::string_view cell = cells_[places_[column]];
    std::uint64_t value = 0;
    const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (code != std::errc{} || end != cell.data() + cell.size()) fault(column, "is not a whole number");
    return value;
  }

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  void fault(std::size_t column, std::string_view what) {
    if (error_) return;
    error_ =
        Error{ErrorKind::kMalformed,
              fmt::format("column {} {}: '{}'", kColumns[column], what, cells_[places_[column]]), location_};
  }

  std::span<const std::string_view> cells_;
  const std::array<std::size_t, kColumns.size()>& places_;
  const Location& location_;
  std::optional<Error> error_;
};

Expected<std::array<std::size_t, kColumns.size()>> find_columns(std::span<const std::string_view> header,
                                                                const Location& location) {
  std::array<std::size_t, kColumns.size()> places{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const auto place = find_column(header, kColumns[i]);
    if (!place) {
      return fail(ErrorKind::kMalformed, fmt::format("column {} is missing", kColumns[i]), location,
                  "Write the file again with `joulecast attribute`");
    }
    places[i] = *place;
  }
  return places;
}

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

Expected<std::vector<LayerPower>> read_layer_power(const std::filesystem::path& path) {
  auto reader = CsvReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  auto header = reader->next();
  if (!header) return tl::unexpected(header.error());
  if (header->empty()) return fail(ErrorKind::kMalformed, "the file is empty", {path.string()});
  const std::size_t width = header->size();
  const auto places = find_columns(*header, reader->location());
  if (!places) return tl::unexpected(places.error());
  std::vector<LayerPower> layers;
  for (;;) {
    auto cells = reader->next();
    if (!cells) return tl::unexpected(cells.error());
    if (cells->empty()) return layers;
    const Location location = reader->location();
    if (cells->size() != width) {
      return fail(ErrorKind::kMalformed, fmt::format("{} cells instead of {}", cells->size(), width),
                  location);
    }
    RowReader row(*cells, *places, location);
    layers.push_back(read_row(row));
    if (row.error()) return tl::unexpected(*row.error());
  }
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
