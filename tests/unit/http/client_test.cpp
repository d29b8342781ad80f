#include "http/client.h"

#include <gtest/gtest.h>

#include "support/expect_words.h"
#include "support/run_program.h"
#include "support/stub_server.h"
#include "support/temporary_folder.h"

namespace joulecast::http {
namespace {

using test::StubAnswer;
using test::StubRequest;
using test::StubServer;

/// Options that wait in no time; pauses are kept.
class HttpClient : public ::testing::Test {
 protected:
  ClientOptions options() {
    ClientOptions options;
    options.sleep = [this](double seconds) { pauses_.push_back(seconds); };
    return options;
  }
  std::vector<double> pauses_;
};

Request get(const std::string& url) {
  Request request;
  request.url = url;
  return request;
}

TEST_F(HttpClient, SendsBodyHeadersAndCredentials) {
  StubServer server([](const StubRequest&) { return StubAnswer{201, "made", {{"X-Word", " spaced "}}}; });
  Request request = get(server.url() + "/a?b=c");
  request.method = "PATCH";
  request.headers = {{"Content-Type", "application/json"}};
  request.credentials = {"me", "secret", "ignored"};
  request.body = "{\"a\": 1}";
  const auto answer = Client(options()).send(request);
  ASSERT_TRUE(answer) << answer.error().error.describe();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "made");
  ASSERT_NE(answer->header("x-word"), nullptr);
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "PATCH");
  EXPECT_EQ(seen.target, "/a?b=c");
  EXPECT_EQ(seen.body, request.body);
  EXPECT_EQ(seen.header("authorization"), "Basic bWU6c2VjcmV0");
  EXPECT_EQ(seen.header("expect"), "");
  EXPECT_EQ(seen.header("origin"), "");
}

TEST_F(HttpClient, ATokenIsABearer) {
  StubServer server([](const StubRequest&) { return StubAnswer{}; });
  Request request = get(server.url());
  request.credentials.token = "abc";
  ASSERT_TRUE(Client(options()).send(request));
  EXPECT_EQ(server.requests().at(0).header("authorization"), "Bearer abc");
}

TEST_F(HttpClient, KeepsItsConnectionAndItsHandleClean) {
  StubServer server([](const StubRequest&) { return StubAnswer{}; });
  Client client(options());
  Request put = get(server.url());
  put.method = "PUT";
  put.body = "x";
  put.credentials = {"me", "secret", {}};
  ASSERT_TRUE(client.send(put));
  ASSERT_TRUE(client.send(get(server.url())));
  EXPECT_EQ(server.requests().at(1).method, "GET");
  EXPECT_EQ(server.requests().at(1).body, "");
  EXPECT_EQ(server.requests().at(1).header("authorization"), "");
}

TEST_F(HttpClient, UploadsAndDownloadsFilesWhole) {
  const test::TemporaryFolder scratch;
  std::string bytes;
  for (int i = 0; i < 3'000'000; ++i) bytes += static_cast<char>(i * 7 % 251);
  const auto from = scratch.write("from.bin", bytes);
  StubServer server([&](const StubRequest& request) { return StubAnswer{200, request.body, {}}; });
  Request request = get(server.url());
  request.method = "PUT";
  request.upload = from;
  request.download = scratch.path() / "new" / "to.bin";
  std::uint64_t moved = 0;
  request.progress = [&](std::uint64_t now) { moved = now; };
  ASSERT_TRUE(Client(options()).send(request));
  EXPECT_EQ(test::read_file(*request.download), bytes);
  EXPECT_EQ(moved, 2 * bytes.size());
}

TEST_F(HttpClient, AFaultyDownloadLeavesTheOldFile) {
  const test::TemporaryFolder scratch;
  const auto to = scratch.write("to.txt", "old");
  StubServer server([](const StubRequest&) {
    StubAnswer answer{200, std::string(10000, 'x'), {}};
    answer.cut_off = true;
    return answer;
  });
  Request request = get(server.url());
  request.download = to;
  const auto answer = Client(options()).send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::kServer);
  EXPECT_EQ(test::read_file(to), "old");
  EXPECT_EQ(test::files_below(scratch.path()).size(), 1U);
  EXPECT_EQ(server.requests().size(), 5U);
}

TEST_F(HttpClient, AnErrorPageGoesIntoNoFile) {
  const test::TemporaryFolder scratch;
  StubServer server([](const StubRequest&) { return StubAnswer{404, "gone", {}}; });
  Request request = get(server.url());
  request.download = scratch.path() / "to.txt";
  const auto answer = Client(options()).send(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "gone");
  EXPECT_TRUE(test::files_below(scratch.path()).empty());
}

TEST_F(HttpClient, ABrokenUploadIsSentAgain) {
  const test::TemporaryFolder scratch;
  const std::string bytes(2'000'000, 'y');
  StubServer server([](const StubRequest&) { return StubAnswer{}; });
  server.break_uploads_after(100'000);
  Request request = get(server.url());
  request.method = "PUT";
  request.upload = scratch.write("big", bytes);
  const auto answer = Client(options()).send(request);
  ASSERT_TRUE(answer) << answer.error().error.describe();
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests().at(0).body, bytes);
  EXPECT_EQ(pauses_.size(), 1U);
}

TEST_F(HttpClient, PassingFaultsAreRepeatedWithBackOff) {
  int asked = 0;
  StubServer server([&](const StubRequest&) { return ++asked < 4 ? StubAnswer{500, "", {}} : StubAnswer{}; });
  std::vector<std::string> reasons;
  ClientOptions noted = options();
  noted.on_retry = [&](const std::string& why, double) { reasons.push_back(why); };
  const auto answer = Client(noted).send(get(server.url()));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  ASSERT_EQ(pauses_.size(), 3U);
  EXPECT_GE(pauses_[0], 0.5);
  EXPECT_LE(pauses_[0], 0.75);
  EXPECT_GE(pauses_[2], 2.0);
  EXPECT_LE(pauses_[2], 3.0);
  test::expect_words(reasons.at(0), {"500"});
}

TEST_F(HttpClient, RetryAfterIsHonoured) {
  int asked = 0;
  StubServer server([&](const StubRequest&) {
    return ++asked < 2 ? StubAnswer{429, "", {{"Retry-After", "17"}}} : StubAnswer{};
  });
  ASSERT_TRUE(Client(options()).send(get(server.url())));
  EXPECT_EQ(pauses_, std::vector<double>{17.0});
}

TEST_F(HttpClient, GivesUpWithTheLastAnswer) {
  StubServer server([](const StubRequest&) { return StubAnswer{503, "busy", {}}; });
  const auto answer = Client(options()).send(get(server.url()));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(server.requests().size(), 5U);
}

TEST_F(HttpClient, WhatMayNotBeRepeatedIsOnlyRepeatedIfItWasNotCarriedOut) {
  int status = 500;
  StubServer server([&](const StubRequest&) { return StubAnswer{status, "", {}}; });
  Request request = get(server.url());
  request.method = "POST";
  request.repeatable = false;
  Client client(options());
  EXPECT_EQ(client.send(request)->status, 500);
  EXPECT_EQ(server.requests().size(), 1U);
  status = 429;
  EXPECT_EQ(client.send(request)->status, 429);
  EXPECT_EQ(server.requests().size(), 6U);
}

TEST_F(HttpClient, ALostAnswerTellsThatTheRequestMayHaveBeenCarriedOut) {
  StubServer server([](const StubRequest&) {
    StubAnswer nothing;
    nothing.silent = true;
    return nothing;
  });
  Request request = get(server.url());
  request.method = "POST";
  request.repeatable = false;
  const auto answer = Client(options()).send(request);
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().carried_out);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(HttpClient, AServerThatIsDownIsNamed) {
  std::string url;
  {
    const StubServer gone([](const StubRequest&) { return StubAnswer{}; });
    url = gone.url();
  }
  Request request = get(url);
  request.repeatable = false;  // it was not carried out, so it is repeated all the same
  request.credentials = {"me", "sesame", {}};
  const auto answer = Client(options()).send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::kServer);
  EXPECT_FALSE(answer.error().carried_out);
  EXPECT_EQ(pauses_.size(), 4U);
  test::expect_words(answer.error().error.message, {url, "does not answer"});
  EXPECT_EQ(answer.error().error.describe().find("sesame"), std::string::npos);
}

TEST_F(HttpClient, ASlowServerIsGivenUp) {
  StubServer server([](const StubRequest&) {
    StubAnswer answer;
    answer.delay_ms = 2600;
    return answer;
  });
  ClientOptions impatient = options();
  impatient.silence_timeout_seconds = 1.0;
  impatient.retry.retries = 0;
  impatient.settings.timeout = "PATIENCE";
  const auto answer = Client(impatient).send(get(server.url()));
  ASSERT_FALSE(answer);
  test::expect_words(answer.error().error.describe(), {"too long", "PATIENCE sets the seconds to wait"});
}

TEST_F(HttpClient, ARedirectKeepsMethodAndBodyOnTheSameHost) {
  StubServer server([](const StubRequest& request) {
    return request.path() == "/old" ? StubAnswer{302, "", {{"Location", "/new"}}} : StubAnswer{};
  });
  Request request = get(server.url() + "/old");
  request.method = "POST";
  request.body = "content";
  request.credentials = {"me", "secret", {}};
  ASSERT_TRUE(Client(options()).send(request));
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].path(), "/new");
  EXPECT_EQ(seen[1].method, "POST");
  EXPECT_EQ(seen[1].body, "content");
  EXPECT_EQ(seen[1].header("authorization"), seen[0].header("authorization"));
}

TEST_F(HttpClient, AnotherHostGetsNoCredentials) {
  StubServer other([](const StubRequest&) { return StubAnswer{}; });
  StubServer server(
      [&](const StubRequest&) { return StubAnswer{307, "", {{"Location", other.url() + "/x"}}}; });
  for (const Credentials& secret : {Credentials{"me", "secret", {}}, Credentials{{}, {}, "token"}}) {
    Request request = get(server.url());
    request.credentials = secret;
    ASSERT_TRUE(Client(options()).send(request));
    EXPECT_NE(server.requests().back().header("authorization"), "");
    EXPECT_EQ(other.requests().back().header("authorization"), "");
  }
}

TEST_F(HttpClient, CirclesOfRedirectsEnd) {
  StubServer server([](const StubRequest&) { return StubAnswer{302, "", {{"Location", "/again"}}}; });
  const auto answer = Client(options()).send(get(server.url()));
  ASSERT_FALSE(answer);
  test::expect_words(answer.error().error.message, {"circles"});
  EXPECT_EQ(server.requests().size(), 6U);
}

TEST_F(HttpClient, AServerWithoutTlsIsToldFromOneThatIsDown) {
  StubServer server([](const StubRequest&) { return StubAnswer{}; });
  const auto answer = Client(options()).send(get("https" + server.url().substr(4)));
  ASSERT_FALSE(answer);
  EXPECT_FALSE(answer.error().passing);
  test::expect_words(answer.error().error.describe(), {"no TLS connection", "http://"});
}

TEST_F(HttpClient, RefusesWhatIsNoHttp) {
  const auto answer = Client(options()).send(get("file:///etc/passwd"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::kUsage);
}

TEST_F(HttpClient, AFileThatCannotBeReadIsAnErrorBeforeAnythingIsSent) {
  StubServer server([](const StubRequest&) { return StubAnswer{}; });
  Request request = get(server.url());
  request.method = "PUT";
  request.upload = "/nonexistent/file";
  const auto answer = Client(options()).send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::kUnreadable);
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace joulecast::http
