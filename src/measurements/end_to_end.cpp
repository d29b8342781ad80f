#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/csv_table.h"
#include "joulecast/measurements.h"

namespace joulecast {
namespace {

constexpr std::array<std::string_view, 2> kEndToEndColumns = {"runs", "median_ms"};

bool is_latency(double value) {
  return std::isfinite(value) && value > 0.0;
}

}  // namespace

Expected<std::optional<EndToEndLatency>> end_to_end_of_benchmark(const std::filesystem::path& path) {
  const auto summary = read_benchmark_summary(path);
  if (!summary) return tl::unexpected(summary.error());
  std::vector<double> seconds = summary->latencies_s;
  if (seconds.empty() && summary->average_latency_s) seconds.push_back(*summary->average_latency_s);
  if (seconds.empty()) return std::nullopt;
  if (!std::all_of(seconds.begin(), seconds.end(), is_latency))
    return fail(ErrorKind::kMalformed, "holds a latency that is not above 0", {path.string()},
                "Copy it again from the board, or remove it: it is not needed");
  std::sort(seconds.begin(), seconds.end());
  const std::size_t n = seconds.size();
  return EndToEndLatency{n, 1e3 * 0.5 * (seconds[(n - 1) / 2] + seconds[n / 2])};
}

Expected<EndToEndLatency> read_end_to_end(const std::filesystem::path& path) {
  auto table = CsvTable::open(path, "Write the file again with `joulecast attribute`");
  if (!table) return tl::unexpected(table.error());
  const auto runs = table->place(kEndToEndColumns[0]);
  if (!runs) return tl::unexpected(runs.error());
  const auto median = table->place(kEndToEndColumns[1]);
  if (!median) return tl::unexpected(median.error());
  const auto cells = table->next();
  if (!cells) return tl::unexpected(cells.error());
  if (cells->empty()) return table->fault("has no row");
  std::optional<std::uint64_t> count;
  if (!read_count_cell(table->cell(*runs), count) || !count)
    return table->fault_in(*runs, "is not a whole number");
  const auto value = table->number(*median);
  if (!value) return tl::unexpected(value.error());
  if (!is_latency(*value)) return table->fault_in(*median, "is not a time above 0");
  return EndToEndLatency{*count, *value};
}

Expected<void> write_end_to_end(const std::filesystem::path& path, const EndToEndLatency& latency) {
  CsvText csv;
  csv.row(kEndToEndColumns);
  csv.integer(latency.runs).cell(latency.median_ms).end_row();
  return write_file_atomically(path, csv.text());
}

}  // namespace joulecast
