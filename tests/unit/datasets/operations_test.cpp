// Pull, push, status and verify against a folder and an HTTP server that may fail.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>

#include "datasets/dvc_file.h"
#include "datasets/md5.h"
#include "datasets/object_store.h"
#include "datasets/tree.h"
#include "joulecast/datasets.h"
#include "support/expect_words.h"
#include "support/run_program.h"
#include "support/stub_server.h"
#include "support/temporary_folder.h"
#include "unit/datasets/dataset_fixture.h"

namespace joulecast::datasets {
namespace {

TEST_F(Datasets, WhatIsPushedToAFolderHasDvcsLayoutAndIsPulledAsItWas) {
  write("b.csv", "x,y\r\n1,2\r\n");
  write("a/z.csv", "hello\n");
  write("a-b.csv", "q");
  write("a.csv", "");
  write("\u00e9.csv", "u");
  const auto pushed = push_data(request(store_));
  ASSERT_TRUE(pushed) << pushed.error().describe();
  EXPECT_EQ(pushed->moved_files, 5U);
  EXPECT_EQ(test::read_file(scratch_.path() / "data.dvc"),
            "outs:\n- md5: 0791eb553475e78c63a1c2ba85b1e9f4.dir\n  size: 18\n  nfiles: 5\n  hash: md5\n  "
            "path: data\n");
  EXPECT_EQ(test::read_file(fs::path(store_) / "files/md5/b1/946ac92492d2347c6235b4d2611184"), "hello\n");
  EXPECT_TRUE(fs::exists(fs::path(store_) / "files/md5/07/91eb553475e78c63a1c2ba85b1e9f4.dir"));
  const auto before = test::files_below(data());
  fs::remove_all(data());
  fs::remove_all(scratch_.path() / ".data.joulecast");
  const auto pulled = pull_data(request(store_));
  ASSERT_TRUE(pulled) << pulled.error().describe();
  EXPECT_EQ(pulled->moved_files, 5U);
  EXPECT_EQ(test::files_below(data()), before);
  EXPECT_EQ(read("b.csv"), "x,y\r\n1,2\r\n");
  EXPECT_EQ(pull_data(request(store_))->moved_files, 0U);
}

TEST_F(Datasets, OneFileIsADatasetToo) {
  scratch_.write("data", "content");
  publish(store_);
  ASSERT_TRUE(pull_data(request(store_)));
  EXPECT_EQ(test::read_file(data()), "content");
  EXPECT_EQ(state(*data_status(request(store_)), "data"), DataState::kSame);
}

TEST_F(Datasets, InsideARepositoryTheCacheIsFilledAndTheDefaultRemoteTaken) {
  scratch_.write(".dvc/config", "[core]\n    remote = store\n['remote \"store\"']\n    url = ../store\n");
  write("a.csv", "one");
  ASSERT_TRUE(push_data(request("")));
  const fs::path object = object_of_cache("one");
  EXPECT_EQ(test::read_file(object), "one");
  EXPECT_EQ(fs::status(object).permissions(), fs::perms(0444));
  EXPECT_EQ(test::read_file(scratch_.path() / ".gitignore"), "/data\n");
  fs::remove_all(data());
  fs::remove_all(store_);  // the cache is enough
  const auto pulled = pull_data(request(""));
  ASSERT_TRUE(pulled) << pulled.error().describe();
  EXPECT_EQ(read("a.csv"), "one");
  EXPECT_NE(fs::status(data() / "a.csv").permissions() & fs::perms::owner_write, fs::perms::none);
}

TEST_F(Datasets, ADamagedObjectOfTheCacheIsNotTrusted) {
  scratch_.write(".dvc/config", "[core]\n    remote = store\n['remote \"store\"']\n    url = ../store\n");
  write("a.csv", "one");
  ASSERT_TRUE(push_data(request("")));
  const fs::path object = object_of_cache("one");
  fs::permissions(object, fs::perms(0644));
  scratch_.write(fs::relative(object, scratch_.path()), "bad");
  fs::remove_all(data());
  const auto pulled = pull_data(request(""));
  ASSERT_TRUE(pulled);
  EXPECT_TRUE(pulled->faults.empty());
  EXPECT_EQ(read("a.csv"), "one");
  EXPECT_EQ(test::read_file(object), "one");
}

TEST_F(Datasets, ChangesOnBothSidesAreToldApartAndKept) {
  write("here", "1");
  write("there", "1");
  write("both", "1");
  write("gone", "1");
  ASSERT_TRUE(push_data(request(store_)));
  // Somebody else's version of the dataset.
  const Tree tree = {{"both", md5_of("2")},
                     {"gone", md5_of("1")},
                     {"here", md5_of("1")},
                     {"new", md5_of("n")},
                     {"there", md5_of("2")}};
  const std::string listing = dir_object(tree);
  for (const char* content : {"2", "n"})
    scratch_.write("store/" + object_key(md5_of(content), false, HashKind::kMd5), content);
  scratch_.write("store/" + object_key(md5_of(listing), true, HashKind::kMd5), listing);
  ASSERT_TRUE(write_dvc_file(data(), {"data", md5_of(listing), true}));
  write("here", "mine");
  write("both", "mine");
  write("added", "a");
  fs::remove(data() / "gone");
  const auto status = data_status(request(store_));
  ASSERT_TRUE(status) << status.error().describe();
  EXPECT_EQ(state(*status, "here"), DataState::kChangedHere);
  EXPECT_EQ(state(*status, "there"), DataState::kChangedThere);
  EXPECT_EQ(state(*status, "both"), DataState::kConflict);
  EXPECT_EQ(state(*status, "gone"), DataState::kDeletedHere);
  EXPECT_EQ(state(*status, "new"), DataState::kMissing);
  EXPECT_EQ(state(*status, "added"), DataState::kNewHere);
  const auto refused = push_data(request(store_));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnfit);
  test::expect_words(refused.error().describe(), {"both", "--force"});
  const auto pulled = pull_data(request(store_));
  ASSERT_TRUE(pulled);
  EXPECT_EQ(pulled->kept, (std::vector<std::string>{"both", "here"}));
  EXPECT_EQ(read("here") + read("both") + read("there") + read("new") + read("gone") + read("added"),
            "minemine2n1a");
  auto forced = request(store_);
  forced.force = true;
  ASSERT_TRUE(pull_data(forced));
  EXPECT_EQ(read("here") + read("both") + read("added"), "12a");
}

TEST_F(Datasets, DisjointChangesAreMergedByAPush) {
  write("a", "1");
  write("b", "1");
  ASSERT_TRUE(push_data(request(store_)));
  const std::string listing = dir_object({{"a", md5_of("2")}, {"b", md5_of("1")}});
  scratch_.write("store/" + object_key(md5_of("2"), false, HashKind::kMd5), "2");
  scratch_.write("store/" + object_key(md5_of(listing), true, HashKind::kMd5), listing);
  ASSERT_TRUE(write_dvc_file(data(), {"data", md5_of(listing), true}));
  write("b", "3");
  const auto pushed = push_data(request(store_));
  ASSERT_TRUE(pushed) << pushed.error().describe();
  EXPECT_EQ(pushed->moved_files, 1U);
  EXPECT_EQ(read_dvc_file(data())->md5, md5_of(dir_object({{"a", md5_of("2")}, {"b", md5_of("3")}})));
  EXPECT_EQ(read("a"), "1");  // theirs comes with the next pull
  ASSERT_TRUE(pull_data(request(store_)));
  EXPECT_EQ(read("a") + read("b"), "23");
}

TEST_F(Datasets, FilesDeletedHereAreDeletedByAPushButNotAll) {
  write("a", "1");
  write("b", "2");
  ASSERT_TRUE(push_data(request(store_)));
  fs::remove(data() / "a");
  ASSERT_TRUE(push_data(request(store_)));
  EXPECT_EQ(read_dvc_file(data())->md5, md5_of(dir_object({{"b", md5_of("2")}})));
  fs::remove(data() / "b");
  const auto all_gone = push_data(request(store_));
  ASSERT_FALSE(all_gone);
  EXPECT_EQ(all_gone.error().kind, ErrorKind::kUnfit);
}

TEST_F(Datasets, OverHttpAPushSendsWhatIsMissingAndAPullWhatDiffers) {
  ObjectServer server;
  write("a", "1");
  write("b", "2");
  write("c", "2");
  const auto pushed = push_data(request(server.url()));
  ASSERT_TRUE(pushed) << pushed.error().describe();
  EXPECT_EQ(server.count("POST"), 3U);  // two contents and the folder
  EXPECT_EQ(server.objects.size(), 3U);
  write("a", "changed");
  ASSERT_TRUE(push_data(request(server.url())));
  EXPECT_EQ(server.count("POST"), 5U);
  fs::remove_all(data());
  fs::remove_all(scratch_.path() / ".data.joulecast");
  const std::size_t gets = server.count("GET");
  ASSERT_TRUE(pull_data(request(server.url())));
  EXPECT_EQ(server.count("GET") - gets, 3U);
  EXPECT_EQ(read("a") + read("b") + read("c"), "changed22");
  const std::size_t all = server.requests().size();
  EXPECT_EQ(pull_data(request(server.url()))->moved_files, 0U);
  EXPECT_EQ(server.requests().size(), all);  // nothing is asked where nothing can have changed
}

TEST_F(Datasets, ABrokenDownloadGoesOnWhereItBrokeOff) {
  ObjectServer server;
  const std::string big(3U << 20U, 'x');
  write("big", big);
  publish(server.url());
  std::atomic<int> cuts{0};
  server.twist = [&](const StubRequest& request, StubAnswer& answer) {
    if (request.method == "GET" && answer.body.size() > 1000 && cuts++ < 2) answer.cut_off = true;
  };
  const auto pulled = pull_data(request(server.url()));
  ASSERT_TRUE(pulled) << pulled.error().describe();
  ASSERT_TRUE(pulled->faults.empty()) << pulled->faults[0].second.describe();
  EXPECT_TRUE(read("big") == big);
  const auto seen = server.requests();
  EXPECT_EQ(seen[seen.size() - 1].header("range"), "bytes=2359296-");
  EXPECT_EQ(seen[seen.size() - 1].header("if-range"), "\"" + md5_of(big) + "\"");
}

TEST_F(Datasets, WhatAnEarlierRunHasLeftIsGoneOnWithOrThrownAway) {
  ObjectServer server;
  const std::string big(100'000, 'x');
  write("big", big);
  publish(server.url());
  const fs::path part = fs::path(".data.joulecast/parts") / md5_of(big);
  for (const std::string& left : {big.substr(0, 5000), big, std::string(5000, 'y'), big + "more"}) {
    scratch_.write(part, left);
    const std::size_t before = server.count("GET");
    const auto pulled = pull_data(request(server.url()));
    ASSERT_TRUE(pulled && pulled->faults.empty()) << left.size();
    EXPECT_TRUE(read("big") == big) << left.size();
    if (left == big) {
      EXPECT_EQ(server.count("GET") - before, 0U);
    }
    fs::remove_all(data());
  }
}

TEST_F(Datasets, AContentThatHasChangedMeanwhileIsFetchedFromItsBegin) {
  ObjectServer server;
  const std::string big(2U << 20U, 'x');
  write("big", big);
  publish(server.url());
  scratch_.write(fs::path(".data.joulecast/parts") / md5_of(big), std::string(5000, 'y'));
  scratch_.write(fs::path(".data.joulecast/parts") / (md5_of(big) + ".of"), "\"another\"");
  const auto pulled = pull_data(request(server.url()));
  ASSERT_TRUE(pulled && pulled->faults.empty());
  EXPECT_TRUE(read("big") == big);
  EXPECT_EQ(server.requests().back().header("if-range"), "\"another\"");
}

TEST_F(Datasets, ADamagedBodyIsFetchedAgainAndThenAFault) {
  ObjectServer server;
  write("a", "good");
  write("b", "fine");
  publish(server.url());
  const auto damage = [](int times) {
    auto left = std::make_shared<std::atomic<int>>(times);
    return [left](const StubRequest& request, StubAnswer& answer) {
      if (request.method == "GET" && answer.body == "good" && (*left)-- > 0) answer.body = "evil";
    };
  };
  server.twist = damage(1);
  ASSERT_TRUE(pull_data(request(server.url()))->faults.empty());
  EXPECT_EQ(read("a"), "good");
  fs::remove_all(data());
  server.twist = damage(1000);
  const auto pulled = pull_data(request(server.url()));
  ASSERT_TRUE(pulled);
  ASSERT_EQ(pulled->faults.size(), 1U);
  EXPECT_EQ(pulled->faults[0].first, "a");
  EXPECT_EQ(pulled->faults[0].second.kind, ErrorKind::kServer);
  test::expect_words(pulled->faults[0].second.describe(), {md5_of("good"), "MD5"});
  EXPECT_FALSE(fs::exists(data() / "a"));
  EXPECT_EQ(read("b"), "fine");
}

TEST_F(Datasets, EachStatusOfTheServerHasItsErrorAndNoSecretIsTold) {
  ObjectServer server;
  write("a", "good");
  publish(server.url());
  scratch_.write(".dvc/config", "['remote \"r\"']\nurl = " + server.url() + "\n");
  scratch_.write(".dvc/config.local", "['remote \"r\"']\nauth = basic\nuser = me\npassword = sesame\n");
  const std::vector<std::pair<int, ErrorKind>> cases = {{401, ErrorKind::kAccessDenied},
                                                        {403, ErrorKind::kAccessDenied},
                                                        {404, ErrorKind::kServer},
                                                        {418, ErrorKind::kServer}};
  for (const auto& [status, kind] : cases) {
    server.twist = [status = status](const StubRequest& request, StubAnswer& answer) {
      if (request.method == "GET") answer = {status, "sesame", {}};
    };
    const auto pulled = pull_data(request("r"));
    ASSERT_FALSE(pulled) << status;
    EXPECT_EQ(pulled.error().kind, kind) << status;
    EXPECT_EQ(pulled.error().describe().find("sesame"), std::string::npos);
    EXPECT_FALSE(fs::exists(data()));
  }
  EXPECT_EQ(server.requests().back().header("authorization"), "Basic bWU6c2VzYW1l");
}

TEST_F(Datasets, HostileNamesStopAPullBeforeAnythingIsWritten) {
  scratch_.write("secret", "mine");
  for (const char* path :
       {"../secret", "/tmp/secret", "a/../../secret", ".git/hooks/post-checkout", "a\\u0000b"}) {
    const std::string listing =
        std::string("[{\"md5\": \"") + md5_of("evil") + "\", \"relpath\": \"" + path + "\"}]";
    scratch_.write("store/" + object_key(md5_of("evil"), false, HashKind::kMd5), "evil");
    scratch_.write("store/" + object_key(md5_of(listing), true, HashKind::kMd5), listing);
    fs::remove(scratch_.path() / "data.dvc");
    ASSERT_TRUE(write_dvc_file(data(), {"data", md5_of(listing), true}));
    const auto pulled = pull_data(request(store_));
    ASSERT_FALSE(pulled) << path;
    EXPECT_EQ(pulled.error().kind, ErrorKind::kMalformed) << path;
    EXPECT_FALSE(fs::exists(data()));
  }
  EXPECT_EQ(test::read_file(scratch_.path() / "secret"), "mine");
}

TEST_F(Datasets, NothingIsWrittenThroughALinkToAFolder) {
  write("sub/a", "1");
  publish(store_);
  fs::create_directories(scratch_.path() / "elsewhere");
  fs::create_directories(data());
  fs::create_directory_symlink(scratch_.path() / "elsewhere", data() / "sub");
  const auto pulled = pull_data(request(store_));
  ASSERT_TRUE(pulled);
  ASSERT_EQ(pulled->faults.size(), 1U);
  EXPECT_TRUE(test::files_below(scratch_.path() / "elsewhere").empty());
}

TEST_F(Datasets, AnotherFolderObjectThanTheDvcFileNamesIsRefused) {
  write("a", "1");
  publish(store_);
  const auto entry = read_dvc_file(data());
  const std::string key = "store/" + object_key(entry->md5, true, HashKind::kMd5);
  fs::permissions(scratch_.path() / key, fs::perms(0644));
  scratch_.write(key, "[]");
  const auto pulled = pull_data(request(store_));
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().kind, ErrorKind::kServer);
  test::expect_words(pulled.error().describe(), {entry->md5, "another content"});
}

TEST_F(Datasets, ADvcFileThatCountsWronglyIsDoubted) {
  write("a", "1");
  publish(store_);
  auto entry = *read_dvc_file(data());
  entry.files = 7;
  ASSERT_TRUE(write_dvc_file(data(), entry));
  const auto pulled = pull_data(request(store_));
  ASSERT_TRUE(pulled);
  ASSERT_EQ(pulled->warnings.size(), 1U);
  test::expect_words(pulled->warnings[0].message, {"7 files", "has 1"});
  EXPECT_EQ(read("a"), "1");
}

TEST_F(Datasets, DatasetsOfDvc2ArePulledAndRenewedByAPush) {
  const std::string text = "x,y\r\n1,2\r\n";
  const std::string old = "344fd2323dd33d5c058b7cf27de029e8";
  const std::string listing = "[{\"md5\": \"" + old + "\", \"relpath\": \"b.csv\"}]";
  scratch_.write("store/" + object_key(old, false, HashKind::kMd5Dos2Unix), text);
  scratch_.write("store/" + object_key(md5_of(listing), true, HashKind::kMd5Dos2Unix), listing);
  scratch_.write("data.dvc",
                 "outs:\n- md5: " + md5_of(listing) + ".dir\n  size: 10\n  nfiles: 1\n  path: data\n");
  const auto pulled = pull_data(request(store_));
  ASSERT_TRUE(pulled && pulled->faults.empty());
  EXPECT_EQ(read("b.csv"), text);
  EXPECT_EQ(state(*data_status(request(store_)), "b.csv"), DataState::kSame);
  write("c.csv", "new");
  const auto pushed = push_data(request(store_));
  ASSERT_TRUE(pushed) << pushed.error().describe();
  const auto entry = read_dvc_file(data());
  EXPECT_EQ(entry->hash, HashKind::kMd5);
  EXPECT_EQ(entry->md5, md5_of(dir_object({{"b.csv", md5_of(text)}, {"c.csv", md5_of("new")}})));
  EXPECT_EQ(data_status(request(store_))->count(DataState::kSame), 2U);
}

TEST_F(Datasets, VerifyFindsWhatIsMissingOrDamagedOnBothSides) {
  write("a", "1");
  write("b", "2");
  write("c", "3");
  ASSERT_TRUE(push_data(request(store_)));
  EXPECT_TRUE(verify_data(request(store_))->faults.empty());
  fs::last_write_time(data() / "a", fs::file_time_type::clock::now() - std::chrono::seconds(5));
  ASSERT_TRUE(data_status(request(store_)));
  const auto time = fs::last_write_time(data() / "a");
  write("a", "x");  // in place: same inode, size, and by the next line the same time
  fs::last_write_time(data() / "a", time);
  const fs::path there = fs::path(store_) / object_key(md5_of("2"), false, HashKind::kMd5);
  fs::permissions(there, fs::perms(0644));
  std::ofstream(there) << "y";
  fs::remove(fs::path(store_) / object_key(md5_of("3"), false, HashKind::kMd5));
  const auto found = verify_data(request(store_));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->faults.size(), 3U);
  EXPECT_EQ(state(*found, "a"), DataState::kCorrupt);
  EXPECT_EQ(found->faults[1].first, "b");
  EXPECT_EQ(found->faults[1].second.kind, ErrorKind::kMalformed);
  EXPECT_EQ(found->faults[2].first, "c");
}

TEST_F(Datasets, AHashOfAnotherKindMakesNoFileCorrupt) {
  const std::string text = "x,y\r\n1,2\r\n";
  const std::string old = "344fd2323dd33d5c058b7cf27de029e8";
  const std::string listing = "[{\"md5\": \"" + old + "\", \"relpath\": \"b.csv\"}]";
  scratch_.write("store/" + object_key(old, false, HashKind::kMd5Dos2Unix), text);
  scratch_.write("store/" + object_key(md5_of(listing), true, HashKind::kMd5Dos2Unix), listing);
  scratch_.write("data.dvc", "outs:\n- md5: " + md5_of(listing) + ".dir\n  path: data\n");
  ASSERT_TRUE(pull_data(request(store_)));
  // Someone else renews it.
  const std::string renewed = dir_object({{"b.csv", md5_of(text)}});
  scratch_.write("store/" + object_key(md5_of(text), false, HashKind::kMd5), text);
  scratch_.write("store/" + object_key(md5_of(renewed), true, HashKind::kMd5), renewed);
  scratch_.write("data.dvc", "outs:\n- md5: " + md5_of(renewed) + ".dir\n  hash: md5\n  path: data\n");
  const auto found = verify_data(request(store_));
  ASSERT_TRUE(found) << found.error().describe();
  EXPECT_TRUE(found->faults.empty());
  EXPECT_EQ(state(*found, "b.csv"), DataState::kSame);
}

TEST_F(Datasets, ADryRunChangesNothing) {
  write("a", "1");
  auto dry = request(store_);
  dry.dry_run = true;
  const auto report = push_data(dry);
  ASSERT_TRUE(report);
  EXPECT_EQ(state(*report, "a"), DataState::kNewHere);
  EXPECT_FALSE(fs::exists(store_));
  EXPECT_FALSE(fs::exists(scratch_.path() / "data.dvc"));
  publish(store_);
  EXPECT_EQ(state(*pull_data(dry), "a"), DataState::kMissing);
  EXPECT_FALSE(fs::exists(data()));
}

TEST_F(Datasets, WithoutADvcFileOrARemoteThereIsNothingToPull) {
  EXPECT_EQ(pull_data(request(store_)).error().kind, ErrorKind::kUnreadable);
  EXPECT_EQ(pull_data(request("")).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(pull_data(request("gs://bucket/x")).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(pull_data(request("dagshub://owner")).error().kind, ErrorKind::kUsage);
  EXPECT_EQ(push_data(request(store_)).error().kind, ErrorKind::kUnreadable);
}

}  // namespace
}  // namespace joulecast::datasets
