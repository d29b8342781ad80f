#include "tracking/rest.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/parallel.h"
#include "support/expect_words.h"
#include "support/stub_server.h"

namespace joulecast::tracking {
namespace {

using test::expect_words;
using test::StubAnswer;
using test::StubRequest;
using test::StubServer;

constexpr const char* kSecret = "sesame-open";

Rest rest_of(const StubServer& server, TrackingServer who = {}) {
  who.uri = server.url();
  who.retries = 1;
  TrackingHooks hooks;
  hooks.sleep = [](double) {};
  return Rest(who, hooks);
}

/// The fault of a call that is answered so.
ApiFault fault_of(StubAnswer answer, TrackingServer who = {}) {
  const StubServer server([&](const StubRequest&) { return answer; });
  auto rest = rest_of(server, std::move(who));
  const auto result = rest.get("experiments/get-by-name", {{"experiment_name", "e"}});
  EXPECT_FALSE(result);
  if (result) return {};
  EXPECT_FALSE(result.error().error.hint.empty());
  EXPECT_EQ(result.error().error.describe().find(kSecret), std::string::npos);
  return result.error();
}

StubAnswer unauthorised() {
  return {401, "You are not authenticated.", {{"Content-Type", "text/html"}}};
}

TrackingServer user_and_password(std::string user, std::string password) {
  TrackingServer who;
  who.user = std::move(user);
  who.password = std::move(password);
  return who;
}

TEST(Rest, AnAnswerIsJson) {
  StubServer server([](const StubRequest& request) {
    EXPECT_EQ(request.target, "/api/2.0/mlflow/experiments/get-by-name?experiment_name=a%20b");
    return StubAnswer{200, R"({"experiment": {"experiment_id": "3"}})"};
  });
  auto rest = rest_of(server);
  EXPECT_EQ(
      (*rest.get("experiments/get-by-name", {{"experiment_name", "a b"}}))["experiment"]["experiment_id"],
      "3");
}

TEST(RestFaults, A401SaysWhichVariableIsMissing) {
  const auto none = fault_of(unauthorised());
  EXPECT_EQ(none.error.kind, ErrorKind::kAccessDenied);
  expect_words(none.error.describe(), {"wants a user and a password",
                                       "Set MLFLOW_TRACKING_USERNAME and "
                                       "MLFLOW_TRACKING_PASSWORD"});
  expect_words(fault_of(unauthorised(), user_and_password("me", "")).error.describe(),
               {"Set MLFLOW_TRACKING_PASSWORD"});
  expect_words(fault_of(unauthorised(), user_and_password("", kSecret)).error.describe(),
               {"Set MLFLOW_TRACKING_USERNAME"});
  expect_words(fault_of(unauthorised(), user_and_password("me", kSecret)).error.describe(),
               {"refuses user and password", "Check MLFLOW_TRACKING_USERNAME"});
  TrackingServer dagshub = user_and_password("me", kSecret);
  dagshub.dagshub_token = true;
  expect_words(
      fault_of(unauthorised(), dagshub).error.describe(),
      {"refuses user and token", "Check DAGSHUB_USER_TOKEN, and the user in MLFLOW_TRACKING_USERNAME"});
  TrackingServer token;
  token.token = kSecret;
  expect_words(fault_of(unauthorised(), token).error.describe(), {"Check MLFLOW_TRACKING_TOKEN"});
}

TEST(RestFaults, A403IsAPermissionOrTheHostsName) {
  const auto forbidden = fault_of({403, "Permission denied", {}}, user_and_password("me", kSecret));
  EXPECT_EQ(forbidden.error.kind, ErrorKind::kAccessDenied);
  expect_words(forbidden.error.describe(), {"not permitted", "Permission denied"});
  expect_words(
      fault_of({403, "Invalid Host header - possible DNS rebinding attack detected", {}}).error.describe(),
      {"--allowed-hosts"});
}

TEST(RestFaults, ErrorCodesAreTold) {
  const auto absent =
      fault_of({404, R"({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No Experiment\nwith SQL"})"});
  EXPECT_TRUE(absent.is_absent());
  EXPECT_FALSE(absent.is_unknown_call());
  EXPECT_EQ(absent.error.kind, ErrorKind::kServer);
  expect_words(absent.error.message, {"404", "No Experiment"});
  EXPECT_EQ(absent.error.message.find("SQL"), std::string::npos);
  EXPECT_TRUE(fault_of({400, R"({"error_code": "RESOURCE_ALREADY_EXISTS"})"}).already_exists());
}

TEST(RestFaults, APageInsteadOfJsonIsNoMlflow) {
  const StubAnswer page{404, "<html>\nNot here</html>", {{"Content-Type", "text/html"}}};
  EXPECT_TRUE(fault_of(page).is_unknown_call());
  expect_words(fault_of(page).error.describe(), {"no MLflow interface", "404"});
  expect_words(fault_of({200, "<html>Sign in</html>", {{"Content-Type", "text/html"}}}).error.describe(),
               {"a page instead of JSON", "login"});
  expect_words(fault_of({200, "[1, 2]"}).error.describe(), {"instead of JSON"});
}

TEST(RestFaults, PassingFaultsAreUncertain) {
  EXPECT_TRUE(fault_of({500, "<html>oops</html>", {{"Content-Type", "text/html"}}}).uncertain);
  EXPECT_FALSE(fault_of({503, "", {}}).uncertain);
  EXPECT_FALSE(fault_of({429, "", {}}).uncertain);
  EXPECT_FALSE(fault_of({400, "", {}}).uncertain);
}

TEST(RestFaults, ASecretThatAServerRepeatsIsBlottedOut) {
  const auto fault =
      fault_of({400, std::string(R"({"message": "bad )") + kSecret + R"(, )" + kSecret + "\"}"},
               user_and_password("me", kSecret));
  expect_words(fault.error.message, {"bad ***, ***"});
}

TEST(Rest, OtherHostsGetNoCredentials) {
  StubServer other([](const StubRequest&) { return StubAnswer{}; });
  StubServer server([](const StubRequest&) { return StubAnswer{}; });
  auto rest = rest_of(server, user_and_password("me", kSecret));
  http::Request request;
  request.url = other.url() + "/x";
  ASSERT_TRUE(rest.exchange(request));
  EXPECT_EQ(other.requests().at(0).header("authorization"), "");
  request.url = server.url() + "/x";
  ASSERT_TRUE(rest.exchange(request));
  EXPECT_NE(server.requests().at(0).header("authorization"), "");
}

TEST(Rest, ManyThreadsHaveAConnectionEachAndAskOnceWhoTheyAre) {
  StubServer server([](const StubRequest&) { return StubAnswer{200, R"({"username": "me"})"}; });
  TrackingServer who = user_and_password("", kSecret);
  who.dagshub_token = true;
  server.gather("experiments/search", 4);
  auto rest = rest_of(server, who);
  std::atomic<int> answered = 0;
  parallel_for(80, 4, [&](std::size_t) {
    if (rest.get("experiments/search")) ++answered;
  });
  EXPECT_EQ(answered, 80);
  EXPECT_EQ(server.gathered(), 4U);
  EXPECT_EQ(server.connections(), 4U);
  EXPECT_EQ(server.requests().size(), 81U);
  EXPECT_EQ(server.requests().at(0).path(), "/api/v1/user");
}

TEST(Rest, AsksDagshubForTheNameOfTheUser) {
  StubServer server([](const StubRequest& request) {
    if (request.path() == "/api/v1/user") {
      EXPECT_EQ(request.header("authorization"), std::string("Bearer ") + kSecret);
      return StubAnswer{200, R"({"id": 1, "username": "me"})"};
    }
    return StubAnswer{};
  });
  TrackingServer who = user_and_password("", kSecret);
  who.dagshub_token = true;
  auto rest = rest_of(server, who);
  ASSERT_TRUE(rest.get("experiments/search"));
  ASSERT_TRUE(rest.get("experiments/search"));
  ASSERT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(server.requests().at(2).header("authorization"), "Basic bWU6c2VzYW1lLW9wZW4=");
}

}  // namespace
}  // namespace joulecast::tracking
