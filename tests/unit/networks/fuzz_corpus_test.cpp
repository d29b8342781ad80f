// The fuzzer's seeds, and what once broke the reader, on every test run.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "../fuzz/engine_info_property.h"

namespace joulecast {
namespace {

std::size_t check_folder(const std::filesystem::path& folder) {
  std::size_t files = 0;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    EXPECT_EQ(fuzzing::engine_info_fault(bytes.str()), "") << entry.path();
    ++files;
  }
  return files;
}

TEST(EngineFuzzing, SeedsKeepTheProperty) {
  EXPECT_GE(check_folder(JOULECAST_SOURCE_DIR "/fuzz/corpus/engine_info"), 10U);
}

TEST(EngineFuzzing, FormerCrashesKeepTheProperty) {
  check_folder(JOULECAST_SOURCE_DIR "/fuzz/regressions/engine_info");
}

TEST(EngineFuzzing, SeedsCutAnywhereKeepTheProperty) {
  for (const auto& entry :
       std::filesystem::directory_iterator(JOULECAST_SOURCE_DIR "/fuzz/corpus/engine_info")) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    const std::string text = bytes.str();
    for (std::size_t length = 0; length < text.size(); ++length)
      ASSERT_EQ(fuzzing::engine_info_fault(std::string_view(text).substr(0, length)), "")
          << entry.path() << " " << length;
  }
}

}  // namespace
}  // namespace joulecast
