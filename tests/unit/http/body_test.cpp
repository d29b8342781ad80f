// Bodies in pieces, bodies into sinks that go on where they broke off, and clients of several threads.
#include <gtest/gtest.h>

#include <atomic>

#include "base/parallel.h"
#include "http/client_pool.h"
#include "support/expect_words.h"
#include "support/stub_server.h"
#include "support/temporary_folder.h"

namespace joulecast::http {
namespace {

using test::StubAnswer;
using test::StubRequest;
using test::StubServer;

ClientOptions without_waiting() {
  ClientOptions options;
  options.sleep = [](double) {};
  return options;
}

class TextSink final : public BodySink {
 public:
  [[nodiscard]] std::uint64_t kept() const override { return text.size(); }
  [[nodiscard]] std::string validator() const override { return tag; }
  Expected<void> begin(const Response& response, std::uint64_t from) override {
    begun_at.push_back(from);
    text.resize(from);
    if (const std::string* etag = response.header("etag")) tag = *etag;
    return {};
  }
  Expected<void> take(std::string_view bytes) override {
    if (refuse) return fail(ErrorKind::kNotWritable, "no room", {}, "Make some");
    text += bytes;
    return {};
  }
  std::string text, tag;
  std::vector<std::uint64_t> begun_at;
  bool refuse = false;
};

/// Answers with "abcdefghij", or the rest of it from where it is asked.
StubAnswer letters(const StubRequest& request) {
  const std::string all = "abcdefghij";
  const std::string range = request.header("range");
  if (range.empty()) return {200, all, {{"ETag", "\"v1\""}}};
  const std::size_t from = std::stoul(range.substr(6));
  return {206,
          all.substr(from),
          {{"ETag", "\"v1\""}, {"Content-Range", "bytes " + std::to_string(from) + "-9/10"}}};
}

Request into(BodySink& sink, const std::string& url) {
  Request request;
  request.url = url;
  request.sink = &sink;
  return request;
}

TEST(HttpBody, OfPiecesIsOneAfterTheOther) {
  const test::TemporaryFolder scratch;
  StubServer server([](const StubRequest&) { return StubAnswer{}; });
  Request request;
  request.url = server.url();
  request.method = "PUT";
  request.pieces = {{"head ", {}},
                    {{}, scratch.write("a", std::string(100'000, 'x'))},
                    {{}, scratch.write("empty", "")},
                    {" tail", scratch.write("b", "!")}};
  ASSERT_TRUE(Client(without_waiting()).send(request));
  EXPECT_TRUE(server.requests().at(0).body == "head " + std::string(100'000, 'x') + " tail!");
  request.pieces.push_back({{}, scratch.path() / "none"});
  const auto missing = Client(without_waiting()).send(request);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().error.kind, ErrorKind::kUnreadable);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpSink, GoesOnWhereTheLastAttemptBrokeOff) {
  std::atomic<int> cuts{2};
  StubServer server([&](const StubRequest& request) {
    StubAnswer answer = letters(request);
    answer.cut_off = cuts-- > 0;
    return answer;
  });
  TextSink sink;
  ASSERT_TRUE(Client(without_waiting()).send(into(sink, server.url())));
  EXPECT_EQ(sink.text, "abcdefghij");
  EXPECT_EQ(sink.begun_at, (std::vector<std::uint64_t>{0, 5, 7}));
  const auto seen = server.requests();
  EXPECT_EQ(seen.at(0).header("range"), "");
  EXPECT_EQ(seen.at(1).header("range"), "bytes=5-");
  EXPECT_EQ(seen.at(2).header("if-range"), "\"v1\"");
}

TEST(HttpSink, BeginsAgainWhereTheServerKnowsNoRanges) {
  StubServer server([](const StubRequest&) { return StubAnswer{200, "new content", {}}; });
  TextSink sink;
  sink.text = "old";
  ASSERT_TRUE(Client(without_waiting()).send(into(sink, server.url())));
  EXPECT_EQ(sink.text, "new content");
}

TEST(HttpSink, TakesNoOtherPartThanItAskedFor) {
  StubServer server(
      [](const StubRequest&) { return StubAnswer{206, "xyz", {{"Content-Range", "bytes 1-3/10"}}}; });
  TextSink sink;
  sink.text = "abcde";
  const auto answer = Client(without_waiting()).send(into(sink, server.url()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::kServer);
  EXPECT_EQ(sink.text, "abcde");
}

TEST(HttpSink, GetsNoBodyOfAFaultAndAnEmptyOneToo) {
  StubServer server([](const StubRequest& request) {
    return request.path() == "/none" ? StubAnswer{404, "page", {}} : StubAnswer{200, "", {}};
  });
  TextSink sink;
  const auto none = Client(without_waiting()).send(into(sink, server.url() + "/none"));
  ASSERT_TRUE(none);
  EXPECT_EQ(none->body, "page");
  EXPECT_TRUE(sink.begun_at.empty());
  sink.text = "";
  ASSERT_TRUE(Client(without_waiting()).send(into(sink, server.url())));
  EXPECT_EQ(sink.begun_at.size(), 1U);
}

TEST(HttpSink, ItsOwnFaultEndsTheRequest) {
  StubServer server([](const StubRequest& request) { return letters(request); });
  TextSink sink;
  sink.refuse = true;
  const auto answer = Client(without_waiting()).send(into(sink, server.url()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.message, "no room");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClientPool, ServesManyThreads) {
  StubServer server([](const StubRequest& request) { return StubAnswer{200, request.path(), {}}; });
  ClientPool pool(without_waiting());
  std::atomic<int> right{0};
  parallel_for(60, 6, [&](std::size_t i) {
    Request request;
    request.url = server.url() + "/" + std::to_string(i);
    const auto answer = pool.send(request);
    if (answer && answer->body == "/" + std::to_string(i)) ++right;
  });
  EXPECT_EQ(right, 60);
}

TEST(HttpClientPool, SendsAtTheSameTimeAndUsesConnectionsAgain) {
  StubServer server([](const StubRequest&) { return StubAnswer{}; });
  server.gather("/x", 6);
  ClientPool pool(without_waiting());
  std::atomic<int> right{0};
  parallel_for(60, 6, [&](std::size_t) {
    Request request;
    request.url = server.url() + "/x";
    if (pool.send(request)) ++right;
  });
  EXPECT_EQ(right, 60);
  EXPECT_EQ(server.gathered(), 6U);
  EXPECT_EQ(server.connections(), 6U);
}

}  // namespace
}  // namespace joulecast::http
