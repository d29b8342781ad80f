// Outputs that cannot be written, and runs that are cut short: exit code, and
// no named file that is half-written.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "support/expect_words.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

namespace fs = std::filesystem;
constexpr unsigned kNobody = 65534;

class BadOutput : public ::testing::Test {
 protected:
  BadOutput() {
    write_idle_power(scratch_);
    TinyRun().write(scratch_);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] std::vector<std::string> attribute() const {
    return {"attribute", path("raw_data"), "--out", path("out"), "--method", "window"};
  }
  /// Lets another user reach the scratch folder and the program, or says that
  /// it cannot.
  [[nodiscard]] bool reachable_by_others() const {
    fs::permissions(scratch_.path(), fs::perms::others_exec | fs::perms::others_read, fs::perm_options::add);
    for (fs::path folder = scratch_.path(); folder != folder.root_path(); folder = folder.parent_path())
      if ((fs::status(folder).permissions() & fs::perms::others_exec) == fs::perms::none) return false;
    for (fs::path folder = fs::path(JOULECAST_PROGRAM).parent_path(); folder != folder.root_path();
         folder = folder.parent_path())
      if ((fs::status(folder).permissions() & fs::perms::others_exec) == fs::perms::none) return false;
    return true;
  }
  TemporaryFolder scratch_;
};

TEST_F(BadOutput, FileWhereTheFolderBelongs) {
  scratch_.write("out", "in the way");
  const auto result = run_program(attribute());
  EXPECT_EQ(result.exit_code, 7) << result.errors;
  expect_words(result.errors, {path("out")});
  EXPECT_EQ(read_file(path("out")), "in the way");
}

TEST_F(BadOutput, ReadOnlyFolder) {
  RunOptions options;
  if (is_root()) {
    if (!reachable_by_others()) GTEST_SKIP() << "another user cannot reach the program or the test's folder";
    options.user = kNobody;
  }
  fs::create_directories(path("out"));
  fs::permissions(path("out"), fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read |
                                   fs::perms::others_exec);
  const auto result = run_program(attribute(), options);
  EXPECT_EQ(result.exit_code, 7) << result.errors;
  expect_words(result.errors, {path("out"), "Permission denied", "hint:"});
  EXPECT_TRUE(files_below(path("out")).empty());
}

TEST_F(BadOutput, InputThatMayNotBeRead) {
  RunOptions options;
  if (is_root()) {
    if (!reachable_by_others()) GTEST_SKIP() << "another user cannot reach the program or the test's folder";
    options.user = kNobody;
    fs::permissions(scratch_.path(), fs::perms::others_write, fs::perm_options::add);
  }
  fs::permissions(path("raw_data/net/net_power_log.log"), fs::perms::none);
  const auto result = run_program(attribute(), options);
  EXPECT_EQ(result.exit_code, 3) << result.errors;
  expect_words(result.errors, {"net_power_log.log", "Permission denied", "hint:"});
  EXPECT_TRUE(files_below(path("out")).empty());
}

TEST_F(BadOutput, FullDisk) {
  const auto disk = path("disk");
  fs::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=4k") != 0)
    GTEST_SKIP() << "mounting a tmpfs needs privileges";
  const auto result =
      run_program({"attribute", path("raw_data"), "--out", disk + "/out", "--method", "window"});
  const auto left = files_below(disk);
  ::umount(disk.c_str());
  EXPECT_EQ(result.exit_code, 7) << result.errors;
  expect_words(result.errors, {"No space left on device", "hint:"});
  // The small engine file may have fitted; the large one is not there in part.
  EXPECT_EQ(std::count(left.begin(), left.end(), "out/net/power_runtime_mapping_layerwise.csv"), 0);
  EXPECT_TRUE(std::none_of(left.begin(), left.end(),
                           [](const auto& name) { return name.find(".tmp-") != std::string::npos; }));
}

TEST_F(BadOutput, FileThatMayNotGrow) {
  RunOptions options;
  options.file_limit = 1500;
  const auto result = run_program(attribute(), options);
  EXPECT_EQ(result.exit_code, 7) << result.errors;
  expect_words(result.errors, {"power_runtime_mapping_layerwise.csv", "File too large"});
  EXPECT_FALSE(fs::exists(path("out/net/power_runtime_mapping_layerwise.csv")));
}

TEST_F(BadOutput, DatasetKeepsEarlierRowsWhereTheDiskIsFull) {
  const std::vector<std::string> dataset = {"dataset",    path("raw_data"), "--out",
                                            path("both"), "--method",       "window"};
  ASSERT_EQ(run_program(dataset).exit_code, 0);
  const auto before = read_file(path("both/training_data/net/layers.csv"));
  RunOptions options;
  options.file_limit = 1500;
  EXPECT_EQ(run_program(dataset, options).exit_code, 7);
  EXPECT_EQ(read_file(path("both/training_data/net/layers.csv")), before);
}

TEST_F(BadOutput, AFullDiskIsSeenBehindAFaultyNetwork) {
  TinyRun().write(scratch_, "a");  // before "net"
  const std::vector<std::string> dataset = {"dataset",    path("raw_data"), "--out",
                                            path("both"), "--method",       "window"};
  ASSERT_EQ(run_program(dataset).exit_code, 0);
  const auto before = read_file(path("both/training_data/net/layers.csv"));
  scratch_.write("raw_data/a/trt_profiling/trt_engine_info.json", "{");
  RunOptions options;
  options.file_limit = 1500;
  const auto result = run_program(dataset, options);
  EXPECT_EQ(result.exit_code, 7) << result.errors;
  expect_words(result.errors, {"a skipped", "net skipped", "File too large", "no network could be used"});
  EXPECT_EQ(read_file(path("both/training_data/net/layers.csv")), before);
  EXPECT_TRUE(fs::exists(path("both/training_data/a/layers.csv")));
}

TEST_F(BadOutput, AFailedRunLeavesTheOldFile) {
  ASSERT_EQ(run_program(attribute()).exit_code, 0);
  const auto before = read_file(path("out/net/power_runtime_mapping_layerwise.csv"));
  RunOptions options;
  options.file_limit = 1500;
  EXPECT_EQ(run_program(attribute(), options).exit_code, 7);
  EXPECT_EQ(read_file(path("out/net/power_runtime_mapping_layerwise.csv")), before);
}

/// A network whose output takes long enough to be cut short.
class CutShort : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto made =
        run_program({"simulate", "--out", path("raw_data"), "--truth", path("truth"), "--scenario", "demo",
                     "--networks", "resnet50,mobilenet_v2", "--cycles", "4000", "--seed", "1"});
    ASSERT_EQ(made.exit_code, 0) << made.errors;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] ProgramResult attribute_and_send(int signal) const {
    RunOptions options;
    options.signal = signal;
    options.signal_when_file_in = path("out");
    return run_program(
        {"attribute", path("raw_data"), "--out", path("out"), "--method", "window", "--jobs", "1"}, options);
  }
  /// Whether a file is whole: the mapping ends with a line break and has as
  /// many columns in its last row.
  static bool whole(const std::string& csv) {
    return csv.ends_with("\n") &&
           std::count(csv.begin() + static_cast<long>(csv.rfind('\n', csv.size() - 2)), csv.end(), ',') >= 5;
  }
  TemporaryFolder scratch_;
};

TEST_F(CutShort, CtrlCEndsWith130AndRemovesTemporaryFiles) {
  const auto result = attribute_and_send(SIGINT);
  EXPECT_EQ(result.exit_code, 130) << result.errors;
  expect_words(result.errors, {"interrupted"});
  for (const auto& name : files_below(path("out"))) EXPECT_EQ(name.find(".tmp-"), std::string::npos) << name;
}

TEST_F(CutShort, TerminationEndsWith143AndRemovesTemporaryFiles) {
  const auto result = attribute_and_send(SIGTERM);
  EXPECT_EQ(result.exit_code, 143) << result.errors;
  for (const auto& name : files_below(path("out"))) EXPECT_EQ(name.find(".tmp-"), std::string::npos) << name;
}

TEST_F(CutShort, KillLeavesNoNamedFileHalfWritten) {
  const auto result = attribute_and_send(SIGKILL);
  EXPECT_EQ(result.exit_code, 137);
  for (const auto& name : files_below(path("out")))
    if (name.ends_with("power_runtime_mapping_layerwise.csv")) {
      EXPECT_TRUE(whole(read_file(path("out/" + name)))) << name;
    }
  // A second run is not disturbed by what is left, and is complete.
  const auto again = run_program({"attribute", path("raw_data"), "--out", path("out"), "--method", "window"});
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_TRUE(fs::exists(path("out/resnet50/power_runtime_mapping_layerwise.csv")));
}

}  // namespace
}  // namespace joulecast::test
