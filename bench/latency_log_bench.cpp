// How quickly a latency log is read. Budget: 1.5 GB/s on one core for Python's json.dump(indent=4) form, at
// most 64 MB besides the entries' 16 bytes each. Beside it, as limits of the machine: reading the file
// without looking at it, and a scanner that only looks for the stamps' quotes.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/time_stamp.h"
#include "joulecast/raw_logs.h"

namespace joulecast {
namespace {

/// 60 layers, 24,000 cycles: about 135 MB with indent 4, written once to the working folder.
struct SampleLog {
  std::string path;
  std::size_t bytes = 0;
  std::size_t entries = 0;
};

SampleLog write_sample(const std::string& path, bool indented) {
  constexpr int kLayers = 60;
  const char* const given = std::getenv("JOULECAST_BENCH_CYCLES");  // small where only running matters
  const int cycles = given != nullptr ? std::atoi(given) : 24'000;
  const char* const entry =
      indented ? "{}\n        [\n            {},\n            \"{}\"\n        ]" : "{}[{}, \"{}\"]";
  std::mt19937_64 random(7);
  std::lognormal_distribution<float> milliseconds(-3.5F, 1.0F);
  std::ofstream file(path, std::ios::binary);
  file << '{';
  for (int layer = 0; layer < kLayers; ++layer) {
    file << (layer == 0 ? "" : ",") << (indented ? "\n    " : "")
         << fmt::format("\"/features/{}/Conv + /features/{}/Relu\": [", layer, layer);
    for (int cycle = 0; cycle < cycles; ++cycle) {
      const TimeStamp time{1732166570000000 + cycle * 2000LL + layer * 17};
      file << fmt::format(fmt::runtime(entry), cycle == 0 ? "" : (indented ? "," : ", "),
                          static_cast<double>(milliseconds(random)), format_time_stamp(time));
    }
    file << (indented ? "\n    ]" : "]");
  }
  file << (indented ? "\n}" : "}");
  file.close();
  return {path, static_cast<std::size_t>(std::filesystem::file_size(path)),
          std::size_t{kLayers} * static_cast<std::size_t>(cycles)};
}

const SampleLog& sample(bool indented) {
  static const SampleLog kIndented = write_sample("latency_log_indented.json", true);
  static const SampleLog kCompact = write_sample("latency_log_compact.json", false);
  return indented ? kIndented : kCompact;
}

void report(benchmark::State& state, const SampleLog& log) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(log.bytes));
  state.counters["entries/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(log.entries),
                         benchmark::Counter::kIsRate);
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

void pull_reader(benchmark::State& state) {
  const SampleLog& log = sample(state.range(0) != 0);
  std::size_t entries = 0;
  for (auto _ : state) {
    auto reader = LatencyLogReader::open(log.path);
    entries = 0;
    for (auto event = reader->next(); event && event->kind != LatencyLogReader::EventKind::kEnd;
         event = reader->next())
      entries += event->entries.size();
  }
  if (entries != log.entries) state.SkipWithError("entries are missing");
  report(state, log);
  state.counters["peak_MB"] = peak_megabytes();
}

void whole_log(benchmark::State& state) {
  const SampleLog& log = sample(state.range(0) != 0);
  for (auto _ : state) {
    const auto read = read_latency_log(log.path);
    if (!read || read->layers.size() * read->cycles() != log.entries)
      state.SkipWithError("entries are missing");
  }
  report(state, log);
  state.counters["peak_MB"] = peak_megabytes();
  state.counters["entries_MB"] = static_cast<double>(log.entries * sizeof(LatencyEntry)) / (1024.0 * 1024.0);
}

/// Limit: the bytes through the same windows, only counted.
template <class Look>
void read_windows(benchmark::State& state, Look look) {
  const SampleLog& log = sample(state.range(0) != 0);
  std::string window(256 * 1024, '\0');
  for (auto _ : state) {
    const int file = ::open(log.path.c_str(), O_RDONLY);
    for (ssize_t got = 0; (got = ::read(file, window.data(), window.size())) > 0;)
      look(std::string_view(window.data(), static_cast<std::size_t>(got)));
    ::close(file);
  }
  report(state, log);
}
void limit_read_only(benchmark::State& state) {
  read_windows(state, [](std::string_view window) { benchmark::DoNotOptimize(window.back()); });
}
void limit_find_quotes(benchmark::State& state) {
  read_windows(state, [](std::string_view window) {
    std::size_t quotes = 0;
    const char* at = window.data();
    const char* const end = at + window.size();
    while ((at = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)))) !=
           nullptr) {
      ++quotes;
      ++at;
    }
    benchmark::DoNotOptimize(quotes);
  });
}

BENCHMARK(pull_reader)->ArgName("indented")->Arg(1)->Arg(0)->Unit(benchmark::kMillisecond);
BENCHMARK(whole_log)->ArgName("indented")->Arg(1)->Arg(0)->Unit(benchmark::kMillisecond);
BENCHMARK(limit_read_only)->ArgName("indented")->Arg(1)->Arg(0)->Unit(benchmark::kMillisecond);
BENCHMARK(limit_find_quotes)->ArgName("indented")->Arg(1)->Arg(0)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace joulecast

BENCHMARK_MAIN();
