// `attribute --method window` of one network of 60 layers, files to file. Budget: 0.35 us of CPU a row on one
// core, which is 100 times the reference's speed; with a second thread to write, half of the wall time.
#include <benchmark/benchmark.h>

#include "joulecast/measurements.h"
#include "sample_data.h"

namespace joulecast {
namespace {

void attribute(benchmark::State& state) {
  const auto& data = bench::sample_data();
  AttributeOptions options;
  options.jobs = static_cast<std::size_t>(state.range(0));
  std::uint64_t rows = 0;
  for (auto _ : state) {
    const auto outcomes = attribute_folder(data.raw_data(), data.out(), options);
    if (!outcomes || outcomes->front().summary.rows == 0) return state.SkipWithError("no row");
    rows += outcomes->front().summary.rows;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(rows));
}
BENCHMARK(attribute)->ArgName("jobs")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace joulecast

BENCHMARK_MAIN();
