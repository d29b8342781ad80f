// The fuzzer's seeds, and what once broke the reader, on every test run.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "../fuzz/engine_info_property.h"
#include "../fuzz/onnx_property.h"

namespace joulecast {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

using Property = std::string (*)(std::string_view);

std::size_t check_folder(const std::filesystem::path& folder, Property fault) {
  std::size_t files = 0;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_EQ(fault(content(entry.path())), "") << entry.path();
    ++files;
  }
  return files;
}

void check_cut_anywhere(const std::filesystem::path& folder, Property fault) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string text = content(entry.path());
    for (std::size_t length = 0; length < text.size(); ++length)
      ASSERT_EQ(fault(std::string_view(text).substr(0, length)), "") << entry.path() << " " << length;
  }
}

const std::filesystem::path kFuzz = JOULECAST_SOURCE_DIR "/fuzz";

TEST(EngineFuzzing, SeedsKeepTheProperty) {
  EXPECT_GE(check_folder(kFuzz / "corpus/engine_info", fuzzing::engine_info_fault), 10U);
}

TEST(EngineFuzzing, FormerCrashesKeepTheProperty) {
  check_folder(kFuzz / "regressions/engine_info", fuzzing::engine_info_fault);
}

TEST(EngineFuzzing, SeedsCutAnywhereKeepTheProperty) {
  check_cut_anywhere(kFuzz / "corpus/engine_info", fuzzing::engine_info_fault);
}

TEST(OnnxFuzzing, SeedsKeepTheProperty) {
  EXPECT_GE(check_folder(kFuzz / "corpus/onnx", fuzzing::onnx_fault), 4U);
}

TEST(OnnxFuzzing, FormerCrashesKeepTheProperty) {
  check_folder(kFuzz / "regressions/onnx", fuzzing::onnx_fault);
}

TEST(OnnxFuzzing, SeedsCutAnywhereKeepTheProperty) {
  check_cut_anywhere(kFuzz / "corpus/onnx", fuzzing::onnx_fault);
}

// Every byte of every seed set to values that change lengths, numbers and wire types.
TEST(OnnxFuzzing, SeedsWithOneByteChangedKeepTheProperty) {
  for (const auto& entry : std::filesystem::directory_iterator(kFuzz / "corpus/onnx")) {
    const std::string text = content(entry.path());
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (const int value : {0x00, 0x01, 0x0b, 0x7f, 0x80, 0xff}) {
        std::string changed = text;
        changed[at] = static_cast<char>(value);
        ASSERT_EQ(fuzzing::onnx_fault(changed), "") << entry.path() << " byte " << at << " = " << value;
      }
    }
  }
}

}  // namespace
}  // namespace joulecast
