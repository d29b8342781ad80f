// Where the files of a model may lie.
#include <gtest/gtest.h>

#include "support/expect_words.h"
#include "support/run_program.h"
#include "support/stub_server.h"
#include "support/temporary_folder.h"
#include "tracking/artifacts.h"

namespace joulecast::tracking {
namespace {

TrackingServer server_at(const std::string& uri) {
  TrackingServer server;
  server.uri = uri;
  server.retries = 0;
  return server;
}

TEST(ArtifactStores, ABucketIsAskedItself) {
  const test::TemporaryFolder scratch;
  test::StubServer storage([](const test::StubRequest& request) {
    test::StubAnswer answer{200, "", {}};
    if (request.target.find("prefix=exp%2Fmodel%2Fdata%2F") != std::string::npos)
      answer.body = "<R><Contents><Key>exp/model/data/w.bin</Key><Size>4</Size></Contents></R>";
    else if (request.target.find("prefix=exp%2Fmodel%2F") != std::string::npos)
      answer.body =
          "<R><Contents><Key>exp/model/MLmodel</Key><Size>9</Size></Contents>"
          "<CommonPrefixes><Prefix>exp/model/data/</Prefix></CommonPrefixes></R>";
    else
      answer.body = "of " + request.target;
    return answer;
  });
  Rest rest(server_at("http://127.0.0.1:1"), {});
  ArtifactStores stores(rest, [&](const char* name) -> std::optional<std::string> {
    return name == std::string("MLFLOW_S3_ENDPOINT_URL") ? std::optional(storage.url()) : std::nullopt;
  });
  auto store = stores.at("s3://bucket/exp/model/");
  ASSERT_TRUE(store) << store.error().describe();
  const auto files = store->files_below("");
  ASSERT_TRUE(files) << files.error().error.describe();
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].path, "MLmodel");
  EXPECT_EQ((*files)[0].bytes, 9U);
  EXPECT_EQ((*files)[1].path, "data/w.bin");
  ASSERT_TRUE(store->get("data/w.bin", scratch.path() / "w.bin"));
  EXPECT_EQ(test::read_file(scratch.path() / "w.bin"), "of /bucket/exp/model/data/w.bin");
  auto other = stores.at("s3://bucket/exp/other");
  ASSERT_TRUE(other && other->get("x", scratch.path() / "x"));
  EXPECT_EQ(test::read_file(scratch.path() / "x"), "of /bucket/exp/other/x");
  EXPECT_EQ(storage.connections(), 1U);  // that of the bucket
}

TEST(ArtifactStores, OtherStoragesAreRefusedByName) {
  Rest rest(server_at("http://127.0.0.1:1"), {});
  for (const char* uri : {"dbfs:/databricks/mlflow", "gs://bucket/x", "wasbs://c@a.blob.core.windows.net/x",
                          "abfss://c@a.dfs.core.windows.net/x", "hdfs://h/x", "ftp://h/x", "sftp://h/x"}) {
    const auto store = ArtifactStores(rest).at(uri);
    ASSERT_FALSE(store) << uri;
    EXPECT_EQ(store.error().kind, ErrorKind::kUnfit);
    const std::string text(uri);
    test::expect_words(store.error().message, {text.substr(0, text.find(':') + 1)});
  }
}

}  // namespace
}  // namespace joulecast::tracking
