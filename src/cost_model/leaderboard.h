// Which estimator did best on what was held out.
#pragma once

#include <vector>

#include "joulecast/evaluation.h"

namespace joulecast {

/// Adds a target's entries: for all layers, then for each kind that the reference's lasso knows; least error
/// first. Estimators are compared on the layers that all of them predict; those that predict none are left
/// out.
void rank(const TargetEvaluation& target, std::vector<LeaderboardEntry>& board);

}  // namespace joulecast
