// Options of DVC's remotes are heeded or refused by their names.
#include "datasets/remote_options.h"

#include <gtest/gtest.h>

#include "datasets/object_store.h"
#include "support/expect_words.h"
#include "unit/datasets/dataset_fixture.h"

namespace joulecast::datasets {
namespace {

using Options = std::map<std::string, std::string>;

DvcRemote s3_remote(Options options) {
  options.emplace("url", "s3://bucket/store");
  return {"mine", std::move(options)};
}

/// How a store is asked: its one request's Authorization header.
class S3Options : public Datasets {
 protected:
  std::string asked(Options options, Options environment = {}) {
    environment.emplace("HOME", (scratch_.path() / "home").string());
    const auto variables = [&](const char* name) {
      const auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    options.emplace("endpointurl", server_.url() + "/");
    auto store = open_store(s3_remote(std::move(options)), variables, {});
    if (!store) return store.error().describe();
    EXPECT_TRUE((*store)->has("x"));
    return server_.requests().back().header("authorization");
  }
  StubServer server_{[](const StubRequest&) { return StubAnswer{200, "", {}}; }};
};

TEST_F(S3Options, KeysAreOfTheRemoteElseOfItsProfileElseOfTheEnvironment) {
  scratch_.write(
      "home/.aws/credentials",
      "[default]\naws_access_key_id = USUAL\naws_secret_access_key = s\n[lab]\naws_access_key_id = "
      "LAB\naws_secret_access_key = s\n[role]\nrole_arn = arn\n");
  scratch_.write("home/.aws/config", "[profile lab]\nregion = eu-north-1\n");
  const fs::path other =
      scratch_.write("other", "[lab]\naws_access_key_id = OTHER\naws_secret_access_key = s\n");
  const Options variables = {{"AWS_ACCESS_KEY_ID", "VARIABLE"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
  test::expect_words(asked({}), {"Credential=USUAL/", "/us-east-1/"});
  test::expect_words(asked({}, variables), {"Credential=VARIABLE/"});
  test::expect_words(asked({{"profile", "lab"}}, variables), {"Credential=LAB/", "/eu-north-1/"});
  test::expect_words(asked({{"profile", "lab"}, {"credentialpath", other.string()}}), {"Credential=OTHER/"});
  test::expect_words(asked({{"profile", "lab"}, {"region", "sa-east-1"}}),
                     {"Credential=LAB/", "/sa-east-1/"});
  test::expect_words(
      asked({{"access_key_id", "OWN"}, {"secret_access_key", "s"}, {"profile", "lab"}}, variables),
      {"Credential=OWN/", "/eu-north-1/"});
  // Whoever gives the keys, the region is the environment's, else that of the profile.
  scratch_.write("home/.aws/config", "[default]\nregion = ca-west-1\n[profile lab]\nregion = eu-north-1\n");
  const Options own = {{"access_key_id", "OWN"}, {"secret_access_key", "s"}};
  test::expect_words(asked(own), {"Credential=OWN/", "/ca-west-1/"});
  test::expect_words(asked({}, variables), {"Credential=VARIABLE/", "/ca-west-1/"});
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    test::expect_words(asked(own, {{variable, "me-south-1"}}), {"Credential=OWN/", "/me-south-1/"});
  EXPECT_EQ(asked({{"allow_anonymous_login", "True"}}, variables), "");
  for (const char* profile : {"nobody", "role"})
    test::expect_words(asked({{"profile", profile}}, variables), {"option profile", "'mine'", "credentials"});
}

TEST(RemoteOptions, WhatCannotBeHeededIsRefusedByName) {
  const auto nothing = [](const char*) { return std::nullopt; };
  const auto refused = [&](const Options& options) {
    const auto store = open_store(s3_remote(options), nothing, {});
    return store ? std::string() : store.error().describe();
  };
  test::expect_words(refused({{"use_ssl", "false"}}), {"use_ssl", "endpointurl"});
  test::expect_words(refused({{"use_ssl", "maybe"}}), {"use_ssl", "true or false"});
  test::expect_words(refused({{"endpointurl", "s3.example.org"}}), {"endpointurl", "https://"});
  test::expect_words(refused({{"ssl_verify", "/no/such.pem"}}), {"ssl_verify", "PEM"});
  test::expect_words(refused({{"version_aware", "true"}}), {"version_aware"});
  test::expect_words(refused({{"sse_customer_key", "TOPSECRET"}}), {"sse_customer_key"});
  EXPECT_EQ(refused({{"sse_customer_key", "TOPSECRET"}}).find("TOPSECRET"), std::string::npos);
  test::expect_words(refused({{"connect_timeout", "soon"}}), {"connect_timeout", "seconds"});
  test::expect_words(refused({{"no_such", "x"}}), {"no_such", "'mine'"});
  EXPECT_EQ(refused({{"use_ssl", "False"}, {"endpointurl", "http://h:9000"}}), "");
  EXPECT_EQ(refused({{"ssl_verify", "FALSE"}, {"jobs", "4"}, {"verify", "true"}, {"version_aware", "false"}}),
            "");
  const auto asks = open_store({"mine", {{"url", "https://h/x"}, {"ask_password", "true"}}}, nothing, {});
  ASSERT_FALSE(asks);
  test::expect_words(asks.error().describe(), {"ask_password", "password"});
}

TEST(RemoteOptions, OfAFolderAreHeededOrRefusedToo) {
  const auto nothing = [](const char*) { return std::nullopt; };
  for (const char* url : {"/no/such/store", "file:///no/such/store"}) {
    const auto refused = [&](Options options) {
      options.emplace("url", url);
      const auto store = open_store({"mine", std::move(options)}, nothing, {});
      return store ? std::string() : store.error().describe();
    };
    test::expect_words(refused({{"foo", "bar"}}), {"option foo", "'mine'"});
    test::expect_words(refused({{"version_aware", "true"}}), {"version_aware"});
    test::expect_words(refused({{"worktree", "true"}}), {"worktree"});
    EXPECT_EQ(refused({{"version_aware", "false"},
                       {"jobs", "4"},
                       {"verify", "true"},
                       {"type", "copy"},
                       {"protected", "true"},
                       {"slow_link_warning", "false"}}),
              "");
    const auto shared = open_store({"mine", {{"url", url}, {"shared", "group"}}}, nothing, {});
    ASSERT_TRUE(shared);
    const auto able = (*shared)->check_push(1);
    ASSERT_FALSE(able);
    test::expect_words(able.error().describe(), {"shared", "'mine'"});
  }
}

TEST(RemoteOptions, SetTheTransport) {
  const test::TemporaryFolder scratch;
  const fs::path bundle = scratch.write("ca.pem", "");
  http::ClientOptions options;
  ASSERT_TRUE(take_transport(
      s3_remote({{"ssl_verify", bundle.string()}, {"connect_timeout", "7"}, {"read_timeout", "0.5"}}),
      options));
  EXPECT_TRUE(options.verify_tls);
  EXPECT_EQ(options.ca_bundle, bundle);
  EXPECT_EQ(options.connect_timeout_seconds, 7.0);
  EXPECT_EQ(options.silence_timeout_seconds, 0.5);
  ASSERT_TRUE(take_transport(s3_remote({{"ssl_verify", "False"}}), options));
  EXPECT_FALSE(options.verify_tls);
}

TEST(RemoteOptions, HowObjectsAreStoredMattersToAPushAlone) {
  const auto nothing = [](const char*) { return std::nullopt; };
  const auto store = open_store(s3_remote({{"acl", "private"}}), nothing, {});
  ASSERT_TRUE(store);
  const auto able = (*store)->check_push(1);
  ASSERT_FALSE(able);
  test::expect_words(able.error().describe(), {"acl", "'mine'"});
  const auto plain = open_store(s3_remote({}), nothing, {});
  EXPECT_TRUE((*plain)->check_push(5ULL << 30U));
  const auto large = (*plain)->check_push((5ULL << 30U) + 1);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, ErrorKind::kUnfit);
}

}  // namespace
}  // namespace joulecast::datasets
