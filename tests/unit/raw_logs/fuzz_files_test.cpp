// Every seed of the fuzz targets, and every input that once failed, through the same checks. (The first byte
// of a file chooses the window, as in the targets.)
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/input_file.h"
#include "support/log_oracles.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

template <class Check>
std::size_t check_files(const std::string& target, Check check) {
  std::size_t files = 0;
  for (const char* kind : {"corpus", "regressions"}) {
    const fs::path folder = fs::path(JOULECAST_SOURCE_DIR) / "fuzz" / kind / target;
    if (!fs::exists(folder)) continue;
    for (const auto& file : fs::directory_iterator(folder)) {
      const std::string bytes = read_whole_file(file.path()).value();
      if (bytes.empty()) continue;
      const auto window = std::size_t{1} + static_cast<unsigned char>(bytes[0]);
      EXPECT_EQ(check(std::string_view(bytes).substr(1), window), "") << file.path();
      ++files;
    }
  }
  return files;
}

TEST(FuzzFiles, LatencyLogsPassTheChecks) {
  EXPECT_GE(check_files("latency_log", test::check_latency_log), 10U);
}
TEST(FuzzFiles, PowerLogsPassTheChecks) {
  EXPECT_GE(check_files("power_log", test::check_power_log), 5U);
}
TEST(FuzzFiles, RailLogsPassTheChecks) {
  const auto check = [](std::string_view text, std::size_t window) {
    for (const auto format : {PowerFormat::kAuto, PowerFormat::kTegrastats, PowerFormat::kCsv}) {
      const auto fault = test::check_rail_log(text, window, format);
      if (!fault.empty()) return fault;
    }
    return std::string();
  };
  EXPECT_GE(check_files("rail_log", check), 5U);
}

}  // namespace
}  // namespace joulecast
