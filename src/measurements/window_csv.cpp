#include "measurements/window_csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/csv.h"
#include "base/float_text.h"

namespace joulecast {
namespace {

constexpr std::size_t kBufferBytes = 512 * 1024;

char* write_text(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

/// A cell of a column of doubles: NaN is empty, as an absent value.
char* write_cell(char* to, std::optional<double> value) {
  return value && !std::isnan(*value) ? write_float(to, *value) : to;
}

}  // namespace

WindowCsvWriter::WindowCsvWriter(AtomicFile& file, std::span<const LayerLabel> layers, bool whole_run_times,
                                 bool second_thread)
    : file_(file), whole_run_times_(whole_run_times) {
  std::size_t longest_label = 0;
  for (const LayerLabel& layer : layers) {
    std::string label = ",";
    append_csv_cell(label, layer.name);
    label += ',';
    append_csv_cell(label, layer.type);
    label += ',';
    longest_label = std::max(longest_label, label.size());
    labels_.push_back(std::move(label));
  }
  // The cycle, three numbers, separators.
  longest_row_ = longest_label + 4 * kFloatTextBytes + 8;
  buffer_ = std::make_unique_for_overwrite<char[]>(kBufferBytes + longest_row_);
  if (second_thread) {
    full_ = std::make_unique_for_overwrite<char[]>(kBufferBytes + longest_row_);
    background_.emplace(file);
  }
  used_ = kWindowCsvHeader.size();
  write_text(buffer_.get(), kWindowCsvHeader);
}

char* WindowCsvWriter::write_row(char* to, const LayerMeasurement& row) {
  if (row.cycle != cycle_) {
    cycle_ = row.cycle;
    cycle_text_ = std::to_string(row.cycle.value + std::uint64_t{1});
  }
  to = write_text(to, cycle_text_);
  to = write_text(to, labels_[row.layer.value]);
  to = write_cell(to, row.power_with_idle_uw);
  *to++ = ',';
  to = write_cell(to, row.power_without_idle_uw);
  *to++ = ',';
  if (whole_run_times_) {
    to = std::to_chars(to, to + kFloatTextBytes, static_cast<std::int64_t>(row.run_time_ms)).ptr;
  } else if (!std::isnan(row.run_time_ms)) {
    to = run_time_text_.write(to, row.run_time_ms);
  }
  *to++ = '\n';
  return to;
}

bool WindowCsvWriter::write(std::span<const LayerMeasurement> rows) {
  for (const LayerMeasurement& row : rows) {
    if (used_ >= kBufferBytes) flush();
    used_ = static_cast<std::size_t>(write_row(buffer_.get() + used_, row) - buffer_.get());
  }
  return ok_;
}

void WindowCsvWriter::finish() {
  flush();
  background_.reset();
}

void WindowCsvWriter::flush() {
  const std::string_view text(buffer_.get(), used_);
  if (background_) {
    ok_ = background_->write(text);
    std::swap(buffer_, full_);
  } else {
    file_.write(text);
    ok_ = file_.ok();
  }
  used_ = 0;
}

}  // namespace joulecast
