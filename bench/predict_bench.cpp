// One prediction with model and engine in memory. Budget: 50 us for 60 layers, 0.2 us a layer in bulk.
#include <benchmark/benchmark.h>

#include <random>

#include "joulecast/prediction.h"
#include "sample_data.h"

namespace joulecast {
namespace {

/// A model for the sample's only kind, with the reference's recipe and as many terms as its fits have (about
/// 40).
CostModel sample_model() {
  CostModel model;
  std::mt19937_64 random(3);
  for (const Target target : kTargets) {
    LassoModel one;
    one.kind = ReferenceKind::kConvolutional;
    one.target = target;
    one.recipe = reference_recipe(one.kind, target);
    for (const auto name : reference_feature_names(one.kind)) one.features.emplace_back(name);
    one.feature_min.assign(one.features.size(), 0.0);
    one.feature_max.assign(one.features.size(), 1e6);
    one.intercept = 1.0;
    for (std::uint32_t column = 1; column < 560; column += 14)
      one.terms.push_back({column, 1e-3 * static_cast<double>(random() % 100), 1.0, 10.0});
    model.lasso.push_back(std::move(one));
  }
  return model;
}

void resident(benchmark::State& state) {
  const auto network =
      read_engine(bench::SampleData::find(bench::sample_data().raw_data(), "trt_engine_info.json"));
  if (!network) return state.SkipWithError("no engine");
  const Predictor predictor(sample_model());
  for (auto _ : state) {
    const auto prediction = predictor.predict(*network);
    if (!prediction) return state.SkipWithError("no prediction");
    benchmark::DoNotOptimize(prediction->energy_mj->value);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * network->layers.size()));
}
BENCHMARK(resident)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace joulecast

BENCHMARK_MAIN();
