#include "base/csv.h"

#include <algorithm>
#include <cstring>

#include "base/float_text.h"
#include "base/input_file.h"
#include "base/utf8.h"

namespace joulecast {
namespace {

constexpr std::size_t kReadBufferBytes = 256 * 1024;
// A quote that nobody closes would otherwise pull the whole file into memory.
constexpr std::size_t kLongestRecordBytes = 64 * 1024 * 1024;

bool ends_plain_cell(char c) {
  return c == ',' || c == '\n' || c == '\r';
}

/// A cell as it stands in the buffer. Unquoting waits until the record is complete, because a record that
/// runs over the buffer's end is scanned again from its start.
struct RawCell {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool has_doubled_quotes = false;
};

}  // namespace

struct CsvReader::State {
  std::optional<InputFile> file;  // absent when reading from memory
  std::string source;
  std::string buffer;
  std::size_t begin = 0;  // of the record in hand
  std::size_t end = 0;    // of the bytes in the buffer
  bool over = false;      // nothing follows `end`
  bool started = false;
  std::uint64_t record_line = 0;
  bool record_ended = true;  // by a line break
  std::uint64_t next_line = 1;
  std::vector<RawCell> raw_cells;
  std::vector<std::string_view> cells;

  enum class Scan { kRecord, kBlank, kNeedsMore, kUnclosedQuote, kTextBehindQuote };

  /// More bytes behind `end`; the record in hand moves to the front.
  Expected<void> refill() {
    if (begin != 0) {
      std::memmove(buffer.data(), buffer.data() + begin, end - begin);
      end -= begin;
      begin = 0;
    }
    if (end == buffer.size()) {
      if (buffer.size() >= kLongestRecordBytes) {
        return fail(ErrorKind::kMalformed, "a record longer than 64 MiB", {source, next_line},
                    "A quote may be missing its partner");
      }
      buffer.resize(std::max(kReadBufferBytes, 2 * buffer.size()));
    }
    auto got = file->read(std::span(buffer).subspan(end));
    if (!got) return tl::unexpected(got.error());
    end += *got;
    over = *got == 0;
    return {};
  }

  void skip_byte_order_mark() {
    started = true;
    if (std::string_view(buffer.data(), end).starts_with(kByteOrderMark)) begin = kByteOrderMark.size();
  }

  /// Steps over a quoted cell; `at` stands on its opening quote and is left behind the closing one.
  Scan scan_quoted(std::size_t& at, RawCell& cell, std::uint64_t& line_breaks) const {
    cell.begin = ++at;
    for (;; ++at) {
      if (at == end) return over ? Scan::kUnclosedQuote : Scan::kNeedsMore;
      const char c = buffer[at];
      if (c == '"') {
        if (at + 1 == end && !over) return Scan::kNeedsMore;
        if (at + 1 == end || buffer[at + 1] != '"') break;
        cell.has_doubled_quotes = true;
        ++at;
      } else if (c == '\n' || (c == '\r' && at + 1 < end && buffer[at + 1] != '\n')) {
        ++line_breaks;
      }
    }
    cell.end = at++;
    return at < end && !ends_plain_cell(buffer[at]) ? Scan::kTextBehindQuote : Scan::kRecord;
  }

  /// One record from `begin`; on success `begin` is moved behind it and raw_cells holds its cells.
  Scan scan() {
    raw_cells.clear();
    std::size_t at = begin;
    std::uint64_t line_breaks = 0;
    for (;;) {
      RawCell cell{at, at, false};
      if (at < end && buffer[at] == '"') {
        if (const Scan result = scan_quoted(at, cell, line_breaks); result != Scan::kRecord) return result;
      } else {
        while (at < end && !ends_plain_cell(buffer[at])) ++at;
        cell.end = at;
      }
      if (at == end && !over) return Scan::kNeedsMore;
      raw_cells.push_back(cell);
      if (at == end || buffer[at] != ',') break;
      ++at;
    }
    // CR may be the first half of CRLF.
    if (at + 1 == end && buffer[at] == '\r' && !over) return Scan::kNeedsMore;
    const std::size_t record_begin = begin;
    const std::size_t record_end = at;
    if (at < end) at += (buffer[at] == '\r' && at + 1 < end && buffer[at + 1] == '\n') ? 2 : 1;
    begin = at;
    record_ended = record_end < end;
    record_line = next_line;
    next_line += line_breaks + 1;
    const bool blank = std::all_of(buffer.begin() + static_cast<std::ptrdiff_t>(record_begin),
                                   buffer.begin() + static_cast<std::ptrdiff_t>(record_end),
                                   [](char c) { return c == ' ' || c == '\t'; });
    return blank ? Scan::kBlank : Scan::kRecord;
  }

  void unquote() {
    cells.clear();
    for (const RawCell& raw : raw_cells) {
      char* const first = buffer.data() + raw.begin;
      char* last = buffer.data() + raw.end;
      if (raw.has_doubled_quotes) {
        char* to = first;
        for (const char* from = first; from != last; ++from) {
          *to++ = *from;
          if (*from == '"') ++from;  // its double
        }
        last = to;
      }
      cells.emplace_back(first, static_cast<std::size_t>(last - first));
    }
  }
};

CsvReader::CsvReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

Expected<CsvReader> CsvReader::open(const std::filesystem::path& path) {
  auto file = InputFile::open(path);
  if (!file) return tl::unexpected(file.error());
  auto state = std::make_unique<State>();
  state->source = path.string();
  state->file = std::move(*file);
  return CsvReader(std::move(state));
}

CsvReader CsvReader::from_memory(std::string text, std::string source) {
  auto state = std::make_unique<State>();
  state->source = std::move(source);
  state->buffer = std::move(text);
  state->end = state->buffer.size();
  state->over = true;
  return CsvReader(std::move(state));
}

Expected<std::span<const std::string_view>> CsvReader::next() {
  State& state = *state_;
  for (;;) {
    if (!state.started && (state.over || state.end >= kByteOrderMark.size())) state.skip_byte_order_mark();
    if (state.begin == state.end && state.over) return std::span<const std::string_view>{};
    switch (state.started ? state.scan() : State::Scan::kNeedsMore) {
      case State::Scan::kRecord:
        state.unquote();
        return std::span<const std::string_view>(state.cells);
      case State::Scan::kBlank:
        break;
      case State::Scan::kNeedsMore:
        if (auto ok = state.refill(); !ok) return tl::unexpected(ok.error());
        break;
      case State::Scan::kUnclosedQuote:
        return fail(
            ErrorKind::kMalformed, "a quoted cell is never closed", {state.source, state.next_line},
            "Close it with a second quote; or the file was cut off inside it: write or copy it again");
      case State::Scan::kTextBehindQuote:
        return fail(ErrorKind::kMalformed, "text behind the closing quote of a cell",
                    {state.source, state.next_line}, "Quotes inside a quoted cell are written twice");
    }
  }
}

std::string_view CsvReader::ahead() const {
  if (!state_->started) return {};
  return {state_->buffer.data() + state_->begin, state_->end - state_->begin};
}

void CsvReader::skip(std::size_t bytes, std::uint64_t records) {
  state_->begin += bytes;
  state_->next_line += records;
  if (records != 0) state_->record_line = state_->next_line - 1;
}

bool CsvReader::record_is_ended() const {
  return state_->record_ended;
}
std::uint64_t CsvReader::line() const {
  return state_->record_line;
}
Location CsvReader::location() const {
  return {state_->source, state_->record_line};
}

void append_csv_cell(std::string& to, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    to += text;
    return;
  }
  to += '"';
  for (const char c : text) {
    if (c == '"') to += '"';
    to += c;
  }
  to += '"';
}

void CsvText::separate() {
  if (cells_in_row_++ != 0) text_ += ',';
}

CsvText& CsvText::cell(std::string_view text) {
  separate();
  append_csv_cell(text_, text);
  return *this;
}

CsvText& CsvText::cell(double value) {
  separate();
  append_float_cell(text_, value);
  return *this;
}

CsvText& CsvText::cell(std::optional<double> value) {
  separate();
  if (value) append_float_cell(text_, *value);
  return *this;
}

CsvText& CsvText::integer(std::uint64_t value) {
  separate();
  text_ += std::to_string(value);
  return *this;
}

void CsvText::end_row() {
  // A lone empty cell would read as a blank line.
  if (cells_in_row_ == 1 && text_.size() == row_begin_) text_ += "\"\"";
  text_ += '\n';
  row_begin_ = text_.size();
  cells_in_row_ = 0;
}

void CsvText::row(std::span<const std::string_view> cells) {
  for (const std::string_view text : cells) cell(text);
  end_row();
}

}  // namespace joulecast
