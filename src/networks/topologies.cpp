#include "networks/topologies.h"

#include <algorithm>
#include <array>
#include <string>

namespace joulecast {
namespace {

struct Entry {
  std::string_view name;
  Network (*build)(std::string_view, std::int64_t);
};

constexpr std::array kEntries{
    Entry{"alexnet", networks::build_alexnet},
    Entry{"densenet121", networks::build_densenet},
    Entry{"efficientnet_b0", networks::build_efficientnet},
    Entry{"googlenet", networks::build_googlenet},
    Entry{"inception_v3", networks::build_inception},
    Entry{"lenet", networks::build_lenet},
    Entry{"mnasnet1_0", networks::build_mnasnet},
    Entry{"mobilenet_v2", networks::build_mobilenet_v2},
    Entry{"mobilenet_v3_large", networks::build_mobilenet_v3},
    Entry{"mobilenet_v3_small", networks::build_mobilenet_v3},
    Entry{"regnet_x_400mf", networks::build_regnet},
    Entry{"regnet_y_400mf", networks::build_regnet},
    Entry{"resnet101", networks::build_resnet},
    Entry{"resnet18", networks::build_resnet},
    Entry{"resnet34", networks::build_resnet},
    Entry{"resnet50", networks::build_resnet},
    Entry{"resnext50_32x4d", networks::build_resnet},
    Entry{"shufflenet_v2_x1_0", networks::build_shufflenet},
    Entry{"squeezenet1_0", networks::build_squeezenet},
    Entry{"squeezenet1_1", networks::build_squeezenet},
    Entry{"vgg11", networks::build_vgg},
    Entry{"vgg13", networks::build_vgg},
    Entry{"vgg16", networks::build_vgg},
    Entry{"vgg19", networks::build_vgg},
};

constexpr auto kNames = [] {
  std::array<std::string_view, kEntries.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kEntries[i].name;
  return names;
}();

}  // namespace

std::span<const std::string_view> known_topologies() {
  return kNames;
}

Expected<Network> make_topology(std::string_view name, std::int64_t batch) {
  if (batch < 1)
    return fail(ErrorKind::kUsage, "a batch has at least one image", {}, "Give a batch of 1 or more");
  const auto entry =
      std::find_if(kEntries.begin(), kEntries.end(), [&](const Entry& e) { return e.name == name; });
  if (entry == kEntries.end()) {
    std::string names;
    for (const std::string_view known : kNames) names += (names.empty() ? "" : ", ") + std::string(known);
    return fail(ErrorKind::kUsage, "unknown network '" + std::string(name) + "'", {}, "one of " + names);
  }
  return entry->build(name, batch);
}

}  // namespace joulecast
