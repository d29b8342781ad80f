// Cross-validated lasso on the reference's six training problems: 500 alphas, 10 folds, one fit on all rows.
// Budget: each model at least 50 times faster than scikit-learn 1.9 (9.2 s for convolutional power, 3.8 s for
// convolutional runtime, 549 x 562), all six below 0.3 s on two cores.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>

#include "joulecast/numerics.h"
#include "support/golden_problem.h"

namespace {

namespace fs = std::filesystem;
using joulecast::test::GoldenProblem;

void run(benchmark::State& state, const std::string& model, joulecast::LassoMode mode) {
  const fs::path golden = fs::path(JOULECAST_SHARED_DIR) / "golden";
  const fs::path fit = golden / "fits" / "large" / (model + "_compat.json");
  if (!fs::exists(fit)) {
    state.SkipWithError("the golden fits are not here");
    return;
  }
  const GoldenProblem problem = joulecast::test::read_golden_problem(fit, golden / "training_data_large");
  joulecast::LassoOptions options;
  options.positive = problem.positive;
  options.mode = mode;
  const auto folds = joulecast::contiguous_folds(problem.y.size(), 10);
  for ([[maybe_unused]] auto step : state) {
    auto cv = joulecast::lasso_cv(problem.x.view(), problem.y, *folds, options);
    benchmark::DoNotOptimize(cv->alpha_index);
  }
}

void register_all(const char* name, joulecast::LassoMode mode) {
  for (const char* layer : {"convolutional", "pooling", "dense"}) {
    for (const char* target : {"power", "runtime"}) {
      const std::string model = std::string(layer) + "_" + target;
      benchmark::RegisterBenchmark((std::string(name) + "/" + model).c_str(),
                                   [model, mode](benchmark::State& state) { run(state, model, mode); })
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  register_all("converged", joulecast::LassoMode::kConverged);
  register_all("compat", joulecast::LassoMode::kCompat);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
