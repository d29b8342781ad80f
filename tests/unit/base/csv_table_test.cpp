#include "base/csv_table.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace joulecast {
namespace {

class CsvTableFile : public testing::Test {
 protected:
  Expected<CsvTable> open(std::string_view text) {
    return CsvTable::open(folder_.write("t.csv", text), "Write it again");
  }
  /// All records, or the first fault.
  Expected<std::size_t> count(std::string_view text) {
    auto table = open(text);
    if (!table) return tl::unexpected(table.error());
    for (std::size_t rows = 0;; ++rows) {
      const auto cells = table->next();
      if (!cells) return tl::unexpected(cells.error());
      if (!cells->empty()) continue;
      doubt_ = table->doubt();
      return rows;
    }
  }
  test::TemporaryFolder folder_;
  std::optional<Warning> doubt_;
};

TEST_F(CsvTableFile, FindsColumnsByName) {
  const auto table = open("a,b\n1,2\n");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->place("b").value(), 1U);
  EXPECT_EQ(table->find("c"), std::nullopt);
  const Error missing = table->place("c").error();
  EXPECT_EQ(missing.message, "column c is missing");
  EXPECT_EQ(missing.hint, "Write it again");
  EXPECT_EQ(missing.location.line, 1U);
}

TEST_F(CsvTableFile, RefusesRecordsOfAnotherLengthWithTheirLine) {
  for (const auto text : {"a,b\n1,2\n3\n", "a,b\n1,2\n3,4,5\n", "a,b\n1,2\n3"}) {
    const auto rows = count(text);
    ASSERT_FALSE(rows) << text;
    EXPECT_EQ(rows.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(rows.error().location.line, 3U);
    EXPECT_EQ(rows.error().hint, "Write it again");
  }
  EXPECT_EQ(count("a,b\n1,2\n3").error().message,
            "1 cells under 2 columns: the file was cut off in this line");
  EXPECT_EQ(count("a,b\n1,2\n3\n").error().message, "1 cells under 2 columns");
}

/// A file of rows is cut at each of its bytes: the cut is an error, a doubt, or lies behind a line break.
TEST_F(CsvTableFile, CutAnywhereIsNeverReadInSilenceButBehindALineBreak) {
  const std::string whole = "name,watt\nconv,1.25\n\"fc,1\",0.5\n";
  for (std::size_t bytes = 1; bytes <= whole.size(); ++bytes) {
    doubt_.reset();
    const auto rows = count(whole.substr(0, bytes));
    const bool at_line_end = whole[bytes - 1] == '\n';
    const bool in_header = bytes < whole.find('\n') + 1;
    if (in_header) continue;  // its names are the readers' to miss
    EXPECT_EQ(rows.has_value() && !doubt_, at_line_end) << bytes;
  }
}

TEST_F(CsvTableFile, DoubtsALastLineWithoutLineBreak) {
  ASSERT_EQ(count("a,b\n1,2\n3,0.01").value(), 2U);
  ASSERT_TRUE(doubt_);
  EXPECT_EQ(doubt_->location.line, 3U);
  EXPECT_NE(doubt_->message.find("0.01"), std::string::npos);
  ASSERT_EQ(count("a,b\r\n1,2\r\n").value(), 1U);
  EXPECT_FALSE(doubt_);
}

TEST_F(CsvTableFile, RefusesAnEmptyFile) {
  EXPECT_EQ(open("").error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(open("\n \n").error().hint, "Write it again");
}

TEST_F(CsvTableFile, NamesColumnAndTextOfWhatIsNoNumber) {
  auto table = open("a,b\nx,\n");
  ASSERT_TRUE(table);
  ASSERT_TRUE(table->next());
  EXPECT_EQ(table->number(0).error().message, "column a is not a number: 'x'");
  EXPECT_EQ(table->number(1).error().message, "column b is empty");
  EXPECT_EQ(table->number(1).error().location.line, 2U);
}

TEST(CsvCells, MayBeEmptyOrMustBeNumbers) {
  std::optional<double> number = 1.0;
  EXPECT_TRUE(read_number_cell("", number));
  EXPECT_EQ(number, std::nullopt);
  EXPECT_TRUE(read_number_cell("-2.5", number));
  EXPECT_EQ(number, -2.5);
  EXPECT_FALSE(read_number_cell("2,5", number));
  std::optional<std::uint64_t> count;
  EXPECT_TRUE(read_count_cell("18446744073709551615", count));
  EXPECT_EQ(count, 18446744073709551615U);
  for (const auto text : {"-1", "1.0", "18446744073709551616", " 1"})
    EXPECT_FALSE(read_count_cell(text, count));
}

}  // namespace
}  // namespace joulecast
