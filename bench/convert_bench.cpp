// `convert` of one network of 60 layers. Budget: 0.05 us of CPU a row, which is 50 times the reference's
// speed.
#include <benchmark/benchmark.h>

#include "joulecast/training_set.h"
#include "sample_data.h"

namespace joulecast {
namespace {

void convert(benchmark::State& state) {
  const auto& data = bench::sample_data();
  ConvertOptions options;
  options.per_layer_measurements = 0;  // a short sample may lack power
  options.jobs = 1;
  for (auto _ : state) {
    const auto outcomes = convert_folder(data.preprocessed(), data.out(), options);
    if (!outcomes || outcomes->front().layers == 0) return state.SkipWithError("no layer");
  }
  const auto csv = bench::SampleData::find(data.preprocessed(), "mapping_layerwise.csv");
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * std::filesystem::file_size(csv)));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * 60 * bench::cycles()));
}
BENCHMARK(convert)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace joulecast

BENCHMARK_MAIN();
