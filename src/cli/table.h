// A table of text for people: headings with units, numbers aligned on the right, at most as wide as the
// terminal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulecast::cli {

class Table {
 public:
  enum class Align { kLeft, kRight };
  /// What a column's cells do when the table is too wide.
  enum class Narrow {
    kNever,
    kShorten,  ///< lose their middle
    kOwnLine,  ///< the first column only: long ones get a line to themselves, above the rest of their row
  };
  struct Column {
    std::string heading;
    Align align = Align::kRight;
    Narrow narrow = Narrow::kNever;
  };
  explicit Table(std::vector<Column> columns);

  /// Cells in the columns' order; missing ones are empty.
  void add(std::vector<std::string> cells);
  /// A line across, before the totals.
  void rule();
  /// Lines of at most `width` characters (as far as the columns that give way allow it), none with trailing
  /// blanks.
  [[nodiscard]] std::string text(std::size_t width, bool bold_heading = false) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  // an empty row is a rule
};

/// A number with as many decimals as given; "-" if absent.
std::string cell(std::optional<double> value, int decimals);
/// 1234567 -> "1,234,567".
std::string count_cell(std::size_t value);

}  // namespace joulecast::cli
