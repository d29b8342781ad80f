// What is refused, with which words.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "joulecast/networks.h"
#include "support/onnx_writer.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

using test::attribute;
using test::Message;
using test::OnnxWriter;

Error error_of(std::string_view bytes, const OnnxOptions& options = {}) {
  const auto network = parse_onnx(bytes, "net.onnx", options);
  return network ? Error{ErrorKind::kInternal, "it was read"} : network.error();
}

bool mentions(const Error& error, std::string_view words) {
  return error.describe().find(words) != std::string::npos;
}

OnnxWriter small(const test::Dimensions& input = {1, 8, 8, 8}) {
  OnnxWriter w;
  w.input("x", input).weights("w", {8, 8, 3, 3}).node("Conv", {"x", "w"}, {"y"}).output("y");
  return w;
}

TEST(BadOnnx, NotAModel) {
  EXPECT_EQ(error_of("").kind, ErrorKind::kMalformed);
  const Error text = error_of("hello, this is no model");
  EXPECT_EQ(text.kind, ErrorKind::kMalformed);
  EXPECT_TRUE(text.location.byte.has_value()) << text.describe();
  EXPECT_TRUE(mentions(error_of(Message().number(1, 8).text()), "holds no graph"));
}

TEST(BadOnnx, CutAnywhereIsRefusedOrStillAModel) {
  const std::string whole = small().model();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto network = parse_onnx(std::string_view(whole).substr(0, length), "net.onnx");
    ASSERT_FALSE(network) << length;
    EXPECT_EQ(network.error().kind, ErrorKind::kMalformed) << length;
  }
  const Error cut = error_of(std::string_view(whole).substr(0, whole.size() / 2));
  EXPECT_TRUE(mentions(cut, "cut off")) << cut.describe();
  EXPECT_EQ(cut.location.byte, 2U);  // the graph starts there
}

TEST(BadOnnx, Cycle) {
  OnnxWriter w;
  w.input("x", {1, 4})
      .node("Add", {"x", "b"}, {"a"})
      .node("Relu", {"a"}, {"b"})
      .node("Neg", {"b"}, {"c"})
      .output("c");
  const Error error = error_of(w.model());
  EXPECT_EQ(error.kind, ErrorKind::kMalformed);
  EXPECT_TRUE(mentions(error, "cycle") && (mentions(error, "a_Add") || mentions(error, "b_Relu")))
      << error.describe();
}

TEST(BadOnnx, NodesInAnyOrderAreSorted) {
  OnnxWriter w;
  w.input("x", {1, 4}).node("Neg", {"b"}, {"c"}).node("Exp", {"x"}, {"b"}).output("c");
  EXPECT_TRUE(parse_onnx(w.model(), "net.onnx"));
}

TEST(BadOnnx, ValueMadeTwiceOrNever) {
  OnnxWriter twice;
  twice.input("x", {1}).node("Neg", {"x"}, {"y"}).node("Exp", {"x"}, {"y"}).output("y");
  EXPECT_TRUE(mentions(error_of(twice.model()), "something else makes too"));
  OnnxWriter never;
  never.input("x", {1}).node("Add", {"x", "z"}, {"y"}).output("y");
  EXPECT_TRUE(mentions(error_of(never.model()), "which nothing makes"));
}

TEST(BadOnnx, OperatorSets) {
  for (const int opset : {1, 6, 100000})
    EXPECT_EQ(error_of(small().model(opset)).kind, ErrorKind::kUnfit) << opset;
  EXPECT_EQ(error_of(small().model(0)).kind, ErrorKind::kMalformed);
  for (int opset = 7; opset <= 22; ++opset)
    EXPECT_TRUE(parse_onnx(small().model(opset), "net.onnx")) << opset;
  const auto newer = parse_onnx(small().model(24), "net.onnx");
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->warnings.size(), 1U);
}

TEST(BadOnnx, OpenShapesNeedToBeGiven) {
  const std::string open = small({-1, 8, -1, -1}).model();
  const Error error = error_of(open);
  EXPECT_EQ(error.kind, ErrorKind::kUnfit);
  EXPECT_TRUE(mentions(error, "--shape 'x=1x8x224x224'")) << error.describe();
  const auto given = parse_onnx(open, "net.onnx", {{{"x", {4, 8, 32, 16}}}, {}, {}});
  ASSERT_TRUE(given);
  EXPECT_EQ(given->layers[1].outputs[0].dimensions, (std::vector<std::int64_t>{4, 8, 30, 14}));
  EXPECT_EQ(error_of(open, {{{"y", {1}}}, {}, {}}).kind, ErrorKind::kUsage);
  EXPECT_EQ(error_of(open, {{{"x", {1, 8}}}, {}, {}}).kind, ErrorKind::kUsage);
}

TEST(BadOnnx, OpenBatchIsOneAndSaysSo) {
  const std::string open = small({-1, 8, 8, 8}).model();
  const auto network = parse_onnx(open, "net.onnx");
  ASSERT_TRUE(network);
  EXPECT_EQ(network->warnings.size(), 1U);
  const auto eight = parse_onnx(open, "net.onnx", {{}, 8, {}});
  ASSERT_TRUE(eight);
  EXPECT_TRUE(eight->warnings.empty());
  EXPECT_EQ(eight->layers[1].outputs[0].dimensions.front(), 8);
}

TEST(BadOnnx, ShapesThatDoNotFitNameTheNode) {
  const Error channels = error_of(small({1, 7, 8, 8}).model());
  EXPECT_EQ(channels.kind, ErrorKind::kUnfit);
  EXPECT_TRUE(mentions(channels, "y_Conv")) << channels.describe();
  EXPECT_TRUE(mentions(error_of(small({1, 8, 2, 8}).model()), "does not fit"));
}

TEST(BadOnnx, TensorsWithoutElements) {
  EXPECT_EQ(error_of(small({0, 8, 8, 8}).model()).kind, ErrorKind::kUnfit);
  OnnxWriter w;
  w.input("x", {1, 8})
      .integers("a", {3})
      .integers("b", {3})
      .integers("c", {1})
      .node("Slice", {"x", "a", "b", "c"}, {"y"});
  w.output("y");
  const Error error = error_of(w.model());
  EXPECT_EQ(error.kind, ErrorKind::kUnfit);
  EXPECT_TRUE(mentions(error, "without elements")) << error.describe();
}

TEST(BadOnnx, StrippedWeightsStillHaveShapes) {
  OnnxWriter w;
  w.input("x", {1, 8, 8, 8}).input("w", {16, 8, 3, 3}).node("Conv", {"x", "w"}, {"y"}).output("y");
  const auto network = parse_onnx(w.model(), "net.onnx");
  ASSERT_TRUE(network);
  EXPECT_EQ(network->bindings, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(network->layers[1].weight_count, 16 * 8 * 9);
}

// Three gigabytes of weights, as a hole in the file: nothing of them is read.
TEST(BadOnnx, FilesAboveTwoGigabytesAreRead) {
  constexpr std::uint64_t kWeights = 3'000'000'000;
  Message tensor;
  tensor.number(1, kWeights / 4).number(2, 1).bytes(8, "unused").head(9, kWeights);
  Message graph = small().graph();
  const std::uint64_t in_tensor = tensor.text().size() + kWeights;
  graph.head(5, in_tensor);
  Message model;
  model.number(1, 8).message(8, Message().number(2, 17));
  model.head(7, graph.text().size() + in_tensor);
  const test::TemporaryFolder folder;
  const auto path = folder.write("large.onnx", model.text() + graph.text() + tensor.text());
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + kWeights);
  const auto network = read_onnx(path);
  ASSERT_TRUE(network) << network.error().describe();
  EXPECT_EQ(network->layers.size(), 3U);
}

TEST(BadOnnx, NetworkIsReadByContent) {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "model.bin";
  std::ofstream(path, std::ios::binary) << small().model();
  const auto network = read_network(path);
  ASSERT_TRUE(network) << network.error().describe();
  EXPECT_EQ(network->layers.size(), 3U);
  const auto engine = folder.path() / "engine.json";
  std::ofstream(engine) << R"({"Layers":["a"],"Bindings":[]})";
  const auto read = read_network(engine, {{}, 4, {}});
  ASSERT_TRUE(read) << read.error().describe();
  EXPECT_EQ(read->layers.size(), 1U);
  EXPECT_FALSE(read->warnings.empty());  // the batch means nothing to an engine
  EXPECT_EQ(read_network(folder.path() / "absent.onnx").error().kind, ErrorKind::kUnreadable);
}

}  // namespace
}  // namespace joulecast
