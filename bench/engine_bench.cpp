// How quickly engine information is read from a file. Budget: 500 MB/s on one core.
#include <benchmark/benchmark.h>

#include "joulecast/networks.h"
#include "sample_data.h"

namespace joulecast {
namespace {

void engine(benchmark::State& state) {
  const auto path = bench::SampleData::find(bench::sample_data().raw_data(), "trt_engine_info.json");
  for (auto _ : state) {
    const auto network = read_engine(path);
    if (!network || network->layers.empty()) return state.SkipWithError("no layer");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * std::filesystem::file_size(path)));
}
BENCHMARK(engine)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace joulecast

BENCHMARK_MAIN();
