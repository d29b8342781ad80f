#include "base/display_text.h"

#include <gtest/gtest.h>

namespace joulecast {
namespace {

TEST(DisplayText, CountsCharactersOfUtf8) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("\xC3\xA9\xE2\x82\xAC"), 2U);
}

TEST(DisplayText, LongTextsLoseTheirMiddle) {
  EXPECT_EQ(shorten_middle("abcdefghij", 10), "abcdefghij");
  EXPECT_EQ(shorten_middle("abcdefghij", 8), "abc...ij");
  EXPECT_EQ(shorten_middle("abcdefghij", 2), "..");
  EXPECT_EQ(shorten_middle("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 5), "\xC3\xA9...\xC3\xA9");
}

}  // namespace
}  // namespace joulecast
