// One network's logs through the regression: what is refused, and what is kept of a run that tells nothing.
#pragma once

#include "joulecast/measurements.h"
#include "joulecast/regression.h"

namespace joulecast {

/// What attribute_by_regression needs, with the files behind it.
struct RegressionInput {
  const NetworkFolder& folder;
  const Network& engine;
  const LatencyLog& latencies;
  const IdlePower& idle;
  const std::filesystem::path& idle_file;
  /// For the sensor alone, or for powers.
  enum class Stage { kSensor, kPowers } stage = Stage::kPowers;
  const BoardSensor* sensor = nullptr;      ///< what the board's other runs tell
  const RegressionResult* alone = nullptr;  ///< the sensor that the run itself found, with `sensor`
};

/// Reads the power log and attributes it. Logs that cannot be joined are no error but a result with verdict
/// `refused`, whose `refusal` says why: run times stand all the same. Doubts about the power log go to
/// `warnings`. Errors: those of the power log; kMalformed with the place for power that is NaN, infinite,
/// negative or above a kilowatt; kUnfit for run times or an idle power like that, and for an empty power log.
struct NetworkRegression {
  RegressionResult result;
  std::optional<Error> refusal;  ///< of a refused result
};
Expected<NetworkRegression> regress_network(const RegressionInput& input, const AttributeOptions& options,
                                            std::vector<Warning>& warnings);

}  // namespace joulecast
