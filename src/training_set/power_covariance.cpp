#include "training_set/power_covariance.h"

#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "base/csv.h"
#include "base/float_text.h"

namespace joulecast {
namespace {

Expected<void> take_row(std::span<const std::string_view> cells, const Location& location,
                        PowerCovariance& covariance) {
  const std::size_t row = covariance.w2.size() / covariance.layer_names.size();
  if (row == covariance.layer_names.size() || cells.size() != covariance.layer_names.size() + 1 ||
      cells.front() != covariance.layer_names[row]) {
    return fail(ErrorKind::kMalformed, "rows and columns are not the same layers in the same order", location,
                "Write the file again with `joulecast attribute`");
  }
  for (const std::string_view cell : cells.subspan(1)) {
    const auto value = cell.empty() ? std::optional(std::nan("")) : parse_double(cell);
    if (!value) {
      return fail(ErrorKind::kMalformed, fmt::format("'{}' is not a number", cell.substr(0, 40)), location);
    }
    covariance.w2.push_back(*value);
  }
  return {};
}

}  // namespace

Expected<PowerCovariance> read_power_covariance(const std::filesystem::path& path) {
  auto reader = CsvReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  const auto header = reader->next();
  if (!header) return tl::unexpected(header.error());
  if (header->size() < 2 || header->front() != "layer_name") {
    return fail(ErrorKind::kMalformed, "no header 'layer_name,...'", {path.string(), 1},
                "Write the file again with `joulecast attribute`");
  }
  PowerCovariance covariance;
  for (const std::string_view name : header->subspan(1)) covariance.layer_names.emplace_back(name);
  for (;;) {
    const auto cells = reader->next();
    if (!cells) return tl::unexpected(cells.error());
    if (cells->empty()) break;
    if (auto ok = take_row(*cells, reader->location(), covariance); !ok) return tl::unexpected(ok.error());
  }
  const std::size_t size = covariance.layer_names.size();
  if (covariance.w2.size() != size * size) {
    return fail(ErrorKind::kMalformed,
                fmt::format("{} rows instead of {}", covariance.w2.size() / size, size), reader->location(),
                "Write the file again with `joulecast attribute`");
  }
  return covariance;
}

std::string covariance_csv(const PowerCovariance& covariance, std::span<const CovarianceRow> rows) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < covariance.layer_names.size(); ++i) places[covariance.layer_names[i]] = i;
  const auto place = [&](const CovarianceRow& row) {
    const auto found = places.find(row.measured);
    return row.measured.empty() || found == places.end() ? std::optional<std::size_t>() : found->second;
  };
  CsvText csv;
  csv.cell("layer_name");
  for (const CovarianceRow& row : rows) csv.cell(row.label);
  csv.end_row();
  for (const CovarianceRow& row : rows) {
    csv.cell(row.label);
    const auto i = place(row);
    for (const CovarianceRow& column : rows) {
      const auto k = place(column);
      csv.cell(i && k ? covariance.at(*i, *k) : std::nan(""));
    }
    csv.end_row();
  }
  return csv.text();
}

}  // namespace joulecast
