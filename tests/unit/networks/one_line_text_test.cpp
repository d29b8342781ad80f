#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "joulecast/networks.h"

namespace joulecast {
namespace {

using Numbers = std::vector<std::int64_t>;

Network parsed(std::string_view text) {
  auto network = parse_engine(text, "engine.txt");
  if (!network) {
    ADD_FAILURE() << network.error().describe();
    return {};
  }
  return *std::move(network);
}

TEST(OneLineText, NamesMayHoldCommasAndBraces) {
  const Network network = parsed(
      "Layers:\nName: {ForeignNode[a, b...c]}, LayerType: Myelin, Inputs: [ { Name: x, y }, Dimensions: "
      "[1,2], "
      "Format/Datatype: Half }, { Name: z, Location: Host, Dimensions: [], Format/Datatype: Int32 }], "
      "Outputs: []\n");
  ASSERT_EQ(network.layers.size(), 1U);
  const Layer& layer = network.layers[0];
  EXPECT_EQ(layer.name, "{ForeignNode[a, b...c]}");
  EXPECT_EQ(layer.kind, LayerKind::kOther);
  ASSERT_EQ(layer.inputs.size(), 2U);
  EXPECT_EQ(layer.inputs[0].name, "x, y }");
  EXPECT_EQ(layer.inputs[1].name, "z");
  EXPECT_TRUE(layer.inputs[1].dimensions.empty());
}

TEST(OneLineText, BindingsCrLfAndBlankLines) {
  const Network network = parsed(
      "Layers:\r\nName: a, LayerType: NoOp, Inputs: [], Outputs: [], TacticName: "
      "\r\n\r\nBindings:\r\nx\r\ny\r\n");
  ASSERT_EQ(network.layers.size(), 1U);
  EXPECT_EQ(network.layers[0].tactic, "");
  EXPECT_EQ(network.bindings, (std::vector<std::string>{"x", "y"}));
}

TEST(OneLineText, ALayersLineAloneWithoutHeader) {
  EXPECT_EQ(parsed("Name: a, LayerType: NoOp, Inputs: [], Outputs: []").layers.size(), 1U);
}

TEST(OneLineText, BareNamesOfLayerNamesOnly) {
  const Network network = parsed("Layers:\n[trainStation1]\nconv1 + relu\n\nBindings:\nx\n");
  ASSERT_EQ(network.layers.size(), 2U);
  EXPECT_EQ(network.layers[1].name, "conv1 + relu");
  EXPECT_EQ(network.layers[1].kind, LayerKind::kOther);
}

TEST(OneLineText, ABrokenLineIsNamed) {
  const auto network =
      parse_engine("Layers:\nName: a, LayerType: NoOp, Inputs: [], Outputs: []\nName: b, Lay", "e.txt");
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(network.error().location.line, 3U);
}

TEST(OneLineText, InvalidUtf8IsNamed) {
  const auto network = parse_engine("Layers:\nconv\xFF\n", "e.txt");
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().location.line, 2U);
}

TEST(OneLineText, CutAnywhereItIsAnErrorOrAShorterNetwork) {
  std::ifstream file(JOULECAST_SOURCE_DIR "/tests/data/engine_variety/53_oneline_text_format.txt",
                     std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  const std::string text = content.str();
  std::size_t layers = 0;
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto network = parse_engine(std::string_view(text).substr(0, length), "cut.txt");
    if (!network) continue;
    ASSERT_GE(network->layers.size(), layers) << length;
    layers = network->layers.size();
  }
  EXPECT_EQ(layers, 9U);
}

}  // namespace
}  // namespace joulecast
