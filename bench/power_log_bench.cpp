// How quickly a power log is read. Budget: 600 MB/s on one core.
#include <benchmark/benchmark.h>

#include "joulecast/raw_logs.h"
#include "sample_data.h"

namespace joulecast {
namespace {

void power_log(benchmark::State& state) {
  const auto path = bench::SampleData::find(bench::sample_data().raw_data(), "_power_log.log");
  std::size_t samples = 0;
  for (auto _ : state) {
    auto reader = PowerLogReader::open(path);
    if (!reader) return state.SkipWithError("cannot be opened");
    for (auto batch = reader->next(); batch && !batch->empty(); batch = reader->next())
      samples += batch->size();
  }
  if (samples == 0) state.SkipWithError("no sample");
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * std::filesystem::file_size(path)));
}
BENCHMARK(power_log)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace joulecast

BENCHMARK_MAIN();
