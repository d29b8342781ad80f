#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "joulecast/networks.h"

namespace joulecast {
namespace {

struct Totals {
  double giga_macs = 0.0;
  double million_parameters = 0.0;  // with the bias of every convolution, as batch norm folds into it
};

Totals totals_of(const Network& network) {
  Totals totals;
  for (const Layer& layer : network.layers) {
    if (!layer.weight_count) continue;
    const auto& out = layer.outputs.front().dimensions;
    const double positions = static_cast<double>(out[0] * out[2] * out[3]);
    totals.giga_macs += positions * static_cast<double>(*layer.weight_count) / 1e9;
    totals.million_parameters += static_cast<double>(*layer.weight_count + *layer.output_maps) / 1e6;
  }
  return totals;
}

// Multiply-adds and parameters as torchvision publishes them with its weights (inception_v3 less its
// auxiliary classifier).
const std::map<std::string, Totals>& published() {
  static const std::map<std::string, Totals> table{{"alexnet", {0.714, 61.10}},
                                                   {"densenet121", {2.834, 7.979}},
                                                   {"efficientnet_b0", {0.386, 5.289}},
                                                   {"googlenet", {1.498, 6.625}},
                                                   {"inception_v3", {5.713, 23.83}},
                                                   {"lenet", {0.000416, 0.0617}},
                                                   {"mnasnet1_0", {0.314, 4.383}},
                                                   {"mobilenet_v2", {0.301, 3.505}},
                                                   {"mobilenet_v3_large", {0.217, 5.483}},
                                                   {"mobilenet_v3_small", {0.057, 2.543}},
                                                   {"regnet_x_400mf", {0.414, 5.496}},
                                                   {"regnet_y_400mf", {0.402, 4.344}},
                                                   {"resnet101", {7.801, 44.55}},
                                                   {"resnet18", {1.814, 11.69}},
                                                   {"resnet34", {3.664, 21.80}},
                                                   {"resnet50", {4.089, 25.56}},
                                                   {"resnext50_32x4d", {4.230, 25.03}},
                                                   {"shufflenet_v2_x1_0", {0.145, 2.279}},
                                                   {"squeezenet1_0", {0.819, 1.248}},
                                                   {"squeezenet1_1", {0.349, 1.236}},
                                                   {"vgg11", {7.609, 132.86}},
                                                   {"vgg13", {11.308, 133.05}},
                                                   {"vgg16", {15.470, 138.36}},
                                                   {"vgg19", {19.632, 143.67}}};
  return table;
}

TEST(Topologies, MultiplyAddsAndParametersAreThePublishedOnes) {
  ASSERT_EQ(known_topologies().size(), published().size());
  for (const std::string_view name : known_topologies()) {
    const Totals expected = published().at(std::string(name));
    const Totals actual = totals_of(make_topology(name).value());
    EXPECT_NEAR(actual.giga_macs / expected.giga_macs, 1.0, 0.02) << name << " " << actual.giga_macs;
    EXPECT_NEAR(actual.million_parameters / expected.million_parameters, 1.0, 0.01)
        << name << " " << actual.million_parameters;
  }
}

TEST(Topologies, ResNet18HasTheLayersOfARealOrinEngine) {
  // 20 convolutions, the fully connected layer as GEMM, two pools, the input's reformat, two free ones.
  std::map<std::string, int> count;
  const Network network = make_topology("resnet18").value();
  for (const Layer& layer : network.layers) ++count[layer.type];
  EXPECT_EQ(count, (std::map<std::string, int>{{"CaskConvolution", 20},
                                               {"CaskGemmConvolution", 1},
                                               {"CaskPooling", 2},
                                               {"NoOp", 2},
                                               {"Reformat", 1}}));
}

TEST(Topologies, LayerNamesAreUniqueAndEachInputIsKnown) {
  for (const std::string_view name : known_topologies()) {
    const Network network = make_topology(name).value();
    std::set<std::string> names;
    for (const Layer& layer : network.layers) {
      EXPECT_TRUE(names.insert(layer.name).second) << name << ": " << layer.name;
      EXPECT_FALSE(layer.inputs.empty());
      EXPECT_FALSE(layer.outputs.empty());
      EXPECT_TRUE(layer.faults.empty());
    }
    EXPECT_EQ(network.name, name);
    EXPECT_EQ(network.layers.back().outputs.front().dimensions.size(), 2U);
  }
}

TEST(Topologies, BatchScalesEveryTensorAndNoWeight) {
  const Network one = make_topology("mobilenet_v2", 1).value();
  const Network four = make_topology("mobilenet_v2", 4).value();
  EXPECT_NEAR(totals_of(four).giga_macs, 4.0 * totals_of(one).giga_macs, 1e-9);
  EXPECT_DOUBLE_EQ(totals_of(four).million_parameters, totals_of(one).million_parameters);
  EXPECT_EQ(four.layers.front().inputs.front().dimensions.front(), 4);
}

TEST(Topologies, DepthwiseConvolutionsHaveAsManyGroupsAsChannels) {
  const Network network = make_topology("mobilenet_v2").value();
  int depthwise = 0;
  for (const Layer& layer : network.layers) {
    if (layer.groups.value_or(1) == 1) continue;
    EXPECT_EQ(*layer.groups, layer.inputs.front().dimensions[1]);
    EXPECT_EQ(layer.kind, LayerKind::kConvolutional);
    ++depthwise;
  }
  EXPECT_EQ(depthwise, 17);
}

TEST(Topologies, TacticsNameTheirTile) {
  const Network network = make_topology("resnet50").value();
  for (const Layer& layer : network.layers) {
    if (layer.type == "CaskConvolution" && layer.inputs.front().dimensions[1] > 4) {
      EXPECT_NE(layer.tactic.find("_tilesize"), std::string::npos) << layer.tactic;
    }
  }
}

TEST(Topologies, UnknownNameIsAUsageErrorWithTheKnownNames) {
  const auto network = make_topology("resnet17");
  ASSERT_FALSE(network.has_value());
  EXPECT_EQ(network.error().kind, ErrorKind::kUsage);
  EXPECT_NE(network.error().hint.find("resnet18"), std::string::npos);
  EXPECT_EQ(make_topology("resnet18", 0).error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace joulecast
