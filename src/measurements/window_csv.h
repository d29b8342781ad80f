// power_runtime_mapping_layerwise.csv, one row a layer and cycle, byte for byte as pandas writes it.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"
#include "base/background_writer.h"
#include "base/float_text.h"
#include "joulecast/measurements.h"

namespace joulecast {

inline constexpr std::string_view kWindowCsvHeader =
    "cycle,layer_name,layer_type,layer_power_including_idle_power_micro_watt,"
    "layer_power_excluding_idle_power_micro_watt,layer_run_time\n";

/// Formats rows into an AtomicFile, in large pieces and without an allocation per row: a layer's name and
/// type are quoted once.
class WindowCsvWriter {
 public:
  /// Name and type of a layer, in the latency log's order.
  struct LayerLabel {
    std::string_view name;
    std::string_view type;
  };
  /// `whole_run_times`: the latency log holds integers only, which pandas prints without ".0".
  /// `second_thread`: the file is written on a thread of its own; nobody may touch it before finish().
  WindowCsvWriter(AtomicFile& file, std::span<const LayerLabel> layers, bool whole_run_times,
                  bool second_thread);

  /// False once the disk has failed.
  bool write(std::span<const LayerMeasurement> rows);
  /// Hands the last rows to the file; commit() is the caller's.
  void finish();

 private:
  char* write_row(char* to, const LayerMeasurement& row);
  void flush();

  AtomicFile& file_;
  std::vector<std::string> labels_;  // ",<name>,<type>,"
  std::size_t longest_row_ = 0;
  bool whole_run_times_ = false;
  CycleIndex cycle_{0};
  std::string cycle_text_ = "1";
  RepeatedFloatText run_time_text_;
  std::unique_ptr<char[]> buffer_;
  std::size_t used_ = 0;
  bool ok_ = true;
  // With a second thread: the buffer that it writes out.
  std::unique_ptr<char[]> full_;
  std::optional<BackgroundWriter> background_;
};

}  // namespace joulecast
