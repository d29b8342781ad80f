// Inception v3 (Szegedy 2015) at 299 x 299, without its auxiliary classifier. Letters of the modules are
// torchvision's.
#include <fmt/format.h>

#include "networks/network_builder.h"
#include "networks/topologies.h"

namespace joulecast::networks {
namespace {

Value module_a(NetworkBuilder& net, const Value& x, const std::string& path, std::int64_t pooled_channels) {
  const Value one = net.convolution(x, path + "/branch1x1", {.out = 64});
  Value five = net.convolution(x, path + "/branch5x5_1", {.out = 48});
  five = net.convolution(five, path + "/branch5x5_2", {.out = 64, .kernel = 5});
  Value three = net.convolution(x, path + "/branch3x3dbl_1", {.out = 64});
  three = net.convolution(three, path + "/branch3x3dbl_2", {.out = 96, .kernel = 3});
  three = net.convolution(three, path + "/branch3x3dbl_3", {.out = 96, .kernel = 3});
  Value pooled = net.average_pool(x, path + "/pool", {3, 1, 1});
  pooled = net.convolution(pooled, path + "/branch_pool", {.out = pooled_channels});
  return NetworkBuilder::concatenate(path, {one, five, three, pooled});
}

Value module_b(NetworkBuilder& net, const Value& x, const std::string& path) {
  const Value three =
      net.convolution(x, path + "/branch3x3", {.out = 384, .kernel = 3, .stride = 2, .padding = 0});
  Value twice = net.convolution(x, path + "/branch3x3dbl_1", {.out = 64});
  twice = net.convolution(twice, path + "/branch3x3dbl_2", {.out = 96, .kernel = 3});
  twice =
      net.convolution(twice, path + "/branch3x3dbl_3", {.out = 96, .kernel = 3, .stride = 2, .padding = 0});
  const Value pooled = net.max_pool(x, path + "/pool", {3, 2, 0});
  return NetworkBuilder::concatenate(path, {three, twice, net.copy(pooled, path)});
}

Value module_c(NetworkBuilder& net, const Value& x, const std::string& path, std::int64_t c7) {
  const Value one = net.convolution(x, path + "/branch1x1", {.out = 192});
  Value seven = net.convolution(x, path + "/branch7x7_1", {.out = c7});
  seven = net.convolution(seven, path + "/branch7x7_2", {.out = c7, .kernel = 1, .kernel_width = 7});
  seven = net.convolution(seven, path + "/branch7x7_3", {.out = 192, .kernel = 7, .kernel_width = 1});
  Value twice = net.convolution(x, path + "/branch7x7dbl_1", {.out = c7});
  twice = net.convolution(twice, path + "/branch7x7dbl_2", {.out = c7, .kernel = 7, .kernel_width = 1});
  twice = net.convolution(twice, path + "/branch7x7dbl_3", {.out = c7, .kernel = 1, .kernel_width = 7});
  twice = net.convolution(twice, path + "/branch7x7dbl_4", {.out = c7, .kernel = 7, .kernel_width = 1});
  twice = net.convolution(twice, path + "/branch7x7dbl_5", {.out = 192, .kernel = 1, .kernel_width = 7});
  Value pooled = net.average_pool(x, path + "/pool", {3, 1, 1});
  pooled = net.convolution(pooled, path + "/branch_pool", {.out = 192});
  return NetworkBuilder::concatenate(path, {one, seven, twice, pooled});
}

Value module_d(NetworkBuilder& net, const Value& x, const std::string& path) {
  Value three = net.convolution(x, path + "/branch3x3_1", {.out = 192});
  three = net.convolution(three, path + "/branch3x3_2", {.out = 320, .kernel = 3, .stride = 2, .padding = 0});
  Value seven = net.convolution(x, path + "/branch7x7x3_1", {.out = 192});
  seven = net.convolution(seven, path + "/branch7x7x3_2", {.out = 192, .kernel = 1, .kernel_width = 7});
  seven = net.convolution(seven, path + "/branch7x7x3_3", {.out = 192, .kernel = 7, .kernel_width = 1});
  seven =
      net.convolution(seven, path + "/branch7x7x3_4", {.out = 192, .kernel = 3, .stride = 2, .padding = 0});
  const Value pooled = net.max_pool(x, path + "/pool", {3, 2, 0});
  return NetworkBuilder::concatenate(path, {three, seven, net.copy(pooled, path)});
}

Value module_e(NetworkBuilder& net, const Value& x, const std::string& path) {
  const Value one = net.convolution(x, path + "/branch1x1", {.out = 320});
  const Value three = net.convolution(x, path + "/branch3x3_1", {.out = 384});
  const Value wide =
      net.convolution(three, path + "/branch3x3_2a", {.out = 384, .kernel = 1, .kernel_width = 3});
  const Value high =
      net.convolution(three, path + "/branch3x3_2b", {.out = 384, .kernel = 3, .kernel_width = 1});
  Value twice = net.convolution(x, path + "/branch3x3dbl_1", {.out = 448});
  twice = net.convolution(twice, path + "/branch3x3dbl_2", {.out = 384, .kernel = 3});
  const Value wide2 =
      net.convolution(twice, path + "/branch3x3dbl_3a", {.out = 384, .kernel = 1, .kernel_width = 3});
  const Value high2 =
      net.convolution(twice, path + "/branch3x3dbl_3b", {.out = 384, .kernel = 3, .kernel_width = 1});
  Value pooled = net.average_pool(x, path + "/pool", {3, 1, 1});
  pooled = net.convolution(pooled, path + "/branch_pool", {.out = 192});
  return NetworkBuilder::concatenate(path, {one, wide, high, wide2, high2, pooled});
}

}  // namespace

Network build_inception(std::string_view name, std::int64_t batch) {
  NetworkBuilder net(name, batch);
  Value x = net.input(3, 299);
  x = net.convolution(x, "Conv2d_1a_3x3", {.out = 32, .kernel = 3, .stride = 2, .padding = 0});
  x = net.convolution(x, "Conv2d_2a_3x3", {.out = 32, .kernel = 3, .padding = 0});
  x = net.convolution(x, "Conv2d_2b_3x3", {.out = 64, .kernel = 3});
  x = net.max_pool(x, "maxpool1", {3, 2, 0});
  x = net.convolution(x, "Conv2d_3b_1x1", {.out = 80});
  x = net.convolution(x, "Conv2d_4a_3x3", {.out = 192, .kernel = 3, .padding = 0});
  x = net.max_pool(x, "maxpool2", {3, 2, 0});
  x = module_a(net, x, "Mixed_5b", 32);
  x = module_a(net, x, "Mixed_5c", 64);
  x = module_a(net, x, "Mixed_5d", 64);
  x = module_b(net, x, "Mixed_6a");
  x = module_c(net, x, "Mixed_6b", 128);
  x = module_c(net, x, "Mixed_6c", 160);
  x = module_c(net, x, "Mixed_6d", 160);
  x = module_c(net, x, "Mixed_6e", 192);
  x = module_d(net, x, "Mixed_7a");
  x = module_e(net, x, "Mixed_7b");
  x = module_e(net, x, "Mixed_7c");
  x = net.global_pool(x, "avgpool");
  return net.finish(net.dense(x, "fc", 1000, Activation::kNone));
}

}  // namespace joulecast::networks
