#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "joulecast/training_set.h"

namespace joulecast {

Expected<std::string> keep_one_device(TrainingSet& data, const std::string& device) {
  std::map<std::string, std::set<std::string>> networks_of;  // by board
  for (const LayerRow& row : data.layers)
    if (!row.device.empty()) networks_of[row.device].insert(row.network);
  if (networks_of.empty()) return device;
  if (device.empty()) {
    if (networks_of.size() == 1) return networks_of.begin()->first;
    std::vector<std::string> names;
    for (const auto& [name, networks] : networks_of) names.push_back(fmt::format("'{}'", name));
    return fail(ErrorKind::kUnfit, fmt::format("the rows are of several boards: {}", fmt::join(names, ", ")),
                {}, "Name one with --device: a model is of one board");
  }
  std::set<std::string> others;
  for (const auto& [name, networks] : networks_of)
    if (name != device) others.insert(networks.begin(), networks.end());
  if (const auto own = networks_of.find(device); own != networks_of.end())
    for (const std::string& network : own->second) others.erase(network);
  const auto is_other = [&](const auto& item) { return others.contains(item.network); };
  std::erase_if(data.layers, [&](const LayerRow& row) {
    return is_other(row) || (!row.device.empty() && row.device != device);
  });
  for (auto& tables : data.reference) std::erase_if(tables, is_other);
  const auto filled = [](const auto& tables) { return !tables.empty(); };
  if (data.layers.empty() && std::none_of(data.reference.begin(), data.reference.end(), filled))
    return fail(ErrorKind::kUnfit, fmt::format("no row is of the board '{}'", device), {},
                fmt::format("The rows are of '{}'", networks_of.begin()->first));
  return device;
}

}  // namespace joulecast
