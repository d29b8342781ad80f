// The trainer's input: the reference's three CSV files and layers.csv of each network, found at any depth.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/csv_table.h"
#include "joulecast/training_set.h"
#include "measurements/file_names.h"
#include "training_set/power_covariance.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

/// Files of one folder; its name is the network's.
struct Found {
  std::array<fs::path, kReferenceKinds.size()> reference;
  fs::path layers, covariance, end_to_end;

  [[nodiscard]] bool has_reference() const {
    return std::any_of(reference.begin(), reference.end(),
                       [](const fs::path& path) { return !path.empty(); });
  }
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
    // Of the system, or of a version control: what nobody sees must not be trained on.
    std::error_code ignored;
    if (name.starts_with('.') && entry->is_directory(ignored)) {
      entry.disable_recursion_pending();
      continue;
    }
    // A file at the top belongs to the network that the folder itself is named after.
    const fs::path parent = fs::absolute(path, code).lexically_normal().parent_path();
    const auto files = [&]() -> Found& { return found[{parent.filename().string(), parent}]; };
    for (std::size_t k = 0; k < kReferenceKinds.size(); ++k)
      if (name == fmt::format("{}.csv", to_string(kReferenceKinds[k]))) files().reference[k] = path;
    if (name == "layers.csv") files().layers = path;
    if (name == kPowerCovarianceFile) files().covariance = path;
    if (name == kEndToEndFile) files().end_to_end = path;
  }
  if (code)
    return fail(ErrorKind::kUnreadable, "cannot list the folder: " + code.message(), {folder.string()},
                "Check its permissions and those of the folders in it");
  // A covariance alone stands in a folder of measurements, which is none of training rows.
  std::erase_if(found, [](const auto& folder_of) {
    const Found& files = folder_of.second;
    return files.layers.empty() && !files.has_reference();
  });
  return found;
}

/// Where the columns that matter stand in this file.
struct Columns {
  std::vector<std::size_t> features;
  std::size_t power = 0, run_time = 0, layer_name = 0;
};

Expected<Columns> find_columns(const CsvTable& table, ReferenceKind kind) {
  Columns columns;
  std::string missing;
  const auto place = [&](std::string_view name) {
    const auto found = table.find(name);
    if (!found) missing += (missing.empty() ? "" : ", ") + std::string(name);
    return found.value_or(0);
  };
  for (const std::string_view name : reference_feature_names(kind)) columns.features.push_back(place(name));
  columns.power = place("power");
  columns.run_time = place("runtime");
  columns.layer_name = place("layer_name");
  if (!missing.empty()) return table.fault("column missing: " + missing);
  return columns;
}

Expected<double> read_number(const CsvTable& table, std::size_t column) {
  if (!table.cell(column).empty()) return table.number(column);
  return fail(ErrorKind::kMalformed, fmt::format("column {} is empty", table.header()[column]),
              table.location(),
              "Leave out rows without a measurement (convert does, with --per-layer-measurements above 0)");
}

Expected<ReferenceRow> read_row(const CsvTable& table, const Columns& columns) {
  ReferenceRow row;
  for (const std::size_t column : columns.features) {
    auto number = read_number(table, column);
    if (!number) return tl::unexpected(number.error());
    // Sizes beyond a double's whole numbers are no sizes; their cubes would be no numbers.
    if (!(*number >= 0.0 && *number <= 9007199254740992.0))
      return table.fault(
          fmt::format("column {} holds {}, which is no size", table.header()[column], table.cell(column)));
    row.features.push_back(*number);
  }
  auto power = read_number(table, columns.power);
  if (!power) return tl::unexpected(power.error());
  auto run_time = read_number(table, columns.run_time);
  if (!run_time) return tl::unexpected(run_time.error());
  row.power_uw = *power;
  row.run_time_ms = *run_time;
  row.layer_name = table.cell(columns.layer_name);
  return row;
}

Expected<std::vector<ReferenceRow>> read_table(const fs::path& path, ReferenceKind kind,
                                               std::vector<Warning>& warnings) {
  auto table = CsvTable::open(path, "Correct it, or write the rows again with `joulecast convert`");
  if (!table) return tl::unexpected(table.error());
  const auto columns = find_columns(*table, kind);
  if (!columns) return tl::unexpected(columns.error());
  std::vector<ReferenceRow> rows;
  for (;;) {
    const auto cells = table->next();
    if (!cells) return tl::unexpected(cells.error());
    if (cells->empty()) break;
    auto row = read_row(*table, *columns);
    if (!row) return tl::unexpected(row.error());
    rows.push_back(std::move(*row));
  }
  table->tell_doubt(warnings);
  return rows;
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

/// Reads one folder after another, and takes what is of the board in question.
class TrainingSetReader {
 public:
  explicit TrainingSetReader(const std::string& device) : device_(device) {}

  Expected<void> take(const std::string& network, const fs::path& folder, const Found& files) {
    std::vector<LayerRow> layers;
    if (!files.layers.empty()) {
      auto read = read_layers(network, files.layers);
      if (!read) return tl::unexpected(read.error());
      layers = std::move(*read);
    }
    const Board board = board_of(layers, files);
    if (board == Board::kAnother) return {};
    const bool mixed = board == Board::kOneOfSeveral;
    if (network == last_network_)
      set_.warnings.push_back(
          {fmt::format("two folders are named {}: their rows are joined", network), {folder.string()}});
    last_network_ = network;
    for (std::size_t k = 0; k < kReferenceKinds.size(); ++k) {
      if (files.reference[k].empty()) continue;
      if (mixed) {
        set_.warnings.push_back(
            {fmt::format("the folder's layers.csv names several boards, so which rows are of '{}' cannot be "
                         "told: left out",
                         device_),
             {files.reference[k].string()}});
        continue;
      }
      auto table = read_table(files.reference[k], kReferenceKinds[k], set_.warnings);
      if (!table) return tl::unexpected(table.error());
      rows_ += table->size();
      set_.reference[k].push_back({network, std::move(*table)});
      warn_of_doubtful_targets(set_.reference[k].back(), files.reference[k], set_.warnings);
    }
    std::vector<bool> wanted;
    for (const LayerRow& row : layers)
      wanted.push_back(!mixed || row.device.empty() || row.device == device_);
    if (auto ok = take_covariance(layers, wanted, files); !ok) return ok;
    // Of which board it is cannot be told where the layers are of several.
    if (!files.end_to_end.empty() && !layers.empty() && !mixed) {
      const auto latency = read_end_to_end(files.end_to_end);
      if (!latency) return tl::unexpected(latency.error());
      set_.end_to_end.push_back({*latency, layers.front().network});
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (!wanted[i]) continue;
      ++rows_;
      set_.layers.push_back(std::move(layers[i]));
    }
    return {};
  }

  Expected<TrainingSet> finish(const fs::path& folder) {
    set_.devices.assign(devices_.begin(), devices_.end());
    if (rows_ == 0 && !devices_.empty())
      return fail(ErrorKind::kUnfit, fmt::format("no row is of the board '{}'", device_), {folder.string()},
                  fmt::format("The rows are of '{}'", fmt::join(devices_, "', '")));
    if (rows_ == 0)
      return fail(ErrorKind::kUnfit, "holds no training row", {folder.string()},
                  "Expected <network>/convolutional.csv, pooling.csv, dense.csv or layers.csv, as `joulecast "
                  "convert` writes them");
    // Their models would be labelled with a board that they may not be of.
    if (unnamed_ != 0 && (!device_.empty() || devices_.size() == 1))
      set_.warnings.push_back(
          {fmt::format("a folder's rows do not name their board, and are taken to be of '{}'",
                       device_.empty() ? *devices_.begin() : device_),
           {folder.string()},
           unnamed_});
    return std::move(set_);
  }

 private:
  Expected<std::vector<LayerRow>> read_layers(const std::string& network, const fs::path& file) {
    auto layers = read_layers_csv(file, &set_.warnings);
    if (!layers) return layers;
    for (LayerRow& row : *layers)
      if (row.network.empty()) row.network = network;
    const auto negative = std::count_if(layers->begin(), layers->end(), [](const LayerRow& row) {
      return row.idle_power_w && *row.idle_power_w < 0.0;
    });
    if (negative != 0)
      set_.warnings.push_back({"idle power below 0 in a training row; it is not taken for the board's",
                               {file.string()},
                               static_cast<std::uint64_t>(negative)});
    return layers;
  }

  /// Only if it is of the same layers: of rows that were changed by hand it says nothing. Before the wanted
  /// rows are taken.
  Expected<void> take_covariance(const std::vector<LayerRow>& layers, const std::vector<bool>& wanted,
                                 const Found& files) {
    if (files.covariance.empty()) return {};
    if (files.layers.empty()) {
      set_.warnings.push_back(
          {"is not used: no layers.csv beside it has the rows that it is of", {files.covariance.string()}});
      return {};
    }
    const auto covariance = read_power_covariance(files.covariance, &set_.warnings);
    if (!covariance) return tl::unexpected(covariance.error());
    const auto& names = covariance->layer_names;
    if (!std::equal(layers.begin(), layers.end(), names.begin(), names.end(),
                    [](const LayerRow& row, const std::string& name) { return row.layer_name == name; })) {
      set_.warnings.push_back(
          {"does not name the rows of layers.csv beside it, all and in their order: it is not used",
           {files.covariance.string()}});
      return {};
    }
    set_.covariance.push_back({set_.layers.size(), covariance_of_some(*covariance, wanted)});
    return {};
  }

  enum class Board { kUnnamed, kWanted, kOneOfSeveral, kAnother };
  /// Whose a folder's layers are. kOneOfSeveral: some of them are of the board asked for, so that the files
  /// which name no board may be of it or not.
  Board board_of(const std::vector<LayerRow>& layers, const Found& files) {
    std::set<std::string> named;
    for (const LayerRow& row : layers)
      if (!row.device.empty()) named.insert(row.device);
    devices_.insert(named.begin(), named.end());
    if (named.empty()) {
      if (!layers.empty() || files.has_reference()) ++unnamed_;
      return Board::kUnnamed;
    }
    if (device_.empty()) return Board::kWanted;
    if (!named.contains(device_)) return Board::kAnother;
    return named.size() > 1 ? Board::kOneOfSeveral : Board::kWanted;
  }

  const std::string& device_;
  TrainingSet set_;
  std::set<std::string> devices_;
  std::uint64_t unnamed_ = 0;  // folders
  std::size_t rows_ = 0;
  std::string last_network_;
};

}  // namespace

Expected<TrainingSet> read_training_set(const fs::path& folder, const std::string& device) {
  const auto found = find_files(folder);
  if (!found) return tl::unexpected(found.error());
  TrainingSetReader reader(device);
  for (const auto& [key, files] : *found)
    if (auto ok = reader.take(key.first, key.second, files); !ok) return tl::unexpected(ok.error());
  return reader.finish(folder);
}

}  // namespace joulecast
