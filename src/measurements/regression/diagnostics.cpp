#include "measurements/regression/diagnostics.h"

#include <algorithm>
#include <cmath>

#include "measurements/regression/held_out.h"

namespace joulecast::regression {

void fill_diagnostics(const RunFit& run, RegressionResult& result) {
  const std::vector<double> residuals = plain_residuals(run.problem, run.best);
  for (std::size_t m = 0; m < residuals.size(); ++m) {
    if (std::isnan(residuals[m])) continue;
    const Conversion& conversion = run.problem.conversions[m];
    result.trace.push_back({conversion.edge_us / 1e3, conversion.watts, conversion.watts - residuals[m]});
  }
  // A tenth of a conversion apart over one refresh, and finer where the answer lies.
  constexpr double kFineUs = 20.0;
  constexpr int kFineSteps = 10;
  const double coarse_us = std::max(50.0, 0.1 * run.shape.window_us);
  const double half_us = 0.5 * run.clock.refresh_us;
  std::vector<double> shifts;
  for (double shift = -half_us; shift <= half_us; shift += coarse_us) {
    if (std::fabs(shift) > kFineUs * kFineSteps) shifts.push_back(shift);
  }
  for (int i = -kFineSteps; i <= kFineSteps; ++i) shifts.push_back(kFineUs * i);
  std::sort(shifts.begin(), shifts.end());
  const double scored = 0.5 * static_cast<double>(run.best.rows);  // odd blocks
  for (const double shift : shifts) {
    // A Gaussian's log likelihood of the scored rows, but for a constant.
    const double unexplained = std::max(1e-12, 1.0 - held_out_r2(run, {.delay_shift_us = shift}));
    result.delay_profile.push_back({run.shape.delay_us + shift, -0.5 * scored * std::log(unexplained)});
  }
}

}  // namespace joulecast::regression
