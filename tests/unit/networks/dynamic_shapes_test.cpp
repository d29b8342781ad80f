#include <gtest/gtest.h>

#include "joulecast/networks.h"
#include "support/onnx_writer.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

using Numbers = std::vector<std::int64_t>;

/// {"Name":..,"LayerType":..,"Inputs":[..],"Outputs":[..], extra}
std::string layer(const std::string& type, const std::string& inputs, const std::string& outputs,
                  const std::string& extra = "") {
  return R"({"Name":"layer )" + type + R"(","LayerType":")" + type + R"(","Inputs":[)" + inputs +
         R"(],"Outputs":[)" + outputs + "]" + (extra.empty() ? "" : "," + extra) + "}";
}
std::string tensor(const std::string& name, const std::string& dimensions) {
  return R"({"Name":")" + name + R"(","Dimensions":[)" + dimensions + R"(],"Format/Datatype":"Half"})";
}
Expected<Network> parse(const std::string& layers, const std::vector<std::string>& shapes = {}) {
  std::vector<ShapeOverride> given;
  for (const std::string& shape : shapes) given.push_back(*parse_shape_override(shape));
  return parse_engine(R"({"Layers":[)" + layers + R"(],"Bindings":["x","y","z"]})", "engine.json", given);
}
/// Output sizes of the last layer, or a failure.
Numbers output_of(const Expected<Network>& network) {
  if (!network) {
    ADD_FAILURE() << network.error().describe();
    return {};
  }
  return network->layers.back().outputs.back().dimensions;
}

const std::string kConv =
    layer("CaskConvolution", tensor("x", "-1,3,-1,-1"), tensor("a", "-1,64,-1,-1"),
          R"("Kernel":[7,7],"PrePadding":[3,3],"PostPadding":[3,3],"Stride":[2,2],"OutMaps":64)");

/// The flags of what inputs_without_shape tells, or its error.
std::vector<std::string> flags_of(std::string_view name, const std::string& content) {
  const test::TemporaryFolder folder;
  const auto open = inputs_without_shape(folder.write(std::string(name), content));
  if (!open) return {open.error().message};
  std::vector<std::string> flags;
  for (const ShapeOverride& input : *open) flags.push_back(shape_flag(input));
  return flags;
}
std::string engine(const std::string& layers) {
  return R"({"Layers":[)" + layers + R"(],"Bindings":["x","y","z"]})";
}

TEST(InputsWithoutShape, OfAnEngineAreItsDynamicOnes) {
  using Flags = std::vector<std::string>;
  EXPECT_EQ(flags_of("e.json", engine(kConv)), (Flags{"--shape 'x=1x3x224x224'"}));
  const std::string add =
      layer("ElementWise", tensor("x", "-1,8") + "," + tensor("z", "4,-1") + "," + tensor("fixed", "4,8"),
            tensor("y", "-1,-1"));
  EXPECT_EQ(flags_of("e.json", engine(add)), (Flags{"--shape 'x=1x8'", "--shape 'z=4x224'"}));
  // What no input's shape can tell waits for none.
  EXPECT_EQ(flags_of("e.json", engine(layer("PluginV2", tensor("x", "1,8"), tensor("y", "-1,8")))), Flags{});
  EXPECT_EQ(flags_of("e.json", engine(layer("SoftMax", tensor("x", "1,8"), tensor("y", "1,8")))), Flags{});
}

TEST(InputsWithoutShape, OfAnOnnxModelAreThoseWithMoreOpenThanTheBatch) {
  using Flags = std::vector<std::string>;
  const auto model = [](const test::Dimensions& x, const test::Dimensions& z) {
    return test::OnnxWriter().input("x", x).input("z", z).node("Add", {"x", "z"}, {"y"}).output("y").model();
  };
  EXPECT_EQ(flags_of("m.onnx", model({-1, 3, 8, 8}, {1, 3, 8, 8})), Flags{});
  EXPECT_EQ(flags_of("m.onnx", model({-1, 3, -1, 8}, {1, -1, 8, 8})),
            (Flags{"--shape 'x=1x3x224x8'", "--shape 'z=1x3x8x8'"}));
  EXPECT_EQ(flags_of("m.onnx", model({-1}, {1})), (Flags{"--shape 'x=1'"}));
  EXPECT_EQ(flags_of("m.onnx", model({1, 0, 8, 8}, {1, 3, 8, 8})), (Flags{"--shape 'x=1x3x8x8'"}));
  // A shape cannot change how many dimensions there are.
  EXPECT_EQ(flags_of("m.onnx", model({1, 1, 1, 1, 1, 1, 1, 1, -1}, {1})), Flags{});
}

TEST(InputsWithoutShape, AreThoseThatReadingRefuses) {
  const test::TemporaryFolder folder;
  const auto file = folder.write("m.onnx", test::OnnxWriter()
                                               .input("x", {-1, 3, -1, -1})
                                               .input("z", {1, 3, -1, 224})
                                               .node("Add", {"x", "z"}, {"y"})
                                               .output("y")
                                               .model());
  EXPECT_EQ(read_network(file).error().kind, ErrorKind::kUnfit);
  OnnxOptions options;
  options.shapes = inputs_without_shape(file).value();
  EXPECT_TRUE(read_network(file, options));
  EXPECT_EQ(inputs_without_shape(folder.path() / "none").error().kind, ErrorKind::kUnreadable);
  EXPECT_EQ(inputs_without_shape(folder.write("e.json", "{")).error().kind, ErrorKind::kMalformed);
}

TEST(ShapeOption, IsNameAndDimensions) {
  const auto shape = parse_shape_override("input=1x3x224x224");
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape->tensor, "input");
  EXPECT_EQ(shape->dimensions, (Numbers{1, 3, 224, 224}));
}

TEST(ShapeOption, ANameMayHoldAnEqualsSign) {
  EXPECT_EQ(parse_shape_override("a=b=7")->tensor, "a=b");
}

TEST(ShapeOption, RefusesWhatIsNoShape) {
  for (const char* text : {"", "x", "=1x3", "x=", "x=0x3", "x=-1x3", "x=1x", "x=1y3", "x=1.5",
                           "x=99999999999999999999", "x=4294967296", "x=1x1x1x1x1x1x1x1x1"}) {
    const auto shape = parse_shape_override(text);
    ASSERT_FALSE(shape) << text;
    EXPECT_EQ(shape.error().kind, ErrorKind::kUsage) << text;
  }
}

TEST(DynamicShapes, WithoutAShapeTheErrorSaysHowToGiveIt) {
  const auto network = parse(kConv);
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().kind, ErrorKind::kUnfit);
  EXPECT_EQ(network.error().message, "the engine has dynamic dimensions (-1)");
  EXPECT_EQ(network.error().hint, "Give the shape, like --shape 'x=1x3x224x224'");
}

TEST(DynamicShapes, FlowThroughConvolutionPoolingAndReshape) {
  const auto network =
      parse(kConv + "," +
                layer("CaskPooling", tensor("a", "-1,64,-1,-1"), tensor("b", "-1,64,-1,-1"),
                      R"("WindowSize":[3,3],"PrePadding":[1,1],"PostPadding":[1,1],"Stride":[2,2])") +
                "," + layer("Reformat", tensor("b", "-1,64,-1,-1"), tensor("c", "-1,64,-1,-1")) + "," +
                layer("NoOp", tensor("c", "-1,64,-1,-1"), tensor("d", "-1,-1")) + "," +
                layer("SoftMax", tensor("d", "-1,-1"), tensor("y", "-1,-1")),
            {"x=2x3x224x128"});
  ASSERT_TRUE(network) << network.error().describe();
  EXPECT_EQ(network->layers[0].outputs[0].dimensions, (Numbers{2, 64, 112, 64}));
  EXPECT_EQ(network->layers[1].outputs[0].dimensions, (Numbers{2, 64, 56, 32}));
  EXPECT_EQ(network->layers[4].outputs[0].dimensions, (Numbers{2, 64 * 56 * 32}));
  EXPECT_EQ(network->warnings.size(), 1U);
}

TEST(DynamicShapes, PaddingModesRoundUpOrKeepTheSize) {
  const auto pool = [](const std::string& mode) {
    return output_of(parse(layer("CaskPooling", tensor("x", "1,1,-1,-1"), tensor("y", "1,1,-1,-1"),
                                 R"("WindowSize":[3,3],"Stride":[2,2],"PaddingMode":")" + mode + "\""),
                           {"x=1x1x8x7"}));
  };
  EXPECT_EQ(pool("kEXPLICIT_ROUND_DOWN"), (Numbers{1, 1, 3, 3}));
  EXPECT_EQ(pool("kEXPLICIT_ROUND_UP"), (Numbers{1, 1, 4, 3}));
  EXPECT_EQ(pool("kSAME_UPPER"), (Numbers{1, 1, 4, 4}));
}

TEST(DynamicShapes, DilationWidensTheKernel) {
  EXPECT_EQ(output_of(parse(layer("CaskConvolution", tensor("x", "1,1,-1,-1"), tensor("y", "1,8,-1,-1"),
                                  R"("Kernel":[3,3],"Dilation":[2,2])"),
                            {"x=1x1x10x10"})),
            (Numbers{1, 8, 6, 6}));
}

TEST(DynamicShapes, DeconvolutionGrows) {
  EXPECT_EQ(output_of(parse(layer("CaskDeconvolutionV2", tensor("x", "1,8,-1,-1"), tensor("y", "1,8,-1,-1"),
                                  R"("Kernel":[4,4],"Stride":[2,2],"PrePadding":[1,1],"PostPadding":[1,1])"),
                            {"x=1x8x14x14"})),
            (Numbers{1, 8, 28, 28}));
}

TEST(DynamicShapes, ConvActPoolSlidesTwice) {
  EXPECT_EQ(output_of(parse(
                layer("ConvActPool", tensor("x", "-1,3,-1,-1"), tensor("y", "-1,64,-1,-1"),
                      R"("ConvKernel":[7,7],"ConvStride":[2,2],"ConvPrePadding":[3,3],"ConvPostPadding":[3,3],
        "PoolingWindowSize":[3,3],"PoolingStride":[2,2],"PoolingPrePadding":[1,1],"PoolingPostPadding":[1,1])"),
                {"x=32x3x224x224"})),
            (Numbers{32, 64, 56, 56}));
}

TEST(DynamicShapes, ElementwiseStretchesSizesOfOne) {
  EXPECT_EQ(output_of(parse(layer("ElementWise", tensor("x", "-1,8,1,1") + "," + tensor("z", "-1,8,-1,-1"),
                                  tensor("y", "-1,8,-1,-1")),
                            {"x=4x8x1x1", "z=4x8x5x6"})),
            (Numbers{4, 8, 5, 6}));
}

TEST(DynamicShapes, ConcatKeepsWhatItDoesNotJoin) {
  EXPECT_EQ(output_of(parse(layer("Concat", tensor("x", "-1,8,-1,-1") + "," + tensor("z", "-1,4,-1,-1"),
                                  tensor("y", "-1,12,-1,-1")),
                            {"x=2x8x5x6", "z=2x4x5x6"})),
            (Numbers{2, 12, 5, 6}));
}

TEST(DynamicShapes, ARegionKeepsItsBatch) {
  EXPECT_EQ(
      output_of(parse(layer("Myelin", tensor("x", "-1,77,768"), tensor("y", "-1,77,320")), {"x=3x77x768"})),
      (Numbers{3, 77, 320}));
}

TEST(DynamicShapes, ADenseLayerKeepsItsBatch) {
  EXPECT_EQ(output_of(parse(layer("gemm", tensor("x", "-1,512"), tensor("y", "-1,10")), {"x=7x512"})),
            (Numbers{7, 10}));
}

TEST(DynamicShapes, TheFirstLayerWithoutARuleIsNamed) {
  const auto network =
      parse(kConv + "," + layer("PluginV2", tensor("a", "-1,64,-1,-1"), tensor("y", "-1,64,-1,-1")),
            {"x=1x3x224x224"});
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().kind, ErrorKind::kUnfit);
  EXPECT_NE(network.error().message.find("\"layer PluginV2\" (PluginV2)"), std::string::npos)
      << network.error().message;
}

TEST(DynamicShapes, WithoutAnOpenInputNoShapeIsAskedFor) {
  const auto network = parse(layer("PluginV2", tensor("x", "1,3,8,8"), tensor("y", "1,-1,-1,8")));
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().kind, ErrorKind::kUnfit);
  EXPECT_NE(network.error().message.find("\"layer PluginV2\" (PluginV2)"), std::string::npos);
  EXPECT_EQ(network.error().hint.find("--shape"), std::string::npos);
}

TEST(DynamicShapes, AShapeThatDoesNotFitFurtherDownIsNamedThere) {
  const auto network = parse(kConv + "," + layer("NoOp", tensor("a", "-1,64,-1,-1"), tensor("y", "1,-1,7")),
                             {"x=1x3x224x224"});
  ASSERT_TRUE(network);  // 64 * 112 * 112 is a multiple of 7
  EXPECT_FALSE(parse(kConv + "," + layer("NoOp", tensor("a", "-1,64,-1,-1"), tensor("y", "1,-1,11")),
                     {"x=1x3x224x224"}));
}

TEST(DynamicShapes, AnInputSmallerThanTheWindowIsRefused) {
  EXPECT_FALSE(
      parse(layer("CaskPooling", tensor("x", "1,1,-1,-1"), tensor("y", "1,1,-1,-1"), R"("WindowSize":[3,3])"),
            {"x=1x1x2x2"}));
}

TEST(DynamicShapes, AShapeForAnUnknownTensorListsTheInputs) {
  const auto network = parse(kConv, {"image=1x3x224x224"});
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(network.error().hint, "Its inputs: x");
}

TEST(DynamicShapes, AFixedSizeCannotBeChanged) {
  const auto network = parse(kConv, {"x=1x4x224x224"});
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().kind, ErrorKind::kUsage);
}

TEST(DynamicShapes, AStaticEngineAcceptsItsOwnShape) {
  EXPECT_EQ(output_of(parse(layer("SoftMax", tensor("x", "1,10"), tensor("y", "1,10")), {"x=1x10"})),
            (Numbers{1, 10}));
}

}  // namespace
}  // namespace joulecast
