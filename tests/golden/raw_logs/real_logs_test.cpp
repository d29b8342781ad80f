// Logs of real boards and the larger artificial ones, against nlohmann-json. They are too large to be copied.
#include <charconv>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/input_file.h"
#include "base/time_stamp.h"
#include "joulecast/raw_logs.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

const fs::path kShared = JOULECAST_SHARED_DIR;

/// The log equals what nlohmann-json reads; ordered_json keeps the order of the keys.
void expect_equal(const LatencyLog& log, const nlohmann::ordered_json& oracle) {
  ASSERT_EQ(log.layers.size(), oracle.size());
  std::size_t place = 0;
  for (const auto& [name, list] : oracle.items()) {
    const auto& layer = log.layers[place++];
    ASSERT_EQ(layer.name, name);
    ASSERT_EQ(layer.entries.size(), list.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto& milliseconds = log.has_stamps ? list[i].at(0) : list[i];
      ASSERT_EQ(layer.entries[i].milliseconds, milliseconds.get<double>());
      if (log.has_stamps) {
        ASSERT_EQ(layer.entries[i].completed, parse_time_stamp(list[i].at(1).get<std::string>()).value());
      }
    }
  }
}

std::size_t compare_all_latency_logs(const fs::path& root) {
  std::size_t logs = 0;
  for (const auto& file : fs::recursive_directory_iterator(root)) {
    if (file.path().filename() != "trt_layer_latency.json") continue;
    const auto log = read_latency_log(file.path());
    EXPECT_TRUE(log) << (log ? "" : log.error().describe());
    if (!log) continue;
    EXPECT_TRUE(log->warnings.empty()) << file.path();
    expect_equal(*log, nlohmann::ordered_json::parse(read_whole_file(file.path()).value()));
    ++logs;
  }
  return logs;
}

TEST(RealLogs, LatencyLogsAreReadAsNlohmannJsonReadsThem) {
  if (!fs::exists(kShared)) GTEST_SKIP() << "needs the shared data";
  EXPECT_EQ(compare_all_latency_logs(kShared / "golden/raw_data"), 12U);
  EXPECT_EQ(compare_all_latency_logs(kShared / "data/edgeprofiler"), 3U);
  EXPECT_EQ(compare_all_latency_logs(kShared / "data/engines"), 4U);  // without time stamps
}

TEST(RealLogs, DesktopLogsHoldBareMilliseconds) {
  if (!fs::exists(kShared)) GTEST_SKIP() << "needs the shared data";
  const auto log =
      read_latency_log(kShared / "data/engines/desktop_torch_trt_alexnet/trt_layer_latency.json");
  ASSERT_TRUE(log);
  EXPECT_FALSE(log->has_stamps);
  EXPECT_EQ(log->layers.size(), 20U);
  EXPECT_EQ(log->cycles(), 100U);
}

TEST(RealLogs, PowerLogsAreReadLineByLine) {
  if (!fs::exists(kShared)) GTEST_SKIP() << "needs the shared data";
  std::size_t logs = 0;
  for (const auto& file : fs::recursive_directory_iterator(kShared / "golden/raw_data")) {
    if (file.path().extension() != ".log") continue;
    std::vector<Warning> warnings;
    const auto samples = read_power_log(file.path(), &warnings);
    ASSERT_TRUE(samples) << samples.error().describe();
    EXPECT_TRUE(warnings.empty());
    std::istringstream lines(read_whole_file(file.path()).value());
    std::string line;
    std::size_t row = 0;
    for (; std::getline(lines, line); ++row) {
      ASSERT_LT(row, samples->size());
      const std::size_t comma = line.find(',', 25);
      ASSERT_EQ(format_time_stamp((*samples)[row].at), line.substr(0, 24));
      ASSERT_EQ((*samples)[row].millivolts, std::stod(line.substr(25, comma - 25)));
      ASSERT_EQ((*samples)[row].milliamps, std::stod(line.substr(comma + 1)));
    }
    EXPECT_EQ(row, samples->size());
    ++logs;
  }
  EXPECT_EQ(logs, 12U);
}

TEST(RealLogs, EveryRawDataFolderIsListed) {
  if (!fs::exists(kShared)) GTEST_SKIP() << "needs the shared data";
  const auto golden = list_raw_data(kShared / "golden/raw_data");
  ASSERT_TRUE(golden);
  EXPECT_EQ(golden->networks.size(), 12U);
  EXPECT_EQ(read_idle_power(golden->idle_power)->average.value, 4234560.155322008);
  for (const NetworkFolder& network : golden->networks) {
    EXPECT_FALSE(network.power_log.empty() || network.latency_log.empty() || network.engine.empty())
        << network.name;
    EXPECT_EQ(read_benchmark_summary(network.benchmark)->model, network.name);
  }
  const auto engines = list_raw_data(kShared / "data/engines");
  ASSERT_TRUE(engines);
  EXPECT_EQ(engines->networks.size(), 9U);
  std::size_t profiles = 0;
  for (const NetworkFolder& network : engines->networks) {
    EXPECT_FALSE(network.engine.empty()) << network.name;
    if (network.profile.empty()) continue;
    const auto profile = read_trtexec_profile(network.profile);
    ASSERT_TRUE(profile) << profile.error().describe();
    EXPECT_GE(profile->cycles, 1U);
    ++profiles;
  }
  EXPECT_EQ(profiles, 4U);
}

}  // namespace
}  // namespace joulecast
