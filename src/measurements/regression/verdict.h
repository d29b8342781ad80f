// Whether a fit can be believed, why not, and how to record better.
#pragma once

#include "measurements/regression/run_fit.h"

namespace joulecast::regression {

/// Fills verdict, reasons, advice, fit quality (but for the energy balance) and the cycles that would
/// suffice.
void judge_run(const RunFit& run, RegressionResult& result);

}  // namespace joulecast::regression
