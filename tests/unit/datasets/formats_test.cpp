// Hashes, .dir objects, .dvc files, configuration: against bytes that DVC itself has written.
#include <gtest/gtest.h>

#include "datasets/dvc_config.h"
#include "datasets/dvc_file.h"
#include "datasets/ini.h"
#include "datasets/md5.h"
#include "datasets/safe_path.h"
#include "datasets/tree.h"
#include "support/expect_words.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace joulecast::datasets {
namespace {

Tree tree_of(const std::vector<std::pair<std::string, std::string>>& files) {
  Tree tree;
  for (const auto& [path, content] : files) tree.push_back({path, md5_of(content)});
  EXPECT_TRUE(sort_and_check(tree, "test"));
  return tree;
}

TEST(Md5, OfTextsOfRfc1321) {
  EXPECT_EQ(md5_of(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_of("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Md5, OfAFileIsThatOfItsBytes) {
  const test::TemporaryFolder scratch;
  const std::string content(3'000'001, 'x');
  EXPECT_EQ(*md5_of_file(scratch.write("f", content)), md5_of(content));
  EXPECT_EQ(md5_of_file(scratch.path() / "none").error().kind, ErrorKind::kUnreadable);
}

TEST(Md5, OfDvc2TakesLineEndsOfTextsAsOfUnix) {
  const test::TemporaryFolder scratch;
  const auto hash = [&](const std::string& content) {
    return *md5_of_file(scratch.write("f", content), HashKind::kMd5Dos2Unix);
  };
  EXPECT_EQ(hash("x,y\r\n1,2\r\n"), "344fd2323dd33d5c058b7cf27de029e8");
  EXPECT_EQ(hash("a\rb\r\r\n"), md5_of("a\rb\r\n"));
  EXPECT_EQ(hash(""), md5_of(""));
  const std::string binary("a\0\r\n", 4);
  EXPECT_EQ(hash(binary), md5_of(binary));
  const std::string odd = "\x80\x81\x82\x83\r\n";  // more than 30 % that is no text
  EXPECT_EQ(hash(odd), md5_of(odd));
}

TEST(Md5, OfDvc2KeepsALineEndThatAPieceOfOneMebibyteCuts) {
  const test::TemporaryFolder scratch;
  const std::string cut = std::string((1U << 20U) - 1, 'a') + "\r\n\r\n";
  const std::string expected = std::string((1U << 20U) - 1, 'a') + "\r\n\n";
  EXPECT_EQ(*md5_of_file(scratch.write("f", cut), HashKind::kMd5Dos2Unix), md5_of(expected));
}

TEST(GitBlob, IsWhatGitCallsIt) {
  const test::TemporaryFolder scratch;
  EXPECT_EQ(*git_blob_of_file(scratch.write("f", "hello\n")), "ce013625030ba8dba906f756967f9e9ca394464a");
  EXPECT_EQ(*git_blob_of_file(scratch.write("f", "")), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST(DirObject, HasTheBytesOfDvc) {
  const Tree five = tree_of({{"b.csv", "x,y\r\n1,2\r\n"},
                             {"a/z.csv", "hello\n"},
                             {"a-b.csv", "q"},
                             {"a.csv", ""},
                             {"\u00e9.csv", "u"}});
  EXPECT_EQ(dir_object(five), R"([{"md5": "7694f4a66316e53c8cdd9d9954bd611d", "relpath": "a-b.csv"}, )"
                              R"({"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": "a.csv"}, )"
                              R"({"md5": "b1946ac92492d2347c6235b4d2611184", "relpath": "a/z.csv"}, )"
                              R"({"md5": "ef4330228809c42919ada65a11393fd1", "relpath": "b.csv"}, )"
                              R"({"md5": "7b774effe4a349c6dd82ad4f4f21d34c", "relpath": "\u00e9.csv"}])");
  EXPECT_EQ(md5_of(dir_object(five)), "0791eb553475e78c63a1c2ba85b1e9f4");
  const Tree ten = tree_of({{"B.csv", "up"},
                            {"a-b.csv", "q"},
                            {"a.csv", ""},
                            {"a/z.csv", "hello\n"},
                            {"b.csv", "x,y\r\n1,2\r\n"},
                            {"quo\"te\\.txt", "z"},
                            {"sub dir/x#%?.csv", "odd"},
                            {"\u00e9.csv", "u"},
                            {"\u2028.txt", "ls"},
                            {"\U0001F600.txt", "smile"}});
  EXPECT_EQ(md5_of(dir_object(ten)), "f8fd1e7502e88f120aadf7e970db0676");
  EXPECT_EQ(dir_object({}), "[]");
}

TEST(DirObject, IsReadInAnyLayout) {
  const auto tree = parse_dir_object(
      "[ {\"relpath\": \"b\",\n \"md5\": \"d41d8cd98f00b204e9800998ecf8427e\"},"
      "{\"md5\":\"7694f4a66316e53c8cdd9d9954bd611d\",\"relpath\":\"\\u00e9/a\"}]",
      "x");
  ASSERT_TRUE(tree);
  ASSERT_EQ(tree->size(), 2U);
  EXPECT_EQ((*tree)[1].path, "\u00e9/a");
}

TEST(DirObject, IsRefusedWithNames) {
  const std::string md5 = "d41d8cd98f00b204e9800998ecf8427e";
  const auto error = [](const std::string& text) {
    const auto tree = parse_dir_object(text, "source.dir");
    EXPECT_FALSE(tree) << text;
    return tree ? Error{} : tree.error();
  };
  EXPECT_EQ(error("{}").kind, ErrorKind::kMalformed);
  test::expect_words(error("[{\"md5\": \"x\", \"relpath\": \"a\"}]").describe(),
                     {"source.dir", "'a'", "no MD5"});
  test::expect_words(error("[{\"relpath\": \"a\"}]").describe(), {"entry 1"});
  const auto one = [&](const std::string& path) {
    return "{\"md5\": \"" + md5 + "\", \"relpath\": \"" + path + "\"}";
  };
  test::expect_words(error("[" + one("../x") + "]").describe(), {"../x", "leads out"});
  test::expect_words(error("[" + one("a") + "," + one("a") + "]").describe(), {"twice"});
  test::expect_words(error("[" + one("a") + "," + one("a-b") + "," + one("a/b") + "]").describe(),
                     {"a/b", "is a file"});
}

TEST(SafePath, LeadsNowhereElse) {
  for (const char* good : {"a", "a/b.csv", "..a", "a../b", ".gitignore", "a b/%20", "\xff"})
    EXPECT_EQ(fault_of_path(good), "") << good;
  using namespace std::string_view_literals;
  for (const std::string_view bad :
       {""sv, "/a"sv, ".."sv, "../a"sv, "a/../b"sv, "a/.."sv, "a//b"sv, "./a"sv, "a/"sv, "a\0b"sv,
        ".git/hooks/x"sv, "a/.GIT/config"sv, ".dvc/config"sv, ".git"sv, ".hg/x"sv})
    EXPECT_NE(fault_of_path(bad), "") << bad;
}

TEST(SafePath, CaseClashesArePairs) {
  const Tree tree = tree_of({{"A/x", ""}, {"a/x", ""}, {"b", ""}});
  EXPECT_EQ(case_clashes(tree), (std::vector<std::pair<std::string, std::string>>{{"A/x", "a/x"}}));
}

TEST(DvcFile, HasTheBytesOfDvcAdd) {
  DvcEntry folder{"training_data", "0791eb553475e78c63a1c2ba85b1e9f4", true, HashKind::kMd5, 11, 2};
  EXPECT_EQ(dvc_file_text(folder),
            "outs:\n- md5: 0791eb553475e78c63a1c2ba85b1e9f4.dir\n  size: 11\n  nfiles: 2\n  hash: md5\n  "
            "path: training_data\n");
  DvcEntry file{"run.sh", "d41d8cd98f00b204e9800998ecf8427e", false, HashKind::kMd5, 0, {}, true};
  EXPECT_EQ(dvc_file_text(file),
            "outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  isexec: true\n  hash: md5\n  path: "
            "run.sh\n");
}

TEST(DvcFile, NamesThatYamlWouldReadOtherwiseAreQuoted) {
  const test::TemporaryFolder scratch;
  for (const std::string name :
       {"123", "true", "a: b", "#x", "- x", "it's", "\u00e9 x", "~", "a #b", "1e3", "@x", "x\ty"}) {
    const auto data = scratch.path() / name;
    ASSERT_TRUE(write_dvc_file(data, {name, md5_of(""), false, HashKind::kMd5, 0})) << name;
    const auto entry = read_dvc_file(data);
    ASSERT_TRUE(entry) << name << ": " << entry.error().describe();
    EXPECT_EQ(entry->path, name);
  }
}

TEST(DvcFile, IsReadInTheLayoutsOfDvc2And3) {
  const test::TemporaryFolder scratch;
  scratch.write("d.dvc", "outs:\r\n  - path: 'd'\r\n    md5: \"344fd2323dd33d5c058b7cf27de029e8.dir\"\r\n");
  const auto old = read_dvc_file(scratch.path() / "d");
  ASSERT_TRUE(old) << old.error().describe();
  EXPECT_TRUE(old->is_folder);
  EXPECT_EQ(old->hash, HashKind::kMd5Dos2Unix);
  EXPECT_FALSE(old->bytes);
  scratch.write(
      "e.dvc",
      "meta: {a: 1}\nouts:\n- hash: md5\n  md5: 344fd2323dd33d5c058b7cf27de029e8\n  size: 7\n  path: e\n");
  const auto file = read_dvc_file(scratch.path() / "e");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->hash, HashKind::kMd5);
  EXPECT_EQ(file->bytes, 7U);
}

TEST(DvcFile, FaultsAreNamed) {
  const test::TemporaryFolder scratch;
  for (const char* text : {"", "[1, 2]", "outs: 3\n", "outs:\n- md5: 12\n  path: d\n",
                           "outs:\n- md5: 344fd2323dd33d5c058b7cf27de029e8\n  path: other\n", "outs: [\n",
                           "outs:\n- etag: 12\n  hash: etag\n  path: d\n"}) {
    scratch.write("d.dvc", text);
    const auto entry = read_dvc_file(scratch.path() / "d");
    ASSERT_FALSE(entry) << text;
    EXPECT_EQ(entry.error().kind, ErrorKind::kMalformed) << text;
    test::expect_words(entry.error().describe(), {"d.dvc"});
  }
}

TEST(DvcFile, WhatItSaysBesidesStays) {
  const test::TemporaryFolder scratch;
  scratch.write("d.dvc",
                "desc: measured in May\nouts:\n- md5: 344fd2323dd33d5c058b7cf27de029e8.dir\n  size: 1\n  "
                "nfiles: 1\n  hash: md5\n  path: d\n"
                "  desc: rows\n  labels:\n  - x\n  remote: other\nmeta:\n  owner: lab\n");
  ASSERT_TRUE(write_dvc_file(scratch.path() / "d", {"d", md5_of("n"), true, HashKind::kMd5, 5, 2}));
  const std::string text = test::read_file(scratch.path() / "d.dvc");
  test::expect_words(text,
                     {"desc: measured in May\nouts:\n", "  nfiles: 2\n  hash: md5\n  path: d\n  desc: rows\n",
                      "  remote: other\n", "owner: lab"});
  const auto entry = read_dvc_file(scratch.path() / "d");
  ASSERT_TRUE(entry) << text;
  EXPECT_EQ(entry->md5, md5_of("n"));
  EXPECT_EQ(entry->remote, "other");
}

TEST(DvcFile, WithACommandIsLeftToDvc) {
  const test::TemporaryFolder scratch;
  const std::string text = "cmd: make\nouts:\n- md5: 344fd2323dd33d5c058b7cf27de029e8\n  path: d\n";
  scratch.write("d.dvc", text);
  EXPECT_EQ(write_dvc_file(scratch.path() / "d", {"d", md5_of("n")}).error().kind, ErrorKind::kUnfit);
  EXPECT_EQ(test::read_file(scratch.path() / "d.dvc"), text);
}

TEST(GitIgnore, GetsTheNameOnce) {
  const test::TemporaryFolder scratch;
  scratch.write(".gitignore", "*.o");
  ASSERT_TRUE(ignore_in_git(scratch.path() / "data"));
  ASSERT_TRUE(ignore_in_git(scratch.path() / "data"));
  ASSERT_TRUE(ignore_in_git(scratch.path() / "da*a"));
  EXPECT_EQ(test::read_file(scratch.path() / ".gitignore"), "*.o\n/data\n/da\\*a\n");
}

TEST(Ini, IsReadAsConfigObjDoes) {
  const Ini ini = parse_ini(
      "# c\n[core]\n    remote = store # the usual\n['remote \"a b\"']\nURL=\"x # y\"\nempty =\n[remote "
      "\"c\"]\nurl = '../d'\n");
  EXPECT_EQ(ini.at("core").at("remote"), "store");
  EXPECT_EQ(ini.at("remote \"a b\"").at("url"), "x # y");
  EXPECT_EQ(ini.at("remote \"a b\"").at("empty"), "");
  EXPECT_EQ(ini.at("remote \"c\"").at("url"), "../d");
}

TEST(DvcConfig, LevelsAddUpAndFoldersAreRelativeToTheirFile) {
  const test::TemporaryFolder scratch;
  scratch.write("home/.config/dvc/config",
                "[core]\nremote = far\n['remote \"far\"']\nurl = https://example.org/x\n");
  scratch.write("repo/.dvc/config",
                "[core]\nremote = near\n['remote \"near\"']\nurl = ../../store\n[cache]\ndir = /cache\ntype "
                "= \"hardlink,copy\"\n");
  scratch.write("repo/.dvc/config.local", "['remote \"near\"']\nuser = me\npassword = secret\n");
  const auto environment = [&](const char* name) {
    return std::string_view(name) == "HOME" ? std::optional((scratch.path() / "home").string())
                                            : std::nullopt;
  };
  const auto found = find_dvc_repository(scratch.path() / "repo/sub/data", environment);
  ASSERT_TRUE(found && *found);
  const DvcRepository& repository = **found;
  EXPECT_EQ(repository.root, scratch.path() / "repo");
  EXPECT_EQ(repository.cache, "/cache");
  EXPECT_EQ(repository.default_remote, "near");
  EXPECT_EQ(repository.links, (std::vector<LinkKind>{LinkKind::kHardlink, LinkKind::kCopy}));
  EXPECT_EQ(repository.find("near")->option("url"), (scratch.path() / "store").string());
  EXPECT_EQ(repository.find("near")->option("password"), "secret");
  EXPECT_EQ(repository.find("far")->option("url"), "https://example.org/x");
  EXPECT_FALSE(*find_dvc_repository(scratch.path() / "home", environment));
}

}  // namespace
}  // namespace joulecast::datasets
