#include "base/csv.h"
#include "support/temporary_folder.h"

#include <cmath>
#include <filesystem>
#include <fstream>

#include <csv.h>  // libcsv, the oracle
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace joulecast {
namespace {

using Records = std::vector<std::vector<std::string>>;

Expected<Records> read_all(CsvReader& reader) {
  Records records;
  for (;;) {
    auto cells = reader.next();
    if (!cells) return tl::unexpected(cells.error());
    if (cells->empty()) return records;
    records.emplace_back(cells->begin(), cells->end());
  }
}

Records parse(std::string text) {
  auto reader = CsvReader::from_memory(std::move(text), "t.csv");
  auto records = read_all(reader);
  EXPECT_TRUE(records.has_value());
  return records.value_or(Records{});
}

Error error_of(std::string text) {
  auto reader = CsvReader::from_memory(std::move(text), "t.csv");
  auto records = read_all(reader);
  EXPECT_FALSE(records.has_value());
  return records ? Error{} : records.error();
}

Records parse_with_libcsv(const std::string& text) {
  struct Collector {
    Records records;
    std::vector<std::string> row;
  } collector;
  csv_parser parser{};
  // Without STRICT or EMPTY_IS_NULL libcsv trims blanks round plain cells, unless told what a space is.
  csv_init(&parser, 0);
  csv_set_space_func(&parser, [](unsigned char) { return 0; });
  const auto on_cell = [](void* cell, std::size_t size, void* to) {
    static_cast<Collector*>(to)->row.emplace_back(static_cast<const char*>(cell), size);
  };
  const auto on_row = [](int, void* to) {
    auto* all = static_cast<Collector*>(to);
    all->records.push_back(std::move(all->row));
    all->row.clear();
  };
  csv_parse(&parser, text.data(), text.size(), on_cell, on_row, &collector);
  csv_fini(&parser, on_cell, on_row, &collector);
  csv_free(&parser);
  return collector.records;
}

TEST(CsvReader, SplitsAtCommasAndLineEnds) {
  EXPECT_EQ(parse("a,b\n1,2\n"), (Records{{"a", "b"}, {"1", "2"}}));
}

TEST(CsvReader, LastLineBreakMayBeMissing) {
  EXPECT_EQ(parse("a,b\n1,2"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(parse("a,"), (Records{{"a", ""}}));
}

TEST(CsvReader, AcceptsEveryLineEnd) {
  EXPECT_EQ(parse("a\r\nb\rc\nd\r"), (Records{{"a"}, {"b"}, {"c"}, {"d"}}));
}

TEST(CsvReader, EmptyCellsAreCells) {
  EXPECT_EQ(parse(",,\n"), (Records{{"", "", ""}}));
  EXPECT_EQ(parse("\"\"\n"), (Records{{""}}));
}

TEST(CsvReader, QuotedCellsHoldCommasQuotesAndLineBreaks) {
  EXPECT_EQ(parse("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\r\nthree\"\n"),
            (Records{{"a,b", "say \"hi\"", "two\nlines\r\nthree"}}));
  EXPECT_EQ(parse("\"\"\"\"\n"), (Records{{"\""}}));
}

TEST(CsvReader, QuoteInsideAPlainCellIsText) {
  EXPECT_EQ(parse("5\" screen,b\n"), (Records{{"5\" screen", "b"}}));
}

TEST(CsvReader, SkipsBlankLinesAndByteOrderMark) {
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "a\n\n  \t\nb\n"),
            (Records{{"a"}, {"b"}}));
  EXPECT_EQ(parse(""), Records{});
  EXPECT_EQ(parse("\n\n"), Records{});
}

TEST(CsvReader, CountsLinesInsideQuotedCellsToo) {
  auto reader = CsvReader::from_memory("h\n\"x\ny\"\n\nz\n", "t.csv");
  std::vector<std::uint64_t> lines;
  for (auto cells = reader.next(); cells && !cells->empty(); cells = reader.next()) {
    lines.push_back(reader.line());
  }
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{1, 2, 5}));
}

TEST(CsvReader, UnclosedQuoteIsAnErrorAtTheRecordsLine) {
  const Error error = error_of("a,b\n1,\"2\n3,4\n");
  EXPECT_EQ(error.kind, ErrorKind::kMalformed);
  EXPECT_EQ(error.location, (Location{"t.csv", 2}));
}

TEST(CsvReader, TextBehindAClosingQuoteIsAnErrorAtItsLine) {
  const Error error = error_of("a,b\nc,d\n\"x\"y,2\n");
  EXPECT_EQ(error.kind, ErrorKind::kMalformed);
  EXPECT_EQ(error.location, (Location{"t.csv", 3}));
}

TEST(CsvReader, MissingFileIsUnreadable) {
  const auto reader = CsvReader::open("no/such/file.csv");
  ASSERT_FALSE(reader.has_value());
  EXPECT_EQ(reader.error().kind, ErrorKind::kUnreadable);
}

TEST(CsvReader, RecordsMayStraddleTheBufferAndOutgrowIt) {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "straddle.csv";
  Records expected;
  std::string text;
  for (std::size_t i = 0; i < 300; ++i) {
    const std::string long_cell(i * 37 % 5000, static_cast<char>('a' + i % 26));
    expected.push_back({std::to_string(i), long_cell + "\"\r\n," + long_cell, "end"});
  }
  expected.push_back({"big", std::string(900'000, 'x') + "\n", "end"});
  for (const auto& row : expected) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i != 0) text += ',';
      append_csv_cell(text, row[i]);
    }
    text += "\r\n";
  }
  std::ofstream(path, std::ios::binary) << text;
  auto reader = CsvReader::open(path);
  ASSERT_TRUE(reader.has_value());
  const auto records = read_all(*reader);
  ASSERT_TRUE(records.has_value());
  EXPECT_TRUE(*records == expected);
}

TEST(CsvCell, IsQuotedOnlyWhereItMustBe) {
  const auto written = [](std::string_view text) {
    std::string to;
    append_csv_cell(to, text);
    return to;
  };
  EXPECT_EQ(written("conv1 + relu1"), "conv1 + relu1");
  EXPECT_EQ(written(" \tü;'"), " \tü;'");
  EXPECT_EQ(written("a,b"), "\"a,b\"");
  EXPECT_EQ(written("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(written("a\nb"), "\"a\nb\"");
  EXPECT_EQ(written("a\rb"), "\"a\rb\"");
}

TEST(CsvText, BuildsRowsAsPandasDoes) {
  CsvText csv;
  csv.row(std::vector<std::string_view>{"name", "x", "y", "n"});
  csv.cell("a,b").cell(1.0).cell(std::optional<double>{}).integer(3).end_row();
  csv.cell("c").cell(std::nan("")).cell(std::optional<double>{1e-5}).integer(0).end_row();
  EXPECT_EQ(csv.text(), "name,x,y,n\n\"a,b\",1.0,,3\nc,,1e-05,0\n");
}

TEST(CsvText, LoneEmptyCellIsNoBlankLine) {
  CsvText csv;
  csv.cell("").end_row();
  EXPECT_EQ(csv.text(), "\"\"\n");
}

TEST(CsvReader, AQuotedBlankIsACellAndALineOfBlanksIsNone) {
  auto reader = CsvReader::from_memory("\" \"\n  \na\n", "t.csv");
  const auto records = read_all(reader);
  ASSERT_TRUE(records.has_value());
  EXPECT_EQ(*records, (Records{{" "}, {"a"}}));
}

/// Texts over the few characters that matter to CSV.
rc::Gen<std::string> csv_like() {
  return rc::gen::container<std::string>(rc::gen::element('a', ',', '"', '\n', '\r', ' ', 'b'));
}

RC_GTEST_PROP(CsvReader, ReadsWhatTheWriterWrote, ()) {
  const auto rows = *rc::gen::container<Records>(
      rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(csv_like())));
  CsvText csv;
  Records expected;
  for (const auto& row : rows) {
    const bool blank =
        row.size() == 1 && row[0].find_first_not_of(' ') == std::string::npos && !row[0].empty();
    if (blank) continue;  // a lone cell of blanks is a blank line
    for (const auto& text : row) csv.cell(text);
    csv.end_row();
    expected.push_back(row);
  }
  auto reader = CsvReader::from_memory(csv.text(), "t.csv");
  const auto records = read_all(reader);
  RC_ASSERT(records.has_value());
  RC_ASSERT(*records == expected);
}

RC_GTEST_PROP(CsvReader, AgreesWithLibcsv, ()) {
  const auto text = *csv_like();
  auto reader = CsvReader::from_memory(text, "t.csv");
  auto records = read_all(reader);
  if (!records) return;  // libcsv guesses where ours refuses
  Records expected = parse_with_libcsv(text);
  // libcsv takes a line of blanks for a record, and does not tell it from a quoted blank, which is one; and a
  // quote within a plain cell for the start of quoting.
  const auto lone_blank = [](const auto& row) {
    return row.size() == 1 && !row[0].empty() && row[0].find_first_not_of(' ') == std::string::npos;
  };
  std::erase_if(expected, lone_blank);
  std::erase_if(*records, lone_blank);
  for (const auto& row : *records) {
    for (const auto& cell : row) RC_PRE(cell.find('"') == std::string::npos);
  }
  RC_ASSERT(*records == expected);
}

}  // namespace
}  // namespace joulecast
