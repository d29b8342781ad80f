#include "tracking/connections.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>

#include "support/stub_server.h"

namespace joulecast::tracking {
namespace {

TrackingServer four_at_once(const std::string& uri = "http://127.0.0.1:1") {
  TrackingServer server;
  server.uri = uri;
  server.retries = 0;
  server.connections = 4;
  return server;
}

TEST(Connections, WorkIsDoneAtOnceEachPieceOnce) {
  Connections connections(four_at_once(), {});
  std::barrier all_four(4);  // would wait for ever were one done after the other
  std::vector<int> done(4);
  ASSERT_TRUE(connections.for_each(4, [&](Connection&, std::size_t i) -> Expected<void> {
    all_four.arrive_and_wait();
    ++done[i];
    return {};
  }));
  EXPECT_EQ(done, std::vector<int>(4, 1));
  ASSERT_TRUE(connections.for_each(0, [&](Connection&, std::size_t) -> Expected<void> {
    ADD_FAILURE() << "there is no work";
    return {};
  }));
}

TEST(Connections, NothingIsBegunAfterAFault) {
  Connections connections(four_at_once(), {});
  std::atomic<std::size_t> begun = 0;
  const auto done = connections.for_each(1000, [&](Connection&, std::size_t) -> Expected<void> {
    ++begun;
    return fail(ErrorKind::kServer, "no", {}, "Wait");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "no");
  EXPECT_LE(begun, 4U);
}

TEST(Connections, EachHasAClientOfItsOwn) {
  std::atomic<int> at_once = 0;
  test::StubServer server([](const test::StubRequest&) { return test::StubAnswer{}; });
  Connections connections(four_at_once(server.url()), {});
  std::barrier all_four(4);
  ASSERT_TRUE(connections.for_each(4, [&](Connection& connection, std::size_t) -> Expected<void> {
    all_four.arrive_and_wait();
    ++at_once;
    for (int i = 0; i < 20; ++i)
      if (auto answer = plain(connection.rest.get("experiments/search")); !answer)
        return tl::unexpected(answer.error());
    return {};
  }));
  EXPECT_EQ(at_once, 4);
  EXPECT_EQ(server.connections(), 4U);
  EXPECT_EQ(server.requests().size(), 80U);
}

TEST(Connections, HooksAreCalledOneAtATime) {
  test::StubServer server([](const test::StubRequest&) { return test::StubAnswer{503, "busy", {}}; });
  TrackingServer options = four_at_once(server.url());
  options.retries = 3;
  std::atomic<int> inside = 0;
  int retries = 0;
  TrackingHooks hooks;
  hooks.sleep = [](double) {};
  hooks.on_retry = [&](const std::string&, double) {
    EXPECT_EQ(++inside, 1);
    ++retries;
    --inside;
  };
  Connections connections(options, hooks);
  std::barrier all_four(4);
  EXPECT_FALSE(connections.for_each(4, [&](Connection& connection, std::size_t) -> Expected<void> {
    all_four.arrive_and_wait();
    if (auto answer = plain(connection.rest.get("x")); !answer) return tl::unexpected(answer.error());
    return {};
  }));
  EXPECT_EQ(retries, 12);
}

}  // namespace
}  // namespace joulecast::tracking
