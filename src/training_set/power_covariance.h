// The covariance of a network's layer powers on its way to the trainer.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "joulecast/training_set.h"

namespace joulecast {

/// The text of power_covariance.csv with one row and one column for each name, in that order; cells of names
/// that `covariance` does not have are empty. An empty name stands for a layer that was not measured.
struct CovarianceRow {
  std::string label;     ///< what the file calls the row
  std::string measured;  ///< the layer's name in `covariance`; empty: none
};
std::string covariance_csv(const PowerCovariance& covariance, std::span<const CovarianceRow> rows);

/// The covariance of some of its layers; `kept`: one place a layer.
PowerCovariance covariance_of_some(const PowerCovariance& covariance, const std::vector<bool>& kept);

}  // namespace joulecast
