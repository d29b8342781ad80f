#include "measurements/regression/averaging.h"

#include <algorithm>
#include <vector>

#include "measurements/regression/choose_start.h"

namespace joulecast::regression {

FitProblem without_average(const FitProblem& problem, int averaging) {
  FitProblem out = problem;
  for (std::size_t m = 0; m < out.targets.size(); ++m) {
    const Conversion& c = problem.conversions[m];
    if (m == 0 || !c.follows_previous) {
      out.mask[m] = 0;
      continue;
    }
    const double change = (averaging - 1) * (c.watts - problem.conversions[m - 1].watts);
    out.conversions[m].watts += change;
    out.targets[m] += change;
  }
  return out;
}

namespace {

/// Targets less their straight course over each second or so: undoing an average takes differences, which
/// have none, so that slow drift alone would speak for it.
FitProblem without_slow_course(FitProblem problem) {
  constexpr std::size_t kBlock = 200;
  std::vector<double>& y = problem.targets;
  for (std::size_t from = 0; from < y.size(); from += kBlock) {
    const std::size_t to = std::min(y.size(), from + kBlock);
    double n = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0;
    for (std::size_t m = from; m < to; ++m) {
      if (!problem.mask[m]) continue;
      const auto x = static_cast<double>(m - from);
      n += 1.0, sx += x, sy += y[m], sxx += x * x, sxy += x * y[m];
    }
    const double spread = n * sxx - sx * sx;
    const double slope = spread > 0.0 ? (n * sxy - sx * sy) / spread : 0.0;
    const double level = (sy - slope * sx) / std::max(1.0, n);
    for (std::size_t m = from; m < to; ++m) y[m] -= level + slope * static_cast<double>(m - from);
  }
  return problem;
}

}  // namespace

/// Two things must speak for an average. The layers explain a larger share of what it hides; and they predict
/// the value shown, y_m from y_(m-1) and its window, with far less error, which is that of x_m divided by N.
/// The first alone is met by noise that is slow, and by runs whose inference falls nearly into the refresh.
void undo_averaging(RunFit& run) {
  constexpr double kWellExplained = 0.97;
  constexpr double kLessUnexplained = 0.7;
  constexpr double kFarLessError = 0.5;
  if (run.clock.status != ClockStatus::kFound) return;
  const auto best_place = [&](const FitProblem& problem) {
    const auto places = coarse_places(without_slow_course(problem), {search_range(run), least_delay(run)}, 1);
    return places.empty() ? CoarsePlace{} : places.front();
  };
  const CoarsePlace plain_place = best_place(run.problem);
  double unexplained = 1.0 - plain_place.explained;
  double least_error_w2 = kFarLessError * plain_place.rest_w2;
  if (unexplained < 1.0 - kWellExplained) return;
  const FitProblem plain = run.problem;
  for (const int averaging : {4, 16, 64}) {
    FitProblem undone = without_average(plain, averaging);
    const CoarsePlace place = best_place(undone);
    const double error_w2 = place.rest_w2 / (averaging * averaging);
    if (1.0 - place.explained > kLessUnexplained * unexplained) continue;
    if (error_w2 > least_error_w2) continue;
    unexplained = 1.0 - place.explained;
    least_error_w2 = error_w2;
    run.averaging = averaging;
    run.problem = std::move(undone);
  }
}

}  // namespace joulecast::regression
