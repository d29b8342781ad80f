#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "joulecast/networks.h"

namespace joulecast {
namespace {

using Numbers = std::vector<std::int64_t>;

Layer only_layer(const std::string& layer) {
  auto network = parse_engine(R"({"Layers":[)" + layer + "]}", "engine.json");
  if (!network || network->layers.size() != 1) {
    ADD_FAILURE() << (network ? "not one layer" : network.error().describe());
    return {};
  }
  return network->layers[0];
}

Layer conv_with(const std::string& members) {
  return only_layer(R"({"Name":"c","LayerType":"CaskConvolution","Inputs":[],"Outputs":[],)" + members + "}");
}

Error fault_of(std::string_view text) {
  const auto network = parse_engine(text, "engine.json");
  EXPECT_FALSE(network) << text;
  return network ? Error{} : network.error();
}

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(EngineJson, WholeNumbersMayBeTextsOrFloats) {
  const Layer layer = conv_with(R"("Kernel":["3",3.0],"Stride":[" 2 ","1.0"],"Groups":"1")");
  EXPECT_EQ(layer.kernel, (Numbers{3, 3}));
  EXPECT_EQ(layer.stride, (Numbers{2, 1}));
  EXPECT_EQ(layer.groups, 1);
  EXPECT_TRUE(layer.faults.empty());
}

TEST(EngineJson, AFractionIsAFaultOfItsLayer) {
  const Layer layer = conv_with(R"("Kernel":[8.5,3])");
  EXPECT_EQ(layer.kernel, std::nullopt);
  EXPECT_EQ(layer.faults, (std::vector<std::string>{"Kernel holds 8.5, not a whole number"}));
}

TEST(EngineJson, NullIsAFaultOfItsLayer) {
  EXPECT_EQ(conv_with(R"("Kernel":null)").faults, (std::vector<std::string>{"Kernel is null"}));
}

TEST(EngineJson, WordsAndListsAreNoWholeNumbers) {
  EXPECT_EQ(conv_with(R"("Kernel":["three"])").faults,
            (std::vector<std::string>{"Kernel holds \"three\", not a whole number"}));
  EXPECT_EQ(conv_with(R"("Groups":[1])").oddities,
            (std::vector<std::string>{"Groups holds a list, not a whole number"}));
  EXPECT_EQ(conv_with(R"("Groups":{})").oddities,
            (std::vector<std::string>{"Groups holds an object, not a whole number"}));
  EXPECT_EQ(conv_with(R"("Groups":"1.5")").oddities.size(), 1U);
  EXPECT_EQ(conv_with(R"("Weights":{"Count":1e300})").oddities,
            (std::vector<std::string>{"Weights holds a Count that no memory has room for"}));
}

TEST(EngineJson, MissingKeysAreFaults) {
  EXPECT_EQ(only_layer("{}").faults, (std::vector<std::string>{"Name is missing", "LayerType is missing",
                                                               "Inputs is missing", "Outputs is missing"}));
}

TEST(EngineJson, ALayerWithoutTypeTakesItsKindFromParameterType) {
  EXPECT_EQ(only_layer(R"({"Name":"c","ParameterType":"Convolution","Inputs":[],"Outputs":[]})").kind,
            LayerKind::kConvolutional);
}

TEST(EngineJson, AWrongKindOfValueIsAFaultWhereTheReferenceReadsItAndAnOddityElsewhere) {
  const Layer layer = conv_with(R"("ParameterType":3,"Weights":"x","Stride":7,"Dilation":null)");
  EXPECT_EQ(layer.faults, (std::vector<std::string>{"Stride is not a list"}));
  EXPECT_EQ(layer.oddities, (std::vector<std::string>{"ParameterType is not a text",
                                                      "Weights is not an object", "Dilation is null"}));
}

TEST(EngineJson, RanksFromZeroToEight) {
  const Layer layer = only_layer(
      R"({"Name":"n","LayerType":"x","Inputs":[{"Name":"s","Dimensions":[]},{"Name":"e","Dimensions":[1,2,3,4,5,6,7,8]}],"Outputs":[]})");
  EXPECT_TRUE(layer.inputs[0].dimensions.empty());
  EXPECT_EQ(layer.inputs[1].dimensions.size(), 8U);
  EXPECT_TRUE(layer.faults.empty());
}

TEST(EngineJson, MoreThanEightDimensionsAndNegativeSizesAreFaults) {
  EXPECT_EQ(
      only_layer(
          R"({"Name":"n","LayerType":"x","Inputs":[{"Name":"s","Dimensions":[1,2,3,4,5,6,7,8,9]}],"Outputs":[{"Name":"o","Dimensions":[-2]}]})")
          .faults,
      (std::vector<std::string>{"Inputs has a tensor of rank 9: s",
                                "Outputs has a tensor with dimension -2: o"}));
}

TEST(EngineJson, TensorsOfWrongShapeAreFaults) {
  EXPECT_EQ(only_layer(R"({"Name":"n","LayerType":"x","Inputs":[3],"Outputs":null})").faults,
            (std::vector<std::string>{"Inputs holds something that is no tensor", "Outputs is null"}));
  EXPECT_EQ(only_layer(R"({"Name":"n","LayerType":"x","Inputs":[{"Name":"t"}],"Outputs":[]})").faults,
            (std::vector<std::string>{"Inputs has a tensor without Dimensions: t"}));
}

TEST(EngineJson, AnEntryThatIsNoLayerStaysInItsPlace) {
  const auto network = parse_engine(R"({"Layers":["a",7,"b"]})", "e");
  ASSERT_TRUE(network);
  ASSERT_EQ(network->layers.size(), 3U);
  EXPECT_EQ(network->layers[1].faults.size(), 1U);
  EXPECT_EQ(network->layers[1].kind, LayerKind::kOther);
}

TEST(EngineJson, TheLastOfARepeatedKeyHolds) {
  const Layer layer = conv_with(R"("Kernel":[1,1],"Kernel":[5,5],"Inputs":[{"Name":"t","Dimensions":[2]}])");
  EXPECT_EQ(layer.kernel, (Numbers{5, 5}));
  ASSERT_EQ(layer.inputs.size(), 1U);
}

TEST(EngineJson, EscapedNamesAreUnescaped) {
  EXPECT_EQ(
      only_layer(R"({"Name":"caf\u00e9 \"x\" \ud83d\ude00\n","LayerType":"x","Inputs":[],"Outputs":[]})")
          .name,
      "café \"x\" 😀\n");
}

TEST(EngineJson, HasReluStandsInForAMissingActivation) {
  EXPECT_EQ(conv_with(R"("HasReLU":1)").activation, "RELU");
  EXPECT_EQ(conv_with(R"("HasReLU":0)").activation, "");
}

TEST(EngineJson, HasResidualDecidesOverTheNumberOfInputs) {
  const std::string inputs =
      R"("Kernel":[1,1],"Inputs":[{"Name":"a","Dimensions":[1]},{"Name":"b","Dimensions":[1]}])";
  EXPECT_TRUE(conv_with(inputs).has_residual);
  EXPECT_FALSE(conv_with(inputs + R"(,"HasResidual":0)").has_residual);
  EXPECT_TRUE(conv_with(R"("HasResidual":1)").has_residual);
}

TEST(EngineJson, ARepeatedLayerNameIsAWarningAndBothStay) {
  const std::string layer =
      R"({"Name":"a","LayerType":"Reformat","Inputs":[],"Outputs":[{"Name":"t","Dimensions":[1,2]}]})";
  const auto network = parse_engine("{\"Layers\":[" + layer + "," + layer + "]}", "e");
  ASSERT_TRUE(network);
  EXPECT_EQ(network->layers.size(), 2U);
  ASSERT_EQ(network->warnings.size(), 1U);
  EXPECT_NE(network->warnings[0].message.find("\"a\""), std::string::npos);
}

TEST(EngineJson, LayersThatCannotBeReadInFullAreCountedAndTheFirstIsNamed) {
  const auto of = [](const std::string& dimensions) {
    return R"({"Name":"c","LayerType":"CaskConvolution","Inputs":[{"Name":"t","Dimensions":)" + dimensions +
           R"(}],"Outputs":[{"Name":"u","Dimensions":[1,8,7,7]}],"Kernel":[3,3]})";
  };
  for (const std::string damaged : {"[1,-64,56,56]", "[\"a\",2]", "[1.5,2]"}) {
    const auto network = parse_engine("{\"Layers\":[" + of(damaged) + "]}", "e");
    ASSERT_TRUE(network);
    ASSERT_EQ(network->warnings.size(), 1U) << damaged;
    EXPECT_NE(network->warnings[0].message.find("cannot be read in full"), std::string::npos);
    EXPECT_NE(network->warnings[0].message.find("(first: c: "), std::string::npos);
  }
  EXPECT_TRUE(parse_engine("{\"Layers\":[" + of("[1,8,7,7]") + "]}", "e")->warnings.empty());
}

TEST(EngineJson, NoLayersAreAnEmptyNetwork) {
  const auto network = parse_engine(R"({"Layers":[]})", "e");
  ASSERT_TRUE(network);
  EXPECT_TRUE(network->layers.empty());
}

TEST(EngineJson, WithoutTheKeyLayersItIsNoEngineInformation) {
  const Error fault = fault_of(R"({"Bindings":[]})");
  EXPECT_EQ(fault.kind, ErrorKind::kMalformed);
  EXPECT_EQ(fault.message, "not engine information: no key Layers");
  EXPECT_NE(fault.hint.find("--exportLayerInfo"), std::string::npos);
}

TEST(EngineJson, OtherJsonIsNoEngineInformation) {
  EXPECT_EQ(fault_of("[1]").message, "not engine information: not a JSON object");
  EXPECT_EQ(fault_of(R"({"Layers":{}})").message, "not engine information: Layers is not a list");
}

TEST(EngineJson, AFaultNamesItsLineAndByte) {
  const Error fault = fault_of("{\n \"Layers\": [\n  \"a\" \"b\"\n ]}");
  EXPECT_EQ(fault.kind, ErrorKind::kMalformed);
  EXPECT_EQ(fault.location.line, 3U);
  EXPECT_EQ(fault.location.byte, 23U);  // the closing quote of "b"
}

TEST(EngineJson, TruncationIsNamedAsSuch) {
  const Error fault = fault_of("{\"Layers\": [\n\"a\",");
  EXPECT_EQ(fault.message, "JSON ends too early");
  EXPECT_EQ(fault.location.line, 2U);
}

TEST(EngineJson, AByteOrderMarkIsRefused) {
  const Error fault = fault_of("\xEF\xBB\xBF{\"Layers\":[]}");
  EXPECT_EQ(fault.kind, ErrorKind::kMalformed);
  EXPECT_EQ(fault.location.line, 1U);
  EXPECT_NE(fault.message.find("byte-order mark"), std::string::npos);
}

TEST(EngineJson, InvalidUtf8IsRefusedWithItsPlace) {
  const Error fault = fault_of("{\"Layers\":[\n\"a\xFFz\"]}");
  EXPECT_EQ(fault.kind, ErrorKind::kMalformed);
  EXPECT_EQ(fault.location.line, 2U);
  EXPECT_EQ(fault.location.byte, 14U);
}

TEST(EngineJson, EmptyAndBlankTextsAreRefused) {
  EXPECT_EQ(fault_of("").message, "empty");
  EXPECT_EQ(fault_of(" \n").message, "empty");
}

TEST(EngineJson, DeepNestingIsRefusedNotFollowed) {
  const std::string deep(100000, '[');
  EXPECT_EQ(fault_of(deep).kind, ErrorKind::kMalformed);
  EXPECT_EQ(fault_of("{\"Layers\":" + deep + std::string(100000, ']') + "}").kind, ErrorKind::kMalformed);
}

TEST(EngineJson, CutAtAnyByteItIsMalformed) {
  const std::string text = file_text(JOULECAST_SOURCE_DIR "/tests/data/engine_variety/12_ConvActPool.json");
  const std::size_t end = text.find_last_of('}');
  ASSERT_NE(end, std::string::npos);
  for (std::size_t length = 0; length <= end; ++length) {
    const auto network = parse_engine(std::string_view(text).substr(0, length), "cut.json");
    ASSERT_FALSE(network) << length;
    ASSERT_EQ(network.error().kind, ErrorKind::kMalformed) << length;
    ASSERT_GE(network.error().location.line, 1U) << length;
  }
}

TEST(EngineFile, TakesItsNetworkNameFromTheFolderOrTheFile) {
  const auto name_for = [](std::string_view source) {
    return parse_engine(R"({"Layers":[]})", source)->name;
  };
  EXPECT_EQ(name_for("raw/resnet18/trt_profiling/trt_engine_info.json"), "resnet18");
  EXPECT_EQ(name_for("out/squeezenet1.1/trt_engine_info.json"), "squeezenet1.1");
  EXPECT_EQ(name_for("a/alexnet_fp16.graph.json"), "alexnet_fp16");
}

TEST(EngineFile, AMissingFileIsUnreadable) {
  const auto network = read_engine("no/such/engine.json");
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().kind, ErrorKind::kUnreadable);
}

TEST(EngineJson, AbsurdDimensionsAreRefusedWithTheLayer) {
  const std::string most = "9223372036854775807";  // what is beyond 64 bits stands for
  const std::pair<std::string, std::string> sizes[] = {{most, most},
                                                       {"2147483648", "2147483648"},
                                                       {"9223372036854775808", most},
                                                       {"9007199254740994.0", "9007199254740994"},
                                                       {"1e300", most},
                                                       {"\"9223372036854775808\"", most}};
  for (const auto& [size, told] : sizes) {
    const auto network = parse_engine(
        std::string(
            R"({"Layers":[{"Name":"n","LayerType":"x","Inputs":[],"Outputs":[{"Name":"o","Dimensions":[1,)") +
            size + "]}]}]}",
        "e.json");
    ASSERT_FALSE(network) << size;
    EXPECT_EQ(network.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(network.error().location.file, "e.json");
    EXPECT_EQ(network.error().message, "layer \"n\" has a tensor with a dimension of " + told + ": o");
    EXPECT_FALSE(network.error().hint.empty());
  }
}

TEST(EngineJson, AbsurdWindowsAreRefusedWithTheLayer) {
  const auto refusal = [](const std::string& keys) {
    const auto network = parse_engine(
        R"({"Layers":[{"Name":"n","LayerType":"CaskConvolution","Inputs":[],"Outputs":[],)" + keys + "}]}",
        "e.json");
    return network ? std::string("none") : network.error().message;
  };
  EXPECT_EQ(refusal(R"("Kernel":[3,2147483648])"), "layer \"n\" has a kernel of 2147483648");
  EXPECT_EQ(refusal(R"("Kernel":[3,3],"Stride":[1e300,1])"),
            "layer \"n\" has a stride of 9223372036854775807");
  EXPECT_EQ(refusal(R"("Kernel":[3,3],"PrePadding":["-99999999999999999999",1])"),
            "layer \"n\" has a padding of -9223372036854775808");
  EXPECT_EQ(refusal(R"("Groups":18446744073709551615)"),
            "layer \"n\" has a number of groups of 9223372036854775807");
  EXPECT_EQ(refusal(R"("Kernel":[2147483647,1],"Groups":2147483647)"), "none");
  // The step of a Slice: one that takes the first element alone may be anything.
  EXPECT_EQ(refusal(R"("Stride":[1,9223372036854775807])"), "none");
}

TEST(EngineJson, EmptyTensorsAreLegalAndDoubted) {
  const auto network = parse_engine(
      R"({"Layers":[{"Name":"n","LayerType":"CaskPooling","Inputs":[{"Name":"i","Dimensions":[0,3,2147483647,8]}],"Outputs":[]}]})",
      "e");
  ASSERT_TRUE(network) << network.error().describe();
  EXPECT_EQ(network->layers[0].kind, LayerKind::kPooling);
  EXPECT_TRUE(network->layers[0].faults.empty());
  ASSERT_EQ(network->warnings.size(), 1U);
  EXPECT_NE(network->warnings[0].message.find("\"n\""), std::string::npos);
}

}  // namespace
}  // namespace joulecast
