#include "base/json_text.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace joulecast {
namespace {

std::string quoted(std::string_view text) {
  std::string to;
  append_json_string(to, text);
  return to;
}

TEST(JsonString, EscapesWhatJsonDemands) {
  EXPECT_EQ(quoted("a\"b\\c\n\t\x01/"), "\"a\\\"b\\\\c\\n\\t\\u0001/\"");
  EXPECT_EQ(quoted("Größe π 😀"), "\"Größe π 😀\"");
}

TEST(JsonString, ReplacesBytesThatAreNoUtf8) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(quoted("a\xFFz"), "\"a" + mark + "z\"");
  EXPECT_EQ(quoted("\xC0\x80"), "\"" + mark + mark + "\"");                        // overlong
  EXPECT_EQ(quoted("\xED\xA0\x80"), "\"" + mark + mark + mark + "\"");             // surrogate
  EXPECT_EQ(quoted("\xF4\x90\x80\x80"), "\"" + mark + mark + mark + mark + "\"");  // above U+10FFFF
  EXPECT_EQ(quoted("\xE2\x82"), "\"" + mark + mark + "\"");                        // cut off
}

TEST(JsonWriter, LaysOutObjectsByLineAndInline) {
  JsonWriter json;
  json.begin_object().member("text", "a").member("yes", true);
  json.member("number", 1.0).member("count", std::uint64_t{3});
  json.member("none", std::optional<double>{}).member("list", std::vector<double>{0.1, 2});
  json.key("inner").begin_object(JsonWriter::kInline).member("x", 1.5).member("y", 2.5).end_object();
  json.key("empty").begin_array().end_array().end_object();
  EXPECT_EQ(
      json.take(),
      "{\n  \"text\": \"a\",\n  \"yes\": true,\n  \"number\": 1.0,\n  \"count\": 3,\n  \"none\": null,\n"
      "  \"list\": [0.1, 2.0],\n  \"inner\": {\"x\": 1.5, \"y\": 2.5},\n  \"empty\": []\n}\n");
}

TEST(JsonWriter, NamesTheFirstNumberThatIsNotFinite) {
  JsonWriter json;
  json.begin_object().key("a").begin_array().begin_object().member("b", 1.0).end_object();
  json.begin_object().member("b", std::nan("")).member("c", std::numeric_limits<double>::infinity());
  json.end_object().end_array().end_object();
  EXPECT_EQ(json.non_finite(), "a[1].b");
}

TEST(JsonWriter, OfFiniteNumbersHasNothingToSay) {
  JsonWriter json;
  json.value(1.0);
  EXPECT_FALSE(json.non_finite());
}

}  // namespace
}  // namespace joulecast
