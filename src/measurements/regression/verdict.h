// Whether a fit can be believed, why not, and how to record better.
#pragma once

#include "measurements/regression/run_fit.h"

namespace joulecast::regression {

/// Share of the inference's phases that windows must end in.
inline constexpr double kLeastPhaseCoverage = 0.7;

/// The pause between layers ended at its bound.
bool pause_at_bound(const RunFit& run);
/// The layers' powers scatter more than their work explains, beyond what is physical.
bool powers_scatter(const RunFit& run);

/// What the fit's own covariance is multiplied by where a doubt says that it is too small; 1 without a doubt.
double widening(const RunFit& run);

/// Fills verdict, reasons, advice, fit quality (but for the energy balance) and the cycles that would
/// suffice.
void judge_run(const RunFit& run, RegressionResult& result);

}  // namespace joulecast::regression
