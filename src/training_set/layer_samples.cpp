#include "training_set/layer_samples.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "base/csv.h"
#include "training_set/pandas_number.h"

namespace joulecast {
namespace {

constexpr std::array<std::string_view, 5> kColumns = {
    "layer_name", "layer_type", "layer_power_excluding_idle_power_micro_watt", "layer_run_time",
    "layer_power_including_idle_power_micro_watt"};
enum Column { kName, kType, kPower, kRunTime, kPowerWithIdle };

/// Finds a layer's list. Rows come cycle by cycle, so that the layer behind the last one is nearly always the
/// right guess, and a comparison of bytes takes the place of a hash.
class LayerFinder {
 public:
  explicit LayerFinder(std::vector<LayerSamples>& layers) : layers_(layers) {}

  LayerSamples& find(std::string_view name, std::string_view type) {
    if (++guess_ >= layers_.size()) guess_ = 0;
    if (guess_ < layers_.size() && layers_[guess_].name == name && layers_[guess_].type == type) {
      return layers_[guess_];
    }
    key_.assign(name).append(1, '\0').append(type);
    const auto [place, is_new] = by_key_.try_emplace(key_, layers_.size());
    if (is_new) layers_.push_back({std::string(name), std::string(type), {}, {}});
    guess_ = place->second;
    return layers_[guess_];
  }

 private:
  std::vector<LayerSamples>& layers_;
  std::unordered_map<std::string, std::size_t> by_key_;
  std::string key_;
  std::size_t guess_ = 0;
};

class WindowCsvReader {
 public:
  explicit WindowCsvReader(CsvReader reader) : reader_(std::move(reader)), finder_(samples_.layers) {}

  Expected<NetworkSamples> run() {
    if (auto ok = read_header(); !ok) return tl::unexpected(ok.error());
    for (;;) {
      auto cells = reader_.next();
      if (!cells) return tl::unexpected(cells.error());
      if (cells->empty()) break;
      if (auto ok = take_row(*cells); !ok) return tl::unexpected(ok.error());
    }
    if (samples_.rows == 0) {
      return fail(ErrorKind::kUnfit, "the file has no row", {reader_.location().file});
    }
    warn_about_names();
    return std::move(samples_);
  }

 private:
  Expected<void> read_header() {
    auto header = reader_.next();
    if (!header) return tl::unexpected(header.error());
    if (header->empty()) {
      return fail(ErrorKind::kUnfit, "the file has no columns", {reader_.location().file},
                  "The network's latency log may have been empty");
    }
    width_ = header->size();
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      const auto place = find_column(*header, kColumns[i]);
      if (!place && i != kPowerWithIdle) {
        return fail(ErrorKind::kMalformed, fmt::format("column {} is missing", kColumns[i]),
                    reader_.location());
      }
      places_[i] = place.value_or(width_);
    }
    return {};
  }

  Expected<double> number(std::span<const std::string_view> cells, Column column) const {
    const std::string_view cell = cells[places_[column]];
    const auto value = parse_pandas_number(cell);
    if (value) return *value;
    return fail(ErrorKind::kMalformed, fmt::format("column {} is not a number: '{}'", kColumns[column], cell),
                reader_.location());
  }

  Expected<void> take_row(std::span<const std::string_view> cells) {
    if (cells.size() != width_) {
      return fail(ErrorKind::kMalformed, fmt::format("{} cells instead of {}", cells.size(), width_),
                  reader_.location(), "The file may have been cut off");
    }
    const auto power = number(cells, kPower);
    if (!power) return tl::unexpected(power.error());
    const auto run_time = number(cells, kRunTime);
    if (!run_time) return tl::unexpected(run_time.error());
    if (!samples_.idle_uw && !std::isnan(*power) && places_[kPowerWithIdle] < width_) {
      const auto with_idle = number(cells, kPowerWithIdle);
      if (!with_idle) return tl::unexpected(with_idle.error());
      if (!std::isnan(*with_idle)) samples_.idle_uw = *with_idle - *power;
    }
    LayerSamples& layer = finder_.find(cells[places_[kName]], cells[places_[kType]]);
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
           {reader_.location().file},
           missing});
    }
    if (numbers != 0 && numbers + missing == samples_.layers.size()) {
      samples_.warnings.push_back(
          {"all layers have numbers for names; the reference would not find them in the engine",
           {reader_.location().file},
           numbers});
    }
  }

  CsvReader reader_;
  NetworkSamples samples_;
  LayerFinder finder_;
  std::size_t width_ = 0;
  std::array<std::size_t, kColumns.size()> places_{};
};

}  // namespace

Expected<NetworkSamples> read_window_csv(const std::filesystem::path& path) {
  auto reader = CsvReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  return WindowCsvReader(std::move(*reader)).run();
}

}  // namespace joulecast
