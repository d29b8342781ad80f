// What parts of a run say of the rest: blocks held out, halves compared.
#pragma once

#include "measurements/regression/run_fit.h"

namespace joulecast::regression {

/// What is tried on the held-out blocks.
struct HeldOutTrial {
  /// Each window is shifted by a random part of the inference: layers that still fit then would fit anything.
  bool placebo = false;
  double delay_shift_us = 0.0;  ///< added to the delay found
};
/// Held-out score: fitted on even blocks of 2 s (an eighth of a short run), R2 on odd ones.
double held_out_r2(const RunFit& run, const HeldOutTrial& trial = {});

/// Powers of the even blocks against those of the odd ones, at the shape found: mean over layers of
/// (difference / its sd)^2. Near 1 or below where the model holds all through the run.
double halves_apart(const RunFit& run);

}  // namespace joulecast::regression
