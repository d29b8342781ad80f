#include "base/csv_table.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace joulecast {
namespace {

constexpr std::size_t kShownBytes = 40;

}  // namespace

bool read_number_cell(std::string_view cell, std::optional<double>& to) {
  to.reset();
  if (cell.empty()) return true;
  to = parse_double(cell);
  return to.has_value();
}

bool read_count_cell(std::string_view cell, std::optional<std::uint64_t>& to) {
  to.reset();
  if (cell.empty()) return true;
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (code != std::errc() || end != cell.data() + cell.size()) return false;
  to = value;
  return true;
}

Expected<CsvTable> CsvTable::open(const std::filesystem::path& path, std::string remedy, ErrorKind if_empty) {
  auto reader = CsvReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  CsvTable table(std::move(*reader), std::move(remedy));
  const auto header = table.reader_.next();
  if (!header) return tl::unexpected(header.error());
  if (header->empty())
    return fail(if_empty, "the file is empty: not even a header", {path.string(), 1}, table.remedy_);
  table.header_.assign(header->begin(), header->end());
  return table;
}

std::optional<std::size_t> CsvTable::find(std::string_view column) const {
  const auto found = std::find(header_.begin(), header_.end(), column);
  if (found == header_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header_.begin());
}

Expected<std::size_t> CsvTable::place(std::string_view column) const {
  if (const auto found = find(column)) return *found;
  return fault(fmt::format("column {} is missing", column));
}

Expected<std::span<const std::string_view>> CsvTable::next() {
  auto cells = reader_.next();
  if (!cells) return cells;
  if (!cells->empty()) {
    cells_ = *cells;
    if (cells_.size() != header_.size()) {
      const bool cut = cells_.size() < header_.size() && !reader_.record_is_ended();
      return fault(fmt::format("{} cells under {} columns{}", cells_.size(), header_.size(),
                               cut ? ": the file was cut off in this line" : ""));
    }
    if (!reader_.record_is_ended()) {
      doubt_ = Warning{fmt::format("the last line has no line break: the file may have been cut off inside "
                                   "'{}'",
                                   cells_.back().substr(0, kShownBytes)),
                       location()};
    }
  }
  return cells;
}

Expected<double> CsvTable::number(std::size_t column, NumberParser parse) const {
  const auto value = parse(cell(column));
  if (value) return *value;
  return fault_in(column, cell(column).empty() ? "is empty" : "is not a number");
}

tl::unexpected<Error> CsvTable::fault(std::string what) const {
  return fail(ErrorKind::kMalformed, std::move(what), location(), remedy_);
}

tl::unexpected<Error> CsvTable::fault_in(std::size_t column, std::string_view what) const {
  if (cell(column).empty()) return fault(fmt::format("column {} {}", header_[column], what));
  return fault(fmt::format("column {} {}: '{}'", header_[column], what, cell(column).substr(0, kShownBytes)));
}

void CsvTable::tell_doubt(std::vector<Warning>& warnings) const {
  if (doubt_) warnings.push_back(*doubt_);
}

}  // namespace joulecast
