// LeNet-5 (LeCun 1998, 32 x 32 grey), AlexNet (Krizhevsky 2014), VGG (Simonyan, Zisserman 2014).
#include <fmt/format.h>

#include <vector>

#include "networks/network_builder.h"
#include "networks/topologies.h"

namespace joulecast::networks {

Network build_lenet(std::string_view name, std::int64_t batch) {
  NetworkBuilder net(name, batch);
  Value x = net.input(1, 32);
  x = net.convolution(x, "conv1", {.out = 6, .kernel = 5, .padding = 0});
  x = net.average_pool(x, "pool1", {2, 2, 0});
  x = net.convolution(x, "conv2", {.out = 16, .kernel = 5, .padding = 0});
  x = net.average_pool(x, "pool2", {2, 2, 0});
  x = net.dense(x, "fc1", 120, Activation::kRelu);
  x = net.dense(x, "fc2", 84, Activation::kRelu);
  x = net.dense(x, "fc3", 10, Activation::kNone);
  return net.finish(net.softmax(x, "softmax"));
}

Network build_alexnet(std::string_view name, std::int64_t batch) {
  NetworkBuilder net(name, batch);
  Value x = net.input(3, 224);
  x = net.convolution(x, "features/0", {.out = 64, .kernel = 11, .stride = 4, .padding = 2});
  x = net.max_pool(x, "features/2", {3, 2, 0});
  x = net.convolution(x, "features/3", {.out = 192, .kernel = 5});
  x = net.max_pool(x, "features/5", {3, 2, 0});
  x = net.convolution(x, "features/6", {.out = 384, .kernel = 3});
  x = net.convolution(x, "features/8", {.out = 256, .kernel = 3});
  x = net.convolution(x, "features/10", {.out = 256, .kernel = 3});
  x = net.max_pool(x, "features/12", {3, 2, 0});
  x = net.dense(x, "classifier/1", 4096, Activation::kRelu);
  x = net.dense(x, "classifier/4", 4096, Activation::kRelu);
  return net.finish(net.dense(x, "classifier/6", 1000, Activation::kNone));
}

Network build_vgg(std::string_view name, std::int64_t batch) {
  // Convolutions before each of the five pools.
  std::vector<int> convolutions{2, 2, 3, 3, 3};
  if (name == "vgg11") convolutions = {1, 1, 2, 2, 2};
  if (name == "vgg13") convolutions = {2, 2, 2, 2, 2};
  if (name == "vgg19") convolutions = {2, 2, 4, 4, 4};
  NetworkBuilder net(name, batch);
  Value x = net.input(3, 224);
  std::int64_t channels = 64;
  int index = 0;
  for (std::size_t stage = 0; stage < convolutions.size(); ++stage) {
    for (int i = 0; i < convolutions[stage]; ++i, index += 2) {
      x = net.convolution(x, fmt::format("features/{}", index), {.out = channels, .kernel = 3});
    }
    x = net.max_pool(x, fmt::format("features/{}", index++), {2, 2, 0});
    if (stage < 3) channels *= 2;
  }
  x = net.dense(x, "classifier/0", 4096, Activation::kRelu);
  x = net.dense(x, "classifier/3", 4096, Activation::kRelu);
  return net.finish(net.dense(x, "classifier/6", 1000, Activation::kNone));
}

}  // namespace joulecast::networks
