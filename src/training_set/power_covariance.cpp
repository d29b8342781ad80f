#include "training_set/power_covariance.h"

#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "base/csv_table.h"

namespace joulecast {
namespace {

Expected<void> take_row(const CsvTable& table, PowerCovariance& covariance) {
  const std::size_t size = covariance.layer_names.size();
  const std::size_t row = covariance.w2.size() / size;
  if (row == size || table.cell(0) != covariance.layer_names[row])
    return table.fault("rows and columns are not the same layers in the same order");
  for (std::size_t column = 1; column <= size; ++column) {
    std::optional<double> value;
    if (!read_number_cell(table.cell(column), value)) return table.fault_in(column, "is not a number");
    covariance.w2.push_back(value.value_or(std::nan("")));
  }
  return {};
}

}  // namespace

Expected<PowerCovariance> read_power_covariance(const std::filesystem::path& path,
                                                std::vector<Warning>* warnings) {
  auto table = CsvTable::open(path, "Write the file again with `joulecast attribute`");
  if (!table) return tl::unexpected(table.error());
  if (table->header().size() < 2 || table->header().front() != "layer_name")
    return table->fault("no header 'layer_name,...'");
  PowerCovariance covariance;
  covariance.layer_names.assign(table->header().begin() + 1, table->header().end());
  for (;;) {
    const auto cells = table->next();
    if (!cells) return tl::unexpected(cells.error());
    if (cells->empty()) break;
    if (auto ok = take_row(*table, covariance); !ok) return tl::unexpected(ok.error());
  }
  const std::size_t size = covariance.layer_names.size();
  if (covariance.w2.size() != size * size)
    return table->fault(fmt::format("{} rows instead of {}", covariance.w2.size() / size, size));
  if (warnings != nullptr) table->tell_doubt(*warnings);
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

PowerCovariance covariance_of_some(const PowerCovariance& covariance, const std::vector<bool>& kept) {
  PowerCovariance out;
  for (std::size_t i = 0; i < covariance.layer_names.size(); ++i) {
    if (!kept[i]) continue;
    out.layer_names.push_back(covariance.layer_names[i]);
    for (std::size_t k = 0; k < covariance.layer_names.size(); ++k)
      if (kept[k]) out.w2.push_back(covariance.at(i, k));
  }
  return out;
}

}  // namespace joulecast
