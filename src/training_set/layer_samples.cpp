#include "training_set/layer_samples.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "base/csv_table.h"
#include "base/digits.h"
#include "training_set/pandas_number.h"

namespace joulecast {
namespace {

constexpr std::array<std::string_view, 5> kSampleColumns = {
    "layer_name", "layer_type", "layer_power_excluding_idle_power_micro_watt", "layer_run_time",
    "layer_power_including_idle_power_micro_watt"};
constexpr std::size_t kCycleReach = 20;
constexpr std::size_t kRowReach = kCycleReach + 3 * kPandasPlainReach;
enum SampleColumn { kName, kType, kPower, kRunTime, kPowerWithIdle };

/// Finds a layer's list. Rows come cycle by cycle, so that the layer behind the last one is nearly always the
/// right guess, and a comparison of bytes takes the place of a hash.
class LayerFinder {
 public:
  explicit LayerFinder(std::vector<LayerSamples>& layers) : layers_(layers) {}

  /// The layer whose row should come next; nothing if none is known.
  [[nodiscard]] std::size_t expected() const { return guess_ + 1 < layers_.size() ? guess_ + 1 : 0; }
  /// ",<name>,<type>," of a layer as to_csv writes it; empty if it holds a line break.
  [[nodiscard]] const std::string& label(std::size_t layer) const { return labels_[layer]; }
  LayerSamples& take(std::size_t layer) {
    guess_ = layer;
    return layers_[layer];
  }

  LayerSamples& find(std::string_view name, std::string_view type) {
    if (++guess_ >= layers_.size()) guess_ = 0;
    if (guess_ < layers_.size() && layers_[guess_].name == name && layers_[guess_].type == type) {
      return layers_[guess_];
    }
    key_.assign(name).append(1, '\0').append(type);
    const auto [place, is_new] = by_key_.try_emplace(key_, layers_.size());
    if (is_new) add(name, type);
    guess_ = place->second;
    return layers_[guess_];
  }

 private:
  void add(std::string_view name, std::string_view type) {
    layers_.push_back({std::string(name), std::string(type), {}, {}});
    std::string& label = labels_.emplace_back(",");
    append_csv_cell(label, name);
    label += ',';
    append_csv_cell(label, type);
    label += ',';
    if (label.find_first_of("\r\n") != std::string::npos) label.clear();
  }

  std::vector<LayerSamples>& layers_;
  std::vector<std::string> labels_;
  std::unordered_map<std::string, std::size_t> by_key_;
  std::string key_;
  std::size_t guess_ = 0;
};

class WindowCsvReader {
 public:
  explicit WindowCsvReader(CsvTable table) : table_(std::move(table)), finder_(samples_.layers) {}

  Expected<NetworkSamples> run() {
    if (auto ok = find_columns(); !ok) return tl::unexpected(ok.error());
    for (;;) {
      const auto cells = table_.next();
      if (!cells) return tl::unexpected(cells.error());
      if (cells->empty()) break;
      if (auto ok = take_row(); !ok) return tl::unexpected(ok.error());
      if (usual_columns_) take_rows_quickly();
    }
    if (samples_.rows == 0) {
      return fail(ErrorKind::kUnfit, "the file has no row", {table_.location().file},
                  "No layer was running while power was logged: attribute the network again");
    }
    warn_about_names();
    table_.tell_doubt(samples_.warnings);
    return std::move(samples_);
  }

 private:
  Expected<void> find_columns() {
    for (std::size_t i = 0; i < kSampleColumns.size(); ++i) {
      if (i == kPowerWithIdle) {
        places_[i] = table_.find(kSampleColumns[i]).value_or(table_.header().size());
        continue;
      }
      const auto place = table_.place(kSampleColumns[i]);
      if (!place) return tl::unexpected(place.error());
      places_[i] = *place;
    }
    constexpr std::array<std::size_t, kSampleColumns.size()> kUsualPlaces = {1, 2, 4, 5, 3};
    usual_columns_ = table_.header().size() == kUsualPlaces.size() + 1 && places_ == kUsualPlaces;
    return {};
  }

  /// Whole rows that look as `attribute` writes them and come in the order of the cycle before: the layer is
  /// recognised by the bytes of its name and type, and the numbers are parsed where they stand. Stops, with
  /// nothing half taken, at any other row and near the end of the bytes in memory.
  void take_rows_quickly() {
    const std::string_view text = table_.reader().ahead();
    const char* at = text.data();
    const char* const end = at + text.size();
    std::uint64_t rows = 0;
    while (!samples_.layers.empty()) {
      const std::size_t layer = finder_.expected();
      const std::string& label = finder_.label(layer);
      if (label.empty() || static_cast<std::size_t>(end - at) < label.size() + kRowReach) break;
      double power = 0.0;
      double run_time = 0.0;
      const char* const behind = plain_row(at, label, power, run_time);
      if (behind == nullptr) break;
      LayerSamples& samples = finder_.take(layer);
      samples.power_uw.push_back(power);
      samples.run_time_ms.push_back(run_time);
      ++rows;
      at = behind;
    }
    samples_.rows += rows;
    table_.reader().skip(static_cast<std::size_t>(at - text.data()), rows);
  }

  /// The row at `at` if it is `<cycle><label><power with idle>,<power>,<run time>` with plain numbers or
  /// empty powers; the place behind its line feed, or nullptr.
  const char* plain_row(const char* at, const std::string& label, double& power, double& run_time) const {
    const char* const first = at;
    while (digits::is_digit(*at) && at - first < static_cast<std::ptrdiff_t>(kCycleReach)) ++at;
    if (at == first || std::memcmp(at, label.data(), label.size()) != 0) return nullptr;
    at += label.size();
    const bool with_power = *at != ',';
    if (with_power) {
      if (!samples_.idle_uw) return nullptr;  // the general way finds it out
      at = skip_pandas_plain(at);
      if (at == nullptr || *at != ',') return nullptr;
    }
    ++at;
    if (*at == ',') {
      power = std::numeric_limits<double>::quiet_NaN();
    } else {
      at = parse_pandas_plain(at, power);
      if (at == nullptr || *at != ',') return nullptr;
    }
    at = parse_pandas_plain(at + 1, run_time);
    return at != nullptr && *at == '\n' ? at + 1 : nullptr;
  }

  [[nodiscard]] Expected<double> number(SampleColumn column) const {
    return table_.number(places_[column], parse_pandas_number);
  }

  Expected<void> take_row() {
    const auto power = number(kPower);
    if (!power) return tl::unexpected(power.error());
    const auto run_time = number(kRunTime);
    if (!run_time) return tl::unexpected(run_time.error());
    if (!samples_.idle_uw && !std::isnan(*power) && places_[kPowerWithIdle] < table_.header().size()) {
      const auto with_idle = number(kPowerWithIdle);
      if (!with_idle) return tl::unexpected(with_idle.error());
      if (!std::isnan(*with_idle)) samples_.idle_uw = *with_idle - *power;
    }
    LayerSamples& layer = finder_.find(table_.cell(places_[kName]), table_.cell(places_[kType]));
    layer.power_uw.push_back(*power);
    layer.run_time_ms.push_back(*run_time);
    ++samples_.rows;
    return {};
  }

  /// The accepted differences from the reference (docs/compatibility.md): named here where they occur.
  void warn_about_names() {
    std::uint64_t missing = 0;
    std::uint64_t numbers = 0;
    for (const LayerSamples& layer : samples_.layers) {
      const auto value = parse_pandas_number(layer.name);
      if (is_pandas_missing(layer.name)) {
        ++missing;
      } else if (value) {
        ++numbers;
      }
    }
    if (missing != 0) {
      samples_.warnings.push_back(
          {"layers have a name that pandas takes for a missing value; the reference would drop them",
           {table_.location().file},
           missing});
    }
    if (numbers != 0 && numbers + missing == samples_.layers.size()) {
      samples_.warnings.push_back(
          {"all layers have numbers for names; the reference would not find them in the engine",
           {table_.location().file},
           numbers});
    }
  }

  CsvTable table_;
  NetworkSamples samples_;
  LayerFinder finder_;
  bool usual_columns_ = false;
  std::array<std::size_t, kSampleColumns.size()> places_{};
};

}  // namespace

Expected<NetworkSamples> read_window_csv(const std::filesystem::path& path) {
  // The reference writes an empty file where it found nothing to write.
  auto table = CsvTable::open(path, "Write the file again with `joulecast attribute`", ErrorKind::kUnfit);
  if (!table) return tl::unexpected(table.error());
  return WindowCsvReader(std::move(*table)).run();
}

}  // namespace joulecast
