// `joulecast data` as a user runs it: remotes that are folders, and DagsHub's stand-in.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

#include "support/dagshub_standin.h"
#include "support/expect_words.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class DataCommand : public ::testing::Test {
 protected:
  ProgramResult run(std::vector<std::string> arguments, std::vector<std::string> environment = {}) const {
    RunOptions options;
    options.folder = scratch_.path();
    options.environment = std::move(environment);
    options.environment.push_back("HOME=" + scratch_.path().string());
    return run_program(arguments, options);
  }
  [[nodiscard]] std::string read(const std::string& name) const { return read_file(scratch_.path() / name); }
  TemporaryFolder scratch_;
};

TEST_F(DataCommand, GoesToAFolderAndBack) {
  scratch_.write("d/a.csv", "1");
  scratch_.write("d/sub/b.csv", "22");
  const auto push = run({"data", "push", "--remote", "./store", "--path", "d"});
  EXPECT_EQ(push.exit_code, 0) << push.errors;
  expect_words(push.errors, {"sent 2 files"});
  fs::remove_all(scratch_.path() / "d");
  const auto status = run({"data", "status", "--remote", "./store", "--path", "d", "--json", "-"});
  ASSERT_EQ(status.exit_code, 0) << status.errors;
  const Json report = Json::parse(status.output);
  ASSERT_EQ(report["files"].size(), 2U);
  EXPECT_EQ(report["files"][0]["path"], "a.csv");
  EXPECT_EQ(report["files"][0]["state"], "deleted here");
  const auto pull = run({"data", "pull", "--remote", "./store", "--path", "d"});
  EXPECT_EQ(pull.exit_code, 0) << pull.errors;
  EXPECT_EQ(read("d/a.csv") + read("d/sub/b.csv"), "122");
  const auto table = run({"data", "status", "--remote", "./store", "--path", "d"});
  expect_words(table.output, {"2 same"});
  EXPECT_EQ(run({"data", "verify", "--remote", "./store", "--path", "d"}).exit_code, 0);
}

TEST_F(DataCommand, ADatasetOfOneFileBesideTheCallerGoesAndComes) {
  scratch_.write("one.bin", "content");
  ASSERT_EQ(run({"data", "push", "--remote", "./store", "--path", "one.bin"}).exit_code, 0);
  fs::remove(scratch_.path() / "one.bin");
  fs::remove_all(scratch_.path() / ".one.bin.joulecast");
  const auto pulled = run({"data", "pull", "--remote", "./store", "--path", "one.bin"});
  EXPECT_EQ(pulled.exit_code, 0) << pulled.errors;
  EXPECT_EQ(read("one.bin"), "content");
}

TEST_F(DataCommand, FaultsHaveTheirExitCodes) {
  EXPECT_EQ(run({"data", "fetch", "--path", "d"}).exit_code, 2);
  EXPECT_EQ(run({"data", "pull"}).exit_code, 2);
  EXPECT_EQ(run({"data", "pull", "--path", "d"}).exit_code, 2);                         // no remote
  EXPECT_EQ(run({"data", "pull", "--remote", "gs://x", "--path", "d"}).exit_code, 2);   // no such kind
  EXPECT_EQ(run({"data", "pull", "--remote", "./store", "--path", "d"}).exit_code, 3);  // no .dvc file
  EXPECT_EQ(run({"data", "push", "--remote", "./store", "--path", "d"}).exit_code, 3);  // no folder
  scratch_.write("d/a", "1");
  for (const char* typo : {"dagshub:/o/n/d", "s3:bucket/x"}) {
    const auto wrong = run({"data", "push", "--remote", typo, "--path", "d"});
    EXPECT_EQ(wrong.exit_code, 2);
    expect_words(wrong.errors, {typo, "two slashes"});
  }
  EXPECT_FALSE(fs::exists(scratch_.path() / "dagshub:"));
  ASSERT_EQ(run({"data", "push", "--remote", "./store", "--path", "d"}).exit_code, 0);
  fs::remove_all(scratch_.path() / "store");
  fs::remove_all(scratch_.path() / "d");
  const auto gone = run({"data", "pull", "--remote", "./store", "--path", "d"});
  EXPECT_EQ(gone.exit_code, 5);
  expect_words(gone.errors, {"a failed", "not on the remote", "hint:"});
  const auto verify = run({"data", "verify", "--remote", "./store", "--path", "d"});
  EXPECT_EQ(verify.exit_code, 5);
}

TEST_F(DataCommand, WhatWasChangedHereStaysAndIsNamed) {
  scratch_.write("d/a", "1");
  ASSERT_EQ(run({"data", "push", "--remote", "./store", "--path", "d"}).exit_code, 0);
  scratch_.write("d/a", "mine");
  const auto pull = run({"data", "pull", "--remote", "./store", "--path", "d"});
  EXPECT_EQ(pull.exit_code, 0);
  expect_words(pull.errors, {"kept", "a", "--force"});
  EXPECT_EQ(read("d/a"), "mine");
  EXPECT_EQ(run({"data", "pull", "--remote", "./store", "--path", "d", "--force"}).exit_code, 0);
  EXPECT_EQ(read("d/a"), "1");
}

/// The stand-in with the repository tester/demo, and a folder pushed to it.
class DagshubCommand : public DataCommand {
 protected:
  void SetUp() override {
    if (!DagshubStandin::is_there()) GTEST_SKIP() << "the stand-in of DagsHub is not beside the checkout";
    standin_.emplace(scratch_.path() / "standin");
  }
  ProgramResult data(std::vector<std::string> arguments,
                     const std::string& remote = "dagshub://tester/demo/training_data",
                     const std::string& token = "standin-token") const {
    arguments.insert(arguments.begin(), "data");
    for (const char* word : {"--remote", remote.c_str()}) arguments.emplace_back(word);
    return run(arguments, {"DAGSHUB_CLIENT_HOST=" + standin_->url(), "DAGSHUB_USER_TOKEN=" + token});
  }
  void write_data() const {
    scratch_.write("d/resnet/layers.csv", "x,y\r\n1,2\r\n");
    scratch_.write("d/vgg 16/empty", "");
    scratch_.write("d/vgg 16/\u00e9 #?&+.csv", "u");
    scratch_.write("d/e\u0301.csv", "decomposed");
    scratch_.write("d/big.bin", std::string(300'000, '\0') + "end");
  }
  void push_data() const {
    write_data();
    const auto pushed = data({"push", "--path", "d"});
    ASSERT_EQ(pushed.exit_code, 0) << pushed.errors;
  }
  void expect_same(const std::string& a, const std::string& b) const {
    const auto files = files_below(scratch_.path() / a);
    ASSERT_EQ(files, files_below(scratch_.path() / b));
    for (const std::string& file : files) EXPECT_TRUE(read(a + "/" + file) == read(b + "/" + file)) << file;
  }
  std::optional<DagshubStandin> standin_;
};

TEST_F(DagshubCommand, WhatIsPushedIsPulledByteForByte) {
  push_data();
  const auto pulled = data({"pull", "--path", "e"});
  EXPECT_EQ(pulled.exit_code, 0) << pulled.errors;
  expect_same("d", "e");
  standin_->clear_log();
  const auto again = data({"pull", "--path", "e"});
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  expect_words(again.errors, {"nothing to fetch"});
  EXPECT_LE(standin_->requests("/api/v1/"), 2U);  // the branch, not the files
  expect_words(data({"status", "--path", "e"}).output, {"5 same"});
  EXPECT_EQ(data({"verify", "--path", "e"}).exit_code, 0);
}

TEST_F(DagshubCommand, MoreFilesThanOneCommitTakesFollowOneAnother) {
  for (int i = 0; i < 230; ++i)
    scratch_.write("d/m" + std::to_string(i % 7) + "/" + std::to_string(i) + ".csv", std::to_string(i));
  const auto pushed = data({"push", "--path", "d"});
  ASSERT_EQ(pushed.exit_code, 0) << pushed.errors;
  ASSERT_EQ(data({"pull", "--path", "e"}).exit_code, 0);
  expect_same("d", "e");
}

TEST_F(DagshubCommand, ANewBranchIsMadeAndACommitCanBePulled) {
  push_data();
  scratch_.write("d/new.csv", "n");
  const auto pushed = data({"push", "--path", "d", "--json", "report.json"},
                           "dagshub://tester/demo@feature%2Fx/training_data");
  ASSERT_EQ(pushed.exit_code, 0) << pushed.errors;
  const std::string commit = Json::parse(read("report.json"))["revision"];
  ASSERT_EQ(data({"pull", "--path", "e"}, "dagshub://tester/demo@" + commit + "/training_data").exit_code, 0);
  expect_same("d", "e");
  ASSERT_EQ(data({"pull", "--path", "f"}).exit_code, 0);
  EXPECT_FALSE(fs::exists(scratch_.path() / "f/new.csv"));
  // What is neither is no other branch's content.
  for (const char* revision : {"no-such-branch", "0123456789abcdef0123456789abcdef01234567"}) {
    const auto none =
        data({"pull", "--path", "g"}, fmt::format("dagshub://tester/demo@{}/training_data", revision));
    EXPECT_EQ(none.exit_code, 4) << none.errors;
    EXPECT_NE(none.errors.find("has no branch and no commit"), std::string::npos) << none.errors;
    EXPECT_FALSE(fs::exists(scratch_.path() / "g"));
  }
}

TEST_F(DagshubCommand, TheReferencesArgumentsDoTheSame) {
  write_data();
  const std::vector<std::string> place = {"data_version",      "--owner",       "tester",   "--name", "demo",
                                          "--remote-dir-path", "training_data", "--branch", "main"};
  const auto version = [&](const std::string& folder, const std::string& way) {
    auto words = place;
    words.insert(words.end(),
                 {"--local-dir-path", folder, way, "--commit", "new board", "--versioning", "dvc"});
    return run(words, {"DAGSHUB_CLIENT_HOST=" + standin_->url(), "DAGSHUB_USER_TOKEN=standin-token"});
  };
  EXPECT_EQ(version("d", "--upload").exit_code, 0);
  const auto down = version("e", "--download");
  EXPECT_EQ(down.exit_code, 0);
  expect_words(down.errors, {"warning", "--commit", "--branch"});  // it is no revision
  expect_same("d", "e");
}

TEST_F(DagshubCommand, ItsRemotesForDvcAreStoresToo) {
  write_data();
  const std::string buckets = standin_->url() + "/tester/demo.s3";
  const auto by_s3 = [&](const std::string& action, const std::string& secret) {
    return run({"data", action, "--path", "d", "--remote", "s3://dvc"},
               {"AWS_ENDPOINT_URL=" + buckets, "AWS_ACCESS_KEY_ID=standin-token",
                "AWS_SECRET_ACCESS_KEY=" + secret});
  };
  const auto pushed = by_s3("push", "standin-token");
  ASSERT_EQ(pushed.exit_code, 0) << pushed.errors;
  fs::rename(scratch_.path() / "d", scratch_.path() / "e");
  fs::remove_all(scratch_.path() / ".d.joulecast");
  const auto denied = by_s3("pull", "another");
  EXPECT_EQ(denied.exit_code, 6);
  expect_words(denied.errors, {"SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"});
  EXPECT_EQ(by_s3("pull", "standin-token").exit_code, 0);
  expect_same("e", "d");
  fs::remove_all(scratch_.path() / "d");
  fs::remove_all(scratch_.path() / ".d.joulecast");
  const auto by_http = data({"pull", "--path", "d"}, standin_->url() + "/tester/demo.dvc");
  EXPECT_EQ(by_http.exit_code, 0) << by_http.errors;
  expect_same("e", "d");
  EXPECT_EQ(data({"verify", "--path", "d"}, standin_->url() + "/tester/demo.dvc").exit_code, 0);
}

TEST_F(DagshubCommand, DatasetPullsRawDataAndPushesBothResults) {
  write_idle_power(scratch_);
  TinyRun().write(scratch_);
  ASSERT_EQ(data({"push", "--path", "raw_data"}, "dagshub://tester/demo/raw_data").exit_code, 0);
  fs::remove_all(scratch_.path() / "raw_data");
  fs::remove_all(scratch_.path() / ".raw_data.joulecast");
  const auto made =
      run({"dataset", "raw_data", "--out", "out", "--method", "window", "--per-layer-measurements", "1",
           "--remote", "dagshub://tester/demo", "--pull", "--push"},
          {"DAGSHUB_CLIENT_HOST=" + standin_->url(), "DAGSHUB_USER_TOKEN=standin-token"});
  ASSERT_EQ(made.exit_code, 0) << made.errors;
  for (const std::string folder : {"preprocessed_data", "training_data"}) {
    ASSERT_FALSE(files_below(scratch_.path() / "out" / folder).empty());
    ASSERT_EQ(data({"pull", "--path", folder}, "dagshub://tester/demo/" + folder).exit_code, 0);
    expect_same("out/" + folder, folder);
  }
}

struct DagshubTrouble {
  const char* name;
  const char* fault;
  int exit_code;
  std::vector<std::string> words;
};
class EachPullTrouble : public DagshubCommand, public ::testing::WithParamInterface<DagshubTrouble> {};
INSTANTIATE_TEST_SUITE_P(
    Dagshub, EachPullTrouble,
    ::testing::Values(DagshubTrouble{"Once401", "401:GET:/raw/:1", 6, {"token", "1 of 5"}},
                      DagshubTrouble{"Once404", "404:GET:/raw/:1", 5, {"404", "1 of 5"}},
                      DagshubTrouble{"Once429", "429:GET:/raw/:1", 0, {"again in 1.0 s"}},
                      DagshubTrouble{"Once500", "500:GET:/raw/:1", 0, {"again in"}},
                      DagshubTrouble{"Once503", "503:GET:/raw/:1", 0, {"again in"}},
                      DagshubTrouble{"Dropped", "drop:GET:/raw/:1", 0, {"again in"}},
                      DagshubTrouble{"WrongLength", "short:GET:/raw/:1", 0, {"again in"}},
                      DagshubTrouble{"NoAnswer", "reset:GET:/raw/:1", 0, {}},
                      DagshubTrouble{"Corrupt", "corrupt:GET:/raw/:1", 0, {}},
                      DagshubTrouble{"AlwaysCorrupt", "corrupt:GET:/raw/", 5, {"MD5", "of 5"}},
                      DagshubTrouble{"Slow", "slow:GET:big.bin:1", 0, {}},
                      DagshubTrouble{"Redirected", "redirect:GET:/raw/:1", 0, {}}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_P(EachPullTrouble, LeavesNothingWrongAndTheNextRunCompletes) {
  push_data();
  scratch_.write("e/mine.csv", "kept");
  standin_->set_faults(GetParam().fault);
  const auto pulled = data({"pull", "--path", "e"});
  EXPECT_EQ(pulled.exit_code, GetParam().exit_code) << pulled.errors;
  expect_words(pulled.errors, GetParam().words);
  EXPECT_EQ(pulled.errors.find("standin-token"), std::string::npos) << pulled.errors;
  for (const std::string& file : files_below(scratch_.path() / "e"))
    if (file != "mine.csv") {
      EXPECT_TRUE(read("e/" + file) == read("d/" + file)) << file;
    }
  standin_->set_faults("");
  ASSERT_EQ(data({"pull", "--path", "e"}).exit_code, 0);
  EXPECT_EQ(read("e/mine.csv"), "kept");
  fs::remove(scratch_.path() / "e/mine.csv");
  expect_same("d", "e");
}

class EachPushTrouble : public DagshubCommand, public ::testing::WithParamInterface<DagshubTrouble> {};
INSTANTIATE_TEST_SUITE_P(
    Dagshub, EachPushTrouble,
    ::testing::Values(DagshubTrouble{"Forbidden", "403:PUT::1", 6, {"token"}},
                      DagshubTrouble{"TooLarge", "413:PUT::1", 5, {"413", "S3"}},
                      DagshubTrouble{"TooOften", "429:PUT::1", 0, {"again in 1.0 s"}},
                      DagshubTrouble{"ServerError", "500:PUT::2", 0, {}},
                      DagshubTrouble{"BadGateway", "502:PUT::1", 0, {}},
                      DagshubTrouble{"NoAnswer", "reset:PUT::1", 0, {}},
                      DagshubTrouble{"AnswerLostAfterTheCommit", "latecommit:PUT::1", 0, {}},
                      DagshubTrouble{"SomebodyElsePushes", "conflict:PUT::1", 0, {"others have pushed"}}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_P(EachPushTrouble, LosesNothingAndTheNextRunCompletes) {
  write_data();
  standin_->set_faults(GetParam().fault);
  const auto pushed = data({"push", "--path", "d"});
  EXPECT_EQ(pushed.exit_code, GetParam().exit_code) << pushed.errors;
  expect_words(pushed.errors, GetParam().words);
  standin_->set_faults("");
  ASSERT_EQ(data({"push", "--path", "d"}).exit_code, 0);
  ASSERT_EQ(data({"pull", "--path", "e"}).exit_code, 0);
  expect_same("d", "e");
}

TEST_F(DagshubCommand, ChangesOfOthersAreNeverOverwritten) {
  push_data();
  ASSERT_EQ(data({"pull", "--path", "e"}).exit_code, 0);
  scratch_.write("d/resnet/layers.csv", "theirs");
  ASSERT_EQ(data({"push", "--path", "d"}).exit_code, 0);
  scratch_.write("e/resnet/layers.csv", "mine");
  scratch_.write("e/other.csv", "o");
  const auto refused = data({"push", "--path", "e"});
  EXPECT_EQ(refused.exit_code, 4) << refused.errors;
  expect_words(refused.errors, {"changed here and on", "resnet/layers.csv"});
  ASSERT_EQ(data({"pull", "--path", "f"}).exit_code, 0);
  EXPECT_EQ(read("f/resnet/layers.csv"), "theirs");
  ASSERT_EQ(data({"push", "--path", "e", "--force"}).exit_code, 0);
  ASSERT_EQ(data({"pull", "--path", "f"}).exit_code, 0);
  EXPECT_EQ(read("f/resnet/layers.csv") + read("f/other.csv"), "mineo");
}

TEST_F(DagshubCommand, WrongTokensAndNamesAreTold) {
  const auto wrong = data({"pull", "--path", "e"}, "dagshub://tester/demo/training_data", "wrong-token");
  EXPECT_EQ(wrong.exit_code, 6);
  expect_words(wrong.errors, {"refuses the token", "DAGSHUB_USER_TOKEN"});
  EXPECT_EQ(wrong.errors.find("wrong-token"), std::string::npos);
  const auto none = data({"pull", "--path", "e"}, "dagshub://tester/demo/training_data", "");
  EXPECT_EQ(none.exit_code, 6);
  expect_words(none.errors, {"wants a token"});
  EXPECT_EQ(data({"pull", "--path", "e"}, "dagshub://tester/other/training_data").exit_code, 5);
  EXPECT_EQ(data({"pull", "--path", "e"}, "dagshub://tester/demo/nowhere").exit_code, 3);
  EXPECT_EQ(data({"pull", "--path", "e"}, "dagshub://tester").exit_code, 2);
  EXPECT_FALSE(fs::exists(scratch_.path() / "e"));
}

/// Runs a command and kills it at a moment of the test's choice, as if the power went.
TEST_F(DagshubCommand, KilledAtAnyMomentItCompletesAfterwards) {
  for (int i = 0; i < 40; ++i)
    scratch_.write("d/" + std::to_string(i) + ".bin",
                   std::string(20'000 + 1000 * i, static_cast<char>('a' + i % 26)));
  for (int round = 0; round < 12; ++round) {
    if (round % 4 == 0) scratch_.write("d/changing.csv", std::to_string(round));
    for (const char* action : {"push", "pull"}) {
      const std::string folder = std::string(action) == "push" ? "d" : "e";
      RunOptions options;
      options.folder = scratch_.path();
      options.environment = {"DAGSHUB_CLIENT_HOST=" + standin_->url(), "DAGSHUB_USER_TOKEN=standin-token",
                             "HOME=" + scratch_.path().string()};
      options.kill_after = std::chrono::milliseconds(20 + 37 * round);
      run_program({"data", action, "--path", folder, "--remote", "dagshub://tester/demo/training_data",
                   "--jobs", "2"},
                  options);
      for (const std::string& file : files_below(scratch_.path() / "e"))
        EXPECT_TRUE(read("e/" + file) == read("d/" + file)) << file << " in round " << round;
    }
    if (round % 4 == 3) {
      ASSERT_EQ(data({"push", "--path", "d"}).exit_code, 0);
      ASSERT_EQ(data({"pull", "--path", "e"}).exit_code, 0);
      expect_same("d", "e");
      fs::remove_all(scratch_.path() / "e");
      fs::remove_all(scratch_.path() / ".e.joulecast");
    }
  }
}

}  // namespace
}  // namespace joulecast::test
