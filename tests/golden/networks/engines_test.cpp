// Real engines: how many layers of which kind, and none with a fault.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "joulecast/networks.h"

namespace joulecast {
namespace {

using Counts = std::map<std::string, int, std::less<>>;

Counts counts_of(const std::string& path) {
  const auto network = read_engine(path);
  if (!network) {
    ADD_FAILURE() << network.error().describe();
    return {};
  }
  Counts counts;
  for (const Layer& layer : network->layers) {
    ++counts[std::string(to_string(layer.kind))];
    EXPECT_TRUE(layer.faults.empty()) << layer.name << ": " << layer.faults.front();
  }
  return counts;
}

TEST(Engines, ResNet18OfAnOrin) {
  EXPECT_EQ(counts_of(JOULECAST_SOURCE_DIR "/examples/orin_resnet18/trt_engine_info.json"),
            (Counts{{"convolutional", 20}, {"dense", 1}, {"none", 2}, {"pooling", 2}, {"reformat", 1}}));
}

struct EngineCase {
  const char* path;
  Counts counts;
};

TEST(Engines, CollectedOnOtherDevices) {
  const std::string folder = JOULECAST_SHARED_DIR "/data/engines/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no shared data at " << folder;
  const EngineCase cases[] = {
      {"desktop_torch_onnx_trt_alexnet/trt_engine_info.json",
       {{"convolutional", 5}, {"dense", 3}, {"none", 3}, {"pooling", 3}, {"reformat", 3}}},
      {"desktop_torch_onnx_trt_resnet18/trt_engine_info.json",
       {{"convolutional", 20}, {"dense", 1}, {"none", 1}, {"pooling", 2}, {"reformat", 5}}},
      {"desktop_torch_trt_alexnet/trt_engine_info.json",
       {{"convolutional", 5}, {"dense", 3}, {"none", 7}, {"pooling", 3}, {"reformat", 2}}},
      {"desktop_torch_trt_resnet18/trt_engine_info.json",
       {{"convolutional", 20}, {"dense", 1}, {"none", 2}, {"pooling", 2}, {"reformat", 1}}},
      {"desktop_trtexec_alexnet/alexnet_fp16.graph.json",
       {{"convolutional", 5},
        {"dense", 3},
        {"elementwise", 1},
        {"none", 1},
        {"pooling", 3},
        {"reformat", 1}}},
      {"desktop_trtexec_resnet18/resnet18_fp16.graph.json",
       {{"convolutional", 20}, {"elementwise", 1}, {"none", 2}, {"pooling", 2}, {"reformat", 1}}},
      {"trex_a100_resnet_fp16/resnet.onnx.engine.graph.json",
       {{"convolutional", 21}, {"none", 11}, {"pooling", 2}, {"reformat", 2}}},
      {"trex_rtx3090_resnet_fp16/resnet.onnx.engine.graph.json",
       {{"convolutional", 54}, {"none", 25}, {"pooling", 2}, {"reformat", 4}, {"softmax", 1}}},
  };
  for (const EngineCase& engine : cases)
    EXPECT_EQ(counts_of(folder + engine.path), engine.counts) << engine.path;
}

TEST(Engines, ResidualsOfResNet18AreFoundInEveryDialect) {
  const std::string folder = JOULECAST_SHARED_DIR "/data/engines/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no shared data at " << folder;
  for (const char* path :
       {"orin_resnet18/trt_engine_info.json", "desktop_trtexec_resnet18/resnet18_fp16.graph.json",
        "trex_a100_resnet_fp16/resnet.onnx.engine.graph.json"}) {
    const auto network = read_engine(folder + path);
    ASSERT_TRUE(network) << path;
    int residuals = 0;
    for (const Layer& layer : network->layers) residuals += layer.has_residual ? 1 : 0;
    EXPECT_EQ(residuals, 8) << path;
  }
}

}  // namespace
}  // namespace joulecast
