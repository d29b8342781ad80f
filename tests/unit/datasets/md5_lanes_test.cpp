// MD5 side by side against one after the other, by OpenSSL.
#include "datasets/md5_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "support/temporary_folder.h"

namespace joulecast::datasets {
namespace {

std::string random_bytes(std::size_t count, std::minstd_rand& random) {
  std::string bytes(count, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

TEST(Md5Lanes, AreEachThatOfTheirContent) {
  std::minstd_rand random(5);
  std::vector<std::size_t> machines = {1};
  for (const std::size_t machine : {8U, 16U})
    if (machine <= md5_lanes()) machines.push_back(machine);
  for (const std::size_t machine : machines)
    for (std::size_t count = 1; count <= 16; ++count) {
      std::vector<std::string> begun;
      std::vector<std::string> contents;
      std::vector<MD5_CTX> contexts(count);
      std::vector<Md5Lane> lanes;
      const std::size_t blocks = 1 + random() % 40;
      for (std::size_t i = 0; i < count; ++i) {
        begun.push_back(random_bytes(64 * (random() % 3), random));  // lanes need not have come as far
        contents.push_back(random_bytes(64 * blocks, random));
        MD5_Init(&contexts[i]);
        MD5_Update(&contexts[i], begun[i].data(), begun[i].size());
      }
      for (std::size_t i = 0; i < count; ++i)
        lanes.push_back({&contexts[i], reinterpret_cast<const unsigned char*>(contents[i].data())});
      add_blocks(lanes, blocks, machine);
      for (std::size_t i = 0; i < count; ++i) {
        MD5_Update(&contexts[i], "end", 3);
        EXPECT_EQ(hex_of_md5(contexts[i]), md5_of(begun[i] + contents[i] + "end"))
            << machine << " " << count << " " << i;
      }
    }
}

TEST(Md5Lanes, CountBytesBeyondHalfAGigabyte) {
  const std::string piece(1U << 20U, 'x');
  MD5_CTX begun;
  MD5_Init(&begun);
  for (int i = 0; i < 511; ++i) MD5_Update(&begun, piece.data(), piece.size());
  std::vector<MD5_CTX> contexts(5, begun);
  std::vector<Md5Lane> lanes;
  for (MD5_CTX& context : contexts)
    lanes.push_back({&context, reinterpret_cast<const unsigned char*>(piece.data())});
  for (int i = 0; i < 2; ++i) {  // the count of bits needs its second word
    add_blocks(lanes, piece.size() / 64);
    MD5_Update(&begun, piece.data(), piece.size());
  }
  for (const MD5_CTX& context : contexts) EXPECT_EQ(hex_of_md5(context), hex_of_md5(begun));
}

TEST(Md5Files, OfAnyLengthsAndNumbersAreThoseOfEachFile) {
  const test::TemporaryFolder scratch;
  std::minstd_rand random(7);
  std::vector<std::filesystem::path> files;
  std::vector<std::string> wanted;
  const auto add = [&](std::size_t bytes) {
    const std::string content = random_bytes(bytes, random);
    files.push_back(scratch.write("f" + std::to_string(files.size()), content));
    wanted.push_back(md5_of(content));
  };
  for (const std::size_t bytes : {0, 1, 55, 56, 63, 64, 65, 127, 128, 131071, 131072, 131073, 700000, 3})
    add(bytes);
  for (int i = 0; i < 60; ++i) add(random() % 300000);
  const auto check = [&](std::size_t count, std::size_t jobs) {
    const std::vector<std::filesystem::path> some(files.begin(),
                                                  files.begin() + static_cast<std::ptrdiff_t>(count));
    const auto found = md5_of_files(some, HashKind::kMd5, jobs);
    ASSERT_EQ(found.size(), count);
    for (std::size_t i = 0; i < count; ++i)
      EXPECT_EQ(found[i].value_or("none"), wanted[i]) << i << " " << jobs;
  };
  for (const std::size_t jobs : {0U, 1U, 2U, 5U}) {
    for (const std::size_t count : {0U, 1U, 2U, 7U, 14U}) check(count, jobs);
    check(files.size(), jobs);
  }
}

TEST(Md5Files, OneThatCannotBeReadIsAFaultOfItsOwn) {
  const test::TemporaryFolder scratch;
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < 40; ++i)
    files.push_back(i % 3 == 1   ? scratch.path() / "none"
                    : i % 3 == 2 ? scratch.path()
                                 : scratch.write("f" + std::to_string(i), std::to_string(i)));
  const auto found = md5_of_files(files, HashKind::kMd5, 2);
  for (int i = 0; i < 40; ++i) {
    if (i % 3 == 0)
      EXPECT_EQ(found[i].value_or("none"), md5_of(std::to_string(i)));
    else
      EXPECT_EQ(found[i].error().kind, ErrorKind::kUnreadable) << i;
  }
}

}  // namespace
}  // namespace joulecast::datasets
