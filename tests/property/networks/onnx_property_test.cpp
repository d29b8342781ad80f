// Random networks: whatever is fused, every node is in exactly one unit, and no multiplication is lost or
// counted twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "networks/layer_work.h"
#include "networks/onnx/fusion.h"
#include "networks/onnx/input_shapes.h"
#include "networks/onnx/shape_rule.h"
#include "support/onnx_writer.h"

namespace joulecast {
namespace {

using test::attribute;
using test::Dimensions;

struct Activation {
  std::string name;
  Dimensions dims;
};

/// Grows a network node by node and counts its multiplications by definition.
class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint64_t seed) : random_(seed) {
    const std::int64_t size = pick({7, 8, 14});
    values_.push_back({"x", {pick({1, 3}), pick({3, 8, 16}), size, size}});
    writer_.input("x", values_[0].dims);
    const std::int64_t steps = pick({1, 4, 12, 30});
    node("Relu", {"x"}, values_[0].dims);
    for (std::int64_t i = 0; i < steps; ++i) grow();
    // All that nothing reads is an output, so that nothing is left out; and one value in the middle.
    for (const Activation& value : values_) {
      if (!read_.contains(value.name) && value.name != "x") writer_.output(value.name);
    }
    if (pick({0, 1}) == 0) writer_.output(any().name);
  }
  [[nodiscard]] std::string model() const { return writer_.model(); }
  [[nodiscard]] double flops() const { return flops_; }
  [[nodiscard]] std::size_t nodes() const { return nodes_; }

 private:
  std::int64_t pick(std::initializer_list<std::int64_t> from) {
    return from.begin()[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(random_)];
  }
  Activation any() {
    return values_[std::uniform_int_distribution<std::size_t>(0, values_.size() - 1)(random_)];
  }
  std::string fresh() { return "v" + std::to_string(count_++); }
  std::string weights(const Dimensions& dims) {
    writer_.weights("w" + std::to_string(count_), dims);
    return "w" + std::to_string(count_++);
  }
  std::string node(std::string_view op, const std::vector<std::string>& inputs, const Dimensions& dims,
                   const std::vector<test::Message>& attributes = {}) {
    const std::string name = fresh();
    writer_.node(op, inputs, {name}, attributes);
    read_.insert(inputs.begin(), inputs.end());
    values_.push_back({name, dims});
    ++nodes_;
    return name;
  }

  void convolution(const Activation& x) {
    const std::int64_t kernel = pick({1, 3});
    const std::int64_t stride = pick({1, 1, 2});
    const bool depthwise = pick({0, 0, 1}) == 1;
    const std::int64_t out = depthwise ? x.dims[1] : pick({4, 8, 24});
    const std::int64_t per_group = depthwise ? 1 : x.dims[1];
    const auto size = [&](std::int64_t in) { return (in - 1) / stride + 1; };
    const Dimensions dims{x.dims[0], out, size(x.dims[2]), size(x.dims[3])};
    node("Conv", {x.name, weights({out, per_group, kernel, kernel})}, dims,
         {attribute("group", depthwise ? x.dims[1] : 1), attribute("strides", Dimensions{stride, stride}),
          attribute("pads", Dimensions(4, kernel / 2))});
    flops_ += 2.0 * static_cast<double>(dims[0] * out * dims[2] * dims[3] * per_group * kernel * kernel);
  }

  void grow() {
    const Activation x = any();
    switch (pick({0, 0, 0, 1, 2, 3, 4, 5, 6})) {
      case 0:
        return convolution(x);
      case 1: {
        std::vector<std::string> inputs{x.name};
        for (int i = 0; i < 4; ++i) inputs.push_back(weights({x.dims[1]}));
        node("BatchNormalization", inputs, x.dims);
        return;
      }
      case 2: {
        std::vector<Activation> mates;
        std::copy_if(values_.begin(), values_.end(), std::back_inserter(mates),
                     [&](const Activation& v) { return v.dims == x.dims; });
        const auto& mate = mates[static_cast<std::size_t>(count_) % mates.size()];
        node(pick({0, 1}) == 0 ? "Add" : "Mul", {x.name, mate.name}, x.dims);
        return;
      }
      case 3: {
        Dimensions dims = x.dims;
        dims[1] *= 2;
        if (dims[1] <= 512) node("Concat", {x.name, x.name}, dims, {attribute("axis", 1)});
        return;
      }
      case 4:
        node("Relu", {x.name}, x.dims);
        return;
      case 5: {
        const std::string gate = node("Sigmoid", {x.name}, x.dims);
        node("Mul", {gate, x.name}, x.dims);
        return;
      }
      default:
        node("Dropout", {x.name}, x.dims);
        return;
    }
  }

  std::mt19937_64 random_;
  test::OnnxWriter writer_;
  std::vector<Activation> values_;
  std::set<std::string> read_;
  int count_ = 0;
  std::size_t nodes_ = 0;
  double flops_ = 0.0;
};

TEST(OnnxProperty, EveryNodeIsInOneUnit) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const RandomNetwork random(seed);
    const std::string bytes = random.model();
    const auto model = onnx::read_model(bytes, "x");
    ASSERT_TRUE(model);
    auto graph = onnx::build_graph(*model, "x");
    ASSERT_TRUE(graph);
    std::vector<Warning> warnings;
    ASSERT_TRUE(onnx::give_input_shapes(*graph, {}, "x", warnings));
    ASSERT_TRUE(onnx::infer_shapes(*graph, "x"));
    std::vector<int> times(graph->nodes.size());
    int last = -1;
    for (const auto& unit : onnx::fuse(*graph)) {
      EXPECT_GT(unit.nodes.back(), last) << seed;
      last = unit.nodes.back();
      for (const int node : unit.nodes) ++times[static_cast<std::size_t>(node)];
    }
    EXPECT_EQ(random.nodes(), times.size());
    EXPECT_TRUE(std::all_of(times.begin(), times.end(), [](int n) { return n == 1; })) << seed;
  }
}

/// Layers read only what earlier ones have made.
void expect_in_order(const Network& network, std::uint64_t seed) {
  std::vector<std::string> made = network.bindings;
  for (const Layer& layer : network.layers) {
    for (const Tensor& input : layer.inputs) {
      const bool known = std::find(made.begin(), made.end(), input.name) != made.end();
      // A join is no layer: its result exists once its parts do.
      const bool joined = input.name.starts_with("v");
      EXPECT_TRUE(known || joined) << seed << ": " << layer.name << " reads " << input.name;
    }
    for (const Tensor& output : layer.outputs) made.push_back(output.name);
  }
}

TEST(OnnxProperty, FusionKeepsTheFlops) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const RandomNetwork random(seed);
    const auto network = parse_onnx(random.model(), "x.onnx");
    ASSERT_TRUE(network) << seed << " " << network.error().describe();
    double flops = 0.0;
    for (const Layer& layer : network->layers) {
      if (layer.kind == LayerKind::kConvolutional || layer.kind == LayerKind::kDense)
        flops += layer_work(layer).flops;
    }
    EXPECT_EQ(flops, random.flops()) << seed;
    expect_in_order(*network, seed);
  }
}

}  // namespace
}  // namespace joulecast
