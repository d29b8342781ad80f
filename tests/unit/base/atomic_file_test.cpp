#include "base/atomic_file.h"
#include "support/temporary_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <thread>

namespace joulecast {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
 protected:
  static std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  test::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "not_there_yet";
};

TEST_F(AtomicFileTest, TakesItsNameOnlyOnCommit) {
  auto file = AtomicFile::create(folder_ / "deep" / "a.txt");
  ASSERT_TRUE(file) << file.error().describe();
  file->write("half");
  EXPECT_FALSE(fs::exists(folder_ / "deep" / "a.txt"));
  file->write(" and half");
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(content(folder_ / "deep" / "a.txt"), "half and half");
}

TEST_F(AtomicFileTest, LeavesTheOldFileAndNoTemporaryOneWhenDropped) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "old"));
  {
    auto file = AtomicFile::create(folder_ / "a.txt");
    ASSERT_TRUE(file);
    file->write(std::string(1 << 20U, 'x'));
    EXPECT_EQ(files(), 2U);
  }
  EXPECT_EQ(content(folder_ / "a.txt"), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(AtomicFileTest, RefusesAFolderInPlaceOfTheFile) {
  fs::create_directories(folder_ / "a.txt");
  const auto file = AtomicFile::create(folder_ / "a.txt");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::kNotWritable);
}

TEST_F(AtomicFileTest, WritesThroughALinkAndLeavesItALink) {
  ASSERT_TRUE(write_file_atomically(folder_ / "target.txt", "old"));
  fs::create_symlink("target.txt", folder_ / "link.txt");
  ASSERT_TRUE(write_file_atomically(folder_ / "link.txt", "new"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.txt"));
  EXPECT_EQ(content(folder_ / "target.txt"), "new");
  fs::create_symlink("not_there_yet.txt", folder_ / "dangling.txt");
  ASSERT_TRUE(write_file_atomically(folder_ / "dangling.txt", "first"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "dangling.txt"));
  EXPECT_EQ(content(folder_ / "not_there_yet.txt"), "first");
}

TEST_F(AtomicFileTest, APipeStaysAPipe) {
  fs::create_directories(folder_);
  const auto pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = content(pipe); });
  const auto written = write_file_atomically(pipe, "through");
  reader.join();
  ASSERT_TRUE(written) << written.error().describe();
  EXPECT_EQ(got, "through");
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(AtomicFileTest, AReplacedFileHandsOnItsMode) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "old"));
  fs::permissions(folder_ / "a.txt", fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "new"));
  EXPECT_EQ(fs::status(folder_ / "a.txt").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(AtomicFileTest, WhatAKilledRunHasLeftUnderTheSameNumberIsNotTaken) {
  fs::create_directories(folder_);
  constexpr int kLeft = 500;
  for (int i = 0; i < kLeft; ++i)
    std::ofstream(folder_ / ("a.txt.tmp-" + std::to_string(::getpid()) + "-" + std::to_string(i))) << "left";
  ASSERT_TRUE(write_file_atomically(folder_ / "a.txt", "new"));
  EXPECT_EQ(content(folder_ / "a.txt"), "new");
  fs::remove(folder_ / "a.txt");
  EXPECT_EQ(files(), static_cast<std::size_t>(kLeft));
  for (const auto& entry : fs::directory_iterator(folder_)) EXPECT_EQ(content(entry.path()), "left");
}

TEST_F(AtomicFileTest, ReportsAFaultOnCommitAndLeavesNothing) {
  fs::create_directories(folder_);
  auto file = AtomicFile::create(folder_ / "a.txt");
  ASSERT_TRUE(file);
  fs::path temporary;
  for (const auto& entry : fs::directory_iterator(folder_)) temporary = entry.path();
  fs::remove(temporary);  // the rename will not find it
  file->write("lost");
  const auto committed = file->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, ErrorKind::kNotWritable);
  EXPECT_EQ(files(), 0U);
}

TEST_F(AtomicFileTest, RemovesAllOpenTemporaryFilesOfAnInterruptedProgram) {
  ASSERT_TRUE(write_file_atomically(folder_ / "done.txt", "done"));
  auto one = AtomicFile::create(folder_ / "one.txt");
  auto two = AtomicFile::create(folder_ / "two.txt");
  ASSERT_TRUE(one && two);
  EXPECT_EQ(files(), 3U);
  {
    const auto lock = remove_temporary_files();
    EXPECT_EQ(files(), 1U);
  }
  EXPECT_EQ(content(folder_ / "done.txt"), "done");
}

TEST_F(AtomicFileTest, CopiesByteForByte) {
  const std::string bytes = std::string("a\0b\r\n", 5) + std::string(200000, 'z');
  ASSERT_TRUE(write_file_atomically(folder_ / "from", bytes));
  ASSERT_TRUE(copy_file_atomically(folder_ / "from", folder_ / "to"));
  EXPECT_EQ(content(folder_ / "to"), bytes);
}

TEST_F(AtomicFileTest, SaysWhichFileToCopyIsMissing) {
  const auto copied = copy_file_atomically(folder_ / "absent", folder_ / "to");
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().kind, ErrorKind::kUnreadable);
  EXPECT_EQ(copied.error().location.file, (folder_ / "absent").string());
}

}  // namespace
}  // namespace joulecast
