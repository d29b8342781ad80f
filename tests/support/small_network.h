// Hand-made layers with the shapes the reference's features read.
#pragma once

#include <utility>

#include "joulecast/networks.h"

namespace joulecast::test {

inline Layer layer_of(std::string name, std::string type, LayerKind kind) {
  Layer layer;
  layer.name = std::move(name);
  layer.type = std::move(type);
  layer.kind = kind;
  layer.inputs = {{"in", {2, 5, 8, 8}, DataType::kFp16, "", false}};
  layer.outputs = {{"out", {2, 6, 4, 4}, DataType::kFp16, "", false}};
  return layer;
}

inline Layer convolution(std::string name) {
  Layer layer = layer_of(std::move(name), "CaskConvolution", LayerKind::kConvolutional);
  layer.kernel = {3, 3};
  layer.pre_padding = {1, 1};
  layer.post_padding = {1, 1};
  layer.stride = {2, 2};
  return layer;
}

inline Layer pooling(std::string name) {
  Layer layer = layer_of(std::move(name), "CaskPooling", LayerKind::kPooling);
  layer.window = {2, 2};
  layer.stride = {2, 2};
  return layer;
}

inline Layer dense(std::string name) {
  return layer_of(std::move(name), "CaskGemmConvolution", LayerKind::kDense);
}

inline Network network_of(std::vector<Layer> layers) {
  Network network;
  network.name = "small";
  network.source = "small.json";
  network.layers = std::move(layers);
  return network;
}

}  // namespace joulecast::test
