// What a fit looks like, for plots.
#pragma once

#include "measurements/regression/run_fit.h"

namespace joulecast::regression {

/// Fills trace and delay_profile of a fitted run.
void fill_diagnostics(const RunFit& run, RegressionResult& result);

}  // namespace joulecast::regression
