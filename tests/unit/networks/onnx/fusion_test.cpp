// Which nodes become one layer.
#include <gtest/gtest.h>

#include <algorithm>

#include "joulecast/networks.h"
#include "support/onnx_writer.h"

namespace joulecast {
namespace {

using test::attribute;
using test::OnnxWriter;

Network read(const OnnxWriter& writer, const OnnxOptions& options = {}) {
  auto network = parse_onnx(writer.model(), "net.onnx", options);
  EXPECT_TRUE(network) << (network ? "" : network.error().describe());
  return network ? std::move(*network) : Network{};
}

std::vector<std::string> names(const Network& network) {
  std::vector<std::string> all;
  for (const Layer& layer : network.layers) all.push_back(layer.type + ": " + layer.name);
  return all;
}
using Names = std::vector<std::string>;

const std::vector<test::Message> kSame3 = {attribute("pads", test::Dimensions{1, 1, 1, 1})};

/// x -> 3x3 convolution to 16 channels -> y.
OnnxWriter one_convolution(std::int64_t channels = 16) {
  OnnxWriter w;
  w.input("x", {1, channels, 8, 8})
      .weights("w", {16, channels, 3, 3})
      .node("Conv", {"x", "w"}, {"y"}, kSame3);
  return w;
}

TEST(OnnxFusion, ConvolutionTakesBatchNormAndActivation) {
  OnnxWriter w = one_convolution();
  for (const char* name : {"s", "b", "m", "v"}) w.weights(name, {16});
  w.node("BatchNormalization", {"y", "s", "b", "m", "v"}, {"n"}).node("Relu", {"n"}, {"r"}).output("r");
  const Network net = read(w);
  const std::string fused = "y_Conv + n_BatchNormalization + r_Relu";
  EXPECT_EQ(names(net), (Names{"Reformat: Reformatting CopyNode for Input Tensor 0 to " + fused,
                               "CaskConvolution: " + fused,
                               "Reformat: Reformatting CopyNode for Output Tensor 0 to " + fused}));
  const Layer& layer = net.layers[1];
  EXPECT_EQ(layer.kind, LayerKind::kConvolutional);
  EXPECT_EQ(layer.activation, "RELU");
  EXPECT_EQ(layer.weight_count, 16 * 16 * 9);
  EXPECT_EQ(layer.weight_type, DataType::kFp16);
  EXPECT_EQ(layer.inputs[0].format, "Channel major FP16 format where channel % 8 == 0");
  EXPECT_EQ(layer.outputs[0].dimensions, (std::vector<std::int64_t>{1, 16, 8, 8}));
}

// Of two convolutions that a sum joins, the later one takes it in, as in engines built from ONNX.
TEST(OnnxFusion, LaterConvolutionTakesTheResidual) {
  OnnxWriter w = one_convolution();
  w.weights("v", {16, 16, 1, 1})
      .node("Conv", {"x", "v"}, {"z"}, {attribute("strides", test::Dimensions{1, 1})});
  w.node("Add", {"y", "z"}, {"s"}).node("Relu", {"s"}, {"r"}).output("r");
  const Network net = read(w);
  ASSERT_EQ(net.layers.size(), 4U);  // with the reformats of input and output
  EXPECT_EQ(net.layers[1].name, "y_Conv");
  EXPECT_EQ(net.layers[2].name, "z_Conv + s_Add + r_Relu");
  EXPECT_TRUE(net.layers[2].has_residual);
  ASSERT_EQ(net.layers[2].inputs.size(), 2U);
  EXPECT_EQ(net.layers[2].inputs[1].name, "y");
  EXPECT_FALSE(net.layers[1].has_residual);
}

TEST(OnnxFusion, ResultReadTwiceIsNotFused) {
  OnnxWriter w = one_convolution();
  w.node("Relu", {"y"}, {"r"}).output("r").output("y");
  const Network net = read(w);
  EXPECT_EQ(net.layers[1].name, "y_Conv");
  EXPECT_EQ(net.layers[2].type, "Reformat");  // the output y, in its own type
  EXPECT_EQ(net.layers[3].name, "PWN(r_Relu)");
}

TEST(OnnxFusion, SwishIsTakenInByAConvolutionButNotByAProduct) {
  for (const std::int64_t kernel : {3, 1}) {
    OnnxWriter w;
    w.input("x", {1, 16, 8, 8}).weights("w", {16, 16, kernel, kernel}).node("Conv", {"x", "w"}, {"y"});
    w.node("Sigmoid", {"y"}, {"g"}).node("Mul", {"y", "g"}, {"m"}).output("m");
    const Network net = read(w);
    if (kernel == 3) {
      EXPECT_EQ(net.layers[1].name, "y_Conv + g_Sigmoid + m_Mul");
      EXPECT_EQ(net.layers[1].activation, "GENERIC");
    } else {
      EXPECT_EQ(net.layers[1].type, "CaskGemmConvolution");
      EXPECT_EQ(net.layers[1].kind, LayerKind::kDense);
      EXPECT_EQ(net.layers[2].name, "PWN(PWN(g_Sigmoid), m_Mul)");
    }
  }
}

TEST(OnnxFusion, PaddingNodeJoinsTheConvolution) {
  OnnxWriter w;
  w.input("x", {1, 16, 8, 8}).weights("w", {16, 16, 3, 3}).integers("p", {0, 0, 1, 2, 0, 0, 3, 4});
  w.node("Pad", {"x", "p"}, {"q"}).node("Conv", {"q", "w"}, {"y"}, kSame3).output("y");
  const Network net = read(w);
  const Layer& layer = net.layers[1];
  EXPECT_EQ(layer.name, "q_Pad + y_Conv");
  EXPECT_EQ(layer.pre_padding, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(layer.post_padding, (std::vector<std::int64_t>{4, 5}));
  EXPECT_EQ(layer.inputs[0].dimensions, (std::vector<std::int64_t>{1, 16, 8, 8}));
  EXPECT_EQ(layer.outputs[0].dimensions, (std::vector<std::int64_t>{1, 16, 12, 14}));
}

TEST(OnnxFusion, FullyConnectedLayerReadsRowsAndColumns) {
  OnnxWriter w;
  w.input("x", {2, 16, 4, 4}).weights("w", {10, 256}).weights("b", {10});
  w.node("Flatten", {"x"}, {"f"}).node("Gemm", {"f", "w", "b"}, {"y"}, {attribute("transB", 1)}).output("y");
  const Network net = read(w);
  const auto dense = std::find_if(net.layers.begin(), net.layers.end(),
                                  [](const Layer& layer) { return layer.kind == LayerKind::kDense; });
  ASSERT_NE(dense, net.layers.end());
  EXPECT_EQ(dense->type, "CaskGemmConvolution");
  EXPECT_EQ(dense->inputs[0].dimensions, (std::vector<std::int64_t>{2, 256, 1, 1}));
  EXPECT_EQ(dense->outputs[0].dimensions, (std::vector<std::int64_t>{2, 10, 1, 1}));
  EXPECT_EQ(dense->weight_count, 2560);
  EXPECT_EQ(net.layers.back().outputs[0].dimensions, (std::vector<std::int64_t>{2, 10}));
}

// The pooled map is read as it lies: no reshape and no reformat between.
TEST(OnnxFusion, ClassifierReadsThePooledMap) {
  OnnxWriter w = one_convolution();
  w.weights("c", {10, 16}).node("GlobalAveragePool", {"y"}, {"p"}).node("Flatten", {"p"}, {"f"});
  w.node("Gemm", {"f", "c"}, {"z"}, {attribute("transB", 1)}).output("z");
  const Network net = read(w);
  ASSERT_GE(net.layers.size(), 4U);
  EXPECT_EQ(net.layers[2].type, "CaskPooling");
  EXPECT_EQ(net.layers[2].window, (std::vector<std::int64_t>{8, 8}));
  EXPECT_EQ(net.layers[3].type, "CaskGemmConvolution");
  EXPECT_EQ(net.layers[3].inputs[0].name, "p");
}

TEST(OnnxFusion, ShapeArithmeticVanishes) {
  OnnxWriter w = one_convolution();
  w.integers("zero", {0}).integers("minus", {-1});
  w.node("Shape", {"y"}, {"sh"})
      .node("Gather", {"sh", "zero"}, {"n"})
      .node("Concat", {"n", "minus"}, {"t"}, {attribute("axis", 0)});
  w.node("Reshape", {"y", "t"}, {"f"}).output("f");
  const Network net = read(w);
  EXPECT_EQ(net.layers.back().outputs[0].dimensions, (std::vector<std::int64_t>{1, 1024}));
  for (const Layer& layer : net.layers) EXPECT_EQ(layer.name.find("Gather"), std::string::npos);
}

TEST(OnnxFusion, JoinedPartsAreWrittenInPlace) {
  OnnxWriter w = one_convolution();
  w.weights("v", {24, 16, 3, 3}).node("Conv", {"x", "v"}, {"z"}, kSame3);
  w.node("Concat", {"y", "z"}, {"c"}, {attribute("axis", 1)}).weights("u", {8, 40, 3, 3});
  w.node("Conv", {"c", "u"}, {"o"}, kSame3).output("o");
  const Network net = read(w);
  ASSERT_EQ(net.layers.size(), 5U);  // reformats of input and output, three convolutions
  EXPECT_EQ(net.layers[3].inputs[0].name, "c");
  EXPECT_EQ(net.layers[3].inputs[0].dimensions, (std::vector<std::int64_t>{1, 40, 8, 8}));
}

TEST(OnnxFusion, UnknownOperatorStaysWithItsBytes) {
  OnnxWriter w = one_convolution();
  w.node("Wavelet", {"y"}, {"z"}, {}, "org.example")
      .stated("z", {1, 16, 4, 4})
      .node("Relu", {"z"}, {"r"})
      .output("r");
  const Network net = read(w);
  const auto other = std::find_if(net.layers.begin(), net.layers.end(),
                                  [](const Layer& layer) { return layer.kind == LayerKind::kOther; });
  ASSERT_NE(other, net.layers.end());
  EXPECT_EQ(other->type, "org.example.Wavelet");
  EXPECT_EQ(other->outputs[0].dimensions, (std::vector<std::int64_t>{1, 16, 4, 4}));
  ASSERT_EQ(net.warnings.size(), 1U);
  EXPECT_NE(net.warnings[0].message.find("Wavelet"), std::string::npos);
}

// Nothing downstream is dropped where a shape depends on data; each such layer says so.
TEST(OnnxFusion, LayersBehindAnUnknownShapeStay) {
  OnnxWriter w;
  w.input("x", {1, 8, 4, 4}).node("NonZero", {"x"}, {"z"}).node("Relu", {"z"}, {"r"}).output("r");
  const Network net = read(w);
  std::size_t faulty = 0;
  for (const Layer& layer : net.layers) faulty += layer.faults.empty() ? 0 : 1;
  EXPECT_EQ(faulty, 2U);
  ASSERT_FALSE(net.warnings.empty());
  EXPECT_EQ(net.warnings.back().count, 2U);
}

TEST(OnnxFusion, QuantisedModelRunsInInt8) {
  OnnxWriter w;
  w.input("x", {1, 16, 8, 8}).weights("s", {}).weights("w", {16, 16, 3, 3});
  w.node("QuantizeLinear", {"x", "s"}, {"q"}).node("DequantizeLinear", {"q", "s"}, {"d"});
  w.node("Conv", {"d", "w"}, {"y"}, kSame3).node("QuantizeLinear", {"y", "s"}, {"yq"});
  w.node("DequantizeLinear", {"yq", "s"}, {"yd"}).output("yd");
  const Network net = read(w);
  const auto conv = std::find_if(net.layers.begin(), net.layers.end(),
                                 [](const Layer& layer) { return layer.kind == LayerKind::kConvolutional; });
  ASSERT_NE(conv, net.layers.end());
  EXPECT_EQ(conv->name, "y_Conv + yq_QuantizeLinear");
  EXPECT_EQ(conv->inputs[0].type, DataType::kInt8);
  EXPECT_EQ(conv->outputs[0].type, DataType::kInt8);
  EXPECT_EQ(conv->weight_type, DataType::kInt8);
}

TEST(OnnxFusion, PrecisionDecidesTypesAndFormats) {
  OnnxWriter w = one_convolution();
  w.output("y");
  for (const DataType type : {DataType::kFp32, DataType::kFp16, DataType::kInt8}) {
    const Network net = read(w, {{}, {}, type});
    EXPECT_EQ(net.layers[1].weight_type, type);
    EXPECT_EQ(net.layers[1].inputs[0].type, type);
    EXPECT_EQ(net.bindings, (Names{"x", "y"}));
  }
}

TEST(OnnxFusion, FewInputChannelsAreGroupedByFour) {
  OnnxWriter w = one_convolution(3);
  w.output("y");
  EXPECT_EQ(read(w).layers[1].inputs[0].format, "Channel major FP16 format where channel % 4 == 0");
}

}  // namespace
}  // namespace joulecast
