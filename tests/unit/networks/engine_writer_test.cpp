#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "joulecast/networks.h"

namespace joulecast {
namespace {

using Json = nlohmann::json;

Json written(std::string_view name) {
  return Json::parse(to_engine_json(make_topology(name).value()));
}

std::set<std::string> keys_of(const Json& layer) {
  std::set<std::string> keys;
  for (const auto& [key, value] : layer.items()) keys.insert(key);
  return keys;
}

TEST(EngineWriter, LayersHaveTheKeysThatARealOrinEngineHas) {
  std::ifstream file(JOULECAST_SHARED_DIR "/data/engines/orin_resnet18/trt_engine_info.json");
  if (!file) GTEST_SKIP() << "the recorded engine is not on this machine";
  const Json real = Json::parse(file);
  const Json ours = written("resnet18");
  ASSERT_EQ(ours["Layers"].size(), real["Layers"].size());
  for (std::size_t i = 0; i < real["Layers"].size(); ++i) {
    const Json& expected = real["Layers"][i];
    const Json& actual = ours["Layers"][i];
    EXPECT_EQ(keys_of(actual), keys_of(expected)) << i;
    for (const char* key :
         {"LayerType", "Kernel", "WindowSize", "PrePadding", "PostPadding", "Stride", "Groups", "OutMaps",
          "Weights", "Bias", "HasResidual", "PoolingType", "Activation"}) {
      EXPECT_EQ(actual.value(key, Json()), expected.value(key, Json())) << i << " " << key;
    }
    for (const char* key : {"Inputs", "Outputs"}) {
      ASSERT_EQ(actual[key].size(), expected[key].size()) << i;
      EXPECT_EQ(actual[key][0]["Dimensions"], expected[key][0]["Dimensions"]) << i << " " << key;
    }
  }
  EXPECT_EQ(ours["Bindings"], real["Bindings"]);
}

// What the reference's schema demands of every layer that it reads.
TEST(EngineWriter, TensorsHaveRankTwoOrFourAndGeometryIsInPairs) {
  for (const std::string_view name : known_topologies()) {
    const Json engine = written(name);
    for (const Json& layer : engine["Layers"]) {
      for (const char* key : {"Inputs", "Outputs"}) {
        for (const Json& tensor : layer[key]) {
          const std::size_t rank = tensor["Dimensions"].size();
          EXPECT_TRUE(rank == 2 || rank == 4) << layer["Name"];
        }
      }
      const std::string type = layer["LayerType"];
      if (type == "CaskConvolution" || type == "CaskGemmConvolution") {
        for (const char* key : {"Kernel", "PrePadding", "PostPadding", "Stride"}) {
          EXPECT_EQ(layer.at(key).size(), 2U) << layer["Name"] << key;
        }
      }
      if (type == "CaskPooling") {
        EXPECT_EQ(layer.at("WindowSize").size(), 2U);
        EXPECT_FALSE(layer.contains("Kernel"));
      }
    }
  }
}

TEST(EngineWriter, ReadingBackGivesTheSameNetwork) {
  for (const std::string_view name : known_topologies()) {
    const Network network = make_topology(name).value();
    const Network read = parse_engine(to_engine_json(network), "memory").value();
    ASSERT_EQ(read.layers.size(), network.layers.size()) << name;
    EXPECT_EQ(read.bindings, network.bindings);
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      const Layer& a = network.layers[i];
      const Layer& b = read.layers[i];
      EXPECT_EQ(b.name, a.name);
      EXPECT_EQ(b.type, a.type);
      EXPECT_EQ(b.parameter_type, a.parameter_type) << a.name;
      EXPECT_EQ(b.kind, a.kind) << a.name;
      EXPECT_EQ(b.kernel, a.kernel) << a.name;
      EXPECT_EQ(b.window, a.window) << a.name;
      EXPECT_EQ(b.stride, a.stride) << a.name;
      EXPECT_EQ(b.pre_padding, a.pre_padding) << a.name;
      EXPECT_EQ(b.post_padding, a.post_padding) << a.name;
      EXPECT_EQ(b.padding_mode, a.padding_mode) << a.name;
      EXPECT_EQ(b.dilation, a.dilation) << a.name;
      EXPECT_EQ(b.groups, a.groups) << a.name;
      EXPECT_EQ(b.output_maps, a.output_maps) << a.name;
      EXPECT_EQ(b.weight_type, a.weight_type) << a.name;
      EXPECT_EQ(b.weight_count, a.weight_count) << a.name;
      EXPECT_EQ(b.has_residual, a.has_residual) << a.name;
      EXPECT_EQ(b.activation, a.activation) << a.name;
      EXPECT_EQ(b.tactic, a.tactic) << a.name;
      EXPECT_TRUE(b.faults.empty()) << a.name;
      ASSERT_EQ(b.inputs.size(), a.inputs.size()) << a.name;
      for (std::size_t t = 0; t < a.inputs.size(); ++t) {
        EXPECT_EQ(b.inputs[t].dimensions, a.inputs[t].dimensions) << a.name;
        EXPECT_EQ(b.inputs[t].type, a.inputs[t].type) << a.name;
      }
      EXPECT_EQ(b.outputs.front().dimensions, a.outputs.front().dimensions) << a.name;
      EXPECT_EQ(b.outputs.front().format, a.outputs.front().format) << a.name;
    }
  }
}

TEST(EngineWriter, DepthwiseLayersWithLargeKernelsRunOnCudaCores) {
  std::map<std::string, int> count;
  const Json engine = written("mnasnet1_0");
  for (const Json& layer : engine["Layers"]) ++count[layer["LayerType"].get<std::string>()];
  EXPECT_EQ(count["CudaDepthwiseConvolution"], 10);
}

}  // namespace
}  // namespace joulecast
