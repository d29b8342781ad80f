// Inverted residuals with depthwise convolutions: MobileNet v2 (Sandler 2018), MNASNet (Tan 2018), MobileNet
// v3 (Howard 2019), EfficientNet-B0 (Tan, Le 2019).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "networks/network_builder.h"
#include "networks/topologies.h"

namespace joulecast::networks {
namespace {

enum class Nonlinearity { kRelu, kRelu6, kHardSwish, kSilu };

// One inverted residual block.
struct Block {
  std::int64_t kernel;
  std::int64_t expanded;
  std::int64_t out;
  std::int64_t stride;
  std::int64_t squeezed = 0;  // 0 = no squeeze and excitation
  Nonlinearity nonlinearity = Nonlinearity::kRelu;
};

// Hard swish and SiLU are not taken in by the convolution: they run as a point-wise kernel behind it.
Activation fused(Nonlinearity nonlinearity) {
  if (nonlinearity == Nonlinearity::kRelu) return Activation::kRelu;
  return nonlinearity == Nonlinearity::kRelu6 ? Activation::kRelu6 : Activation::kNone;
}

Value apply(NetworkBuilder& net, const Value& x, const std::string& path, Nonlinearity nonlinearity) {
  if (nonlinearity == Nonlinearity::kHardSwish) return net.pointwise(x, path, "hardswish");
  if (nonlinearity == Nonlinearity::kSilu) return net.pointwise(x, path, "silu");
  return x;
}

Value convolve(NetworkBuilder& net, const Value& x, const std::string& path, Convolution c, Nonlinearity n) {
  c.activation = fused(n);
  return apply(net, net.convolution(x, path, c), path, n);
}

Value excite(NetworkBuilder& net, const Value& x, const std::string& path, const Block& b) {
  Value gate = net.global_pool(x, path + "/avgpool");
  const bool silu = b.nonlinearity == Nonlinearity::kSilu;
  gate = convolve(net, gate, path + "/fc1", {.out = b.squeezed},
                  silu ? Nonlinearity::kSilu : Nonlinearity::kRelu);
  gate = net.convolution(gate, path + "/fc2", {.out = x.channels, .activation = Activation::kNone});
  gate = net.pointwise(gate, path, silu ? "sigmoid" : "hardsigmoid");
  return net.gate(x, gate, path);
}

Value inverted_residual(NetworkBuilder& net, const Value& x, const std::string& path, const Block& b) {
  Value y = x;
  if (b.expanded != x.channels) y = convolve(net, y, path + "/expand", {.out = b.expanded}, b.nonlinearity);
  y = net.depthwise(y, path + "/depthwise", b.kernel, b.stride, fused(b.nonlinearity));
  y = apply(net, y, path + "/depthwise", b.nonlinearity);
  if (b.squeezed > 0) y = excite(net, y, path + "/se", b);
  const bool adds = b.stride == 1 && x.channels == b.out;
  return net.convolution(y, path + "/project",
                         {.out = b.out, .activation = Activation::kNone, .residual = adds ? &x : nullptr});
}

// Nearest multiple of 8 that is not more than 10 % below (make_divisible).
std::int64_t divisible_by_8(std::int64_t value) {
  const std::int64_t rounded = std::max<std::int64_t>(8, (value + 4) / 8 * 8);
  return rounded * 10 < value * 9 ? rounded + 8 : rounded;
}

// A run of blocks with one expansion factor.
struct Stack {
  std::int64_t expansion;
  std::int64_t kernel;
  std::int64_t out;
  int repeats;
  std::int64_t stride;
};

Value run_stacks(NetworkBuilder& net, Value x, std::span<const Stack> stacks, Nonlinearity nonlinearity,
                 bool excites) {
  int index = 1;
  for (const Stack& s : stacks) {
    for (int i = 0; i < s.repeats; ++i) {
      const Block block{s.kernel,
                        x.channels * s.expansion,
                        s.out,
                        i == 0 ? s.stride : 1,
                        excites ? std::max<std::int64_t>(1, x.channels / 4) : 0,
                        nonlinearity};
      x = inverted_residual(net, x, fmt::format("features/{}", index++), block);
    }
  }
  return x;
}

Network classify(NetworkBuilder& net, const Value& x) {
  return net.finish(net.dense(net.global_pool(x, "avgpool"), "classifier/1", 1000, Activation::kNone));
}

}  // namespace

Network build_mobilenet_v2(std::string_view name, std::int64_t batch) {
  constexpr std::array kStacks{Stack{1, 3, 16, 1, 1}, Stack{6, 3, 24, 2, 2}, Stack{6, 3, 32, 3, 2},
                               Stack{6, 3, 64, 4, 2}, Stack{6, 3, 96, 3, 1}, Stack{6, 3, 160, 3, 2},
                               Stack{6, 3, 320, 1, 1}};
  NetworkBuilder net(name, batch);
  Value x = convolve(net, net.input(3, 224), "features/0", {.out = 32, .kernel = 3, .stride = 2},
                     Nonlinearity::kRelu6);
  x = run_stacks(net, x, kStacks, Nonlinearity::kRelu6, false);
  return classify(net, convolve(net, x, "features/18", {.out = 1280}, Nonlinearity::kRelu6));
}

Network build_mnasnet(std::string_view name, std::int64_t batch) {
  constexpr std::array kStacks{Stack{1, 3, 16, 1, 1}, Stack{3, 3, 24, 3, 2}, Stack{3, 5, 40, 3, 2},
                               Stack{6, 5, 80, 3, 2}, Stack{6, 3, 96, 2, 1}, Stack{6, 5, 192, 4, 2},
                               Stack{6, 3, 320, 1, 1}};
  NetworkBuilder net(name, batch);
  Value x = net.convolution(net.input(3, 224), "layers/0", {.out = 32, .kernel = 3, .stride = 2});
  x = run_stacks(net, x, kStacks, Nonlinearity::kRelu, false);
  return classify(net, net.convolution(x, "layers/14", {.out = 1280}));
}

Network build_efficientnet(std::string_view name, std::int64_t batch) {
  constexpr std::array kStacks{Stack{1, 3, 16, 1, 1}, Stack{6, 3, 24, 2, 2},  Stack{6, 5, 40, 2, 2},
                               Stack{6, 3, 80, 3, 2}, Stack{6, 5, 112, 3, 1}, Stack{6, 5, 192, 4, 2},
                               Stack{6, 3, 320, 1, 1}};
  NetworkBuilder net(name, batch);
  Value x = convolve(net, net.input(3, 224), "features/0", {.out = 32, .kernel = 3, .stride = 2},
                     Nonlinearity::kSilu);
  x = run_stacks(net, x, kStacks, Nonlinearity::kSilu, true);
  return classify(net, convolve(net, x, "features/8", {.out = 1280}, Nonlinearity::kSilu));
}

Network build_mobilenet_v3(std::string_view name, std::int64_t batch) {
  using enum Nonlinearity;
  // Squeezed to a quarter, where 1.
  constexpr std::array kLarge{Block{3, 16, 16, 1, 0, kRelu},        Block{3, 64, 24, 2, 0, kRelu},
                              Block{3, 72, 24, 1, 0, kRelu},        Block{5, 72, 40, 2, 1, kRelu},
                              Block{5, 120, 40, 1, 1, kRelu},       Block{5, 120, 40, 1, 1, kRelu},
                              Block{3, 240, 80, 2, 0, kHardSwish},  Block{3, 200, 80, 1, 0, kHardSwish},
                              Block{3, 184, 80, 1, 0, kHardSwish},  Block{3, 184, 80, 1, 0, kHardSwish},
                              Block{3, 480, 112, 1, 1, kHardSwish}, Block{3, 672, 112, 1, 1, kHardSwish},
                              Block{5, 672, 160, 2, 1, kHardSwish}, Block{5, 960, 160, 1, 1, kHardSwish},
                              Block{5, 960, 160, 1, 1, kHardSwish}};
  constexpr std::array kSmall{Block{3, 16, 16, 2, 1, kRelu},       Block{3, 72, 24, 2, 0, kRelu},
                              Block{3, 88, 24, 1, 0, kRelu},       Block{5, 96, 40, 2, 1, kHardSwish},
                              Block{5, 240, 40, 1, 1, kHardSwish}, Block{5, 240, 40, 1, 1, kHardSwish},
                              Block{5, 120, 48, 1, 1, kHardSwish}, Block{5, 144, 48, 1, 1, kHardSwish},
                              Block{5, 288, 96, 2, 1, kHardSwish}, Block{5, 576, 96, 1, 1, kHardSwish},
                              Block{5, 576, 96, 1, 1, kHardSwish}};
  const bool large = name == "mobilenet_v3_large";
  const std::span<const Block> blocks =
      large ? std::span<const Block>(kLarge) : std::span<const Block>(kSmall);
  NetworkBuilder net(name, batch);
  Value x = convolve(net, net.input(3, 224), "features/0", {.out = 16, .kernel = 3, .stride = 2}, kHardSwish);
  int index = 1;
  for (Block block : blocks) {
    if (block.squeezed != 0) block.squeezed = divisible_by_8(block.expanded / 4);
    x = inverted_residual(net, x, fmt::format("features/{}", index++), block);
  }
  const std::string last = fmt::format("features/{}", index);
  x = convolve(net, x, last, {.out = 6 * x.channels}, kHardSwish);
  x = net.global_pool(x, "avgpool");
  x = net.dense(x, "classifier/0", large ? 1280 : 1024, Activation::kNone);
  x = net.pointwise(x, "classifier/1", "hardswish");
  return net.finish(net.dense(x, "classifier/3", 1000, Activation::kNone));
}

}  // namespace joulecast::networks
