// CSV files with a header: the columns by name, and records that have a cell for each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/csv.h"
#include "base/float_text.h"
#include "joulecast/error.h"

namespace joulecast {

/// How a number is read from a cell; nothing for what is none.
using NumberParser = std::optional<double> (*)(std::string_view);

/// The number of a cell that may be empty (then nothing); false for what is no number.
bool read_number_cell(std::string_view cell, std::optional<double>& to);
/// The same for a whole number from 0 upwards.
bool read_count_cell(std::string_view cell, std::optional<std::uint64_t>& to);

/// Reads such a file record by record. Its faults name file and line, and end in what to do.
class CsvTable {
 public:
  /// `remedy`: what to do about a damaged file, a sentence without its point. Errors: those of CsvReader;
  /// `if_empty` for a file without header.
  static Expected<CsvTable> open(const std::filesystem::path& path, std::string remedy,
                                 ErrorKind if_empty = ErrorKind::kMalformed);

  /// Names of the columns, in the file's order.
  [[nodiscard]] const std::vector<std::string>& header() const { return header_; }
  /// Position of a column, of repeated names the first; nothing if the header lacks it.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view column) const;
  /// Position of a column. Error kMalformed if the header lacks it.
  [[nodiscard]] Expected<std::size_t> place(std::string_view column) const;

  /// The next record's cells, as many as the header's; an empty span at the end. Valid until the next call.
  /// Errors: those of CsvReader; kMalformed for a record of more or fewer cells.
  Expected<std::span<const std::string_view>> next();
  /// The cell of the record in hand.
  [[nodiscard]] std::string_view cell(std::size_t column) const { return cells_[column]; }
  /// Its number. Errors: kMalformed if it is empty or no number.
  [[nodiscard]] Expected<double> number(std::size_t column, NumberParser parse = parse_double) const;

  /// kMalformed, at the record in hand (the header before the first next()).
  [[nodiscard]] tl::unexpected<Error> fault(std::string what) const;
  /// The same about one cell: "column NAME <what>: 'its text'".
  [[nodiscard]] tl::unexpected<Error> fault_in(std::size_t column, std::string_view what) const;

  /// After the end: a doubt if the last line has no line break, for whoever writes such files ends them with
  /// one. (A cut behind a line break cannot be seen; one before the last cell is a fault.)
  [[nodiscard]] const std::optional<Warning>& doubt() const { return doubt_; }
  /// doubt() put behind others.
  void tell_doubt(std::vector<Warning>& warnings) const;

  /// The reader below, for what only it knows; taking records from it leaves cell() behind.
  [[nodiscard]] CsvReader& reader() { return reader_; }
  /// File and line of the record in hand.
  [[nodiscard]] Location location() const { return reader_.location(); }

 private:
  CsvTable(CsvReader reader, std::string remedy) : reader_(std::move(reader)), remedy_(std::move(remedy)) {}

  CsvReader reader_;
  std::string remedy_;
  std::vector<std::string> header_;
  std::span<const std::string_view> cells_;
  std::optional<Warning> doubt_;
};

}  // namespace joulecast
