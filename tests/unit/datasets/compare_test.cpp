// Who has changed what, by the definition: here, there, and what both had in common.
#include "datasets/compare.h"

#include <gtest/gtest.h>

#include "datasets/credentials.h"
#include "support/temporary_folder.h"

namespace joulecast::datasets {
namespace {

/// Contents by letters: '-' is absent.
DataState state_of(char here, char there, char base, const CompareHooks& hooks = {}) {
  const auto md5 = [](char letter) { return md5_of(std::string(1, letter)); };
  std::vector<LocalFile> local;
  if (here != '-') local.push_back({"f", {}, md5(here)});
  Tree tree;
  if (there != '-') tree.push_back({"f", md5(there)});
  SyncState state;
  if (base != '-') state.entries["f"].base = md5(base);
  const auto all = compare(local, tree, state, hooks);
  EXPECT_EQ(all.size(), 1U);
  return all.front().state;
}

TEST(Compare, TellsWhoHasChangedWhat) {
  EXPECT_EQ(state_of('a', 'a', '-'), DataState::kSame);
  EXPECT_EQ(state_of('a', 'a', 'b'), DataState::kSame);
  EXPECT_EQ(state_of('a', '-', '-'), DataState::kNewHere);
  EXPECT_EQ(state_of('-', 'a', '-'), DataState::kMissing);
  EXPECT_EQ(state_of('-', 'a', 'a'), DataState::kDeletedHere);
  EXPECT_EQ(state_of('-', 'a', 'b'), DataState::kMissing);
  EXPECT_EQ(state_of('a', '-', 'a'), DataState::kDeletedThere);
  EXPECT_EQ(state_of('a', '-', 'b'), DataState::kConflict);
  EXPECT_EQ(state_of('b', 'a', 'a'), DataState::kChangedHere);
  EXPECT_EQ(state_of('a', 'b', 'a'), DataState::kChangedThere);
  EXPECT_EQ(state_of('b', 'c', 'a'), DataState::kConflict);
  EXPECT_EQ(state_of('b', 'c', '-'), DataState::kConflict);
}

TEST(Compare, WithoutAPastTheHookDecides) {
  const auto with = [](Past past) {
    return CompareHooks{{}, [past](const LocalFile&, const TreeFile&) { return past; }, {}};
  };
  EXPECT_EQ(state_of('b', 'c', '-', with(Past::kAsHere)), DataState::kChangedThere);
  EXPECT_EQ(state_of('b', 'c', '-', with(Past::kAsThere)), DataState::kChangedHere);
  EXPECT_EQ(state_of('b', 'c', 'a', with(Past::kAsHere)), DataState::kConflict);
}

TEST(Compare, WhereTheRemoteHasNamesOfItsOwnTheyAreRemembered) {
  const std::vector<LocalFile> here = {{"f", {}, md5_of("a")}};
  const auto state_with = [&](const std::string& tag, const std::string& base) {
    SyncState state;
    state.entries["f"].base = base;
    state.entries["f"].base_tag = base.empty() ? "" : "tag1";
    return compare(here, {{"f", "", {}, tag}}, state).front().state;
  };
  EXPECT_EQ(state_with("tag1", md5_of("a")), DataState::kSame);
  EXPECT_EQ(state_with("tag2", md5_of("a")), DataState::kChangedThere);
  EXPECT_EQ(state_with("tag1", md5_of("b")), DataState::kChangedHere);
  EXPECT_EQ(state_with("tag2", md5_of("b")), DataState::kConflict);
  EXPECT_EQ(state_with("tag1", ""), DataState::kConflict);
}

TEST(Compare, GoesThroughBothSidesByPath) {
  const std::vector<LocalFile> here = {{"a", {}, md5_of("1")}, {"c", {}, md5_of("1")}};
  const Tree there = {{"b", md5_of("1")}, {"c", md5_of("1")}, {"d", md5_of("1")}};
  std::string paths;
  for (const Compared& one : compare(here, there, {})) paths += one.path;
  EXPECT_EQ(paths, "abcd");
}

TEST(SyncState, ComesBackAsItWasSaved) {
  const test::TemporaryFolder scratch;
  SyncState state;
  state.remote = "https://host/o/n main raw data";
  state.revision = "abc";
  state.entries["a b/\n%.csv"] = {{5, 1234567890123456789, 42}, md5_of("x"), md5_of("y"), ""};
  state.entries[""] = {{0, -5, 1}, md5_of(""), "", "tag with blank"};
  ASSERT_TRUE(save_sync_state(state, scratch.path() / "s/state"));
  const SyncState loaded = load_sync_state(scratch.path() / "s/state");
  EXPECT_EQ(loaded.remote, state.remote);
  EXPECT_EQ(loaded.revision, "abc");
  ASSERT_EQ(loaded.entries.size(), 2U);
  const SyncEntry* entry = loaded.find("a b/\n%.csv");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->fingerprint, (Fingerprint{5, 1234567890123456789, 42}));
  EXPECT_EQ(entry->base, md5_of("y"));
  EXPECT_EQ(loaded.find("")->base_tag, "tag with blank");
}

TEST(SyncState, OfADamagedFileIsEmpty) {
  const test::TemporaryFolder scratch;
  for (const char* text : {"", "x", "joulecast-sync 2\n", "joulecast-sync 1\na\nb\nmd5\n1 2\n"})
    EXPECT_TRUE(load_sync_state(scratch.write("state", text)).entries.empty()) << text;
}

TEST(Scan, HashesOnlyWhatWasWrittenSince) {
  const test::TemporaryFolder scratch;
  scratch.write("d/a", "1");
  scratch.write("d/sub/b", "2");
  scratch.write("d/.git/config", "x");
  std::filesystem::create_symlink("a", scratch.path() / "d/link");
  std::filesystem::create_directory_symlink("sub", scratch.path() / "d/dir");
  std::filesystem::create_symlink("nowhere", scratch.path() / "d/dangling");
  const auto data = scratch.path() / "d";
  const auto first = scan(data, {}, HashKind::kMd5, 2);
  ASSERT_TRUE(first);
  std::vector<std::string> paths;
  for (const LocalFile& file : first->files) paths.push_back(file.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"a", "link", "sub/b"}));
  EXPECT_EQ(first->files[1].md5, md5_of("1"));
  EXPECT_EQ(first->notes.size(), 2U);
  SyncState state;
  for (const LocalFile& file : first->files) state.entries[file.path] = {file.fingerprint, file.md5, {}, {}};
  EXPECT_EQ(scan(data, state, HashKind::kMd5, 2)->hashed_files, 0U);
  EXPECT_EQ(scan(data, state, HashKind::kMd5Dos2Unix, 2)->hashed_files, 3U);
  EXPECT_EQ(scan(data, state, HashKind::kMd5, 2, true)->hashed_files, 3U);
  scratch.write("d/sub/b", "3");
  const auto second = scan(data, state, HashKind::kMd5, 2);
  EXPECT_EQ(second->hashed_files, 1U);
  EXPECT_EQ(second->files[2].md5, md5_of("3"));
}

TEST(Scan, AFileThatWasJustWrittenIsNotSettled) {
  const test::TemporaryFolder scratch;
  scratch.write("d/now", "1");
  scratch.write("d/before", "1");
  std::filesystem::last_write_time(scratch.path() / "d/before",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::seconds(5));
  const auto found = scan(scratch.path() / "d", {}, HashKind::kMd5, 1);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->files[0].settled);
  EXPECT_FALSE(found->files[1].settled);
}

TEST(Scan, OfNothingIsNothing) {
  const test::TemporaryFolder scratch;
  EXPECT_FALSE(scan(scratch.path() / "none", {}, HashKind::kMd5, 1)->there);
}

TEST(Credentials, TheTokenIsOfTheEnvironmentOrOfDagshubsCacheForTheHost) {
  const test::TemporaryFolder scratch;
  std::map<std::string, std::string> variables = {{"HOME", scratch.path().string()}};
  const auto environment = [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  EXPECT_EQ(dagshub_account(environment)->token, "");
  scratch.write(".cache/dagshub/tokens",
                "version: '1'\nhttps://dagshub.com:\n- access_token: old\n  expiry: "
                "2020-01-31T12:00:00.000000Z\n  token_type: bearer\n"
                "- access_token: fresh\n  expiry: 2999-01-31T12:00:00.000000Z\n  token_type: bearer\n"
                "- access_token: app\n  expiry: never\n  token_type: app-token\n"
                "http://other:\n- access_token: others\n  expiry: never\n  token_type: app-token\n");
  EXPECT_EQ(dagshub_account(environment)->token, "app");
  variables["DAGSHUB_CLIENT_HOST"] = "http://third/";
  EXPECT_EQ(dagshub_account(environment)->token, "");
  EXPECT_EQ(dagshub_account(environment)->host, "http://third");
  variables["DAGSHUB_USER_TOKEN"] = "mine";
  EXPECT_EQ(dagshub_account(environment)->token, "mine");
  variables["DAGSHUB_CLIENT_HOST"] = "nowhere";
  EXPECT_EQ(dagshub_account(environment).error().kind, ErrorKind::kUsage);
}

TEST(Credentials, KeysAreOfTheProfile) {
  const test::TemporaryFolder scratch;
  scratch.write(".aws/credentials",
                "[default]\naws_access_key_id = a\naws_secret_access_key = "
                "b\n[lab]\naws_access_key_id=c\naws_secret_access_key=d/e+f=\naws_session_token=g\n");
  scratch.write(".aws/config", "[profile lab]\nregion = eu-west-1\n");
  const auto environment = [&](const char* name) {
    return std::string_view(name) == "HOME" ? std::optional(scratch.path().string()) : std::nullopt;
  };
  http::SigningKeys keys;
  take_aws_profile("", environment, keys);
  EXPECT_EQ(keys.access_key + keys.secret_key, "ab");
  keys = {};
  take_aws_profile("lab", environment, keys);
  EXPECT_EQ(keys.access_key + " " + keys.secret_key + " " + keys.session_token + " " + keys.region,
            "c d/e+f= g eu-west-1");
}

}  // namespace
}  // namespace joulecast::datasets
