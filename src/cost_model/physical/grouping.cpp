#include "cost_model/physical/grouping.h"

#include <set>

namespace joulecast {
namespace {

constexpr std::size_t kEnoughFamilies = 5;
constexpr std::size_t kEnoughNetworks = 3;

}  // namespace

std::string_view to_string(HeldOutGroups groups) {
  switch (groups) {
    case HeldOutGroups::kNetwork:
      return "network";
    case HeldOutGroups::kFamily:
      return "family";
    case HeldOutGroups::kShape:
      break;
  }
  return "shape";
}

std::optional<HeldOutGroups> held_out_groups_from(std::string_view name) {
  for (const HeldOutGroups groups : {HeldOutGroups::kNetwork, HeldOutGroups::kFamily, HeldOutGroups::kShape})
    if (name == to_string(groups)) return groups;
  return std::nullopt;
}

Grouping grouping_by(const PhysicalData& data, HeldOutGroups groups,
                     const std::map<std::string, std::string>& families) {
  Grouping out{groups, {}};
  std::map<std::string, std::uint32_t> numbers;
  for (const PhysicalUnit& unit : data.units) {
    if (groups == HeldOutGroups::kShape) {
      out.of_unit.push_back(unit.shape);
      continue;
    }
    const std::string& network = data.networks[unit.network];
    const auto named = families.find(network);
    const std::string key = groups == HeldOutGroups::kNetwork ? network
                            : named != families.end()         ? named->second
                                                              : family_of(network);
    out.of_unit.push_back(numbers.try_emplace(key, static_cast<std::uint32_t>(numbers.size())).first->second);
  }
  return out;
}

Grouping grouping_for_validation(const PhysicalData& data, std::span<const std::uint32_t> units,
                                 HeldOutGroups widest, const std::map<std::string, std::string>& families) {
  const auto enough = [&](const Grouping& grouping, std::size_t least) {
    std::set<std::uint32_t> distinct;
    for (const std::uint32_t u : units) distinct.insert(grouping.of_unit[u]);
    return distinct.size() >= least;
  };
  if (widest == HeldOutGroups::kFamily) {
    auto by_family = grouping_by(data, HeldOutGroups::kFamily, families);
    if (enough(by_family, kEnoughFamilies)) return by_family;
  }
  if (widest != HeldOutGroups::kShape) {
    auto by_network = grouping_by(data, HeldOutGroups::kNetwork, families);
    if (enough(by_network, kEnoughNetworks)) return by_network;
  }
  return grouping_by(data, HeldOutGroups::kShape, families);
}

}  // namespace joulecast
