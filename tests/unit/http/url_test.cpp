#include "http/url.h"

#include <gtest/gtest.h>

namespace joulecast::http {
namespace {

TEST(Url, IsTakenApart) {
  const auto url = parse_url("HTTPS://me%40x:p%3Aw@Dagshub.com:8443/a/b?c#d");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->user, "me@x");
  EXPECT_EQ(url->password, "p:w");
  EXPECT_EQ(url->host, "dagshub.com");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->rest, "/a/b?c#d");
  EXPECT_EQ(url->text(), "https://dagshub.com:8443/a/b?c#d");
}

TEST(Url, KeepsTheBracketsOfAnIpv6Address) {
  EXPECT_EQ(parse_url("http://[::1]:5000/x")->host, "[::1]");
  EXPECT_EQ(parse_url("http://[::1]:5000/x")->port, "5000");
  EXPECT_EQ(parse_url("http://[::1]/x")->port, "");
}

TEST(Url, NeedsASchemeAndAHost) {
  for (const char* text : {"", "localhost:5000", "./mlruns", "http://", "http:///path", "://host"})
    EXPECT_FALSE(parse_url(text)) << text;
}

TEST(Url, OriginsAreComparedWithThePortsThatSchemesImply) {
  const auto same = [](const char* a, const char* b) { return parse_url(a)->same_origin(*parse_url(b)); };
  EXPECT_TRUE(same("http://h/a", "http://h:80/b"));
  EXPECT_TRUE(same("https://h", "https://H:443"));
  EXPECT_FALSE(same("http://h", "https://h"));
  EXPECT_FALSE(same("http://h:5000", "http://h:5001"));
  EXPECT_FALSE(same("http://h", "http://h.evil"));
}

TEST(PercentEncoding, RoundTripsEveryByte) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
  EXPECT_EQ(percent_encoded("a b/ü", true), "a%20b/%C3%BC");
  EXPECT_EQ(percent_encoded("a/b"), "a%2Fb");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%zz%4"), "%zz%4");
}

TEST(Query, IsEncodedAndEmptyWithoutParameters) {
  EXPECT_EQ(query_of({}), "");
  EXPECT_EQ(query_of({{"filter", "name='x' & y"}, {"n", "1"}}), "?filter=name%3D%27x%27%20%26%20y&n=1");
}

}  // namespace
}  // namespace joulecast::http
