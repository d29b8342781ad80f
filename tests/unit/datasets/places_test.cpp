// Modes and names of what is written here, and what is asked of a server before anything is sent.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/cache.h"
#include "datasets/partial_file.h"
#include "unit/datasets/dataset_fixture.h"

namespace joulecast::datasets {
namespace {

unsigned mode_of(const fs::path& file) {
  struct stat status{};
  return ::stat(file.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

class Modes : public Datasets {
 protected:
  Modes() : before_(::umask(027)) {}
  ~Modes() override { ::umask(before_); }
  const mode_t before_;
};

TEST_F(Modes, AFileThatIsReplacedHandsOnItsModeAndNewOnesFollowTheUmask) {
  for (const bool in_repository : {false, true}) {
    SCOPED_TRACE(in_repository);
    if (in_repository) scratch_.write(".dvc/config", "");
    write("a", "1");
    write("b", "2");
    write("same/b", "2");
    publish(store_);
    fs::remove_all(scratch_.path() / ".dvc/cache");
    write("a", "other");
    write("b", "other");
    fs::permissions(data() / "a", fs::perms(0600));
    fs::permissions(data() / "b", fs::perms(0604));
    DataRequest forced = request(store_);
    forced.force = true;
    ASSERT_TRUE(pull_data(forced));
    EXPECT_EQ(read("a") + read("b") + read("same/b"), "122");
    EXPECT_EQ(mode_of(data() / "a"), 0600U);
    EXPECT_EQ(mode_of(data() / "b"), 0604U);
    EXPECT_EQ(mode_of(data() / "same/b"), 0640U);
    fs::remove_all(store_);
    fs::remove_all(data());
    fs::remove(scratch_.path() / "data.dvc");
  }
}

TEST_F(Modes, AProgramMayBeRunByWhoeverMayReadIt) {
  scratch_.write("data", "#!/bin/sh\n");
  fs::permissions(data(), fs::perms(0755));
  publish(store_);
  ASSERT_TRUE(pull_data(request(store_)));
  EXPECT_EQ(mode_of(data()), 0750U);
}

TEST_F(Datasets, WhatAKilledRunHasLeftUnderOurNumberIsNotTaken) {
  const fs::path from = scratch_.write("from", "content");
  const fs::path scratch = scratch_.path() / "parts";
  constexpr int kLeft = 300;
  for (int i = 0; i < kLeft; ++i)
    scratch_.write("parts/new-" + std::to_string(::getpid()) + "-" + std::to_string(i), "left");
  ASSERT_TRUE(copy_verified(from, scratch_.path() / "to", md5_of("content"), scratch, {}));
  EXPECT_EQ(test::read_file(scratch_.path() / "to"), "content");
  int still = 0;
  for (const auto& entry : fs::directory_iterator(scratch))
    still += test::read_file(entry.path()) == "left" ? 1 : 0;
  EXPECT_EQ(still, kLeft);
}

TEST_F(Datasets, AStoreWithoutHeadIsAskedForTheBeginAlone) {
  ObjectServer server;
  write("a", std::string(400'000, 'x'));
  ASSERT_TRUE(push_data(request(server.url())));
  // The server ignores ranges, and whoever reads on finds the body cut off.
  server.twist = [](const StubRequest& asked, StubAnswer& answer) {
    if (asked.method == "HEAD") answer = {405, "", {}};
    if (asked.method != "GET") return;
    EXPECT_EQ(asked.header("range"), "bytes=0-0");
    answer = {200, std::string(400'000, 'x'), {}, true};
  };
  const auto verified = verify_data(request(server.url()));
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_TRUE(verified->faults.empty());
  EXPECT_EQ(server.count("GET"), 1U);
  server.twist = [](const StubRequest& asked, StubAnswer& answer) {
    if (asked.method == "HEAD") answer = {501, "", {}};
    if (asked.method == "GET") answer = {404, "", {}};
  };
  EXPECT_EQ(verify_data(request(server.url()))->faults.size(), 1U);
}

TEST_F(Datasets, ADvcFileThatIsLeftToDvcIsRefusedBeforeAnythingIsSent) {
  write("a", "1");
  const std::string empty = md5_of("[]");  // a folder without files
  const std::string own = "- md5: " + empty + ".dir\n  hash: md5\n  path: data\n";
  scratch_.write("store/files/md5/" + empty.substr(0, 2) + "/" + empty.substr(2) + ".dir", "[]");
  DataRequest forced = request(store_);
  forced.force = true;
  for (const std::string& text :
       {"outs:\n" + own + "- md5: " + empty + "\n  hash: md5\n  path: data2\n", "cmd: make\nouts:\n" + own}) {
    scratch_.write("data.dvc", text);
    const auto pushed = push_data(forced);
    ASSERT_FALSE(pushed);
    EXPECT_EQ(pushed.error().kind, ErrorKind::kUnfit) << pushed.error().describe();
    EXPECT_FALSE(fs::exists(scratch_.path() / "store/files/md5" / md5_of("1").substr(0, 2)));
  }
}

}  // namespace
}  // namespace joulecast::datasets
