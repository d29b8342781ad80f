// What is held out together.
#pragma once

#include <map>
#include <string>

#include "cost_model/physical/data.h"
#include "joulecast/evaluation.h"

namespace joulecast {

struct Grouping {
  HeldOutGroups groups = HeldOutGroups::kShape;
  std::vector<std::uint32_t> of_unit;  ///< by unit of the data
};

/// Families are those that are given, by network; else family_of its name.
Grouping grouping_by(const PhysicalData& data, HeldOutGroups groups,
                     const std::map<std::string, std::string>& families);

/// For validation inside a training on some units: the widest groups, up to `widest`, of which there are
/// enough. A network to come is unlike those of the training set, as a family is that was held out; siblings
/// in training would make models and their intervals look better than they will be.
Grouping grouping_for_validation(const PhysicalData& data, std::span<const std::uint32_t> units,
                                 HeldOutGroups widest, const std::map<std::string, std::string>& families);

}  // namespace joulecast
