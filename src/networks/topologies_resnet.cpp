// ResNet (He 2015; stride on the 3x3, as torchvision), ResNeXt (Xie 2016), RegNet (Radosavovic 2020).
#include <fmt/format.h>

#include <array>

#include "networks/network_builder.h"
#include "networks/topologies.h"

namespace joulecast::networks {
namespace {

struct ResNetShape {
  std::array<int, 4> blocks;
  bool bottleneck;
  std::int64_t groups;
  std::int64_t width_per_group;
};

ResNetShape shape_of(std::string_view name) {
  if (name == "resnet18") return {{2, 2, 2, 2}, false, 1, 64};
  if (name == "resnet34") return {{3, 4, 6, 3}, false, 1, 64};
  if (name == "resnet101") return {{3, 4, 23, 3}, true, 1, 64};
  if (name == "resnext50_32x4d") return {{3, 4, 6, 3}, true, 32, 4};
  return {{3, 4, 6, 3}, true, 1, 64};
}

Value residual_block(NetworkBuilder& net, const Value& x, const std::string& path, const ResNetShape& shape,
                     std::int64_t planes, std::int64_t stride) {
  const std::int64_t out = shape.bottleneck ? planes * 4 : planes;
  const std::int64_t width = planes * shape.width_per_group / 64 * shape.groups;
  Value y;
  if (shape.bottleneck) {
    y = net.convolution(x, path + "/conv1", {.out = width});
    y = net.convolution(y, path + "/conv2",
                        {.out = width, .kernel = 3, .stride = stride, .groups = shape.groups});
  } else {
    y = net.convolution(x, path + "/conv1", {.out = out, .kernel = 3, .stride = stride});
  }
  Value shortcut = x;
  if (stride != 1 || x.channels != out) {
    shortcut = net.convolution(x, path + "/downsample/0",
                               {.out = out, .stride = stride, .activation = Activation::kNone});
  }
  if (shape.bottleneck) return net.convolution(y, path + "/conv3", {.out = out, .residual = &shortcut});
  return net.convolution(y, path + "/conv2", {.out = out, .kernel = 3, .residual = &shortcut});
}

Value squeeze_excite(NetworkBuilder& net, const Value& x, const std::string& path, std::int64_t squeezed) {
  Value gate = net.global_pool(x, path + "/avgpool");
  gate = net.convolution(gate, path + "/fc1", {.out = squeezed});
  gate = net.convolution(gate, path + "/fc2", {.out = x.channels, .activation = Activation::kNone});
  gate = net.pointwise(gate, path, "sigmoid");
  return net.gate(x, gate, path);
}

}  // namespace

Network build_resnet(std::string_view name, std::int64_t batch) {
  const ResNetShape shape = shape_of(name);
  NetworkBuilder net(name, batch);
  Value x = net.input(3, 224);
  x = net.convolution(x, "conv1", {.out = 64, .kernel = 7, .stride = 2});
  x = net.max_pool(x, "maxpool", {3, 2, 1});
  for (std::size_t stage = 0; stage < 4; ++stage) {
    for (int block = 0; block < shape.blocks[stage]; ++block) {
      x = residual_block(net, x, fmt::format("layer{}/{}", stage + 1, block), shape, 64LL << stage,
                         block == 0 && stage > 0 ? 2 : 1);
    }
  }
  x = net.global_pool(x, "avgpool");
  return net.finish(net.dense(x, "fc", 1000, Activation::kNone));
}

Network build_regnet(std::string_view name, std::int64_t batch) {
  const bool excites = name == "regnet_y_400mf";
  const std::array<int, 4> blocks = excites ? std::array{1, 3, 6, 6} : std::array{1, 2, 7, 12};
  const std::array<std::int64_t, 4> widths = excites ? std::array<std::int64_t, 4>{48, 104, 208, 440}
                                                     : std::array<std::int64_t, 4>{32, 64, 160, 400};
  const std::int64_t group_width = excites ? 8 : 16;
  NetworkBuilder net(name, batch);
  Value x = net.convolution(net.input(3, 224), "stem/0", {.out = 32, .kernel = 3, .stride = 2});
  for (std::size_t stage = 0; stage < 4; ++stage) {
    const std::int64_t width = widths[stage];
    for (int block = 0; block < blocks[stage]; ++block) {
      const std::string path = fmt::format("trunk_output/block{}/block{}-{}", stage + 1, stage + 1, block);
      const std::int64_t stride = block == 0 ? 2 : 1;
      Value shortcut = x;
      if (block == 0) {
        shortcut =
            net.convolution(x, path + "/proj", {.out = width, .stride = 2, .activation = Activation::kNone});
      }
      Value y = net.convolution(x, path + "/f/a", {.out = width});
      y = net.convolution(y, path + "/f/b",
                          {.out = width, .kernel = 3, .stride = stride, .groups = width / group_width});
      if (excites) y = squeeze_excite(net, y, path + "/f/se", (x.channels + 2) / 4);
      x = net.convolution(y, path + "/f/c", {.out = width, .residual = &shortcut});
    }
  }
  x = net.global_pool(x, "avgpool");
  return net.finish(net.dense(x, "fc", 1000, Activation::kNone));
}

}  // namespace joulecast::networks
