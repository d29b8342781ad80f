// What a registry answers to single questions, and what is made of it.
#include "tracking/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>

#include "support/expect_words.h"
#include "support/stub_server.h"

namespace joulecast::tracking {
namespace {

using test::expect_words;
using test::StubAnswer;
using test::StubRequest;
using test::StubServer;

constexpr std::string_view kInterface = "/api/2.0/mlflow/";

/// A registry that answers each call as a test says; a call that is not named it does not know.
class Registry {
 public:
  using Calls = std::map<std::string, std::function<StubAnswer(const StubRequest&)>>;
  explicit Registry(Calls calls)
      : calls_(std::move(calls)), server_([this](const StubRequest& request) {
          const auto call = calls_.find(request.path().substr(kInterface.size()));
          return call == calls_.end() ? StubAnswer{404, "<html>Not found</html>", {}} : call->second(request);
        }) {}

  [[nodiscard]] Rest rest() const {
    TrackingServer server;
    server.uri = server_.url();
    server.retries = 1;
    TrackingHooks hooks;
    hooks.sleep = [](double) {};
    return Rest(server, hooks);
  }
  [[nodiscard]] std::size_t count(const std::string& call) const {
    const auto all = server_.requests();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const StubRequest& request) {
      return request.path().substr(kInterface.size()) == call;
    }));
  }

 private:
  const Calls calls_;
  StubServer server_;  // last: its thread uses the rest
};

Registry::Calls::mapped_type says(std::string body, int status = 200) {
  return [=](const StubRequest&) { return StubAnswer{status, body}; };
}

std::string version_json(const std::string& status) {
  return R"({"name": "m", "version": "4", "run_id": "r", "status": ")" + status + "\"}";
}

/// A registry that has a version of the run already, in one state when it is found and in another later.
Registry with_version(const std::string& found, const std::string& later) {
  return Registry({{"registered-models/create", says("{}")},
                   {"model-versions/search", says(R"({"model_versions": [)" + version_json(found) + "]}")},
                   {"model-versions/get", says(R"({"model_version": )" + version_json(later) + "}")},
                   {"model-versions/create", says("{}", 502)}});
}

ApiResult<std::string> registered(const Registry& registry, bool maybe_there) {
  Rest rest = registry.rest();
  return version_of_run(rest, {"m", "", std::nullopt, ""}, {"mlflow-artifacts:/m", "r", ""}, maybe_there);
}

TEST(Registry, AVersionThatIsFoundIsAwaited) {
  for (const bool maybe_there : {true, false}) {  // false: the answer that it was made is lost
    const Registry registry = with_version("PENDING_REGISTRATION", "READY");
    const auto version = registered(registry, maybe_there);
    ASSERT_TRUE(version) << version.error().error.describe();
    EXPECT_EQ(*version, "4");
    EXPECT_EQ(registry.count("model-versions/get"), 1U);
    EXPECT_EQ(registry.count("model-versions/create"), maybe_there ? 0U : 1U);
  }
}

TEST(Registry, AVersionThatIsFoundFailedIsRefused) {
  for (const char* found : {"PENDING_REGISTRATION", "FAILED_REGISTRATION"}) {
    const auto version = registered(with_version(found, "FAILED_REGISTRATION"), true);
    ASSERT_FALSE(version) << found;
    EXPECT_EQ(version.error().error.kind, ErrorKind::kServer);
    expect_words(version.error().error.describe(), {"version 4 of m failed", "Delete that version"});
  }
}

const std::string kAbsent = R"({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"})";
const std::string kRefusal = R"({"error_code": "INVALID_PARAMETER_VALUE", "message": "the path has ../"})";

Error resolve_fault(const Registry& registry, std::string_view uri) {
  Rest rest = registry.rest();
  const auto model = resolve_model(rest, uri);
  EXPECT_FALSE(model) << uri;
  return model ? Error{} : model.error().error;
}

TEST(Registry, AListThatIsRefusedIsNotTakenForAnEmptyOne) {
  for (const int status : {403, 500}) {
    const Registry registry({{"model-versions/get-download-uri", says(kAbsent, 404)},
                             {"registered-models/get", says(kAbsent, 404)},
                             {"registered-models/search", says("{}", status)}});
    const Error error = resolve_fault(registry, "models:/m/1");
    expect_words(error.describe(), {"has no model 'm'", "did not list its models"});
    EXPECT_EQ(error.describe().find("Nothing is registered"), std::string::npos);
  }
}

TEST(Registry, ARefusalThatIsNotAboutTheVersionIsTold) {
  const std::string model = R"({"registered_model": {"name": "m"}})";
  const std::string version = R"({"model_version": )" + version_json("READY") + "}";
  const std::string versions = R"({"model_versions": [)" + version_json("READY") + "]}";
  Registry::Calls calls{{"registered-models/get", says(model)},
                        {"registered-models/alias", says(version)},
                        {"model-versions/search", says(versions)},
                        {"model-versions/get", says(version)},
                        {"model-versions/get-download-uri", says(kRefusal, 400)}};
  for (const char* uri : {"models:/m@best", "models:/m/latest", "models:/m/4"})
    expect_words(resolve_fault(Registry(calls), uri).describe(), {"status 400", "the path has ../"});
  calls["model-versions/get"] = says(kRefusal, 400);
  expect_words(resolve_fault(Registry(calls), "models:/m/x").describe(),
               {"has no version x of the model 'm'"});
}

TEST(Registry, AServerThatKnowsNeitherAliasesNorModelsIsNoMlflow) {
  expect_words(resolve_fault(Registry({}), "models:/m@best").describe(), {"no MLflow interface"});
}

TEST(Registry, ANameWithBothQuotesIsLookedForAmongAll) {
  const auto list = [](const StubRequest& request) {
    EXPECT_EQ(request.target.find("filter"), std::string::npos) << request.target;
    if (request.target.find("page_token=2nd") == std::string::npos)
      return StubAnswer{200, R"({"model_versions": [{"name": "other", "version": "9"},
                                {"name": "Bob's \"b\"", "version": "2"}], "next_page_token": "2nd"})"};
    return StubAnswer{200, R"({"model_versions": [{"name": "Bob's \"b\"", "version": "3"}]})"};
  };
  const Registry registry({{"model-versions/search", list},
                           {"model-versions/get-download-uri", says(R"({"artifact_uri": "s3://a/b"})")}});
  Rest rest = registry.rest();
  const auto model = resolve_model(rest, "models:/Bob's \"b\"/latest");
  ASSERT_TRUE(model) << model.error().error.describe();
  EXPECT_EQ(model->version, "3");
}

}  // namespace
}  // namespace joulecast::tracking
