// One simulated run and its fit as tables, for the figures of docs/attribution.md:
// attribution_trace FOLDER [SCENARIO NETWORK CYCLES SEED]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "joulecast/networks.h"
#include "joulecast/regression.h"
#include "joulecast/simulator.h"

namespace {

using namespace joulecast;

/// Sixty conversions from the run's middle.
std::string trace_csv(const RegressionResult& result) {
  CsvText csv;
  csv.cell("ms").cell("measured_w").cell("fitted_w").end_row();
  const std::size_t begin = result.trace.size() / 2;
  const std::size_t end = std::min(result.trace.size(), begin + 60);
  for (std::size_t i = begin; i < end; ++i) {
    const TracePoint& point = result.trace[i];
    csv.cell(point.at_ms - result.trace[begin].at_ms).cell(point.measured_w).cell(point.fitted_w).end_row();
  }
  return csv.text();
}

std::string delay_csv(const RegressionResult& result) {
  CsvText csv;
  csv.cell("delay_us").cell("log_likelihood").cell("chosen").end_row();
  for (const ProfilePoint& point : result.delay_profile) {
    csv.cell(point.delay_us).cell(point.log_likelihood).cell(result.sensor.delay_ms.value_or(0.0) * 1e3);
    csv.end_row();
  }
  return csv.text();
}

std::string powers_csv(const RegressionResult& result, const RunTruth& truth) {
  CsvText csv;
  for (const char* column : {"layer", "run_time_ms", "true_w", "power_w", "low_w", "high_w", "status"}) {
    csv.cell(column);
  }
  csv.end_row();
  for (const LayerPower& layer : result.layers) {
    const auto found = std::find_if(truth.layers.begin(), truth.layers.end(),
                                    [&](const LayerTruth& t) { return t.name == layer.layer_name; });
    if (found == truth.layers.end()) continue;
    csv.cell(layer.layer_name).cell(layer.run_time_ms).cell(found->power_w);
    csv.cell(layer.power_w).cell(layer.power_low_w).cell(layer.power_high_w).cell(layer.status).end_row();
  }
  return csv.text();
}

Expected<void> run(const std::filesystem::path& folder, const std::string& scenario, const std::string& name,
                   std::uint64_t cycles, std::uint64_t seed) {
  const auto board = draw_board(seed, scenario);
  if (!board) return tl::unexpected(board.error());
  const auto network = make_topology(name);
  if (!network) return tl::unexpected(network.error());
  const auto run = simulate_run(*board, *network, {.cycles = cycles, .run = 0, .start_s = 0.0});
  if (!run) return tl::unexpected(run.error());
  RegressionOptions options;
  options.diagnostics = true;
  const auto result =
      attribute_by_regression(run->latencies, run->power, run->network, run->idle.average, options);
  if (!result) return tl::unexpected(result.error());
  if (auto ok = write_file_atomically(folder / "trace.csv", trace_csv(*result)); !ok) return ok;
  if (auto ok = write_file_atomically(folder / "delay.csv", delay_csv(*result)); !ok) return ok;
  return write_file_atomically(folder / "powers.csv", powers_csv(*result, run->truth));
}

}  // namespace

int main(int count, char** words) {
  if (count != 2 && count != 6) {
    std::fprintf(stderr, "usage: attribution_trace FOLDER [SCENARIO NETWORK CYCLES SEED]\n");
    return 2;
  }
  const bool given = count == 6;
  const auto done = run(words[1], given ? words[2] : "base", given ? words[3] : "resnet18",
                        given ? std::strtoull(words[4], nullptr, 10) : 30000,
                        given ? std::strtoull(words[5], nullptr, 10) : 11);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().describe().c_str());
  return 1;
}
