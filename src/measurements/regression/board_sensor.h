// The sensor's parameters, pooled over the runs of one board.
//
// A run alone can place its layers one layer's length off, at another delay and another pause between layers,
// and explain its samples as well. But delay, low-pass and pause belong to the board and its recorder: runs
// of several networks err in different directions, and what they agree on is the truth.
#pragma once

#include <Eigen/Core>
#include <optional>

#include "joulecast/regression.h"

namespace joulecast::regression {

struct SensorShape;
struct RunFit;

/// A Gaussian over delay, low-pass, pause (us) and elasticity, in this order.
struct ShapeBelief {
  Eigen::Vector4d mean;
  Eigen::Matrix4d precision;
};
/// The same in the coordinates that fits move in.
ShapeBelief shape_belief(const SensorKnowledge& knowledge);

/// What a fitted run's grid says: the spread inside its places and between them.
SensorKnowledge knowledge_of(const RunFit& run);

}  // namespace joulecast::regression
