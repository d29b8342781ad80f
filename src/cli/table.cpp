#include "cli/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/display_text.h"
#include "cli/words.h"

namespace joulecast::cli {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::size_t kNarrowest = 12;

std::string padded(std::string_view text, std::size_t width, Table::Align align) {
  const std::string blanks(width - std::min(width, display_width(text)), ' ');
  return align == Table::Align::kLeft ? std::string(text) + blanks : blanks + std::string(text);
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& text : cells) text = printable(text);
  rows_.push_back(std::move(cells));
}

void Table::rule() {
  rows_.emplace_back();
}

std::string Table::text(std::size_t width, bool bold_heading) const {
  std::vector<std::size_t> widths;
  std::size_t used = kGap.size() * (columns_.size() - 1);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t widest = display_width(columns_[c].heading);
    for (const auto& row : rows_)
      if (!row.empty()) widest = std::max(widest, display_width(row[c]));
    widths.push_back(widest);
    used += widest;
  }
  for (std::size_t c = 0; c < columns_.size() && used > width; ++c) {
    if (columns_[c].narrow == Narrow::kNever || widths[c] <= kNarrowest) continue;
    const std::size_t given = std::min(used - width, widths[c] - kNarrowest);
    widths[c] -= given;
    used -= given;
  }
  std::string out;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    const bool above = columns_.front().narrow == Narrow::kOwnLine && display_width(cells[0]) > widths[0];
    if (above) out += cells[0] + "\n";
    std::string line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (c != 0) line += kGap;
      if (c == 0 && above)
        line += std::string(widths[c], ' ');
      else
        line += padded(shorten_middle(cells[c], widths[c]), widths[c], columns_[c].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  std::vector<std::string> heading;
  for (const auto& column : columns_) heading.push_back(column.heading);
  if (bold_heading) out += "\033[1m";
  add_line(heading);
  if (bold_heading) out += "\033[0m";
  const std::string across = std::string(used, '-') + "\n";
  out += across;
  for (const auto& row : rows_) {
    if (row.empty())
      out += across;
    else
      add_line(row);
  }
  return out;
}

std::string cell(std::optional<double> value, int decimals) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : "-";
}

std::string count_cell(std::size_t value) {
  std::string digits = fmt::format("{}", value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace joulecast::cli
