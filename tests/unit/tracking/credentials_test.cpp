#include <gtest/gtest.h>

#include <map>

#include "joulecast/tracking.h"
#include "support/expect_words.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(TrackingServerAddress, LosesSlashesAndSecrets) {
  const auto server = tracking_server("http://me:se%20same@Host:5000//", environment({}));
  ASSERT_TRUE(server);
  EXPECT_EQ(server->uri, "http://host:5000");
  EXPECT_EQ(server->user, "me");
  EXPECT_EQ(server->password, "se same");
}

TEST(TrackingServerAddress, MustBeOfAServer) {
  for (const char* uri :
       {"./mlruns", "file:///tmp/x", "sqlite:///mlflow.db", "databricks", "ftp://host", ""}) {
    const auto server = tracking_server(uri, environment({}));
    ASSERT_FALSE(server) << uri;
    EXPECT_EQ(server.error().kind, ErrorKind::kUsage);
    test::expect_words(server.error().describe(), {uri, "http://localhost:5000"});
  }
  EXPECT_EQ(tracking_server("ftp://me:sesame@host", environment({})).error().describe().find("sesame"),
            std::string::npos);
}

TEST(TrackingCredentials, TheEnvironmentGoesBeforeTheAddressAndTheFile) {
  const test::TemporaryFolder home;
  home.write(".mlflow/credentials",
             "[other]\nmlflow_tracking_username = wrong\n[mlflow]\r\nmlflow_tracking_username = filed \n"
             "mlflow_tracking_password: from file\n");
  const std::string folder = home.path().string();
  const auto filed = tracking_server("http://h", environment({{"HOME", folder}}));
  EXPECT_EQ(filed->user, "filed");
  EXPECT_EQ(filed->password, "from file");
  const auto set = tracking_server("http://a:b@h", environment({{"HOME", folder},
                                                                {"MLFLOW_TRACKING_USERNAME", "u"},
                                                                {"MLFLOW_TRACKING_PASSWORD", "p"},
                                                                {"MLFLOW_TRACKING_TOKEN", "t"}}));
  EXPECT_EQ(set->user, "u");
  EXPECT_EQ(set->password, "p");
  const auto mixed =
      tracking_server("http://h", environment({{"HOME", folder}, {"MLFLOW_TRACKING_USERNAME", "u"}}));
  EXPECT_EQ(mixed->user, "u");
  EXPECT_EQ(mixed->password, "from file");
}

TEST(TrackingCredentials, TheTokenOfDagshubIsForDagshubAlone) {
  const auto set = environment({{"DAGSHUB_USER_TOKEN", "token"}});
  EXPECT_EQ(tracking_server("http://localhost:5000", set)->password, "");
  EXPECT_EQ(tracking_server("https://dagshub.com.evil.org/a/b.mlflow", set)->password, "");
  const auto dagshub = tracking_server(dagshub_tracking_uri("owner", "name"), set);
  EXPECT_EQ(dagshub->uri, "https://dagshub.com/owner/name.mlflow");
  EXPECT_EQ(dagshub->password, "token");
  EXPECT_TRUE(dagshub->dagshub_token);
  const auto named =
      tracking_server("https://dagshub.com/a/b.mlflow",
                      environment({{"DAGSHUB_USER_TOKEN", "token"}, {"MLFLOW_TRACKING_USERNAME", "u"}}));
  EXPECT_EQ(named->user, "u");
  EXPECT_EQ(named->password, "token");
  EXPECT_TRUE(named->dagshub_token);
  const auto own =
      tracking_server("https://dagshub.com/a/b.mlflow", environment({{"DAGSHUB_USER_TOKEN", "token"},
                                                                     {"MLFLOW_TRACKING_USERNAME", "u"},
                                                                     {"MLFLOW_TRACKING_PASSWORD", "p"}}));
  EXPECT_EQ(own->password, "p");
  EXPECT_FALSE(own->dagshub_token);
}

TEST(TrackingOptions, AreThePythonClientsVariables) {
  const auto server = tracking_server("https://h", environment({{"MLFLOW_TRACKING_INSECURE_TLS", "true"},
                                                                {"MLFLOW_TRACKING_SERVER_CERT_PATH", "/ca"},
                                                                {"SSL_CERT_FILE", "/other"},
                                                                {"MLFLOW_TRACKING_CLIENT_CERT_PATH", "/mine"},
                                                                {"MLFLOW_HTTP_REQUEST_MAX_RETRIES", "7"},
                                                                {"MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "2"},
                                                                {"MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "x"},
                                                                {"MLFLOW_HTTP_REQUEST_TIMEOUT", "-3"}}));
  ASSERT_TRUE(server);
  EXPECT_FALSE(server->verify_tls);
  EXPECT_EQ(server->ca_bundle, "/ca");
  EXPECT_EQ(server->client_certificate, "/mine");
  EXPECT_EQ(server->retries, 7);
  EXPECT_EQ(server->back_off_seconds, 2.0);
  EXPECT_EQ(server->jitter, 0.5);
  EXPECT_EQ(server->timeout_seconds, 120.0);
}

}  // namespace
}  // namespace joulecast
