// Networks of branches that are concatenated: SqueezeNet (Iandola 2016), DenseNet (Huang 2016), GoogLeNet
// (Szegedy 2014, with torchvision's 3x3 in place of 5x5), ShuffleNet v2 (Ma 2018).
#include <fmt/format.h>

#include <array>
#include <vector>

#include "networks/network_builder.h"
#include "networks/topologies.h"

namespace joulecast::networks {
namespace {

Value fire(NetworkBuilder& net, const Value& x, int index, std::int64_t squeeze, std::int64_t expand) {
  const std::string path = fmt::format("features/{}", index);
  const Value s = net.convolution(x, path + "/squeeze", {.out = squeeze});
  const Value one = net.convolution(s, path + "/expand1x1", {.out = expand});
  const Value three = net.convolution(s, path + "/expand3x3", {.out = expand, .kernel = 3});
  return NetworkBuilder::concatenate(path, {one, three});
}

// Channels: 1x1; 3x3 with its reduction; "5x5" with its reduction; after the pool.
Value inception(NetworkBuilder& net, const Value& x, const std::string& path,
                const std::array<std::int64_t, 6>& c) {
  const Value one = net.convolution(x, path + "/branch1", {.out = c[0]});
  Value three = net.convolution(x, path + "/branch2/0", {.out = c[1]});
  three = net.convolution(three, path + "/branch2/1", {.out = c[2], .kernel = 3});
  Value five = net.convolution(x, path + "/branch3/0", {.out = c[3]});
  five = net.convolution(five, path + "/branch3/1", {.out = c[4], .kernel = 3});
  Value pooled = net.max_pool(x, path + "/branch4/0", {3, 1, 1});
  pooled = net.convolution(pooled, path + "/branch4/1", {.out = c[5]});
  return NetworkBuilder::concatenate(path, {one, three, five, pooled});
}

Value shuffle_unit(NetworkBuilder& net, const Value& x, const std::string& path, std::int64_t out,
                   std::int64_t stride) {
  const std::int64_t width = out / 2;
  Value left = stride == 1 ? NetworkBuilder::half(x, false) : x;
  Value right = stride == 1 ? NetworkBuilder::half(x, true) : x;
  if (stride > 1) {
    left = net.depthwise(left, path + "/branch1/0", 3, stride, Activation::kNone);
    left = net.convolution(left, path + "/branch1/2", {.out = width});
  }
  right = net.convolution(right, path + "/branch2/0", {.out = width});
  right = net.depthwise(right, path + "/branch2/3", 3, stride, Activation::kNone);
  right = net.convolution(right, path + "/branch2/5", {.out = width});
  return net.shuffle(NetworkBuilder::concatenate(path, {left, right}), path);
}

}  // namespace

Network build_squeezenet(std::string_view name, std::int64_t batch) {
  const bool newer = name == "squeezenet1_1";
  NetworkBuilder net(name, batch);
  Value x = net.input(3, 224);
  x = newer ? net.convolution(x, "features/0", {.out = 64, .kernel = 3, .stride = 2, .padding = 0})
            : net.convolution(x, "features/0", {.out = 96, .kernel = 7, .stride = 2, .padding = 0});
  constexpr std::array<std::array<std::int64_t, 2>, 8> kFires{
      {{16, 64}, {16, 64}, {32, 128}, {32, 128}, {48, 192}, {48, 192}, {64, 256}, {64, 256}}};
  int index = 2;
  x = net.max_pool(x, fmt::format("features/{}", index++), {3, 2, 0, true});
  for (std::size_t i = 0; i < kFires.size(); ++i) {
    x = fire(net, x, index++, kFires[i][0], kFires[i][1]);
    const bool pool = newer ? (i == 1 || i == 3) : (i == 2 || i == 6);
    if (pool) x = net.max_pool(x, fmt::format("features/{}", index++), {3, 2, 0, true});
  }
  x = net.convolution(x, "classifier/1", {.out = 1000});
  return net.finish(net.global_pool(x, "classifier/3"));
}

Network build_densenet(std::string_view name, std::int64_t batch) {
  constexpr std::array kBlocks{6, 12, 24, 16};
  NetworkBuilder net(name, batch);
  Value x = net.convolution(net.input(3, 224), "features/conv0", {.out = 64, .kernel = 7, .stride = 2});
  x = net.max_pool(x, "features/pool0", {3, 2, 1});
  for (std::size_t block = 0; block < kBlocks.size(); ++block) {
    for (int i = 1; i <= kBlocks[block]; ++i) {
      const std::string path = fmt::format("features/denseblock{}/denselayer{}", block + 1, i);
      Value y = net.scale(x, path + "/norm1");
      y = net.convolution(y, path + "/conv1", {.out = 128});
      y = net.convolution(y, path + "/conv2", {.out = 32, .kernel = 3, .activation = Activation::kNone});
      x = NetworkBuilder::concatenate(path, {x, y});
    }
    if (block + 1 == kBlocks.size()) break;
    const std::string path = fmt::format("features/transition{}", block + 1);
    x = net.scale(x, path + "/norm");
    x = net.convolution(x, path + "/conv", {.out = x.channels / 2, .activation = Activation::kNone});
    x = net.average_pool(x, path + "/pool", {2, 2, 0});
    // The next block's concatenation starts with a copy: the pool's output cannot lie inside a wider tensor.
    x = net.copy(x, path);
  }
  x = net.scale(x, "features/norm5");
  x = net.global_pool(x, "avgpool");
  return net.finish(net.dense(x, "classifier", 1000, Activation::kNone));
}

Network build_googlenet(std::string_view name, std::int64_t batch) {
  NetworkBuilder net(name, batch);
  Value x = net.convolution(net.input(3, 224), "conv1", {.out = 64, .kernel = 7, .stride = 2});
  x = net.max_pool(x, "maxpool1", {3, 2, 0, true});
  x = net.convolution(x, "conv2", {.out = 64});
  x = net.convolution(x, "conv3", {.out = 192, .kernel = 3});
  x = net.max_pool(x, "maxpool2", {3, 2, 0, true});
  x = inception(net, x, "inception3a", {64, 96, 128, 16, 32, 32});
  x = inception(net, x, "inception3b", {128, 128, 192, 32, 96, 64});
  x = net.max_pool(x, "maxpool3", {3, 2, 0, true});
  x = inception(net, x, "inception4a", {192, 96, 208, 16, 48, 64});
  x = inception(net, x, "inception4b", {160, 112, 224, 24, 64, 64});
  x = inception(net, x, "inception4c", {128, 128, 256, 24, 64, 64});
  x = inception(net, x, "inception4d", {112, 144, 288, 32, 64, 64});
  x = inception(net, x, "inception4e", {256, 160, 320, 32, 128, 128});
  x = net.max_pool(x, "maxpool4", {2, 2, 0, true});
  x = inception(net, x, "inception5a", {256, 160, 320, 32, 128, 128});
  x = inception(net, x, "inception5b", {384, 192, 384, 48, 128, 128});
  x = net.global_pool(x, "avgpool");
  return net.finish(net.dense(x, "fc", 1000, Activation::kNone));
}

Network build_shufflenet(std::string_view name, std::int64_t batch) {
  constexpr std::array kUnits{4, 8, 4};
  constexpr std::array<std::int64_t, 3> kChannels{116, 232, 464};
  NetworkBuilder net(name, batch);
  Value x = net.convolution(net.input(3, 224), "conv1/0", {.out = 24, .kernel = 3, .stride = 2});
  x = net.max_pool(x, "maxpool", {3, 2, 1});
  for (std::size_t stage = 0; stage < kUnits.size(); ++stage) {
    for (int unit = 0; unit < kUnits[stage]; ++unit) {
      x = shuffle_unit(net, x, fmt::format("stage{}/{}", stage + 2, unit), kChannels[stage],
                       unit == 0 ? 2 : 1);
    }
  }
  x = net.convolution(x, "conv5/0", {.out = 1024});
  x = net.global_pool(x, "avgpool");
  return net.finish(net.dense(x, "fc", 1000, Activation::kNone));
}

}  // namespace joulecast::networks
