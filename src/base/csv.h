// CSV as spreadsheets and pandas write it: a pull reader for files of any size, and the writing side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/error.h"

namespace joulecast {

/// Reads records one by one. A cell may be quoted ("" stands for a quote) and then hold commas and line
/// breaks; LF, CRLF and CR end a record, the last one may lack its end; a UTF-8 byte-order mark and blank
/// lines (white space only) are skipped, as pandas does. Memory: 256 KiB, or the longest record. Compressed
/// files are read too. It does not know headers, nor whether records have equally many cells.
class CsvReader {
 public:
  /// Errors: kUnreadable.
  static Expected<CsvReader> open(const std::filesystem::path& path);
  /// Over text in memory; `source` names it in errors.
  static CsvReader from_memory(std::string text, std::string source);

  /// The cells of the next record, unquoted, at least one; an empty span at the end of the file. Valid until
  /// the next call. Errors: kMalformed with the line: a quote that is never closed, text behind a closing
  /// quote; kUnreadable and kMalformed from the disk or the decompressor.
  Expected<std::span<const std::string_view>> next();

  /// The bytes in memory from the next record on, for a caller that knows the form of its file's records; how
  /// many records they hold, and where the last one is cut, is not known. Empty before the first next().
  [[nodiscard]] std::string_view ahead() const;
  /// Steps over the first `bytes` of ahead(): `records` whole records of one line each.
  void skip(std::size_t bytes, std::uint64_t records);

  /// Does a line break end the record that next() gave last? Only the file's last one may lack it.
  [[nodiscard]] bool record_is_ended() const;
  /// Line of the record that next() gave last, from 1.
  [[nodiscard]] std::uint64_t line() const;
  /// The place of that record, for errors.
  [[nodiscard]] Location location() const;

  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;
  ~CsvReader();

 private:
  struct State;
  explicit CsvReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Appends one cell as pandas' to_csv writes it: in quotes only where it holds a comma, a quote, CR or LF;
/// quotes doubled.
void append_csv_cell(std::string& to, std::string_view text);

/// A CSV file being put together in memory: cells from left to right, `end_row` ends with LF.
class CsvText {
 public:
  CsvText& cell(std::string_view text);
  /// Python's repr; NaN and an absent value are an empty cell, as in pandas.
  CsvText& cell(double value);
  CsvText& cell(std::optional<double> value);
  CsvText& integer(std::uint64_t value);
  void end_row();
  /// A whole row of texts, such as a header.
  void row(std::span<const std::string_view> cells);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void separate();

  std::string text_;
  std::size_t row_begin_ = 0;
  std::size_t cells_in_row_ = 0;
};

}  // namespace joulecast
