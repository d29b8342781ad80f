// What a fresh reading found: nothing that is not there, not seen or not allowed may pass for something else.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "datasets/local_files.h"
#include "datasets/md5.h"
#include "datasets/sync_state.h"
#include "datasets/tree.h"
#include "joulecast/datasets.h"
#include "support/expect_words.h"
#include "unit/datasets/dataset_fixture.h"

namespace joulecast::datasets {
namespace {

TEST_F(Datasets, VerifyTellsFilesThatAreNotWhatTheRemoteHas) {
  write("a.csv", "first");
  write("b.csv", "second");
  write("c.csv", "third");
  ASSERT_TRUE(push_data(request(store_)));
  EXPECT_TRUE(verify_data(request(store_))->faults.empty());
  write("a.csv", "longer than the first");  // changed here
  // Nothing is known of a common past, as of a folder that was copied.
  fs::remove_all(scratch_.path() / ".data.joulecast");
  write("b.csv", "sEcond");
  const auto verified = verify_data(request(store_));
  ASSERT_TRUE(verified);
  ASSERT_EQ(verified->faults.size(), 2U);
  EXPECT_EQ(verified->faults[0].first, "a.csv");
  EXPECT_EQ(verified->faults[1].first, "b.csv");
  for (const auto& [path, fault] : verified->faults) EXPECT_EQ(fault.kind, ErrorKind::kUnfit) << path;
}

TEST_F(Datasets, WhatCannotBeLookedAtWasNotDeleted) {
  write("sub/a.csv", "a");
  write("sub/deep/b.csv", "b");
  write("c.csv", "c");
  write("d.csv", "d");
  ASSERT_TRUE(push_data(request(store_)));
  const std::string before = test::read_file(scratch_.path() / "data.dvc");
  // A folder that was moved away and linked back, and a link whose file is gone.
  fs::rename(data() / "sub", scratch_.path() / "elsewhere");
  fs::create_directory_symlink(scratch_.path() / "elsewhere", data() / "sub");
  fs::remove(data() / "c.csv");
  fs::create_symlink(scratch_.path() / "nothing", data() / "c.csv");
  const auto status = data_status(request(store_));
  ASSERT_TRUE(status);
  EXPECT_EQ(state(*status, "sub/deep/b.csv"), DataState::kMissing);
  EXPECT_EQ(state(*status, "c.csv"), DataState::kMissing);
  ASSERT_TRUE(push_data(request(store_)));
  EXPECT_EQ(test::read_file(scratch_.path() / "data.dvc"), before);
  fs::remove(data() / "d.csv");  // this one was
  ASSERT_TRUE(push_data(request(store_)));
  EXPECT_NE(test::read_file(scratch_.path() / "data.dvc"), before);
}

TEST_F(Datasets, AStatusDoesNotOverwriteWhatAPushHasRememberedMeanwhile) {
  ObjectServer server;
  write("a.csv", "content");
  ASSERT_TRUE(push_data(request(server.url())));
  const fs::path state_file = scratch_.path() / ".data.joulecast" / ("state-" + md5_of("dvc"));
  ASSERT_TRUE(fs::exists(state_file));
  SyncState meanwhile = load_sync_state(state_file);
  meanwhile.entries["b.csv"].base = md5_of("sent by another process");
  // The status is at work between what it loads and what it saves.
  fs::remove_all(scratch_.path() / ".data.joulecast/listings");
  server.twist = [&](const StubRequest&, StubAnswer&) {
    EXPECT_TRUE(save_sync_state(meanwhile, state_file));
  };
  write("c.csv", "new");
  const auto status = data_status(request(server.url()));
  ASSERT_TRUE(status);
  EXPECT_EQ(state(*status, "c.csv"), DataState::kNewHere);
  EXPECT_EQ(load_sync_state(state_file), meanwhile);
}

TEST_F(Datasets, NoPartOfAListingIsLeftBehind) {
  ObjectServer server;
  write("a.csv", "content");
  publish(server.url());
  const fs::path listings = scratch_.path() / ".data.joulecast/listings";
  const fs::path old = scratch_.write(".data.joulecast/listings/x.part-1", "of a run that was killed");
  const fs::path fresh = scratch_.write(".data.joulecast/listings/x.part-2", "of one that is at work");
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(25));
  const auto left = [&] {
    std::vector<fs::path> names;
    for (const auto& entry : fs::directory_iterator(listings)) names.push_back(entry.path());
    return names;
  };
  for (const int status : {404, 403}) {
    server.twist = [&](const StubRequest&, StubAnswer& answer) { answer = {status, "", {}}; };
    EXPECT_FALSE(data_status(request(server.url())));
    EXPECT_EQ(left(), std::vector{fresh}) << status;
  }
  server.twist = [](const StubRequest& asked, StubAnswer& answer) {
    if (asked.method == "GET") answer.body = "another content";
  };
  EXPECT_FALSE(data_status(request(server.url())));
  EXPECT_EQ(left(), std::vector{fresh});
}

TEST_F(Datasets, AFileTooLargeForOneRequestIsRefusedBeforeAnythingIsSentThoughItDidNotChange) {
  StubServer bucket([](const StubRequest&) { return StubAnswer{404, "", {}}; });
  write("big", "");
  fs::resize_file(data() / "big", (5ULL << 30U) + 1);  // without blocks on the disk
  fs::last_write_time(data() / "big", fs::file_time_type::clock::now() - std::chrono::seconds(5));
  write("new", "1");
  // It was pushed once, with this hash; the bucket has lost it since.
  SyncState state;
  state.remote = "dvc";
  SyncEntry& entry = state.entries["big"];
  entry.md5 = entry.base = md5_of("its bytes");
  entry.fingerprint = *fingerprint_of(data() / "big");
  ASSERT_TRUE(save_sync_state(state, scratch_.path() / ".data.joulecast" / ("state-" + md5_of("dvc"))));
  const std::string listing = dir_object({{"big", entry.md5}});
  scratch_.write(".data.joulecast/listings/" + md5_of(listing) + ".dir", listing);
  scratch_.write("data.dvc", "outs:\n- md5: " + md5_of(listing) + ".dir\n  hash: md5\n  path: data\n");
  DataRequest push = request("s3://bucket/store");
  push.environment = [&](const char* name) -> std::optional<std::string> {
    const std::string_view wanted = name;
    if (wanted == "AWS_ENDPOINT_URL") return bucket.url();
    if (wanted == "AWS_ACCESS_KEY_ID" || wanted == "AWS_SECRET_ACCESS_KEY") return "k";
    return std::nullopt;
  };
  const auto pushed = push_data(push);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().kind, ErrorKind::kUnfit);
  test::expect_words(pushed.error().describe(), {"5 GiB"});
  for (const StubRequest& asked : bucket.requests()) EXPECT_NE(asked.method, "PUT") << asked.path();
}

TEST_F(Datasets, ASecretHeaderDoesNotFollowARedirect) {
  ObjectServer elsewhere;
  ObjectServer server;
  write("a.csv", "content");
  publish(server.url());
  elsewhere.objects = server.objects;
  server.twist = [&](const StubRequest& request, StubAnswer& answer) {
    const std::string key = request.path().substr(std::string("/store").size());
    answer = {302, "", {{"Location", elsewhere.url() + key}}};
  };
  scratch_.write(".dvc/config", "['remote \"r\"']\n    url = " + server.url() +
                                    "\n    auth = custom\n    custom_auth_header = X-Secret\n    password = "
                                    "TOPSECRET\n[core]\n    remote = r\n");
  const auto pulled = pull_data(request(""));
  for (const auto& seen : elsewhere.requests()) EXPECT_EQ(seen.header("x-secret"), "");
  ASSERT_FALSE(server.requests().empty());
  EXPECT_EQ(server.requests().back().header("x-secret"), "TOPSECRET");
  const bool whole = pulled && pulled->faults.empty();
  EXPECT_FALSE(whole);
  EXPECT_TRUE(pull_data(request(server.url())));  // without a secret it may go on elsewhere
}

TEST_F(Datasets, ForceTakesADeletionThereAlsoOfAFileThatWasChangedHere) {
  write("a.csv", "a");
  write("b.csv", "b");
  write("c.csv", "c");
  ASSERT_TRUE(push_data(request(store_)));
  // Elsewhere a and b are deleted.
  const fs::path other = scratch_.path() / "other";
  fs::create_directories(other);
  fs::copy_file(scratch_.path() / "data.dvc", other / "data.dvc");
  DataRequest elsewhere = request(store_);
  elsewhere.path = other / "data";
  ASSERT_TRUE(pull_data(elsewhere));
  fs::remove(other / "data/a.csv");
  fs::remove(other / "data/b.csv");
  ASSERT_TRUE(push_data(elsewhere));
  fs::copy_file(other / "data.dvc", scratch_.path() / "data.dvc", fs::copy_options::overwrite_existing);
  write("b.csv", "changed here");
  ASSERT_TRUE(pull_data(request(store_)));
  EXPECT_TRUE(fs::exists(data() / "a.csv"));
  EXPECT_EQ(read("b.csv"), "changed here");
  DataRequest forced = request(store_);
  forced.force = true;
  ASSERT_TRUE(pull_data(forced));
  EXPECT_FALSE(fs::exists(data() / "a.csv"));
  EXPECT_FALSE(fs::exists(data() / "b.csv"));
  EXPECT_EQ(read("c.csv"), "c");
  const auto status = data_status(request(store_));
  ASSERT_TRUE(status);
  for (const DataFile& file : status->files) EXPECT_EQ(file.state, DataState::kSame) << file.path;
}

TEST_F(Datasets, OneFileThatCannotBePlacedHoldsUpNoOtherOfItsContent) {
  write("a.csv", "same");
  write("b/c.csv", "same");
  write("d.csv", "same");
  publish(store_);
  scratch_.write("data/b", "a file where a folder is needed");
  const auto pulled = pull_data(request(store_));
  ASSERT_TRUE(pulled);
  ASSERT_EQ(pulled->faults.size(), 1U);
  EXPECT_EQ(pulled->faults[0].first, "b/c.csv");
  EXPECT_EQ(read("a.csv") + read("d.csv"), "samesame");
}

TEST_F(Datasets, WhatIsRememberedOfADatasetInsideIsNoneOfItsFiles) {
  write("a.csv", "a");
  write("inner/b.csv", "b");
  DataRequest inner = request(store_ + "2");
  inner.path = data() / "inner";
  ASSERT_TRUE(push_data(inner));
  const auto pushed = push_data(request(store_));
  ASSERT_TRUE(pushed);
  for (const DataFile& file : pushed->files)
    EXPECT_EQ(file.path.find(".joulecast"), std::string::npos) << file.path;
}

TEST_F(Datasets, APartThatIsALinkIsNotWrittenThrough) {
  write("a.csv", "content");
  publish(store_);
  const fs::path outside = scratch_.write("outside", "mine");
  fs::create_directories(scratch_.path() / ".data.joulecast/parts");
  fs::create_symlink(outside, scratch_.path() / ".data.joulecast/parts" / md5_of("content"));
  const auto pulled = pull_data(request(store_));
  EXPECT_FALSE(pulled && pulled->faults.empty());
  EXPECT_EQ(test::read_file(outside), "mine");
}

}  // namespace
}  // namespace joulecast::datasets
