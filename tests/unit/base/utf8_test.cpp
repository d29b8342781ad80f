#include "base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace joulecast {
namespace {

using namespace std::string_view_literals;

/// By the definition of RFC 3629: the shortest form of a code point that is no surrogate and at most
/// U+10FFFF.
bool is_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 1; i < text.size(); ++i)
    if ((byte(i) & 0xc0U) != 0x80U) return false;
  unsigned code = 0;
  switch (text.size()) {
    case 1:
      return byte(0) < 0x80;
    case 2:
      code = ((byte(0) & 0x1fU) << 6U) | (byte(1) & 0x3fU);
      return (byte(0) & 0xe0U) == 0xc0U && code >= 0x80;
    case 3:
      code = ((byte(0) & 0x0fU) << 12U) | ((byte(1) & 0x3fU) << 6U) | (byte(2) & 0x3fU);
      return (byte(0) & 0xf0U) == 0xe0U && code >= 0x800 && (code < 0xd800 || code > 0xdfff);
    default:
      return false;
  }
}

TEST(Utf8, FindsEveryCharacterOfUpToThreeBytesAndNoOther) {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      const std::string two{static_cast<char>(a), static_cast<char>(b)};
      const bool one_byte = is_character(two.substr(0, 1));
      const auto found = first_utf8_character(two);
      EXPECT_EQ(found.status == Utf8Status::kFound && found.bytes == 1, one_byte);
      EXPECT_EQ(found.status == Utf8Status::kFound && found.bytes == 2, is_character(two)) << a << ' ' << b;
      for (unsigned c : {0x00U, 0x7fU, 0x80U, 0xbfU, 0xc0U, 0xffU}) {
        const std::string three = two + static_cast<char>(c);
        const auto all = first_utf8_character(three);
        EXPECT_EQ(all.status == Utf8Status::kFound && all.bytes == 3, is_character(three))
            << a << ' ' << b << ' ' << c;
      }
    }
  }
}

TEST(Utf8, OfFourBytesGoesUpToTheLastCodePoint) {
  EXPECT_EQ(first_utf8_character("\xf0\x90\x80\x80"sv).bytes, 4U);
  EXPECT_EQ(first_utf8_character("\xf4\x8f\xbf\xbf"sv).bytes, 4U);
  for (const auto text : {"\xf0\x8f\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv})
    EXPECT_EQ(first_utf8_character(text).status, Utf8Status::kWrong);
}

TEST(Utf8, ThatIsCutNeedsMore) {
  for (const auto text : {"\xc3"sv, "\xe2\x82"sv, "\xf0\x9f\x98"sv})
    EXPECT_EQ(first_utf8_character(text).status, Utf8Status::kNeedsMore);
  EXPECT_EQ(first_utf8_character("\xe0\x80"sv).status, Utf8Status::kWrong);  // overlong, whatever follows
}

TEST(Utf8, IsToldOfWholeTexts) {
  EXPECT_TRUE(
      is_utf8("plain, Gr\xc3\xb6\xc3\x9f"
              "e, \xf0\x9f\x98\x80"));
  EXPECT_TRUE(is_utf8(""));
  EXPECT_FALSE(is_utf8("a\xff"));
  EXPECT_FALSE(is_utf8("cut \xe2\x82"));
}

}  // namespace
}  // namespace joulecast
