// The families of known networks; each function builds one network. Shapes are torchvision's.
#pragma once

#include <cstdint>
#include <string_view>

#include "joulecast/networks.h"

namespace joulecast::networks {

Network build_lenet(std::string_view name, std::int64_t batch);
Network build_alexnet(std::string_view name, std::int64_t batch);
Network build_vgg(std::string_view name, std::int64_t batch);
Network build_resnet(std::string_view name, std::int64_t batch);
Network build_regnet(std::string_view name, std::int64_t batch);
Network build_squeezenet(std::string_view name, std::int64_t batch);
Network build_densenet(std::string_view name, std::int64_t batch);
Network build_googlenet(std::string_view name, std::int64_t batch);
Network build_inception(std::string_view name, std::int64_t batch);
Network build_shufflenet(std::string_view name, std::int64_t batch);
Network build_mobilenet_v2(std::string_view name, std::int64_t batch);
Network build_mnasnet(std::string_view name, std::int64_t batch);
Network build_mobilenet_v3(std::string_view name, std::int64_t batch);
Network build_efficientnet(std::string_view name, std::int64_t batch);

}  // namespace joulecast::networks
