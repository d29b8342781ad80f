#include "base/shell_text.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace joulecast {
namespace {

TEST(ShellText, PlainWordsStayAsTheyAre) {
  EXPECT_EQ(shell_quoted("data/raw_data-2.d"), "data/raw_data-2.d");
}

TEST(ShellText, EverythingElseIsQuoted) {
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("my data"), "'my data'");
  EXPECT_EQ(shell_quoted("Jane's"), "'Jane'\\''s'");
}

TEST(ShellText, AShellReadsTheTextBack) {
  for (const std::string text :
       {"a b", "$HOME `id` $(id)", "it's \"so\"", "*;&|<>!~#\\", "'", "\xc3\xa9\n.", "--x=1"}) {
    std::FILE* const pipe = ::popen(("printf %s " + shell_quoted(text)).c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 100> read{};
    const auto bytes = std::fread(read.data(), 1, read.size(), pipe);
    EXPECT_EQ(::pclose(pipe), 0);
    EXPECT_EQ(std::string(read.data(), bytes), text);
  }
}

}  // namespace
}  // namespace joulecast
