// A sensor that averages on its chip, recognised and undone.
#pragma once

#include "measurements/regression/run_fit.h"

namespace joulecast::regression {

/// What the register would have shown without its average y_m = y_(m-1) + (x_m - y_(m-1)) / N. Conversions
/// without a predecessor are masked.
FitProblem without_average(const FitProblem& problem, int averaging);

/// Values that remember earlier windows, taken for values of one window each, give layers smeared into each
/// other, with a fair fit. Sets run.averaging and undoes the average in run.problem where that explains more.
void undo_averaging(RunFit& run);

}  // namespace joulecast::regression
