#include "joulecast/training_set.h"

namespace joulecast {

bool is_measured(const LayerRow& row) {
  return row.run_time_ms || row.power_w || row.energy_mj;
}

LayerRow describe_layer(const Layer& layer, std::string_view network) {
  LayerRow row;
  static_cast<LayerGeometry&>(row) = geometry_of(layer);
  row.network = network;
  row.layer_name = layer.name;
  row.layer_type = layer.type;
  row.activation = layer.activation;
  row.tactic = layer.tactic;
  return row;
}

}  // namespace joulecast
