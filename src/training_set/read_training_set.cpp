// The trainer's input: the reference's three CSV files and layers.csv of each network, found at any depth.
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/csv.h"
#include "base/float_text.h"
#include "joulecast/training_set.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

/// Files of one folder; its name is the network's.
struct Found {
  std::array<fs::path, kReferenceKinds.size()> reference;
  fs::path layers;
};

/// Folders by network, then by path: two folders of one name keep a fixed order.
using FoundByNetwork = std::map<std::pair<std::string, fs::path>, Found>;

Expected<FoundByNetwork> find_files(const fs::path& folder) {
  std::error_code code;
  if (!fs::is_directory(folder, code))
    return fail(ErrorKind::kUnreadable,
                fs::exists(folder, code) ? "is a file, not a training_data folder" : "no such folder",
                {folder.string()}, "Name the folder that `joulecast convert --out` wrote");
  FoundByNetwork found;
  fs::recursive_directory_iterator entry(folder, code);
  for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code)) {
    const fs::path& path = entry->path();
    const std::string name = path.filename().string();
    // A file at the top belongs to the network that the folder itself is named after.
    const fs::path parent = fs::absolute(path, code).lexically_normal().parent_path();
    const auto files = [&]() -> Found& { return found[{parent.filename().string(), parent}]; };
    for (std::size_t k = 0; k < kReferenceKinds.size(); ++k)
      if (name == fmt::format("{}.csv", to_string(kReferenceKinds[k]))) files().reference[k] = path;
    if (name == "layers.csv") files().layers = path;
  }
  if (code) return fail(ErrorKind::kUnreadable, "cannot list: " + code.message(), {folder.string()});
  return found;
}

/// Where the columns that matter stand in this file.
struct Columns {
  std::vector<std::size_t> features;
  std::size_t power = 0, run_time = 0, layer_name = 0;
  std::size_t count = 0;  ///< cells of the header
};

Expected<Columns> find_columns(std::span<const std::string_view> header, ReferenceKind kind,
                               const Location& at) {
  Columns columns;
  columns.count = header.size();
  std::string missing;
  const auto place = [&](std::string_view name) {
    const auto found = find_column(header, name);
    if (!found) missing += (missing.empty() ? "" : ", ") + std::string(name);
    return found.value_or(0);
  };
  for (const std::string_view name : reference_feature_names(kind)) columns.features.push_back(place(name));
  columns.power = place("power");
  columns.run_time = place("runtime");
  columns.layer_name = place("layer_name");
  if (!missing.empty())
    return fail(ErrorKind::kMalformed, "column missing: " + missing, at,
                fmt::format("Write the {} rows again with `joulecast convert`", to_string(kind)));
  return columns;
}

Expected<double> read_number(std::string_view cell, std::string_view column, const Location& at) {
  if (cell.empty())
    return fail(ErrorKind::kMalformed, fmt::format("column {} is empty", column), at,
                "Leave out rows without a measurement (convert does, with --per-layer-measurements above 0)");
  const auto number = parse_double(cell);
  if (!number)
    return fail(ErrorKind::kMalformed, fmt::format("column {} holds no number: {}", column, cell), at);
  return *number;
}

Expected<ReferenceRow> read_row(std::span<const std::string_view> cells, const Columns& columns,
                                ReferenceKind kind, const Location& at) {
  if (cells.size() != columns.count)
    return fail(ErrorKind::kMalformed,
                fmt::format("{} cells, but the header names {} columns", cells.size(), columns.count), at);
  ReferenceRow row;
  const auto names = reference_feature_names(kind);
  for (std::size_t j = 0; j < names.size(); ++j) {
    auto number = read_number(cells[columns.features[j]], names[j], at);
    if (!number) return tl::unexpected(number.error());
    // Sizes beyond a double's whole numbers are no sizes; their cubes would be no numbers.
    if (!(*number >= 0.0 && *number <= 9007199254740992.0))
      return fail(ErrorKind::kMalformed,
                  fmt::format("column {} holds {}, which is no size", names[j], cells[columns.features[j]]),
                  at, "Correct the cell, or write the rows again with `joulecast convert`");
    row.features.push_back(*number);
  }
  auto power = read_number(cells[columns.power], "power", at);
  if (!power) return tl::unexpected(power.error());
  auto run_time = read_number(cells[columns.run_time], "runtime", at);
  if (!run_time) return tl::unexpected(run_time.error());
  row.power_uw = *power;
  row.run_time_ms = *run_time;
  row.layer_name = cells[columns.layer_name];
  return row;
}

Expected<std::vector<ReferenceRow>> read_table(const fs::path& path, ReferenceKind kind) {
  auto reader = CsvReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  const auto header = reader->next();
  if (!header) return tl::unexpected(header.error());
  if (header->empty())
    return fail(ErrorKind::kMalformed, "is empty: not even a header", {path.string()},
                "Write it again with `joulecast convert`");
  const auto columns = find_columns(*header, kind, reader->location());
  if (!columns) return tl::unexpected(columns.error());
  std::vector<ReferenceRow> rows;
  for (;;) {
    const auto cells = reader->next();
    if (!cells) return tl::unexpected(cells.error());
    if (cells->empty()) return rows;
    auto row = read_row(*cells, *columns, kind, reader->location());
    if (!row) return tl::unexpected(row.error());
    rows.push_back(std::move(*row));
  }
}

/// Values that are possible but hardly meant; counted by file.
void warn_of_doubtful_targets(const ReferenceTable& table, const fs::path& path,
                              std::vector<Warning>& warnings) {
  const auto count = [&](auto&& doubtful) {
    return static_cast<std::uint64_t>(std::count_if(table.rows.begin(), table.rows.end(), doubtful));
  };
  const std::uint64_t power = count([](const ReferenceRow& row) { return row.power_uw < 0.0; });
  const std::uint64_t time = count([](const ReferenceRow& row) { return row.run_time_ms <= 0.0; });
  if (power != 0) warnings.push_back({"power below idle in a training row", {path.string()}, power});
  if (time != 0) warnings.push_back({"run time of zero or less in a training row", {path.string()}, time});
  if (table.rows.empty()) warnings.push_back({"has a header but no row", {path.string()}});
}

}  // namespace

Expected<TrainingSet> read_training_set(const fs::path& folder) {
  const auto found = find_files(folder);
  if (!found) return tl::unexpected(found.error());
  TrainingSet set;
  std::size_t rows = 0;
  std::string_view last_network;
  for (const auto& [key, files] : *found) {
    const std::string& network = key.first;
    if (network == last_network)
      set.warnings.push_back(
          {fmt::format("two folders are named {}: their rows are joined", network), {key.second.string()}});
    last_network = network;
    for (std::size_t k = 0; k < kReferenceKinds.size(); ++k) {
      if (files.reference[k].empty()) continue;
      auto table = read_table(files.reference[k], kReferenceKinds[k]);
      if (!table) return tl::unexpected(table.error());
      rows += table->size();
      set.reference[k].push_back({network, std::move(*table)});
      warn_of_doubtful_targets(set.reference[k].back(), files.reference[k], set.warnings);
    }
    if (files.layers.empty()) continue;
    auto layers = read_layers_csv(files.layers);
    if (!layers) return tl::unexpected(layers.error());
    rows += layers->size();
    for (LayerRow& row : *layers)
      if (row.network.empty()) row.network = network;
    std::move(layers->begin(), layers->end(), std::back_inserter(set.layers));
  }
  if (rows == 0)
    return fail(ErrorKind::kUnfit, "holds no training row", {folder.string()},
                "Expected <network>/convolutional.csv, pooling.csv, dense.csv or layers.csv, as `joulecast "
                "convert` writes them");
  return set;
}

}  // namespace joulecast
