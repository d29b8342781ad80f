#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/csv_table.h"
#include "joulecast/training_set.h"
#include "networks/format_words.h"

namespace joulecast {
namespace {

/// How one column is written and read. `read` is false for a text that cannot be the column's value.
struct LayerColumn {
  std::string_view name;
  void (*write)(CsvText& to, const LayerRow& row);
  bool (*read)(std::string_view cell, LayerRow& row);
};

template <auto Member>
constexpr LayerColumn text(std::string_view name) {
  return {name, [](CsvText& to, const LayerRow& row) { to.cell(std::string_view(row.*Member)); },
          [](std::string_view cell, LayerRow& row) {
            row.*Member = cell;
            return true;
          }};
}

/// A measured figure.
template <auto Member>
constexpr LayerColumn figure(std::string_view name) {
  return {name, [](CsvText& to, const LayerRow& row) { to.cell(row.*Member); },
          [](std::string_view cell, LayerRow& row) { return read_number_cell(cell, row.*Member); }};
}

constexpr double kMostOfASize = 9007199254740992.0;  // 2^53: whole numbers are exact below

/// The cell is empty or holds a number within these bounds.
template <auto Member>
bool read_bounded(std::string_view cell, LayerRow& row, double least, bool whole) {
  std::optional<double>& value = row.*Member;
  return read_number_cell(cell, value) &&
         (!value || (*value >= least && *value <= kMostOfASize && (!whole || *value == std::floor(*value))));
}

/// A size: whole, so written without ".0".
template <auto Member>
constexpr LayerColumn size(std::string_view name) {
  return {name,
          [](CsvText& to, const LayerRow& row) {
            const std::optional<double>& value = row.*Member;
            const bool whole =
                value && *value >= 0.0 && *value < kMostOfASize && *value == std::floor(*value);
            if (whole) {
              to.integer(static_cast<std::uint64_t>(*value));
            } else {
              to.cell(value);
            }
          },
          [](std::string_view cell, LayerRow& row) { return read_bounded<Member>(cell, row, 0.0, true); }};
}
/// Bytes: of four-bit elements half of one too.
template <auto Member>
constexpr LayerColumn bytes(std::string_view name) {
  LayerColumn column = size<Member>(name);
  column.read = [](std::string_view cell, LayerRow& row) {
    return read_bounded<Member>(cell, row, 0.0, false);
  };
  return column;
}
/// A padding may cut off what it does not add.
template <auto Member>
constexpr LayerColumn padding(std::string_view name) {
  LayerColumn column = size<Member>(name);
  column.read = [](std::string_view cell, LayerRow& row) {
    return read_bounded<Member>(cell, row, -kMostOfASize, true);
  };
  return column;
}

void write_network(CsvText& to, const LayerRow& row) {
  to.cell(std::string_view(row.network));
}
/// Folders and files are named after it.
bool read_network_name(std::string_view cell, LayerRow& row) {
  row.network = cell;
  return cell != "." && cell != ".." && cell.find('/') == std::string_view::npos &&
         cell.find('\0') == std::string_view::npos;
}

template <auto Member>
constexpr LayerColumn element_type(std::string_view name) {
  return {name, [](CsvText& to, const LayerRow& row) { to.cell(to_string(row.*Member)); },
          [](std::string_view cell, LayerRow& row) {
            const auto type = data_type_from(cell);
            if (type) row.*Member = *type;
            return type.has_value();
          }};
}

void write_kind(CsvText& to, const LayerRow& row) {
  to.cell(to_string(row.kind));
}
/// An empty kind is derived from the layer's type.
bool read_kind(std::string_view cell, LayerRow& row) {
  if (cell.empty()) return true;
  const auto kind = layer_kind_from(cell);
  if (kind) row.kind = *kind;
  return kind.has_value();
}

void write_cycles(CsvText& to, const LayerRow& row) {
  if (row.cycles) {
    to.integer(*row.cycles);
  } else {
    to.cell(std::string_view());
  }
}
bool read_cycles(std::string_view cell, LayerRow& row) {
  return read_count_cell(cell, row.cycles);
}

void write_residual(CsvText& to, const LayerRow& row) {
  to.cell(std::string_view(!row.residual ? "" : *row.residual ? "1" : "0"));
}
bool read_residual(std::string_view cell, LayerRow& row) {
  if (cell == "0" || cell == "1") row.residual = cell == "1";
  return cell.empty() || row.residual.has_value();
}

constexpr LayerColumn kLayerColumns[] = {
    {"network", write_network, read_network_name},
    text<&LayerRow::layer_name>("layer_name"),
    text<&LayerRow::layer_type>("layer_type"),
    {"kind", write_kind, read_kind},
    {"cycles", write_cycles, read_cycles},
    size<&LayerRow::batch_size>("batch_size"),
    size<&LayerRow::input_channels>("input_channels"),
    size<&LayerRow::input_height>("input_height"),
    size<&LayerRow::input_width>("input_width"),
    size<&LayerRow::output_channels>("output_channels"),
    size<&LayerRow::output_height>("output_height"),
    size<&LayerRow::output_width>("output_width"),
    size<&LayerRow::kernel_height>("kernel_height"),
    size<&LayerRow::kernel_width>("kernel_width"),
    size<&LayerRow::stride_height>("stride_height"),
    size<&LayerRow::stride_width>("stride_width"),
    padding<&LayerRow::padding_height>("padding_height"),
    padding<&LayerRow::padding_width>("padding_width"),
    size<&LayerRow::dilation_height>("dilation_height"),
    size<&LayerRow::dilation_width>("dilation_width"),
    size<&LayerRow::groups>("groups"),
    element_type<&LayerRow::input_type>("input_type"),
    element_type<&LayerRow::output_type>("output_type"),
    element_type<&LayerRow::weight_type>("weight_type"),
    {"residual", write_residual, read_residual},
    size<&LayerRow::input_alignment>("input_alignment"),
    size<&LayerRow::output_alignment>("output_alignment"),
    bytes<&LayerRow::bytes_in>("bytes_in"),
    bytes<&LayerRow::bytes_out>("bytes_out"),
    bytes<&LayerRow::bytes_weights>("bytes_weights"),
    text<&LayerRow::activation>("activation"),
    text<&LayerRow::tactic>("tactic"),
    figure<&LayerRow::run_time_ms>("run_time_ms"),
    figure<&LayerRow::run_time_sd_ms>("run_time_sd_ms"),
    figure<&LayerRow::power_w>("power_w"),
    figure<&LayerRow::power_sd_w>("power_sd_w"),
    figure<&LayerRow::energy_mj>("energy_mj"),
    figure<&LayerRow::energy_sd_mj>("energy_sd_mj"),
    figure<&LayerRow::idle_power_w>("idle_power_w"),
    text<&LayerRow::power_basis>("power_basis"),
    text<&LayerRow::status>("status"),
    text<&LayerRow::block>("block"),
    text<&LayerRow::device>("device"),
};

/// The columns of a header by position; null for one that is not ours.
Expected<std::vector<const LayerColumn*>> columns_of(const CsvTable& table) {
  if (!table.find("layer_name") || !(table.find("layer_type") || table.find("kind"))) {
    return fail(ErrorKind::kMalformed,
                "no table of layers: the columns layer_name and layer_type or kind are needed",
                table.location(), "docs/interface.md lists the columns of layers.csv");
  }
  std::vector<const LayerColumn*> columns(table.header().size(), nullptr);
  for (const LayerColumn& column : kLayerColumns) {
    if (const auto at = table.find(column.name)) columns[*at] = &column;
  }
  return columns;
}

/// What a column of words may hold.
std::string words_of(std::string_view column) {
  std::string words;
  const auto add = [&](std::string_view word) {
    if (!word.empty()) words += (words.empty() ? "" : ", ") + std::string(word);
  };
  if (column == "kind")
    for (std::size_t kind = 0; kind < kLayerKinds; ++kind) add(to_string(static_cast<LayerKind>(kind)));
  if (column.ends_with("_type") && column != "layer_type")
    for (std::size_t type = 0; type <= static_cast<std::size_t>(DataType::kBool); ++type)
      add(to_string(static_cast<DataType>(type)));
  return words;
}

Expected<LayerRow> read_row(const CsvTable& table, const std::vector<const LayerColumn*>& columns) {
  LayerRow row;
  bool has_kind = false;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == nullptr) continue;
    if (!columns[i]->read(table.cell(i), row)) {
      const std::string words = words_of(columns[i]->name);
      return table.fault(fmt::format("\"{}\" does not fit the column {}{}", table.cell(i), columns[i]->name,
                                     words.empty() ? "" : ", which takes " + words));
    }
    has_kind = has_kind || (columns[i]->name == "kind" && !table.cell(i).empty());
  }
  take_tile(row.tactic, row);
  if (!has_kind) {
    Layer layer;
    layer.type = row.layer_type;
    row.kind = classify(layer);
  }
  return row;
}

/// Columns that only look like ours, and windows without a size: a misspelt name changes figures silently.
void doubt_columns(const std::vector<std::string>& unknown, const std::vector<LayerRow>& rows,
                   const std::filesystem::path& path, std::vector<Warning>& warnings) {
  if (!unknown.empty())
    warnings.push_back(
        {fmt::format("columns that are none of layers.csv are ignored: {}", fmt::join(unknown, ", ")),
         {path.string()},
         1});
  const auto windowless = std::count_if(rows.begin(), rows.end(), [](const LayerRow& row) {
    const bool slides = row.kind == LayerKind::kConvolutional || row.kind == LayerKind::kPooling;
    return slides && !row.kernel_height && !row.kernel_width;
  });
  if (windowless != 0)
    warnings.push_back(
        {"a convolution or pooling has no kernel_height and kernel_width, and is taken for one "
         "of 1 x 1",
         {path.string()},
         static_cast<std::uint64_t>(windowless)});
}

Expected<std::vector<LayerRow>> read_rows(const std::filesystem::path& path, std::vector<Warning>* warnings,
                                          std::vector<std::string>& unknown) {
  auto table = CsvTable::open(path, "Correct it (docs/interface.md), or convert the measurements again");
  if (!table) return tl::unexpected(table.error());
  const auto columns = columns_of(*table);
  if (!columns) return tl::unexpected(columns.error());
  for (std::size_t i = 0; i < columns->size(); ++i)
    if ((*columns)[i] == nullptr) unknown.push_back(table->header()[i]);
  std::vector<LayerRow> rows;
  for (;;) {
    const auto cells = table->next();
    if (!cells) return tl::unexpected(cells.error());
    if (cells->empty()) break;
    auto row = read_row(*table, *columns);
    if (!row) return tl::unexpected(row.error());
    rows.push_back(*std::move(row));
  }
  if (warnings != nullptr) table->tell_doubt(*warnings);
  return rows;
}

}  // namespace

Expected<std::vector<LayerRow>> read_layers_csv(const std::filesystem::path& path,
                                                std::vector<Warning>* warnings) {
  std::vector<std::string> unknown;  // other tools may keep columns of their own beside ours
  return read_rows(path, warnings, unknown);
}

Expected<std::vector<LayerTable>> read_layer_tables(const std::filesystem::path& path) {
  std::vector<Warning> warnings;
  std::vector<std::string> unknown;
  auto rows = read_rows(path, &warnings, unknown);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty())
    return fail(ErrorKind::kUnfit, "the table has no row", {path.string()}, "Give it a row for each layer");
  doubt_columns(unknown, *rows, path, warnings);
  std::error_code code;
  const std::filesystem::path whole = std::filesystem::absolute(path, code).lexically_normal();
  const std::string file = whole.filename().string();
  const std::string stem = file.substr(0, file.find(".csv"));
  const std::string unnamed = stem == "layers" ? whole.parent_path().filename().string() : stem;
  std::vector<LayerTable> tables;
  std::unordered_map<std::string, std::size_t> place;
  for (LayerRow& row : *rows) {
    const std::string& name = row.network.empty() ? unnamed : row.network;
    const auto [at, is_new] = place.try_emplace(name, tables.size());
    if (is_new)
      tables.push_back({name, path.string(), {}, tables.empty() ? warnings : std::vector<Warning>()});
    tables[at->second].layers.push_back(std::move(row));
  }
  return tables;
}

Expected<void> write_layers_csv(const std::filesystem::path& path, const std::vector<LayerRow>& rows) {
  CsvText csv;
  for (const LayerColumn& column : kLayerColumns) csv.cell(column.name);
  csv.end_row();
  for (const LayerRow& row : rows) {
    for (const LayerColumn& column : kLayerColumns) column.write(csv, row);
    csv.end_row();
  }
  return write_file_atomically(path, csv.text());
}

}  // namespace joulecast
