#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "joulecast/raw_logs.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

class RawDataFolder : public testing::Test {
 protected:
  void touch(const std::string& name) const { ASSERT_TRUE(write_file_atomically(folder_ / name, "")); }
  [[nodiscard]] std::string relative(const fs::path& path) const {
    return path.empty() ? "" : path.lexically_relative(folder_).generic_string();
  }
  test::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

TEST_F(RawDataFolder, ListsNetworksByNameWithTheirFiles) {
  for (const char* name : {"vgg16/vgg16_power_log.log", "vgg16/trt_profiling/trt_engine_info.json",
                           "vgg16/trt_profiling/trt_layer_latency.json", "vgg16/vgg16_tensorrt.json",
                           "Alex/Alex_power_log.log", "alex/alex_power_log.log", "idling_power.json"})
    touch(name);
  const auto data = list_raw_data(folder_);
  ASSERT_TRUE(data) << data.error().describe();
  EXPECT_EQ(relative(data->idle_power), "idling_power.json");
  ASSERT_EQ(data->networks.size(), 3U);
  EXPECT_EQ(data->networks[0].name, "Alex");
  EXPECT_EQ(data->networks[1].name, "alex");
  const NetworkFolder& vgg = data->networks[2];
  EXPECT_EQ(vgg.name, "vgg16");
  EXPECT_EQ(relative(vgg.folder), "vgg16");
  EXPECT_EQ(relative(vgg.power_log), "vgg16/vgg16_power_log.log");
  EXPECT_EQ(relative(vgg.latency_log), "vgg16/trt_profiling/trt_layer_latency.json");
  EXPECT_EQ(relative(vgg.engine), "vgg16/trt_profiling/trt_engine_info.json");
  EXPECT_EQ(relative(vgg.benchmark), "vgg16/vgg16_tensorrt.json");
  EXPECT_EQ(relative(vgg.profile), "");
  EXPECT_TRUE(vgg.warnings.empty());
  EXPECT_TRUE(data->warnings.empty());
}

TEST_F(RawDataFolder, PrefersTheFullNameToTheStem) {
  touch("squeezenet1.1/squeezenet1_power_log.log");
  touch("squeezenet1.1/squeezenet1.1_power_log.log");
  const auto data = list_raw_data(folder_);
  ASSERT_TRUE(data);
  EXPECT_EQ(relative(data->networks[0].power_log), "squeezenet1.1/squeezenet1.1_power_log.log");
  EXPECT_TRUE(data->networks[0].warnings.empty());
}

TEST_F(RawDataFolder, FallsBackToTheStemAndSaysSo) {
  touch("squeezenet1.1/squeezenet1_power_log.log");
  const auto data = list_raw_data(folder_);
  ASSERT_TRUE(data);
  EXPECT_EQ(relative(data->networks[0].power_log), "squeezenet1.1/squeezenet1_power_log.log");
  ASSERT_EQ(data->networks[0].warnings.size(), 1U);
  EXPECT_EQ(
      data->networks[0].warnings[0].message,
      "there is no squeezenet1.1_power_log.log: took squeezenet1_power_log.log, the name cut at its dot");
}

TEST_F(RawDataFolder, ListsANetworkWithoutFiles) {
  fs::create_directories(folder_ / "empty");
  const auto data = list_raw_data(folder_);
  ASSERT_TRUE(data);
  EXPECT_TRUE(data->networks.at(0).power_log.empty());
  EXPECT_TRUE(data->networks.at(0).latency_log.empty());
  EXPECT_TRUE(data->networks.at(0).engine.empty());
  EXPECT_TRUE(data->idle_power.empty());
}

TEST_F(RawDataFolder, TakesCompressedFiles) {
  touch("n/n_power_log.log.zst");
  touch("n/trt_profiling/trt_layer_latency.json.gz");
  touch("idling_power.json.gz");
  const auto data = list_raw_data(folder_);
  ASSERT_TRUE(data);
  EXPECT_EQ(relative(data->idle_power), "idling_power.json.gz");
  EXPECT_EQ(relative(data->networks[0].power_log), "n/n_power_log.log.zst");
  EXPECT_EQ(relative(data->networks[0].latency_log), "n/trt_profiling/trt_layer_latency.json.gz");
}

TEST_F(RawDataFolder, TakesFilesBesideTrtProfilingToo) {
  touch("n/trt_layer_latency.json");
  touch("n/trt_engine_info.json");
  const auto data = list_raw_data(folder_);
  ASSERT_TRUE(data);
  EXPECT_EQ(relative(data->networks[0].latency_log), "n/trt_layer_latency.json");
  EXPECT_EQ(relative(data->networks[0].engine), "n/trt_engine_info.json");
}

TEST_F(RawDataFolder, FindsTrtexecPairs) {
  touch("n/a.graph.json");
  touch("n/b.graph.json");
  touch("n/b.profile.json");
  touch("n/b.profile.metadata.json");
  touch("n/c.graph.json");
  touch("n/c.profile.json");
  const auto data = list_raw_data(folder_);
  ASSERT_TRUE(data);
  EXPECT_EQ(relative(data->networks[0].engine), "n/b.graph.json");
  EXPECT_EQ(relative(data->networks[0].profile), "n/b.profile.json");
  ASSERT_EQ(data->networks[0].warnings.size(), 1U);
  EXPECT_EQ(data->networks[0].warnings[0].message, "2 trtexec pairs: took b.profile.json");
}

TEST_F(RawDataFolder, TakesAGraphOrAProfileAlone) {
  touch("graph/a.graph.json");
  touch("profile/a.profile.json");
  const auto data = list_raw_data(folder_);
  ASSERT_TRUE(data);
  EXPECT_EQ(relative(data->networks[0].engine), "graph/a.graph.json");
  EXPECT_EQ(relative(data->networks[1].profile), "profile/a.profile.json");
}

TEST_F(RawDataFolder, IgnoresStrayFilesWithAWarningAndBookkeepingWithout) {
  touch("n/n_power_log.log");
  touch("notes.txt");
  touch("more.txt");
  touch(".gitignore");
  touch(".dvc/config");
  touch("n.dvc");
  const auto data = list_raw_data(folder_);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->networks.size(), 1U);
  ASSERT_EQ(data->warnings.size(), 1U);
  EXPECT_EQ(data->warnings[0].count, 2U);
}

TEST_F(RawDataFolder, RefusesWhatIsNoRawDataFolder) {
  EXPECT_EQ(list_raw_data(folder_ / "missing").error().kind, ErrorKind::kUnreadable);
  EXPECT_EQ(list_raw_data(folder_).error().kind, ErrorKind::kUnfit);
  touch("net/net_power_log.log");
  touch("net/trt_profiling/trt_engine_info.json");
  EXPECT_EQ(list_raw_data(folder_ / "net" / "net_power_log.log").error().message,
            "this is a file, not a folder");
  EXPECT_EQ(list_raw_data(folder_ / "net").error().message, "this is the folder of one network");
  EXPECT_TRUE(list_raw_data(folder_));
}

}  // namespace
}  // namespace joulecast
