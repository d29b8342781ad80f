// What .dvcignore keeps out. The expected answers are DVC 3.67's own (tests/interop/dvc_test.py compares many
// more).
#include "datasets/ignore_rules.h"

#include <gtest/gtest.h>

#include "datasets/dvc_file.h"
#include "unit/datasets/dataset_fixture.h"

namespace joulecast::datasets {
namespace {

bool ignored(const std::string& patterns, const std::string& path, bool is_folder = false) {
  IgnoreRules rules;
  rules.add(patterns, "");
  return rules.ignores(path, is_folder);
}

TEST(IgnoreRules, AreThoseOfGitignore) {
  EXPECT_TRUE(ignored("*.tmp", "a/b/c.tmp"));
  EXPECT_FALSE(ignored("*.tmp", "a/b/c.tmp2"));
  EXPECT_TRUE(ignored("/a.csv", "a.csv"));
  EXPECT_FALSE(ignored("/a.csv", "d/a.csv"));
  EXPECT_FALSE(ignored("d/a.csv", "x/d/a.csv"));
  EXPECT_TRUE(ignored("build/", "x/build", true));
  EXPECT_FALSE(ignored("build/", "x/build", false));
  EXPECT_TRUE(ignored("build/", "x/build/y"));
  EXPECT_TRUE(ignored("a/**/z", "a/z"));
  EXPECT_TRUE(ignored("a/**/z", "a/b/c/z"));
  EXPECT_FALSE(ignored("a/**/z", "a/bz"));
  EXPECT_TRUE(ignored("**/logs", "deep/logs/x"));
  EXPECT_TRUE(ignored("d/**", "d/x/y"));
  EXPECT_FALSE(ignored("d/**", "e/x"));
  EXPECT_TRUE(ignored("f?o[1-3!].c", "f\u00e9o!.c"));
  EXPECT_FALSE(ignored("[!a]x", "ax"));
  EXPECT_TRUE(ignored("[^a]x", "bx"));
  EXPECT_TRUE(ignored("\\#x\n\\!y", "!y"));
  EXPECT_FALSE(ignored("# *\n\n  \n", "x"));
  EXPECT_FALSE(ignored("a[b", "a[b"));
  EXPECT_TRUE(ignored("*", "x"));
}

TEST(IgnoreRules, TheLastOneThatMatchesDecides) {
  const std::string patterns = "*.csv\n!keep.csv\nout/\n!out/keep.csv\n";
  EXPECT_TRUE(ignored(patterns, "a.csv"));
  EXPECT_FALSE(ignored(patterns, "x/keep.csv"));
  EXPECT_TRUE(ignored(patterns, "out/keep.csv"));  // of an ignored folder nothing comes back
  EXPECT_TRUE(ignored("!a\na", "a"));
}

TEST(IgnoreRules, OfAFolderHoldBelowIt) {
  IgnoreRules rules;
  rules.add("*.log", "");
  rules.add("/a\nb/c\n!x.log\n", "sub");
  EXPECT_TRUE(rules.ignores("sub/a", false));
  EXPECT_FALSE(rules.ignores("a", false));
  EXPECT_FALSE(rules.ignores("sub/d/a", false));
  EXPECT_TRUE(rules.ignores("sub/b/c", false));
  EXPECT_FALSE(rules.ignores("sub/deep/x.log", false));
  EXPECT_TRUE(rules.ignores("other/x.log", false));
}

TEST_F(Datasets, WhatIsIgnoredStaysAsItIsOnBothSides) {
  scratch_.write(".dvc/config", "[core]\nremote = r\n['remote \"r\"']\nurl = " + store_ + "\n");
  write("a.csv", "1");
  write("b.tmp", "2");
  write("sub/c.csv", "3");
  write("other/.dvc/config", "");  // a repository of its own
  write("other/d.csv", "4");
  write("gone/deep/f.csv", "5");
  ASSERT_TRUE(push_data(request("")));
  EXPECT_EQ(read_dvc_file(data())->files, 4U);  // other/ is none of ours
  // From now on b.tmp, sub and gone are not looked at: neither sent, nor deleted there, nor overwritten.
  scratch_.write(".dvcignore", "*.tmp\n/data/sub/\n/data/gone/\n");
  write("b.tmp", "changed");
  write("e.tmp", "new");
  write("a.csv", "11");
  fs::remove(data() / "sub/c.csv");
  fs::remove_all(data() / "gone");
  const auto pushed = push_data(request(""));
  ASSERT_TRUE(pushed) << pushed.error().describe();
  EXPECT_EQ(pushed->files.size(), 1U);
  EXPECT_EQ(read_dvc_file(data())->files, 4U);
  DataRequest forced = request("");
  forced.force = true;
  const auto pulled = pull_data(forced);
  ASSERT_TRUE(pulled && pulled->faults.empty());
  EXPECT_EQ(read("b.tmp"), "changed");
  EXPECT_FALSE(fs::exists(data() / "sub/c.csv"));
  EXPECT_TRUE(verify_data(request(""))->faults.empty());
  EXPECT_FALSE(fs::exists(data() / "gone"));
  // All that counts is deleted: the ignored files that stay there are no reason to take that for meant.
  fs::remove(data() / "a.csv");
  const auto emptied = push_data(request(""));
  ASSERT_FALSE(emptied);
  EXPECT_EQ(emptied.error().kind, ErrorKind::kUnfit);
}

TEST_F(Datasets, WhatIsIgnoredIsNotBroughtWhereNothingIsHereYet) {
  scratch_.write(".dvc/config", "[core]\nremote = r\n['remote \"r\"']\nurl = " + store_ + "\n");
  write("a.csv", "1");
  write("b.tmp", "2");
  write("sub/deep/c.csv", "3");
  publish("");
  fs::remove_all(scratch_.path() / ".dvc/tmp");
  const std::string before = test::read_file(scratch_.path() / "data.dvc");
  scratch_.write(".dvcignore", "*.tmp\n/data/sub/\n");
  const auto pulled = pull_data(request(""));
  ASSERT_TRUE(pulled && pulled->faults.empty());
  EXPECT_EQ(pulled->files.size(), 1U);
  ASSERT_EQ(pulled->warnings.size(), 1U);
  test::expect_words(pulled->warnings[0].message, {"2 files", ".dvcignore"});
  EXPECT_EQ(read("a.csv"), "1");
  EXPECT_FALSE(fs::exists(data() / "b.tmp"));
  EXPECT_FALSE(fs::exists(data() / "sub"));
  ASSERT_TRUE(push_data(request("")));
  EXPECT_EQ(test::read_file(scratch_.path() / "data.dvc"), before);
  // A rule for folders names the dataset, though it is not here.
  fs::remove_all(data());
  scratch_.write(".dvcignore", "data/\n");
  const auto refused = pull_data(request(""));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnfit);
}

TEST_F(Datasets, ADatasetThatIsIgnoredOrHoldsADvcignoreIsRefused) {
  scratch_.write(".dvc/config", "[core]\nremote = r\n['remote \"r\"']\nurl = " + store_ + "\n");
  write("a.csv", "1");
  scratch_.write(".dvcignore", "data\n");
  auto pushed = push_data(request(""));
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().kind, ErrorKind::kUnfit);
  scratch_.write(".dvcignore", "");
  write(".dvcignore", "*.tmp\n");
  pushed = push_data(request(""));
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().kind, ErrorKind::kUnfit);
  EXPECT_FALSE(fs::exists(store_));
}

}  // namespace
}  // namespace joulecast::datasets
