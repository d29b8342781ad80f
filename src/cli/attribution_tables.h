// Results of `attribute` as tables for people.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "joulecast/measurements.h"

namespace joulecast::cli {

/// One line a network: rows, share with power, samples used, status.
std::string window_table(const std::vector<AttributionOutcome>& outcomes, std::size_t width, bool colours);
/// One line a network: verdict, run time, energy with its interval, and how much of the energy is known by
/// layer, by block, or not at all.
std::string regression_table(const std::vector<AttributionOutcome>& outcomes, std::size_t width,
                             bool colours);

}  // namespace joulecast::cli
