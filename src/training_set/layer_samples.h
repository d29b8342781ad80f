// All measurements of a network, by layer, read from power_runtime_mapping_layerwise.csv.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "joulecast/error.h"

namespace joulecast {

/// A growing list of doubles that is never copied as it grows: 1.8 million rows stay near their bare size.
class ChunkedDoubles {
 public:
  void push_back(double value) {
    const std::size_t place = size_ % kChunk;
    if (place == 0) chunks_.push_back(std::make_unique_for_overwrite<Chunk>());
    (*chunks_.back())[place] = value;
    ++size_;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// All values one behind the other, in `to`.
  void copy_to(std::vector<double>& to) const {
    to.clear();
    to.reserve(size_);
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      const std::size_t count = std::min(kChunk, size_ - i * kChunk);
      to.insert(to.end(), chunks_[i]->begin(), chunks_[i]->begin() + static_cast<std::ptrdiff_t>(count));
    }
  }

 private:
  static constexpr std::size_t kChunk = 512;
  using Chunk = std::array<double, kChunk>;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::size_t size_ = 0;
};

/// The rows of one layer, in file order. NaN = empty cell.
struct LayerSamples {
  std::string name;
  std::string type;
  ChunkedDoubles power_uw;  ///< above idle, microwatt
  ChunkedDoubles run_time_ms;
};

/// A network's rows by layer, in the order of first appearance.
struct NetworkSamples {
  std::vector<LayerSamples> layers;
  std::optional<double> idle_uw;  ///< from the first row that has power with and without idle
  std::uint64_t rows = 0;
  std::vector<Warning> warnings;  ///< names that pandas would not read as names
};

/// Reads the CSV once, as a stream, with pandas' parser of numbers. Errors: kUnreadable; kMalformed with the
/// line (a column missing, text in a number, a row too short or too long); kUnfit if there is no row.
Expected<NetworkSamples> read_window_csv(const std::filesystem::path& path);

}  // namespace joulecast
