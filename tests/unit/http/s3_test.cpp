// A storage inside the test: what is asked of it, and what is made of its answers. Signatures themselves are
// judged by moto (tests/interop/s3_moto_test.py).
#include <gtest/gtest.h>

#include <map>

#include "http/s3.h"
#include "support/expect_words.h"
#include "support/run_program.h"
#include "support/stub_server.h"
#include "support/temporary_folder.h"

namespace joulecast::http {
namespace {

using test::StubAnswer;
using test::StubRequest;
using test::StubServer;

std::function<std::optional<std::string>(const char*)> environment_of(
    std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

S3Account account_at(const StubServer& server, bool with_keys = true) {
  std::map<std::string, std::string> variables = {{"MLFLOW_S3_ENDPOINT_URL", server.url() + "/"},
                                                  {"AWS_REGION", "eu-west-1"}};
  if (with_keys) {
    variables["AWS_ACCESS_KEY_ID"] = "AKIA";
    variables["AWS_SECRET_ACCESS_KEY"] = "sesame";
    variables["AWS_SESSION_TOKEN"] = "passing";
  }
  return s3_account(environment_of(variables));
}

ClientOptions once() {
  ClientOptions options;
  options.retry.retries = 0;
  return options;
}

TEST(S3Account, IsThatOfTheEnvironment) {
  const S3Account none = s3_account(environment_of({}));
  EXPECT_TRUE(none.keys.empty());
  EXPECT_EQ(none.keys.region, "us-east-1");
  EXPECT_EQ(none.endpoint, "");
  EXPECT_TRUE(none.verify_tls);
  const S3Account some = s3_account(environment_of({{"AWS_DEFAULT_REGION", "eu-north-1"},
                                                    {"AWS_ENDPOINT_URL", "http://h:9000/"},
                                                    {"MLFLOW_S3_IGNORE_TLS", "true"},
                                                    {"AWS_ACCESS_KEY_ID", "a"},
                                                    {"AWS_SECRET_ACCESS_KEY", "b"}}));
  EXPECT_EQ(some.keys.region, "eu-north-1");
  EXPECT_EQ(some.endpoint, "http://h:9000");
  EXPECT_FALSE(some.verify_tls);
  EXPECT_FALSE(some.keys.empty());
}

TEST(S3Bucket, SignsWhatItAsks) {
  const test::TemporaryFolder scratch;
  StubServer server([](const StubRequest&) { return StubAnswer{200, "bytes", {}}; });
  S3Bucket bucket(account_at(server), "models", once());
  ASSERT_TRUE(bucket.get("a b/c+d.json", scratch.path() / "got"));
  EXPECT_EQ(test::read_file(scratch.path() / "got"), "bytes");
  ASSERT_TRUE(bucket.put(scratch.path() / "got", "new/x"));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].target, "/models/a%20b/c%2Bd.json");
  EXPECT_EQ(requests[1].method, "PUT");
  EXPECT_EQ(requests[1].target, "/models/new/x");
  EXPECT_EQ(requests[1].body, "bytes");
  for (const auto& request : requests) {
    test::expect_words(request.header("authorization"),
                       {"AWS4-HMAC-SHA256 Credential=AKIA/", "/eu-west-1/s3/aws4_request", "Signature="});
    EXPECT_EQ(request.header("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
    EXPECT_EQ(request.header("x-amz-security-token"), "passing");
    EXPECT_EQ(request.header("authorization").find("sesame"), std::string::npos);
  }
}

TEST(S3Bucket, AFileThatOneRequestCannotPutIsRefusedBeforeItIsSent) {
  const test::TemporaryFolder scratch;
  StubServer server([](const StubRequest&) { return StubAnswer{200, "", {}}; });
  const auto file = scratch.write("large", "");
  std::filesystem::resize_file(file, kLargestS3Put + 1);  // without blocks on the disk
  const auto put = S3Bucket(account_at(server), "models", once()).put(file, "x");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind, ErrorKind::kUnfit);
  EXPECT_EQ(server.requests().size(), 0U);
}

TEST(S3Bucket, WithoutKeysAsksAsAnybody) {
  const test::TemporaryFolder scratch;
  StubServer server([](const StubRequest&) { return StubAnswer{200, "bytes", {}}; });
  ASSERT_TRUE(S3Bucket(account_at(server, false), "public", once()).get("x", scratch.path() / "got"));
  EXPECT_EQ(server.requests().at(0).header("authorization"), "");
}

TEST(S3Bucket, ListsAllPagesOfAFolder) {
  StubServer server([](const StubRequest& request) {
    const bool second = request.target.find("continuation-token") != std::string::npos;
    const std::string page =
        second
            ? "<Contents><Key>m/a%2Bb+c%26.txt</Key><Size>7</Size></Contents><IsTruncated>false</IsTruncated>"
            : "<Contents><Key>m/</Key><Size>0</Size></Contents>"
              "<Contents><Key>m/model.json</Key><ETag>&quot;x&quot;</ETag><Size>12</Size></Contents>"
              "<CommonPrefixes><Prefix>m/more/</Prefix></CommonPrefixes><IsTruncated>true</IsTruncated>"
              "<NextContinuationToken>1/a&amp;b=</NextContinuationToken>";
    return StubAnswer{200, "<ListBucketResult><Prefix>m/</Prefix>" + page + "</ListBucketResult>", {}};
  });
  const auto entries = S3Bucket(account_at(server), "models", once()).list("m/");
  ASSERT_TRUE(entries) << entries.error().describe();
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].name, "model.json");
  EXPECT_EQ((*entries)[0].bytes, 12U);
  EXPECT_EQ((*entries)[1].name, "more");
  EXPECT_TRUE((*entries)[1].is_folder);
  EXPECT_EQ((*entries)[2].name, "a+b c&.txt");
  EXPECT_EQ(server.requests().at(0).target,
            "/models?delimiter=%2F&encoding-type=url&list-type=2&prefix=m%2F");
  EXPECT_EQ(
      server.requests().at(1).target,
      "/models?continuation-token=1%2Fa%26b%3D&delimiter=%2F&encoding-type=url&list-type=2&prefix=m%2F");
}

TEST(S3Bucket, OfAnotherRegionIsAskedThere) {
  const test::TemporaryFolder scratch;
  StubServer server([](const StubRequest& request) {
    if (request.header("authorization").find("/eu-north-1/") != std::string::npos)
      return StubAnswer{200, "bytes", {}};
    return StubAnswer{301,
                      "<Error><Code>PermanentRedirect</Code></Error>",
                      {{"x-amz-bucket-region", "eu-north-1"}, {"Location", "http://elsewhere/"}}};
  });
  S3Bucket bucket(account_at(server), "models", once());
  EXPECT_TRUE(bucket.get("x", scratch.path() / "got"));
  EXPECT_TRUE(bucket.get("x", scratch.path() / "got"));
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(S3Bucket, ARedirectIsNotFollowedWithASignature) {
  const test::TemporaryFolder scratch;
  StubServer other([](const StubRequest&) { return StubAnswer{}; });
  StubServer server(
      [&](const StubRequest&) { return StubAnswer{307, "", {{"Location", other.url() + "/x"}}}; });
  const auto got = S3Bucket(account_at(server), "models", once()).get("x", scratch.path() / "got");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kServer);
  EXPECT_TRUE(other.requests().empty());
}

TEST(S3Bucket, SaysWhyItCannot) {
  const test::TemporaryFolder scratch;
  int status = 403;
  std::string code = "SignatureDoesNotMatch";
  StubServer server([&](const StubRequest&) {
    return StubAnswer{status, "<?xml?><Error><Code>" + code + "</Code></Error>", {}};
  });
  const auto denied = S3Bucket(account_at(server), "models", once()).get("x", scratch.path() / "got");
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind, ErrorKind::kAccessDenied);
  test::expect_words(denied.error().describe(),
                     {"s3://models/x", "SignatureDoesNotMatch", "Check AWS_ACCESS_KEY_ID"});
  const auto anybody = S3Bucket(account_at(server, false), "models", once()).get("x", scratch.path() / "got");
  test::expect_words(anybody.error().hint, {"Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"});
  status = 400;
  code = "ExpiredToken";
  EXPECT_EQ(S3Bucket(account_at(server), "models", once()).list("").error().kind, ErrorKind::kAccessDenied);
  status = 404;
  code = "NoSuchBucket";
  const auto absent = S3Bucket(account_at(server), "models", once()).list("a b/");
  EXPECT_EQ(absent.error().kind, ErrorKind::kServer);
  test::expect_words(absent.error().message, {"s3://models", "404"});
}

TEST(XmlElement, IsTheFirstOfItsName) {
  EXPECT_EQ(xml_element("<a><b>1</b><b>2</b></a>", "b"), "1");
  EXPECT_EQ(xml_element("<a>&lt;&amp;lt;&gt;</a>", "a"), "<&lt;>");
  EXPECT_EQ(xml_element("<a>", "a"), "");
  EXPECT_EQ(xml_element("", "a"), "");
}

}  // namespace
}  // namespace joulecast::http
